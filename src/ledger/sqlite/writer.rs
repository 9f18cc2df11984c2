//! The one thread that writes: takes what waits, commits it together, then has it answered.

use std::{collections::VecDeque, fs::File, path::Path, sync::Arc, time::Duration};

use super::{
    super::{Durability, LedgerError},
    AuditSync, Shared,
    checkpoint::{Checkpointer, Lengths},
    explain,
    files::{self, FileIdentity},
    job::Job,
    open::{self, Opened},
    planted, schema,
    statements::Statements,
    written::Written,
};
use crate::base::{
    clock::{Clock, Moment},
    event::Event,
    failpoint,
    limits::LEDGER_LOOK_INTERVAL,
};

mod rescue;
mod room;
mod syncer;
mod upkeep;

use room::Room;
use syncer::{Group, Syncer, durability};
use upkeep::ClockWatch;

/// Runs until the queue is closed and empty. The ledger is opened with the first batch; while
/// that fails, every batch is told why.
pub(super) fn run(shared: &Arc<Shared>) {
    let _abandon = AbandonOnExit(shared);
    let mut batch = VecDeque::new();
    while shared.queue.take(&mut batch) {
        match open::open(&shared.dir, &*shared.clock) {
            Ok(opened) => serve(shared, opened, &mut batch),
            Err(error) => refuse_all(&mut batch, &error),
        }
    }
}

/// Answers whoever would wait forever if this thread ended before its time.
struct AbandonOnExit<'a>(&'a Shared);

impl Drop for AbandonOnExit<'_> {
    fn drop(&mut self) {
        refuse_all(&mut self.0.queue.abandon(), &LedgerError::Closed);
    }
}

fn refuse_all(batch: &mut VecDeque<Job>, error: &LedgerError) {
    for job in batch.drain(..) {
        job.answer(Err(error.clone()));
    }
}

fn serve(shared: &Shared, mut opened: Opened, batch: &mut VecDeque<Job>) {
    let place = (opened.path.clone(), opened.file);
    let attached = Lengths::of(&opened.connection).and_then(|lengths| {
        let attached = Checkpointer::attach(&mut opened.connection, place, lengths)?;
        Ok((attached, lengths.page_bytes))
    });
    let (checkpointer, page_bytes) = match attached {
        Ok((checkpointer, page_bytes)) => (checkpointer.start(), page_bytes),
        Err(error) => return refuse_all(batch, &explain(&error)),
    };
    let (connection, me) = (&opened.connection, opened.instance_row);
    let statements = match Statements::prepare(connection, &shared.dir, me) {
        Ok(statements) => statements,
        Err(error) => return refuse_all(batch, &explain(&error)),
    };
    let log = || open_log(&opened.path);
    let (syncer, log) = match syncer(&opened).and_then(|syncer| Ok((syncer, log()?))) {
        Ok(found) => found,
        Err(error) => return refuse_all(batch, &error),
    };
    let mut writer = Writer {
        shared,
        opened: &opened,
        statements,
        clock: &*shared.clock,
        sync: shared.keeping.sync,
        kept: shared.keeping.calls,
        prune_at: shared.clock.now(),
        watch: ClockWatch::new(&*shared.clock),
        syncer,
        room: Room::new(log, page_bytes, checkpointer.pages()),
        looked: shared.clock.now(),
        written: Vec::new(),
        broken: None,
        dir: opened.dir(),
        is_degraded: false,
    };
    writer.process(batch);
    writer.keep_up();
    while writer.take(batch) {
        writer.process(batch);
        writer.keep_up();
    }
    drop((writer, checkpointer));
    checkpoint(&mut opened);
}

/// From here on a commit does not sync the log: the syncer does, through a descriptor of its own.
fn syncer(opened: &Opened) -> Result<Syncer, LedgerError> {
    let log = open_log(&opened.path)?;
    leave_unsynced(opened).map_err(|error| explain(&error))?;
    let sync_log = Box::new(move || log.sync_data());
    Ok(Syncer::new(sync_log, Arc::clone(&opened.emergency)))
}

