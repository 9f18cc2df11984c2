//! What survives: the one module that owns the state file.
//!
//! The ledger speaks in verbs of the domain, not in tables. Each verb is one transaction and
//! tells its continuation only after that transaction is committed; the receipts it hands over
//! can be made nowhere else. Continuations run on the ledger's own thread and must not block.

pub(crate) mod admission;
#[cfg(test)]
mod cases;
#[cfg(test)]
pub(crate) mod contract;
pub(crate) mod fetch;
pub(crate) mod log;
#[cfg(test)]
pub(crate) mod memory;
pub(crate) mod operation;
pub(crate) mod policy;
pub(crate) mod record;
pub(crate) mod resolution;
pub(crate) mod sqlite;
pub(crate) mod steps;

use std::sync::mpsc;

use admission::{Admission, Begun, Decided, Ending, Failure, Further, Running};
use fetch::{Fetch, Fetched};
use operation::Operation;
use record::{CallRow, Settlement};
use resolution::{Resolution, Resolved};
use steps::{Adopted, Closing, Stepped, Wanted};

use crate::base::{clock::Timestamp, id::CallId};

/// See [`Ledger::key`].
pub(crate) type LedgerKey = [u8; 64];

/// What a verb calls when its transaction is committed, or could not be.
pub(crate) type Then<T> = Box<dyn FnOnce(Result<T, LedgerError>) + Send>;

/// Proof that a call is admitted and, for anything but a read, that its intent is on disk.
/// A backend cannot be invoked without one.
#[derive(Debug)]
pub(crate) struct IntentReceipt {
    row: i64,
    durability: Durability,
    operation: Option<Running>,
}

impl IntentReceipt {
    /// The ledger row that the receipt is for.
    pub(crate) fn row(&self) -> i64 {
        self.row
    }

    /// The row of the operation that the call is for, where it is for one.
    pub(crate) fn operation(&self) -> Option<i64> {
        self.operation.map(|operation| operation.operation)
    }

    /// The call that began that operation, after which it is named in the world.
    pub(crate) fn operation_id(&self) -> Option<CallId> {
        self.operation.map(|operation| operation.id)
    }

    /// The receipt for a further intent of the same call.
    pub(super) fn again(&self) -> Self {
        Self { ..*self }
    }
}

/// Proof that the end of a call is in the ledger. No reply to a `tools/call` leaves without.
#[derive(Debug)]
pub(crate) struct AuditReceipt {
    row: i64,
    in_journal: bool,
}

impl AuditReceipt {
    /// For what is in the ledger.
    fn of(row: i64) -> Self {
        Self {
            row,
            in_journal: false,
        }
    }

    /// Whether the record waits beside the ledger, which could not be written.
    pub(crate) fn is_in_journal(&self) -> bool {
        self.in_journal
    }

    /// The ledger row that the receipt is for.
    pub(crate) fn row(&self) -> i64 {
        self.row
    }
}

/// What [`Ledger::announce`] announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coming {
    /// A call, and no other with it.
    Alone,
    /// One that reads, perhaps with others.
    Read,
}

/// What must have become of a row before its verb counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    /// Committed: it survives the death of the process.
    Committed,
    /// Synced to disk as well: it survives the loss of power.
    Synced,
}

impl Durability {
    fn of(row: &CallRow) -> Self {
        if row.must_sync() {
            Self::Synced
        } else {
            Self::Committed
        }
    }
}

/// Why the ledger could not do what it was asked; then nothing of it was done.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    /// The file cannot be opened or written.
    #[error("{0}")]
    Unavailable(String),
    /// Processes of an older version keep the file; it can be used when they have ended.
    #[error("{0}")]
    InUse(String),
    /// The same operation is running, where nobody can wait for it.
    #[error("the same operation (`{0}`) is still running")]
    Busy(CallId),
    /// The ledger was told to close.
    #[error("the ledger is closed")]
    Closed,
}

/// The verbs. All return at once; `then` is called when the verb is durable.
pub(crate) trait Ledger: Send + Sync {
    /// Another verb will be called in some microseconds: whoever has to be woken for it wakes meanwhile,
    /// where that does not part what had better be synced together. It may be wrong to say so.
    fn announce(&self, coming: Coming);

    /// Asks for a call to be admitted: everything that state decides is decided and written in
    /// one transaction. Where it is admitted, what is about to be done is written; for an
    /// effect other than a read it is synced to disk before `then` is called.
    fn begin(&self, admission: Admission, then: Then<Begun>);

    /// Writes the intent of a further attempt of an admitted call; nothing where the
    /// breaker of its backend does not let it through.
    fn intend(&self, of: &IntentReceipt, further: Further, then: Then<Option<IntentReceipt>>);

    /// Writes what the steps of an admitted call did and what is about to be done; with the first
    /// undo its operation is being undone. The receipt is for what is about to be done.
    fn step(&self, of: &IntentReceipt, stepped: Stepped, then: Then<IntentReceipt>);

    /// Takes steps in hand that were left: by a process that died, whose call is given its end
    /// first, or to a person.
    fn adopt(&self, wanted: Wanted, then: Then<Adopted>);

    /// Writes how an operation ended whose steps were taken over.
    fn close_steps(&self, of: IntentReceipt, closing: Closing, then: Then<()>);

    /// Writes how an admitted call ended, and settles what waited for its end.
    fn finish(&self, of: IntentReceipt, ending: Ending, then: Then<AuditReceipt>);

    /// Asks for a call to be admitted and, where it is, settles it in the same transaction: for
    /// a read that touches nothing outside this process, which needs no intent of its own.
    fn settle_at_once(
        &self,
        admission: Admission,
        ending: Ending,
        then: Then<Decided<AuditReceipt>>,
    );

    /// The key that states of askings are sealed with and secrets are marked by: the same for
    /// every process on the same ledger, drawn when it is first asked for.
    fn key(&self, then: Then<LedgerKey>);

    /// Writes down a call that was refused before anything was touched, unless it repeats an
    /// operation that is known, whose answer it gets then. A refusal that comes again and again
    /// for the same `failure` is told so, and stopped.
    fn refuse(
        &self,
        row: CallRow,
        settlement: Settlement,
        operation: Option<Box<Operation>>,
        failure: Option<Box<Failure>>,
        then: Then<Decided<AuditReceipt>>,
    );

    /// Asks what became of an operation of the principal of the call that asks. Its answer is
    /// written down with that call as a replay is.
    fn fetch(&self, fetch: Fetch, then: Then<Fetched>);

    /// Notes that the answer of the call of row `row` reached its client. May be lost. An answer
    /// that nobody knows how it ended does not count: what is found out later is another one.
    fn delivered(&self, row: i64, at: Timestamp);

    /// Writes what was found out about the operation that the call `id` began and whose outcome
    /// nobody knew.
    fn resolve(&self, id: CallId, resolution: Resolution, then: Then<Resolved>);
}

/// Calls a verb and blocks until it is durable: for the command line, for workers and for tests,
/// never for a thread that the ledger itself needs.
///
/// # Errors
/// What the verb told, or [`LedgerError::Closed`] when it was dropped without an answer.
pub(crate) fn wait<T: Send + 'static>(verb: impl FnOnce(Then<T>)) -> Result<T, LedgerError> {
    let (tell, told) = mpsc::sync_channel(1);
    verb(Box::new(move |result| {
        // The receiver waits below, and there is room for the one answer.
        let _heard = tell.send(result);
    }));
    told.recv().unwrap_or(Err(LedgerError::Closed))
}
