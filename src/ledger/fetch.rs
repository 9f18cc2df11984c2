//! What became of an operation, asked for by its name. Values in, values out; every ledger
//! decides by this.

use super::{
    AuditReceipt,
    admission::{Replay, Running},
    operation::{Known, OperationState, attention, unknown},
    record::CallRow,
};
use crate::base::{
    id::CallId,
    problem::{Code, Effects, Problem},
    quota::Rate,
};

/// A call that asks what became of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    /// What is written down of the call, once there is an answer.
    pub(crate) row: CallRow,
    /// From reading the line to the decision of the guard, in microseconds.
    pub(crate) guard_us: u64,
    /// The call that began the operation.
    pub(crate) id: CallId,
    /// How often its principal may ask; nothing where it has waited, and asks again.
    pub(crate) rate: Option<Rate>,
}

/// What a call is told that asked.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// The answer of the operation; that it was told is written down.
    Ended(AuditReceipt, Box<Replay>),
    /// There is none, for this reason, which is written down.
    Refused(AuditReceipt, Box<Problem>),
    /// Nothing was written: the operation is running. Ask again when it has ended.
    Running(Box<Fetch>, Running),
}

/// Where an operation stands for somebody who asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Standing {
    /// It is running.
    Running,
    /// Its process is dead: it is recovered first.
    Recover,
    /// It has ended; the answer is told, where there is one.
    Ended,
    /// Nobody knows how it ended.
    Open(Box<Problem>),
}

/// Where `known` stands.
pub(crate) fn standing(known: &Known) -> Standing {
    use OperationState::{
        Abandoned, Attention, Claimed, Compensating, Failed, FailedClean, RolledBack, Running,
        Succeeded, Unknown,
    };
    match known.state {
        Claimed | Running | Compensating if known.is_owner_alive => Standing::Running,
        Claimed | Running | Compensating => Standing::Recover,
        Succeeded | Failed | FailedClean | Abandoned | RolledBack => Standing::Ended,
        Unknown => Standing::Open(Box::new(unknown(known))),
        Attention => Standing::Open(Box::new(attention(known))),
    }
}

/// The problem of a call that asked for an operation that is not there, or not the caller's.
pub(crate) fn no_such(id: CallId) -> Box<Problem> {
    let message = format!("you have no operation `{id}`");
    let problem = Problem::new(Code::ValidationFailed, message);
    Box::new(problem.suggest("give an `operation_id` as a tool told it"))
}

/// The problem of an operation whose process died before it could have had an effect.
pub(crate) fn died(id: CallId) -> Box<Problem> {
    let message =
        format!("the operation `{id}` ended with the process that ran it; it did nothing");
    let problem = Problem::new(Code::BackendUnavailable, message).with_effects(Effects::None);
    Box::new(problem.after_ms(0).suggest("make the first call again"))
}
