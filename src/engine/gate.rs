//! The gate: one thread that checks calls, so that the reader can go on, and the reader in its place
//! where that would only cost time.

use std::sync::Arc;

use super::{
    Shared, ask,
    pipeline::{Arrived, check_when_marked, take_turn},
    queue::GateJob,
};
use crate::base::wake::{self, Errand};

/// The gate's own thread: everything that is decided here and now.
pub(super) fn run(shared: &Arc<Shared>) {
    let patience = || shared.asks.patience(&*shared.clock);
    while let Some(job) = shared.queue.pop_gate(patience, &*shared.clock) {
        match job {
            GateJob::Check(arrived) => check_when_marked(shared, arrived),
            GateJob::Go(go) => go(shared),
            // Each of these sees that its time is up before it waits for anything.
            GateJob::Overdue(taken) => take_turn(shared, taken),
            GateJob::Nothing => ask::expire(shared),
        }
    }
}

/// The gate as whoever brings calls sees it.
pub(super) struct Gate(Arc<Shared>);

impl Gate {
    /// That of these threads.
    pub(super) fn new(shared: &Arc<Shared>) -> Arc<Self> {
        Arc::new(Self(Arc::clone(shared)))
    }

    /// Has a call checked. A small one that comes alone while the gate sleeps is checked by this thread, at
    /// the end of [`wake::together`]: that takes less than waking the other.
    pub(super) fn check(self: &Arc<Self>, arrived: Arrived) {
        let gate_sleeps = self.0.queue.push_check(arrived);
        if gate_sleeps {
            wake::run_at_end(self);
        }
    }
}

impl Errand for Gate {
    fn run(&self) {
        if let Some(arrived) = self.0.queue.take_alone() {
            wake::together(|| check_when_marked(&self.0, arrived));
        }
    }

    fn hand_on(&self) {
        self.0.queue.wake_for_checks();
    }
}
