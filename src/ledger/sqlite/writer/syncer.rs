//! From committed to answered: what must not be lost with the power waits until the log is synced.
//!
//! A commit writes to the log and does not sync it, so that the writer can go on while the disk
//! works: what it has committed meanwhile is synced together, by one call. A sync of the log covers
//! all that was committed before, by other processes too. Nobody is told of a commit that must be
//! synced before it is, nor of any commit before those that came before it.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{JoinHandle, ThreadId},
};

use super::{
    super::{
        super::Durability, AuditSync, LedgerError, emergency::Emergency, job::Job, written::Written,
    },
    refuse_all, rescue,
};
use crate::base::{
    event::Event,
    failpoint::{self, Point},
    thread,
    wake::{self, Bell},
};

/// Syncs the log. Called by one thread at a time.
pub(super) type SyncLog = Box<dyn Fn() -> io::Result<()> + Send + Sync>;

/// Jobs that were committed together.
pub(super) struct Group {
    /// In order.
    pub(super) jobs: VecDeque<Job>,
    /// What became of each.
    pub(super) written: Vec<Written>,
    /// What must become of it before anybody is told.
    pub(super) wanted: Durability,
}

impl Group {
    /// Each job with what became of it.
    fn told(self) -> impl Iterator<Item = (Job, Written)> {
        self.jobs.into_iter().zip(self.written)
    }
}

/// What must become of `jobs` before anybody is told, by what was `written` for them as far as that is
/// known.
pub(super) fn durability(sync: AuditSync, jobs: &VecDeque<Job>, written: &[Written]) -> Durability {
    let found = written.iter().map(Written::durability);
    let mut each = jobs.iter().zip(found.chain(std::iter::repeat(None)));
    let is_synced = |(job, found): (&Job, Option<Durability>)| {
        found.unwrap_or_else(|| job.durability()) == Durability::Synced
    };
    match sync {
        AuditSync::All => Durability::Synced,
        AuditSync::Writes if each.any(is_synced) => Durability::Synced,
        AuditSync::Writes => Durability::Committed,
    }
}

/// The way from a commit to its answers. Dropping it waits until everybody is answered.
pub(super) struct Syncer {
    shared: Arc<Shared>,
    /// Started when there is something to do beside it for the first time.
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    sync_log: SyncLog,
    emergency: Arc<Emergency>,
    state: Mutex<State>,
    work: Bell,
    room: Bell,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Group>,
    /// The thread has some in hand.
    is_busy: bool,
    is_closed: bool,
    /// Why nothing that was committed can be relied on any more.
    failed: Option<LedgerError>,
}

impl Syncer {
    /// With what syncs the log; ends of calls that cannot be relied on go to `emergency`.
    pub(super) fn new(sync_log: SyncLog, emergency: Arc<Emergency>) -> Self {
        Self {
            shared: Arc::new(Shared {
                sync_log,
                emergency,
                state: Mutex::default(),
                work: Bell::default(),
                room: Bell::default(),
            }),
            thread: None,
        }
    }

    /// Waits until a further group would not have to wait for more than one other, so that what
    /// arrives meanwhile is committed together. Why nothing may be committed any more, if so.
    pub(super) fn wait_for_room(&self) -> Result<(), LedgerError> {
        let mut state = self.shared.state();
        while !state.waiting.is_empty() && state.failed.is_none() {
            state = self.shared.room.sleep(state);
        }
        state.failed.clone().map_or(Ok(()), Err)
    }

    /// Answers `group` once that is right: by itself, unless the writer `has_more` to do or others
    /// are before it.
    pub(super) fn answer(&mut self, group: Group, has_more: bool, started: impl FnOnce(ThreadId)) {
        let must_wait = group.wanted == Durability::Synced && has_more;
        let (is_free, has_failed) = self.shared.state().standing();
        if has_failed || (is_free && !(must_wait && self.start(started))) {
            return self.shared.sync_and_answer(VecDeque::from([group]));
        }
        self.shared.state().waiting.push_back(group);
        self.shared.work.ring();
    }

