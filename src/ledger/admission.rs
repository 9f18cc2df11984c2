//! What a ledger is asked when a call begins and when it ends, and what it answers.

use std::sync::Arc;

use super::{
    AuditReceipt, IntentReceipt,
    operation::{Known, Operation, OperationState},
    policy::repeats::{self, Leaves, Signature},
    record::{CallRow, Intent, Outcome, Settlement},
};
use crate::base::{
    amount::Amount,
    clock::Timestamp,
    going_round::Loop,
    id::CallId,
    problem::{Code, Effects, Problem},
    quota::{Budget, Rate},
};

pub(crate) use super::policy::breaker::Health;

/// How the status of a call begins that was answered as an earlier one was; the id of that follows.
pub(crate) const REPLAY_OF: &str = "replay of ";

/// A call that asks to be admitted. Everything that is decided by state is decided on this, in
/// one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    /// What is written down of it, whatever is decided.
    pub(crate) row: CallRow,
    /// Which backend is about to be asked, as `exec`: its first intent.
    pub(crate) backend: &'static str,
    /// From reading the line to the decision of the guard, in microseconds.
    pub(crate) guard_us: u64,
    /// The operation that it is for, where it is for one.
    pub(crate) operation: Option<Box<Operation>>,
    /// What it must be allowed beside.
    pub(crate) demands: Demands,
}

/// What a call must be allowed by state that all processes share, beside its operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demands {
    /// The backend whose breaker must let it through.
    pub(crate) breaker: Option<Arc<str>>,
    /// Whether it is stopped when it goes round in circles.
    pub(crate) is_loop_guarded: bool,
    /// How often its principal may call its tool.
    pub(crate) rate: Option<Rate>,
    /// How often its principal may call anything.
    pub(crate) rate_of_all: Option<Rate>,
    /// What it can cost at most.
    pub(crate) cost: Amount,
    /// Every budget that is declared, its own and others.
    pub(crate) budgets: Arc<[Budget]>,
}

/// What is settled with the end of a call beside its row and its operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dues {
    /// The backend, and what the end says of it; nothing where it was not asked.
    pub(crate) breaker: Option<(Arc<str>, Option<Health>)>,
    /// Whether something was set aside.
    pub(crate) holds_reservations: bool,
    /// What the call did cost.
    pub(crate) cost: Amount,
    /// What the end says to the loop guard.
    pub(crate) way: Way,
}

/// What an admitted call is about to do next, after what its receipt is for.
#[derive(Clone, Debug)]
pub(crate) struct Further {
    /// What.
    pub(crate) intent: Intent,
    /// How the attempt before it ended, as `exit 75`, where that is why.
    pub(crate) after: Option<String>,
    /// The backend whose breaker must let it through, and what that end says of it.
    pub(crate) breaker: Option<(Arc<str>, Option<Health>)>,
}

/// How a call ended, for the loop guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// Neither as hoped nor by its own fault.
    #[default]
    Silent,
    /// As hoped.
    Succeeded,
    /// In this way, which may come again.
    Failed(Signature),
}

impl Way {
    /// A backend failed like this; `status` is its exit code or the like.
    pub(crate) fn failed(problem: &Problem, status: Option<&str>) -> Self {
        let parts = [problem.code.as_str(), status.unwrap_or_default()];
        Self::Failed(repeats::signature(parts))
    }
}

/// A refusal that other arguments might have avoided.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(super) signature: Signature,
    /// What the call was made with.
    pub(super) leaves: Leaves,
    /// What was not met.
    pub(super) constraint: String,
    /// What is told where it is not a repetition.
    pub(super) problem: Problem,
}

impl Failure {
    /// The same places with the same constraints are the same failure, whatever was given: `arguments`,
    /// as they are kept.
    pub(crate) fn of_refusal(problem: &Problem, arguments: &str) -> Self {
        let mut details: Vec<[&str; 2]> = problem
            .details
            .iter()
            .map(|detail| [detail.at.as_str(), detail.constraint.as_str()])
            .collect();
        details.sort_unstable();
        details.dedup();
        let reason = problem.reason.as_deref();
        let head = [problem.code.as_str(), reason.unwrap_or_default()];
        let first = details.first().map(|[_, constraint]| *constraint);
        let constraint = reason.or(first).unwrap_or(problem.code.as_str());
        Self {
            signature: repeats::signature(
                head.into_iter().chain(details.iter().flatten().copied()),
            ),
            leaves: Leaves::of_json(arguments),
            constraint: constraint.to_owned(),
            problem: problem.clone(),
        }
    }
}

