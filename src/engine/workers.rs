//! The engine's threads: the gate, and workers that are started as they are needed.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use super::{Shared, gate, pipeline};
use crate::base::{event::Event, later, thread, wake::Bell};

/// Those that were started and are not joined.
#[derive(Debug, Default)]
pub(super) struct Threads(Mutex<Vec<JoinHandle<()>>>);

impl Threads {
    fn push(&self, thread: JoinHandle<()>) {
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(thread);
    }

    /// How many those are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn pop(&self) -> Option<JoinHandle<()>> {
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        threads.pop()
    }
}

/// Starts the gate and the first worker.
///
/// # Errors
/// When the system has no thread to give.
pub(super) fn start(shared: &Arc<Shared>) -> io::Result<()> {
    let checks = Arc::clone(shared);
    shared.threads.push(thread::spawn("gate", move || {
        gate::run(&checks);
    })?);
    start_worker(shared, 0)
}

/// Starts the worker of this number. Where the system has no thread to give, those that there are
/// go on.
fn start_another(shared: &Arc<Shared>, number: usize) {
    if let Err(error) = start_worker(shared, number) {
        shared.queue.no_other_worker();
        let error = &error.to_string();
        Event::WorkerMissing { error }.emit();
    }
}

/// Runs what may wait for the world.
fn work(shared: &Arc<Shared>) {
    let own = Bell::default();
    while let Some((taken, another)) = shared.queue.pop_work(&own, &*shared.clock) {
        if let Some(number) = another {
            start_another(shared, number);
        }
        later::afterwards(|| pipeline::take_turn(shared, taken));
    }
}

fn start_worker(shared: &Arc<Shared>, number: usize) -> io::Result<()> {
    let name = format!("worker-{number}");
    let worker = Arc::clone(shared);
    let thread = thread::spawn(name, move || work(&worker))?;
    shared.threads.push(thread);
    Ok(())
}

/// Waits until all have ended. The queue must be closed and empty.
pub(super) fn join_all(shared: &Shared) {
    // One at a time and without the lock: a worker may have started another before it ended.
    while let Some(thread) = shared.threads.pop() {
        let _panicked = thread.join();
    }
}