    /// Starts the thread, unless it is there. Whether there is one: without it the writer does it all.
    fn start(&mut self, started: impl FnOnce(ThreadId)) -> bool {
        if self.thread.is_none() {
            let shared = Arc::clone(&self.shared);
            self.thread = thread::spawn("sync", move || shared.run()).ok();
            if let Some(thread) = &self.thread {
                started(thread.thread().id());
            }
        }
        self.thread.is_some()
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.state().is_closed = true;
        self.shared.work.ring_all();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl State {
    /// Whether nobody is before who comes now, and whether there is nothing to come for any more.
    fn standing(&self) -> (bool, bool) {
        let is_free = self.waiting.is_empty() && !self.is_busy;
        (is_free, self.failed.is_some())
    }
}

/// Answers whoever would wait forever if the thread ended before its time.
struct AbandonOnExit<'a>(&'a Shared);

impl Drop for AbandonOnExit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_busy = false;
        if !state.is_closed {
            state.failed = Some(LedgerError::Closed);
        }
        let left = std::mem::take(&mut state.waiting);
        drop(state);
        self.0.room.ring_all();
        for mut group in left {
            refuse_all(&mut group.jobs, &LedgerError::Closed);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let _abandon = AbandonOnExit(self);
        while let Some(groups) = self.take() {
            self.sync_and_answer(groups);
        }
    }

    /// Everything that waits; sleeps until there is some. `None` once it is closed and empty.
    fn take(&self) -> Option<VecDeque<Group>> {
        let mut state = self.state();
        state.is_busy = false;
        while state.waiting.is_empty() {
            if state.is_closed {
                return None;
            }
            state = self.work.sleep(state);
        }
        state.is_busy = true;
        let groups = std::mem::take(&mut state.waiting);
        drop(state);
        self.room.ring_all();
        Some(groups)
    }

    fn sync_and_answer(&self, groups: VecDeque<Group>) {
        let must_sync = groups.iter().any(|of| of.wanted == Durability::Synced);
        match self.sync(must_sync) {
            Ok(()) => {
                let mut each = groups.into_iter().flat_map(Group::told);
                wake::in_pieces(|| each.next().map(answer).is_some());
            }
            Err(error) => self.give_up(groups, &error),
        }
    }

    /// Syncs the log where that is `wanted`. Once it could not be synced, nobody knows what of it
    /// will be there: the system may take for written what was not, and say so the next time
    /// (fsync(2)).
    fn sync(&self, wanted: bool) -> Result<(), LedgerError> {
        if let Some(failed) = &self.state().failed {
            return Err(failed.clone());
        }
        if !wanted {
            return Ok(());
        }
        let synced = match failpoint::fails(Point::LogSyncing) {
            false => (self.sync_log)(),
            true => Err(io::ErrorKind::StorageFull.into()),
        };
        synced.map_err(|error| {
            let text = format!(
                "what was written to the ledger could not be brought to its disk ({error}); see whether that is failing, then start again"
            );
            LedgerError::Unavailable(text)
        })
    }

    /// Nothing more is committed, and nothing begins of what was. Ends of calls are kept beside the
    /// ledger.
    fn give_up(&self, groups: VecDeque<Group>, error: &LedgerError) {
        let mut state = self.state();
        if state.failed.is_none() {
            state.failed = Some(error.clone());
            let error = &error.to_string();
            Event::LedgerFailed { error }.emit();
        }
        drop(state);
        self.room.ring_all();
        for job in groups.into_iter().flat_map(|group| group.jobs) {
            if job.is_end() {
                rescue::keep(job, &self.emergency, error);
            } else {
                job.answer(Err(error.clone()));
            }
        }
    }
}

/// Answers a job with what became of it.
fn answer((job, written): (Job, Written)) {
    if let Some((_, committed)) = job.seam() {
        failpoint::pass(committed);
    }
    job.answer(Ok(written));
}

#[cfg(test)]
mod tests;