/// Opens the log of the ledger at `path`.
fn open_log(path: &Path) -> Result<File, LedgerError> {
    let mut path = path.as_os_str().to_owned();
    path.push("-wal");
    // Windows syncs only what may be written.
    let log = File::options().read(true).write(true).open(&path);
    log.map_err(|error| files::cannot("open", path.as_ref(), &error))
}

/// A commit does not sync the log.
fn leave_unsynced(opened: &Opened) -> rusqlite::Result<()> {
    let connection = &opened.connection;
    connection.pragma_update(None, "synchronous", "NORMAL")
}

/// Empties the log into the file, unless somebody is in the way: then it is left to the next.
fn checkpoint(opened: &mut Opened) {
    let _impatient = opened.connection.busy_handler(None::<fn(i32) -> bool>);
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    let _left_to_the_next = opened.connection.query_row(sql, [], |_| Ok(()));
}

struct Writer<'a> {
    shared: &'a Shared,
    opened: &'a Opened,
    statements: Statements<'a>,
    clock: &'a dyn Clock,
    sync: AuditSync,
    /// How long calls stay after their end.
    kept: Option<Duration>,
    /// When older ones are looked for next.
    prune_at: Moment,
    /// Notices jumps of the wall clock.
    watch: ClockWatch,
    /// Answers what was committed.
    syncer: Syncer,
    /// Keeps syncs short.
    room: Room,
    /// When the path of the file was looked at last.
    looked: Moment,
    /// What was written for the batch at hand; kept for its memory.
    written: Vec<Written>,
    /// Why nothing can be written any more.
    broken: Option<LedgerError>,
    /// The state directory.
    dir: &'a Path,
    /// Nothing could be written last time.
    is_degraded: bool,
}

