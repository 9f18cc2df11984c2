//! Nobody is told before the log is synced, and the writer is not kept.

use std::{
    cell::Cell,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use super::*;
use crate::ledger::{
    admission::Replay,
    contract::{admission, begin, ending, row, settlement, sqlite},
    record::Outcome,
    sqlite::emergency,
};

/// A disk that says when it is asked to sync the log, and does so when it is told how that ends.
struct Disk {
    asked: Receiver<()>,
    ends: SyncSender<io::Result<()>>,
}

/// A syncer on such a disk, and a channel that hears the number of each job that is answered,
/// and whether that was well.
struct Bench {
    syncer: Syncer,
    disk: Disk,
    told: Receiver<(u8, bool)>,
    tell: SyncSender<(u8, bool)>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ((ask, asked), (ends, end), (tell, told)) =
            (sync_channel(9), sync_channel(9), sync_channel(9));
        let end = Mutex::new(end);
        let sync_log = move || {
            ask.send(()).unwrap();
            end.lock().unwrap().recv().unwrap()
        };
        let emergency = Arc::new(Emergency::prepare(dir.path(), "this"));
        Self {
            syncer: Syncer::new(Box::new(sync_log), emergency),
            disk: Disk { asked, ends },
            told,
            tell,
            _dir: dir,
        }
    }

    fn job(&self, number: u8) -> Job {
        let tell = self.tell.clone();
        let then = move |told: Result<_, _>| tell.send((number, told.is_ok())).unwrap();
        Job::Key(Cell::new(Some([7; 64])), Box::new(then))
    }

    /// Has a job answered while there is more to do.
    fn answer(&mut self, number: u8, wanted: Durability) {
        let group = group(self.job(number), wanted);
        self.syncer.answer(group, true, |_| {});
    }

    /// Lets go of the syncer, which waits; then everything that was told.
    fn end(self) -> Vec<(u8, bool)> {
        // A sync that nobody expects fails then.
        drop(self.disk.ends);
        drop(self.syncer);
        self.told.try_iter().collect()
    }
}

fn group(job: Job, wanted: Durability) -> Group {
    Group {
        jobs: VecDeque::from([job]),
        written: vec![Written::row(1)],
        wanted,
    }
}

#[test]
fn nobody_is_told_before_the_log_is_synced_nor_before_those_who_came_first() {
    let mut bench = Bench::new();
    bench.answer(1, Durability::Synced);
    bench.disk.asked.recv().unwrap();
    bench.answer(2, Durability::Committed);
    assert!(bench.told.try_recv().is_err());
    bench.disk.ends.send(Ok(())).unwrap();
    assert_eq!(bench.told.recv().unwrap(), (1, true));
    assert_eq!(bench.told.recv().unwrap(), (2, true));
    assert!(bench.disk.asked.try_recv().is_err());
}

#[test]
fn what_is_committed_while_the_disk_works_is_synced_together() {
    let mut bench = Bench::new();
    bench.answer(1, Durability::Synced);
    bench.disk.asked.recv().unwrap();
    bench.answer(2, Durability::Synced);
    bench.answer(3, Durability::Synced);
    bench.disk.ends.send(Ok(())).unwrap();
    bench.disk.ends.send(Ok(())).unwrap();
    assert!(bench.syncer.wait_for_room().is_ok());
    assert_eq!(bench.end(), [(1, true), (2, true), (3, true)]);
}

#[test]
fn with_nothing_else_to_do_there_is_no_thread() {
    let mut bench = Bench::new();
    bench.disk.ends.send(Ok(())).unwrap();
    let (first, second) = (bench.job(1), bench.job(2));
    let syncer = &mut bench.syncer;
    syncer.answer(group(first, Durability::Synced), false, |_| {});
    syncer.answer(group(second, Durability::Committed), true, |_| {});
    assert!(syncer.thread.is_none());
    assert_eq!(bench.end(), [(1, true), (2, true)]);
}

/// After a sync that failed the next may succeed, with what was lost still lost.
#[test]
fn s22_a_log_that_could_not_be_synced_once_is_relied_on_never_again() {
    let mut bench = Bench::new();
    bench.answer(1, Durability::Synced);
    bench.disk.asked.recv().unwrap();
    bench.answer(2, Durability::Synced);
    let full = io::ErrorKind::StorageFull;
    bench.disk.ends.send(Err(full.into())).unwrap();
    assert_eq!(bench.told.recv().unwrap(), (1, false));
    assert_eq!(bench.told.recv().unwrap(), (2, false));
    let refused = bench.syncer.wait_for_room();
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("could not be brought to its disk"), "{text}");
    bench.answer(3, Durability::Synced);
    bench.answer(4, Durability::Committed);
    assert!(bench.disk.asked.try_recv().is_err());
    assert_eq!(bench.end(), [(3, false), (4, false)]);
}

#[test]
fn s22_an_end_that_could_not_be_synced_is_kept_beside_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let of = begin(&sqlite(dir.path()), &row("write")).unwrap();
    let end = ending(&settlement(Outcome::Succeeded));
    let (tell, told) = sync_channel(1);
    let then = Box::new(move |told: Result<_, _>| tell.send(told).unwrap());
    let failing = Box::new(|| Err(io::ErrorKind::StorageFull.into()));
    let emergency = Arc::new(Emergency::prepare(dir.path(), "this"));
    let mut syncer = Syncer::new(failing, emergency);
    let finish = group(Job::Finish(of, end, then), Durability::Synced);
    syncer.answer(finish, false, |_| {});
    let receipt = told.recv().unwrap().unwrap();
    assert!(receipt.is_in_journal());
    assert_eq!(emergency::rows(dir.path()), 1);
}

#[test]
fn a_thread_that_answers_for_the_writer_is_known_to_the_queue() {
    let mut bench = Bench::new();
    let mut started = None;
    let job = bench.job(1);
    let syncer = &mut bench.syncer;
    syncer.answer(group(job, Durability::Synced), true, |thread| {
        started = Some(thread);
    });
    let thread = syncer.thread.as_ref().unwrap().thread().id();
    assert_eq!(started, Some(thread));
    bench.disk.ends.send(Ok(())).unwrap();
    assert_eq!(bench.end(), [(1, true)]);
}

#[test]
fn what_was_found_decides_and_not_what_was_asked_for() {
    use Durability::{Committed, Synced};
    let write = || {
        let then = Box::new(|_: Result<_, _>| {});
        Job::Begin(admission(&row("write")), then)
    };
    let end = settlement(Outcome::Succeeded);
    let told = Replay {
        id: row("write").call_id,
        last: 1,
        ended: end.finished,
        outcome: end.outcome,
        effects: end.effects,
        code: None,
        reply: String::new(),
        is_windowed: false,
    };
    let replay = |durability| Written::Replay(1, Box::new(told.clone()), durability);
    let wanted =
        |sync, written: &[Written]| durability(sync, &VecDeque::from([write(), write()]), written);
    let writes = |written: &[Written]| wanted(AuditSync::Writes, written);
    assert_eq!(writes(&[]), Synced);
    assert_eq!(writes(&[replay(Committed), replay(Committed)]), Committed);
    assert_eq!(writes(&[replay(Committed), replay(Synced)]), Synced);
    assert_eq!(writes(&[replay(Committed), Written::row(1)]), Synced);
    let all = [replay(Committed), replay(Committed)];
    assert_eq!(wanted(AuditSync::All, &all), Synced);
}
