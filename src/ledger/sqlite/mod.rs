//! The ledger as one SQLite file that several processes share.

mod admit;
mod askings;
pub(crate) mod audit;
mod bound;
mod checkpoint;
mod emergency;
mod files;
pub(crate) mod health;
mod in_hand;
pub(crate) mod inquiry;
mod instance;
mod job;
mod open;
mod operations;
pub(crate) mod operator;
mod patience;
pub(crate) mod prune;
mod queue;
pub(crate) mod read;
mod recovery;
mod resolve;
pub(crate) mod restraint;
mod schema;
mod seal;
mod standing;
pub(in crate::ledger) mod statements;
mod steps;
mod writer;
mod written;

#[cfg(test)]
mod props;
#[cfg(test)]
mod tests;

use std::{
    cell::Cell,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use job::Job;
use queue::Queue;

use super::{
    AuditReceipt, Coming, IntentReceipt, Ledger, LedgerError, LedgerKey, Then,
    admission::{Admission, Begun, Decided, Ending, Failure, Further},
    fetch::{Fetch, Fetched},
    operation::Operation,
    record::{CallRow, Settlement},
    resolution::{Resolution, Resolved},
    steps::{Adopted, Closing, Stepped, Wanted},
};
use crate::base::{
    clock::{Clock, Timestamp},
    held::HeldTo,
    id::CallId,
    thread,
};

/// Which rows are synced to disk before their verb counts as done. All of them survive the
/// death of the process; those that are synced survive the loss of power too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AuditSync {
    /// Those of tools that are not reads, refusals included.
    #[default]
    Writes,
    /// Every one.
    All,
}

impl AuditSync {
    /// Whether the writer wakes early for what is `coming`: not where several rows wait for a sync, which is
    /// to be one.
    fn wakes_early_for(self, coming: Coming) -> bool {
        match (self, coming) {
            (_, Coming::Alone) | (Self::Writes, Coming::Read) => true,
            (Self::All, Coming::Read) => false,
        }
    }
}

/// How a ledger is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keeping {
    /// What is synced.
    pub(crate) sync: AuditSync,
    /// How long calls stay in it after their end; for ever, where that was not said.
    pub(crate) calls: Option<Duration>,
}

impl From<AuditSync> for Keeping {
    /// Everything for ever.
    fn from(sync: AuditSync) -> Self {
        Self { sync, calls: None }
    }
}

/// A ledger in a state directory. Its thread and its files come with the first verb.
pub(crate) struct SqliteLedger {
    shared: Arc<Shared>,
}

struct Shared {
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    keeping: Keeping,
    queue: Queue,
    /// What calls are held to from now on, until that is written.
    held: Mutex<Option<HeldTo>>,
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Option<HeldTo>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SqliteLedger {
    /// A ledger in the directory `dir`, which is made when there is none. Touches nothing yet.
    pub(crate) fn new(dir: PathBuf, clock: Arc<dyn Clock>, keeping: impl Into<Keeping>) -> Self {
        Self {
            shared: Arc::new(Shared {
                dir,
                clock,
                keeping: keeping.into(),
                queue: Queue::default(),
                held: Mutex::default(),
            }),
        }
    }

    /// Says which lock the calls that follow are held to. It is written before the next of them,
    /// where the trail has another for its place; until then nothing is touched.
    pub(crate) fn held_to(&self, held: HeldTo) {
        *self.shared.held() = Some(held);
    }

    /// Takes no more verbs, does those that wait, answers them and lets go of the files. Later
    /// verbs are told [`LedgerError::Closed`]. Called from a continuation it does not wait.
    pub(crate) fn close(&self) {
        self.shared.queue.close();
    }

    fn submit(&self, job: Job) {
        let start = || {
            let shared = Arc::clone(&self.shared);
            thread::spawn("ledger", move || writer::run(&shared))
        };
        self.shared.queue.push(job, start);
    }
}

impl Drop for SqliteLedger {
    fn drop(&mut self) {
        self.close();
    }
}

impl Ledger for SqliteLedger {
    fn announce(&self, coming: Coming) {
        if self.shared.keeping.sync.wakes_early_for(coming) {
            self.shared.queue.announce();
        }
    }

    fn begin(&self, admission: Admission, then: Then<Begun>) {
        self.submit(Job::Begin(admission, then));
    }

    fn intend(&self, of: &IntentReceipt, further: Further, then: Then<Option<IntentReceipt>>) {
        self.submit(Job::Intend(of.again(), further, then));
    }

    fn step(&self, of: &IntentReceipt, stepped: Stepped, then: Then<IntentReceipt>) {
        self.submit(Job::Step(of.again(), stepped, then));
    }

    fn adopt(&self, wanted: Wanted, then: Then<Adopted>) {
        self.submit(Job::Adopt(wanted, then));
    }

    fn close_steps(&self, of: IntentReceipt, closing: Closing, then: Then<()>) {
        self.submit(Job::Close(of, closing, then));
    }

    fn finish(&self, of: IntentReceipt, ending: Ending, then: Then<AuditReceipt>) {
        self.submit(Job::Finish(of, ending, then));
    }

    fn settle_at_once(
        &self,
        admission: Admission,
        ending: Ending,
        then: Then<Decided<AuditReceipt>>,
    ) {
        self.submit(Job::AtOnce(admission, ending, then));
    }

    fn key(&self, then: Then<LedgerKey>) {
        self.submit(Job::Key(Cell::new(None), then));
    }

    fn refuse(
        &self,
        row: CallRow,
        settlement: Settlement,
        operation: Option<Box<Operation>>,
        failure: Option<Box<Failure>>,
        then: Then<Decided<AuditReceipt>>,
    ) {
        self.submit(Job::Refuse(row, settlement, operation, failure, then));
    }

    fn fetch(&self, fetch: Fetch, then: Then<Fetched>) {
        self.submit(Job::Fetch(fetch, then));
    }

    fn delivered(&self, row: i64, at: Timestamp) {
        self.submit(Job::Delivered(row, at));
    }

    fn resolve(&self, id: CallId, resolution: Resolution, then: Then<Resolved>) {
        self.submit(Job::Resolve(id, resolution, then));
    }
}

/// What SQLite would say if the disk were full, for a failpoint.
fn planted() -> rusqlite::Error {
    let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
    rusqlite::Error::SqliteFailure(full, None)
}

/// What SQLite says, in our words and with a way out.
fn explain(error: &rusqlite::Error) -> LedgerError {
    use rusqlite::ErrorCode;
    let text = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "the ledger is locked by another process; end the program that keeps it open".to_owned()
        }
        Some(ErrorCode::DiskFull) => "the disk of the ledger is full; free some space".to_owned(),
        Some(ErrorCode::NotADatabase) => {
            "the ledger file is not a database; put a backup in its place, or choose another state directory with `--state`".to_owned()
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            "the ledger file is damaged; keep a copy of it and put a backup in its place".to_owned()
        }
        Some(ErrorCode::ReadOnly) => {
            "the ledger file cannot be written; give yourself write permission to it and its directory".to_owned()
        }
        _ => format!("the ledger cannot be used: {error}; see whether its disk is full or failing"),
    };
    LedgerError::Unavailable(text)
}
