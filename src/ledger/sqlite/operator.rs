//! What an operator changes by hand. Each order stands in the ledger like a call, under the
//! name of the user who gave it, and so in the audit trail.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    super::{
        LedgerError,
        policy::time::Now,
        record::{CallRow, Outcome, Settlement},
    },
    explain, instance, open,
    restraint::{self, BreakerVerdict},
    statements::Statements,
};
use crate::base::{
    amount::Amount,
    clock::Clock,
    id::{CallIds, Principal},
    problem::Effects,
    quota::{Period, Scope},
};

/// What an operator wants.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// This limit for this budget, or again what the configuration says.
    SetBudget(Scope, Period, Option<Amount>),
    /// As if nothing had been spent of it in this period.
    ResetBudget(Scope, Period),
    /// This for the breaker of this backend.
    Breaker(String, BreakerVerdict),
}

impl Order {
    /// As a command and its arguments.
    fn told(&self) -> (&'static str, Value) {
        let budget = |scope: &Scope, period: &Period| json!({"principal": scope.principal, "tool": scope.tool, "period": period.as_str()});
        match self {
            Self::SetBudget(scope, period, limit) => {
                let mut arguments = budget(scope, period);
                if let Some(arguments) = arguments.as_object_mut() {
                    let limit = limit.map(|limit| limit.to_string());
                    arguments.insert("limit".to_owned(), json!(limit));
                }
                ("tollgate budget set", arguments)
            }
            Self::ResetBudget(scope, period) => ("tollgate budget reset", budget(scope, period)),
            Self::Breaker(backend, BreakerVerdict::Reset) => {
                ("tollgate breaker reset", json!({"backend": backend}))
            }
            Self::Breaker(backend, BreakerVerdict::Trip) => {
                ("tollgate breaker trip", json!({"backend": backend}))
            }
        }
    }
}

/// Does what `order` says in the ledger of `dir`, in the name of `user`. Whether there was
/// anything to do it to.
///
/// # Errors
/// When the ledger cannot be written; nothing was done then.
pub(crate) fn carry_out(
    dir: &Path,
    order: &Order,
    user: &str,
    clock: &dyn Clock,
) -> Result<bool, LedgerError> {
    let opened = open::open(dir, clock)?;
    let now = Now {
        moment: clock.now(),
        wall: clock.wall(),
        boot: instance::boot(),
    };
    let work = || -> rusqlite::Result<bool> {
        let connection = &opened.connection;
        let mut statements = Statements::prepare(connection, dir, opened.instance_row)?;
        statements.begin()?;
        let found = match order {
            Order::SetBudget(scope, period, limit) => {
                restraint::choose(connection, scope, *period, *limit).map(|()| true)?
            }
            Order::ResetBudget(scope, period) => {
                restraint::reset(connection, scope, *period, now.wall)?
            }
            Order::Breaker(backend, verdict) => {
                restraint::judge(connection, backend, *verdict, &now).map(|()| true)?
            }
        };
        if found {
            let (row, settlement) = record(order, user, &now);
            statements.admit_settled(&row, &settlement)?;
        }
        statements.commit()?;
        Ok(found)
    };
    work().map_err(|error| explain(&error))
}

fn record(order: &Order, user: &str, now: &Now) -> (CallRow, Settlement) {
    let (command, arguments) = order.told();
    let arguments = arguments.to_string();
    let row = CallRow {
        call_id: CallIds::new().next(now.wall),
        received: now.wall,
        tool: command.into(),
        effect: Some("write"),
        definition: None,
        principal: Principal::new(format!("operator:{user}")),
        client: None,
        protocol_version: "command line",
        request_id: "null".into(),
        trace_id: None,
        raw_arguments: arguments.as_str().into(),
        effective_arguments: Some(arguments),
        changes: None,
        asking: None,
    };
    let settlement = Settlement {
        outcome: Outcome::Succeeded,
        stage: "operator",
        code: None,
        effects: Effects::Applied,
        reply: None,
        backend_status: None,
        guard_us: 0,
        wait_us: 0,
        run_us: 0,
        finished: now.wall,
    };
    (row, settlement)
}
