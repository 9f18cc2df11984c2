//! Calls that wait for another call of the same operation to end: parked, on no worker.
//!
//! One that runs in this process says when it ends; one that runs in another cannot, so the
//! ledger is asked again, less and less often. Whoever waits asks as if it had just arrived:
//! the answer is then there, or the operation is free, or its owner is dead.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    Shared, Ticket,
    pipeline::{self, Prepared},
    prepare::{release, stopped},
    release::refuse,
    steps::recovery,
    unstarted,
};
use crate::{
    base::{
        limits::{JOIN_POLL_FIRST, JOIN_POLL_MAX},
        thread,
    },
    ledger::{
        admission::{Admission, Running},
        operation::in_progress,
    },
};

/// What is done with a call that has waited so long since it was looked at last.
type Look = Box<dyn FnOnce(&Arc<Shared>, Duration) + Send>;

/// A call that waits.
struct Parked {
    /// The row of the operation that it waits for.
    operation: i64,
    /// The next wait.
    pause: Duration,
    look: Look,
}

#[derive(Default)]
struct State {
    parked: Vec<Parked>,
    /// Some of those should be looked at now.
    hurry: bool,
    /// There is a thread that looks at them.
    has_thread: bool,
    closed: bool,
}

/// All calls that wait, and the thread that wakes for them; it exists once one has waited, and
/// sleeps while none does.
#[derive(Default)]
pub(super) struct Joins {
    state: Mutex<State>,
    changed: Condvar,
}

impl Joins {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has everybody who waits looked at again: something ended, or was cancelled.
    pub(super) fn hurry(&self) {
        let mut state = self.state();
        if !state.parked.is_empty() {
            state.hurry = true;
            drop(state);
            self.changed.notify_all();
        }
    }

    /// The operation of this row has ended in this process.
    pub(super) fn ended(&self, operation: i64) {
        let mut state = self.state();
        let mut any = false;
        for parked in &mut state.parked {
            if parked.operation == operation {
                parked.pause = Duration::ZERO;
                any = true;
            }
        }
        if any {
            state.hurry = true;
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Lets the thread end; whoever still waits was told before.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Takes all who wait, as soon as it is time to look at them; `None` at the end.
    fn take(&self) -> Option<Vec<Parked>> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if state.hurry {
                break;
            }
            let pause = state.parked.iter().map(|parked| parked.pause).min();
            state = match pause {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(pause) => {
                    let waited = self.changed.wait_timeout(state, pause);
                    let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    state.hurry |= timeout.timed_out();
                    state
                }
            };
        }
        state.hurry = false;
        Some(std::mem::take(&mut state.parked))
    }
}

/// Parks a call until the operation that it is for has ended.
pub(super) fn join(
    shared: &Arc<Shared>,
    admission: Box<Admission>,
    prepared: Prepared,
    running: Running,
) {
    if prepared.waited.is_none() {
        hurry_when_cancelled(shared, &prepared.ticket);
    }
    let pause = longer(prepared.waited.unwrap_or_default());
    let look: Look = Box::new(move |shared, waited| {
        look_again(shared, admission, (prepared, waited), running);
    });
    park(shared, running, pause, look);
}

/// Has everybody who waits looked at when this call is cancelled.
pub(super) fn hurry_when_cancelled(shared: &Arc<Shared>, ticket: &Ticket) {
    let hurry = Arc::downgrade(shared);
    ticket.cancel.on_fire(move || {
        if let Some(shared) = hurry.upgrade() {
            shared.joins.hurry();
        }
    });
}

/// Asks the ledger again for a call that has waited, unless there is no use in it any more.
fn look_again(
    shared: &Arc<Shared>,
    mut admission: Box<Admission>,
    (mut prepared, waited): (Prepared, Duration),
    running: Running,
) {
    let deadline = prepared.since.plus(prepared.call.time());
    let why = if let Some(why) = stopped(shared, &prepared.ticket) {
        Some(unstarted::stopped_joining(why, running.id))
    } else if shared.clock.now() >= deadline {
        Some(in_progress(running.id))
    } else {
        None
    };
    if let Some(problem) = why {
        release(shared, prepared.place);
        let refused = prepared.call.into_agreed().refuse("operation", problem);
        return refuse(shared, refused, prepared.ticket);
    }
    if let Some(operation) = &mut admission.operation {
        operation.joined = Some(running.operation);
    }
    prepared.waited = Some(waited);
    pipeline::ask(shared, *admission, prepared);
}

/// Parks a call that waits for `running`, which is gone on with if nobody does. Where there is no
/// thread to be had for looking after the call, it asks on at once.
pub(super) fn park(shared: &Arc<Shared>, running: Running, pause: Duration, look: Look) {
    if running.is_orphaned {
        recovery::wake(shared);
    }
    let mut state = shared.joins.state();
    if !state.has_thread {
        let looker = Arc::clone(shared);
        match thread::spawn("joins", move || look_after(&looker)) {
            Ok(_detached) => state.has_thread = true,
            Err(_) => {
                drop(state);
                return look(shared, pause);
            }
        }
    }
    state.parked.push(Parked {
        operation: running.operation,
        pause,
        look,
    });
    // It may have been cancelled, or the end have begun, before it stood here.
    state.hurry |= shared.queue.is_stopping();
    drop(state);
    shared.joins.changed.notify_all();
}

/// The first wait, and then twice as long each time.
pub(super) fn longer(pause: Duration) -> Duration {
    (pause * 2).clamp(JOIN_POLL_FIRST, JOIN_POLL_MAX)
}

fn look_after(shared: &Arc<Shared>) {
    while let Some(parked) = shared.joins.take() {
        for one in parked {
            (one.look)(shared, one.pause);
        }
    }
}
