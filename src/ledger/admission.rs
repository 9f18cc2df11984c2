//! What a ledger is asked when a call begins and when it ends, and what it answers.

use super::{
    AuditReceipt, IntentReceipt,
    operation::{Operation, OperationState},
    record::{CallRow, Intent, Outcome, Settlement},
};
use crate::base::{
    clock::Timestamp,
    id::CallId,
    problem::{Effects, Problem},
};

/// A call that asks to be admitted. Everything that is decided by state is decided on this, in
/// one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    /// What is written down of it, whatever is decided.
    pub(crate) row: CallRow,
    /// What is about to be done.
    pub(crate) intent: Intent,
    /// From reading the line to the decision of the guard, in microseconds.
    pub(crate) guard_us: u64,
    /// The operation that it is for, where it is for one.
    pub(crate) operation: Option<Operation>,
    /// What it must be allowed beside.
    pub(crate) demands: Demands,
}

/// What a call must be allowed by state that all processes share, beside its operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demands {}

/// What is settled with the end of a call beside its row and its operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dues {}

/// How an admitted call ended, and what that means for everything that waited for it.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// What is written down of it.
    pub(crate) settlement: Settlement,
    /// Where its operation stands now, if it was for one.
    pub(crate) state: OperationState,
    /// What is settled beside.
    pub(crate) dues: Dues,
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
}

/// An operation that is running, here or in another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// Its row.
    pub(crate) operation: i64,
    /// The call that began it.
    pub(crate) id: CallId,
}

/// What the caller is told beside the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// An equal call that ended a short while ago and whose answer was delivered, or whose
    /// outcome was never found out.
    pub(crate) similar: Option<CallId>,
}

/// The stored answer of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replay {
    /// The call that began the operation.
    pub(crate) id: CallId,
    /// When it ended.
    pub(crate) ended: Timestamp,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What it did to the world.
    pub(crate) effects: Effects,
    /// The stable name of its problem, if there was one.
    pub(crate) code: Option<String>,
    /// Its whole reply as JSON.
    pub(crate) reply: String,
    /// Whether it was found by its content, not by a key.
    pub(crate) is_windowed: bool,
}
