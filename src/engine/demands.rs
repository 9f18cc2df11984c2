//! What a call demands of the state that all processes share, and what is due when it ends.
//! Values in, values out.

use serde_json::Value;

use super::settle;
use crate::{
    backend::{Fault, FaultClass},
    base::{
        amount::Amount,
        problem::{Advice, Code, Problem},
    },
    catalog::tool::Tool,
    guard::{
        agree::AgreedCall,
        call::{Refusal, Refused},
    },
    ledger::{
        admission::{Demands, Dues, Failure, Further, Health, Way},
        record::CallRow,
    },
};

/// What the ledger is asked for a call that the guard cleared.
///
/// # Errors
/// When the call would cost more than its tool may.
pub(super) fn demands(call: &AgreedCall) -> Result<Demands, Box<Problem>> {
    let restraint = &call.tool().restraint;
    let cost = restraint.cost.most(call.effective()).map_err(|cost| {
        let most = restraint.cost.ceiling();
        let message =
            format!("the call would cost {cost}, and a call of this tool may cost {most}");
        Box::new(Problem::new(Code::BudgetExceeded, message).with_advice(Advice::ChangedArgs))
    })?;
    Ok(Demands {
        breaker: restraint.breaker.backend.clone(),
        is_loop_guarded: !restraint.is_loop_guard_off,
        rate: restraint.rate,
        rate_of_all: restraint.rate_of_all,
        cost,
        budgets: restraint.budgets.clone(),
    })
}

/// How a call ended, as far as it matters to what is due.
pub(super) struct End<'a> {
    pub(super) tool: &'a Tool,
    /// What was set aside for it.
    pub(super) most: Amount,
    /// Its structured result, where it has one.
    pub(super) structured: Option<&'a Value>,
    /// How the backend failed, if it did.
    pub(super) class: Option<FaultClass>,
    /// What the caller is told, if it is not a result.
    pub(super) problem: Option<&'a Problem>,
    /// Exit code or the like.
    pub(super) status: Option<&'a str>,
}

impl End<'_> {
    /// What is settled beside the call itself.
    pub(super) fn dues(&self) -> Dues {
        let restraint = &self.tool.restraint;
        let backend = restraint.breaker.backend.clone();
        let code = self.problem.map(|problem| problem.code);
        Dues {
            breaker: backend.map(|backend| (backend, health(self.tool, self.class, code))),
            holds_reservations: self.most > Amount::ZERO,
            cost: self.cost(),
            way: way(self.tool, self.class, self.problem, self.status),
        }
    }

    /// Nothing where the backend was not reached; all that was set aside where nobody knows.
    fn cost(&self) -> Amount {
        match self.class {
            Some(FaultClass::Clean) => Amount::ZERO,
            Some(FaultClass::Ambiguous) => self.most,
            Some(FaultClass::Definite) | None => {
                self.tool.restraint.cost.actual(self.most, self.structured)
            }
        }
    }
}

/// What the end of an attempt says of the backend; nothing where it was not asked.
fn health(tool: &Tool, class: Option<FaultClass>, code: Option<Code>) -> Option<Health> {
    match (class, code) {
        (_, Some(Code::Cancelled | Code::ShuttingDown)) => None,
        (
            Some(FaultClass::Clean),
            Some(Code::Timeout | Code::Overloaded | Code::ValidationFailed),
        ) => None,
        (Some(FaultClass::Clean | FaultClass::Ambiguous), _) => Some(Health::Ill),
        (Some(FaultClass::Definite), _) if tool.restraint.breaker.counts_exit => Some(Health::Ill),
        (Some(FaultClass::Definite) | None, _) => Some(Health::Well),
    }
}

/// What the ledger is asked for attempt number `attempt`, after one that failed like this.
pub(super) fn further(tool: &Tool, attempt: u32, fault: &Fault) -> Further {
    let code = fault.problem.code;
    let breaker = tool.restraint.breaker.backend.clone();
    Further {
        intent: settle::intent(tool, attempt),
        after: Some(fault.status.clone().unwrap_or(code.as_str().to_owned())),
        breaker: breaker.map(|backend| (backend, health(tool, Some(fault.class), Some(code)))),
    }
}

/// What an end says to the loop guard: whether it is one more failure of the same kind.
pub(super) fn way(
    tool: &Tool,
    class: Option<FaultClass>,
    problem: Option<&Problem>,
    status: Option<&str>,
) -> Way {
    if tool.restraint.is_loop_guard_off {
        return Way::Silent;
    }
    let Some(problem) = problem else {
        return Way::Succeeded;
    };
    let is_its_own_fault = matches!(
        problem.code,
        Code::BackendFailed | Code::Timeout | Code::OutputInvalid | Code::RolledBack
    );
    if is_its_own_fault && class != Some(FaultClass::Clean) {
        Way::failed(problem, status)
    } else {
        Way::Silent
    }
}

/// The refusal, written down as `row`, as something that may be repeated in circles; `None` for one
/// that other arguments would not help, or of a tool that nobody guards.
pub(super) fn failure(
    refused: &Refused,
    row: &CallRow,
    tool: Option<&Tool>,
) -> Option<Box<Failure>> {
    let is_guarded = tool.is_some_and(|tool| !tool.restraint.is_loop_guard_off);
    match &refused.refusal {
        Refusal::Tool(problem) if is_guarded && is_repairable(problem) => {
            let failure = Failure::of_refusal(problem, &row.raw_arguments);
            Some(Box::new(failure))
        }
        Refusal::Tool(_) | Refusal::Incapable { .. } | Refusal::Protocol { .. } => None,
    }
}

/// Whether other arguments could help.
fn is_repairable(problem: &Problem) -> bool {
    matches!(
        problem.code,
        Code::ValidationFailed | Code::NormalizationRefused | Code::RuleViolation | Code::Forbidden
    )
}