impl Writer<'_> {
    /// Takes what waits; `false` when nothing does and nothing will.
    fn take(&mut self, batch: &mut VecDeque<Job>) -> bool {
        if let Err(error) = self.syncer.wait_for_room() {
            self.broken.get_or_insert(error);
        }
        self.rest();
        self.shared.queue.take(batch)
    }

    /// Commits the batch and has every job in it answered, in order.
    fn process(&mut self, batch: &mut VecDeque<Job>) {
        if self.is_degraded && batch.iter().all(Job::may_be_lost) {
            return batch.clear();
        }
        if self.broken.is_none() && self.was_replaced(durability(self.sync, batch, &[])) {
            self.broken = Some(replaced(&self.opened.path));
        }
        if let Some(error) = &self.broken {
            let failure = Failure::final_of(error.clone());
            return self.rescue(batch, &failure);
        }
        if self.is_degraded
            && let Err(failure) = self.recover()
        {
            return self.rescue(batch, &failure);
        }
        match self.transact(batch.iter()) {
            Ok(()) => self.answer(std::mem::take(batch)),
            Err(failure) if failure.is_of_one_job && batch.len() > 1 => self.process_singly(batch),
            Err(failure) if failure.is_of_one_job => refuse_all(batch, &failure.error),
            Err(failure) => self.rescue(batch, &failure),
        }
    }

    /// Has `jobs` answered, which were written.
    fn answer(&mut self, jobs: VecDeque<Job>) {
        let queue = &self.shared.queue;
        let written = std::mem::take(&mut self.written);
        let group = Group {
            wanted: durability(self.sync, &jobs, &written),
            jobs,
            written,
        };
        if group.wanted == Durability::Synced {
            self.room.want();
        }
        let has_more = !queue.is_empty();
        self.syncer
            .answer(group, has_more, |thread| queue.is_helped_by(thread));
    }

    /// One transaction each, so that the job that cannot be written harms no other.
    fn process_singly(&mut self, batch: &mut VecDeque<Job>) {
        for job in batch.drain(..) {
            let done = match &self.broken {
                Some(error) => Err(Failure::final_of(error.clone())),
                None => self.transact(std::iter::once(&job)),
            };
            match done {
                Ok(()) => self.answer(VecDeque::from([job])),
                Err(failure) if failure.is_of_one_job => job.answer(Err(failure.error)),
                Err(failure) => self.rescue(&mut VecDeque::from([job]), &failure),
            }
        }
    }

    /// Whether another file, or none, is where ours was. A file that lost its name goes on
    /// taking rows, which nobody would ever find again. Looked at before every synced commit,
    /// whose cost hides it, and otherwise once in a while.
    fn was_replaced(&mut self, wanted: Durability) -> bool {
        let now = self.clock.now();
        if wanted == Durability::Committed && now.since(self.looked) < LEDGER_LOOK_INTERVAL {
            return false;
        }
        self.looked = now;
        FileIdentity::at(&self.opened.path) != Some(self.opened.file)
    }

    /// Writes `jobs` in one transaction and leaves what they wrote in `self.written`.
    fn transact<'j>(&mut self, jobs: impl Iterator<Item = &'j Job>) -> Result<(), Failure> {
        self.written.clear();
        self.written.reserve(jobs.size_hint().0);
        let done = self
            .statements
            .begin()
            .map_err(|error| Failure::of_all(&error))
            .and_then(|version| self.check_version(version))
            .and_then(|()| self.write(jobs));
        if let Err(failure) = &done {
            self.statements.roll_back();
            if failure.is_final {
                self.broken = Some(failure.error.clone());
            }
        }
        done
    }

    fn write<'j>(&mut self, jobs: impl Iterator<Item = &'j Job>) -> Result<(), Failure> {
        let seen = ClockWatch::new(self.clock);
        let (now, jump) = (seen.wall(), self.watch.jump_us(&seen));
        self.statements.restraints.begin(self.clock);
        if let Some(by_us) = jump {
            let recorded = self.statements.record_jump(now, by_us);
            recorded.map_err(|error| Failure::of_all(&error))?;
        }
        let held = self.shared.held().clone();
        if let Some(held) = &held {
            let recorded = self.statements.record_lock(now, held);
            recorded.map_err(|error| Failure::of_all(&error))?;
        }
        for job in jobs {
            let written = job
                .write(&mut self.statements, now)
                .map_err(|error| Failure::of_one(&error))?;
            self.written.push(written);
            if job
                .seam()
                .is_some_and(|(written, _)| failpoint::fails(written))
            {
                return Err(Failure::of_one(&planted()));
            }
        }
        self.statements
            .commit()
            .map_err(|error| Failure::of_one(&error))?;
        if let Some(by_us) = jump {
            let seconds = by_us.unsigned_abs() / 1_000_000;
            let way = if by_us < 0 { "back" } else { "forward" };
            Event::ClockJumped { seconds, way }.emit();
        }
        self.watch = seen;
        if held.is_some() {
            // Unless there is another by now, which is still to be written.
            self.shared
                .held()
                .take_if(|current| Some(&*current) == held.as_ref());
        }
        Ok(())
    }

    /// A newer process may have changed the tables under us.
    fn check_version(&self, version: i32) -> Result<(), Failure> {
        if version == schema::version() {
            return Ok(());
        }
        let text = "the ledger was changed by a newer version while this one ran; start again with the newer binary";
        Err(Failure::final_of(LedgerError::Unavailable(text.to_owned())))
    }
}

/// Why a transaction did not happen.
struct Failure {
    error: LedgerError,
    /// Another transaction without the job at fault may do better.
    is_of_one_job: bool,
    /// The disk is full or cannot be written.
    is_of_disk: bool,
    /// Nothing must be written to this file any more.
    is_final: bool,
}

impl Failure {
    fn final_of(error: LedgerError) -> Self {
        Self {
            error,
            is_of_one_job: false,
            is_of_disk: false,
            is_final: true,
        }
    }

    fn of_all(error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly, SystemIoFailure,
        };
        Self {
            error: explain(error),
            is_of_one_job: false,
            is_of_disk: matches!(
                error.sqlite_error_code(),
                Some(DiskFull | SystemIoFailure | ReadOnly | CannotOpen)
            ),
            is_final: matches!(
                error.sqlite_error_code(),
                Some(DatabaseCorrupt | NotADatabase)
            ),
        }
    }

    fn of_one(error: &rusqlite::Error) -> Self {
        let all = Self::of_all(error);
        Self {
            is_of_one_job: !all.is_final && !all.is_of_disk,
            ..all
        }
    }
}

fn replaced(path: &Path) -> LedgerError {
    LedgerError::Unavailable(format!(
        "the ledger `{}` was replaced while running; put it back and start again",
        path.display()
    ))
}
