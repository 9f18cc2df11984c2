//! What survives: the one module that owns the state file.
//!
//! The ledger speaks in verbs of the domain, not in tables. Each verb is one transaction and
//! tells its continuation only after that transaction is committed; the receipts it hands over
//! can be made nowhere else. Continuations run on the ledger's own thread and must not block.

pub(crate) mod record;

use record::{CallRow, Intent, Settlement};

/// What a verb calls when its transaction is committed, or could not be.
pub(crate) type Then<T> = Box<dyn FnOnce(Result<T, LedgerError>) + Send>;

/// Proof that a call is admitted and, for anything but a read, that its intent is on disk.
/// A backend cannot be invoked without one.
#[derive(Debug)]
pub(crate) struct IntentReceipt {
    row: i64,
}

impl IntentReceipt {
    /// The ledger row that the receipt is for.
    pub(crate) fn row(&self) -> i64 {
        self.row
    }
}

/// Proof that the end of a call is in the ledger. No reply to a `tools/call` leaves without.
#[derive(Debug)]
pub(crate) struct AuditReceipt {
    row: i64,
}

impl AuditReceipt {
    /// The ledger row that the receipt is for.
    pub(crate) fn row(&self) -> i64 {
        self.row
    }
}

/// Why the ledger could not do what it was asked; then nothing of it was done.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    /// The file cannot be opened or written.
    #[error("{0}")]
    Unavailable(String),
    /// The ledger was told to close.
    #[error("the ledger is closed")]
    Closed,
}

/// The verbs. All return at once; `then` is called when the verb is durable.
pub(crate) trait Ledger: Send + Sync {
    /// Admits a call and writes what is about to be done. For an effect other than a read it
    /// is synced to disk before `then` is called.
    fn begin(&self, row: CallRow, intent: Intent, then: Then<IntentReceipt>);

    /// Writes the intent of a further attempt or step of an admitted call.
    fn intend(&self, of: &IntentReceipt, intent: Intent, then: Then<IntentReceipt>);

    /// Writes how an admitted call ended.
    fn finish(&self, of: IntentReceipt, settlement: Settlement, then: Then<AuditReceipt>);

    /// Admits and settles in one transaction a read that touches nothing outside this process,
    /// so that it needs no intent of its own.
    fn settle_at_once(&self, row: CallRow, settlement: Settlement, then: Then<AuditReceipt>);

    /// Writes down a call that was refused before anything was touched.
    fn refuse(&self, row: CallRow, settlement: Settlement, then: Then<AuditReceipt>);
}
