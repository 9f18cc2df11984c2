//! The way to the writer: many senders, one thread that takes all there is at once.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, ThreadId},
    time::Duration,
};

use super::{super::LedgerError, job::Job};
use crate::base::{
    limits::{LEDGER_BATCH_MAX, LEDGER_QUEUE_MAX},
    wake::Bell,
};

/// A bounded queue, and the thread that empties it. One wake-up moves a whole batch.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// The writer sleeps, and wants to be woken for a job that is about to come.
    heeds: AtomicBool,
    work: Bell,
    room: Bell,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    writer: Writer,
}

#[derive(Default)]
enum Writer {
    #[default]
    Unstarted,
    /// The last is a thread that answers for it, where there is one.
    Running(ThreadId, JoinHandle<()>, Option<ThreadId>),
    Closed,
}

impl State {
    fn is_own_thread(&self) -> bool {
        let current = thread::current().id();
        matches!(&self.writer, Writer::Running(id, _, helper)
            if *id == current || *helper == Some(current))
    }
}

impl Queue {
    /// Puts `job` in the queue, starting the writer with `start` when it is the first. Blocks
    /// while the queue is full, except on the writer's own threads, which would wait for themselves.
    /// A job that finds the queue closed, or no thread to be had, is answered so at once.
    pub(super) fn push(&self, job: Job, start: impl FnOnce() -> std::io::Result<JoinHandle<()>>) {
        let mut state = self.lock();
        if matches!(state.writer, Writer::Unstarted) {
            match start() {
                Ok(handle) => state.writer = Writer::Running(handle.thread().id(), handle, None),
                Err(error) => {
                    let text = format!("no thread for the ledger: {error}; try again later");
                    drop(state);
                    return job.answer(Err(LedgerError::Unavailable(text)));
                }
            }
        }
        while state.jobs.len() >= LEDGER_QUEUE_MAX && !state.is_own_thread() {
            if matches!(state.writer, Writer::Closed) {
                break;
            }
            state = self.room.sleep(state);
        }
        if matches!(state.writer, Writer::Closed) {
            drop(state);
            return job.answer(Err(LedgerError::Closed));
        }
        state.jobs.push_back(job);
        drop(state);
        self.work.ring();
    }

    /// A job is about to come: the writer wakes meanwhile, once until it takes one.
    pub(super) fn announce(&self) {
        if self.heeds.load(Ordering::Relaxed) && self.heeds.swap(false, Ordering::Relaxed) {
            self.work.ring_one();
        }
    }