/// What a call is told if it fails in the way of the ones before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoFar {
    pub(super) signature: Signature,
    pub(super) told: Loop,
}

/// How an admitted call ended, and what that means for everything that waited for it.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// What is written down of it.
    pub(crate) settlement: Settlement,
    /// Where its operation stands now, if it was for one.
    pub(crate) state: OperationState,
    /// What is settled beside.
    pub(crate) dues: Dues,
    /// The operation that the call becomes by ending, if it was for none: somebody may ask for
    /// the rest of its answer.
    pub(crate) becomes: Option<Box<Operation>>,
}

/// What became of a call that asked to be admitted. Whatever it is, it is in the ledger.
#[derive(Debug)]
pub(crate) enum Decided<R> {
    /// What was asked for; the receipt proves it.
    AsAsked(R, Notes),
    /// It is not run, for this reason.
    Refused(AuditReceipt, Box<Problem>),
    /// It was done before: this is the answer of then.
    Replay(AuditReceipt, Box<Replay>),
}

/// What became of a call that asked to begin.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It was decided.
    Decided(Decided<IntentReceipt>),
    /// Nothing was written: the same operation is running. Ask again when it has ended.
    Join(Box<Admission>, Running),
    /// Nothing was written: nobody knows whether the same operation happened. Ask again when its
    /// tool was asked, of which the operation of the call has to say so.
    Doubt(Box<Admission>, Doubt),
}

/// An attempt at an operation of which nobody knows whether it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// The call that began the operation.
    pub(crate) id: CallId,
    /// The row of the call that made the attempt.
    pub(crate) attempt: i64,
    /// The definition by which it was made.
    pub(crate) definition: Option<[u8; 32]>,
}

/// An operation that is running, here or in another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// Its row.
    pub(crate) operation: i64,
    /// The call that began it.
    pub(crate) id: CallId,
    /// Its process died, and somebody has to go on with its steps.
    pub(crate) is_orphaned: bool,
}

impl Known {
    /// As one that is running.
    pub(super) fn as_running(&self) -> Running {
        Running {
            operation: self.row,
            id: self.id,
            is_orphaned: self.state.is_open() && !self.is_owner_alive,
        }
    }

    /// Its last attempt as one of which nobody knows.
    pub(super) fn doubt(&self) -> Doubt {
        Doubt {
            id: self.id,
            attempt: self.last,
            definition: self.definition,
        }
    }
}

/// What the caller is told beside the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// An equal call that ended a short while ago and whose answer was delivered, or whose
    /// outcome was never found out.
    pub(crate) similar: Option<CallId>,
    /// Calls like this one that failed in a row.
    pub(super) so_far: Vec<SoFar>,
}

impl Notes {
    /// What to tell of a call that has ended this way.
    pub(crate) fn going_round(&self, way: &Way) -> Option<Loop> {
        let Way::Failed(signature) = way else {
            return None;
        };
        let same = self.so_far.iter().find(|one| one.signature == *signature);
        same.map(|one| one.told.clone())
    }
}

/// The stored answer of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replay {
    /// The call that began the operation.
    pub(crate) id: CallId,
    /// The row of the call whose answer this is.
    pub(crate) last: i64,
    /// When it ended.
    pub(crate) ended: Timestamp,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What it did to the world.
    pub(crate) effects: Effects,
    /// The stable name of its problem, if there was one.
    pub(crate) code: Option<Code>,
    /// Its whole reply as JSON.
    pub(crate) reply: String,
    /// Whether it was found by its content, not by a key.
    pub(crate) is_windowed: bool,
}

impl Settlement {
    /// The row of a call that is answered as an earlier one was. The answer itself stands with
    /// the operation, once.
    pub(super) fn replay(replay: &Replay, guard_us: u64, now: Timestamp) -> Self {
        Self {
            outcome: replay.outcome,
            stage: "replay",
            code: replay.code,
            effects: replay.effects,
            reply: None,
            backend_status: Some(format!("{REPLAY_OF}{}", replay.id)),
            guard_us,
            wait_us: 0,
            run_us: 0,
            finished: now,
        }
    }
}