    /// Moves what waits, at most [`LEDGER_BATCH_MAX`] jobs, into the empty `batch`; sleeps
    /// until there is some. `false` once the queue is closed and empty.
    pub(super) fn take(&self, batch: &mut VecDeque<Job>) -> bool {
        // What was announced may never come.
        let mut heeds = true;
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if matches!(state.writer, Writer::Closed) {
                return false;
            }
            self.heeds.store(heeds, Ordering::Relaxed);
            state = self.work.sleep(state);
            heeds = self.heeds.swap(false, Ordering::Relaxed);
        }
        if state.jobs.len() <= LEDGER_BATCH_MAX {
            // As many may come again, and making room for them one by one copies all before them.
            let room = VecDeque::with_capacity(state.jobs.len());
            *batch = mem::replace(&mut state.jobs, room);
        } else {
            batch.extend(state.jobs.drain(..LEDGER_BATCH_MAX));
        }
        drop(state);
        self.room.ring_all();
        true
    }

    /// Sleeps until something waits or the queue is closed, for this long at the most; whether something
    /// does, or is about to come. It may give up sooner.
    pub(super) fn wait(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        if state.jobs.is_empty() && !matches!(state.writer, Writer::Closed) {
            self.heeds.store(true, Ordering::Relaxed);
            state = self.work.sleep_at_most(state, limit);
            let is_announced = !self.heeds.swap(false, Ordering::Relaxed);
            return is_announced || !state.jobs.is_empty();
        }
        !state.jobs.is_empty()
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().jobs.is_empty()
    }

    /// The writer has its jobs answered by `thread`, too, which it waits for: that is never made
    /// to wait for the writer here.
    pub(super) fn is_helped_by(&self, thread: ThreadId) {
        if let Writer::Running(_, _, helper) = &mut self.lock().writer {
            *helper = Some(thread);
        }
    }

    /// Takes no more jobs and waits until those inside are done. From the writer's own threads
    /// it does not wait.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        let own = state.is_own_thread();
        let writer = mem::replace(&mut state.writer, Writer::Closed);
        drop(state);
        self.work.ring_all();
        self.room.ring_all();
        if let Writer::Running(_, handle, _) = writer
            && !own
        {
            // A writer that panicked has answered everybody on its way out.
            let _ended = handle.join();
        }
    }

    /// Closes the queue without waiting and gives what was still in it.
    pub(super) fn abandon(&self) -> VecDeque<Job> {
        let mut state = self.lock();
        state.writer = Writer::Closed;
        let left = mem::take(&mut state.jobs);
        drop(state);
        self.room.ring_all();
        left
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        sync::{Arc, mpsc::sync_channel},
    };

    use super::{
        super::{
            super::{Coming, Ledger as _, wait},
            AuditSync, SqliteLedger,
        },
        *,
    };
    use crate::base::{clock::SystemClock, wake::tests::until_slept_at};

    #[test]
    fn whoever_answers_for_the_writer_never_waits_for_it() {
        let queue = Queue::default();
        let (end, ended) = sync_channel::<()>(0);
        let mut writer = Some(move || {
            let _ended = ended.recv();
        });
        let mut push = || {
            let start = || crate::base::thread::spawn("writer", writer.take().unwrap());
            queue.push(job(), start);
        };
        push();
        queue.is_helped_by(thread::current().id());
        (0..LEDGER_QUEUE_MAX).for_each(|_| push());
        assert_eq!(queue.abandon().len(), LEDGER_QUEUE_MAX + 1);
        drop(end);
    }

    fn job() -> Job {
        Job::Key(Cell::new(None), Box::new(|_| {}))
    }

    #[test]
    fn the_writer_wakes_for_what_is_announced_once_until_it_comes() {
        let queue = Arc::new(Queue::default());
        queue.announce();
        let at = Arc::clone(&queue);
        let (tell, told) = sync_channel(2);
        let writer = crate::base::thread::spawn("writer", move || {
            tell.send(at.wait(Duration::from_secs(3600))).unwrap();
            let mut batch = VecDeque::new();
            tell.send(at.take(&mut batch)).unwrap();
            batch.len()
        });
        let writer = writer.unwrap();
        until_slept_at(&queue.work, &queue.state);
        queue.announce();
        assert_eq!(told.recv(), Ok(true));
        while !queue.heeds.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        until_slept_at(&queue.work, &queue.state);
        queue.announce();
        // Whether it has found nothing yet or not, it wants to hear of no other.
        assert!(!queue.heeds.load(Ordering::Relaxed));
        until_slept_at(&queue.work, &queue.state);
        assert!(!queue.heeds.load(Ordering::Relaxed));
        queue.push(job(), || crate::base::thread::spawn("other", || {}));
        assert_eq!(told.recv(), Ok(true));
        assert_eq!(writer.join().unwrap(), 1);
    }

    /// Whether the writer of a ledger that is kept so wakes for what is `coming`, and has nothing else to do.
    fn wakes_for(sync: AuditSync, coming: Coming) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::new(dir.path().into(), Arc::new(SystemClock), sync);
        wait(|then| ledger.key(then)).unwrap();
        let heeds = &ledger.shared.queue.heeds;
        while !heeds.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        ledger.announce(coming);
        !heeds.load(Ordering::Relaxed)
    }

    #[test]
    fn what_is_to_be_synced_together_is_not_parted() {
        assert!(wakes_for(AuditSync::Writes, Coming::Read));
        assert!(!wakes_for(AuditSync::All, Coming::Read));
        assert!(wakes_for(AuditSync::Writes, Coming::Alone));
        assert!(wakes_for(AuditSync::All, Coming::Alone));
    }

    #[test]
    fn nobody_waits_for_what_is_there_nor_for_what_will_never_come() {
        const LONG: Duration = Duration::from_secs(3600);
        let queue = Queue::default();
        assert!(!queue.wait(Duration::ZERO));
        let (end, ended) = sync_channel::<()>(0);
        let start = || {
            crate::base::thread::spawn("writer", move || {
                let _ended = ended.recv();
            })
        };
        queue.push(job(), start);
        assert!(queue.wait(LONG));
        drop(end);
        queue.abandon();
        assert!(!queue.wait(LONG));
    }
}
