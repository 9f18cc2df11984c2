//! The gate: one thread that checks calls, so that the reader can go on, and the reader in its place
//! where waking another would only cost time.

use std::sync::Arc;

use super::{
    Shared, ask,
    pipeline::{Arrived, check_when_marked, take_turn},
    queue::GateJob,
};
use crate::{
    base::{
        limits::flow::CHECKED_BY_READER_FOR,
        wake::{self, Errand},
    },
    ledger::Coming,
};

/// The gate's own thread: everything that is decided here and now.
pub(super) fn run(shared: &Arc<Shared>) {
    let patience = || shared.asks.patience(&*shared.clock);
    wake::in_pieces(|| {
        let Some(job) = shared.queue.pop_gate(patience, &*shared.clock) else {
            return false;
        };
        match job {
            GateJob::Check(arrived) => check_when_marked(shared, arrived),
            GateJob::Go(go) => go(shared),
            // Each of these sees that its time is up before it waits for anything.
            GateJob::Overdue(taken) => take_turn(shared, taken),
            GateJob::Nothing => ask::expire(shared),
        }
        true
    });
}

/// The gate as whoever brings calls sees it.
pub(super) struct Gate(Arc<Shared>);

impl Gate {
    /// That of these threads.
    pub(super) fn new(shared: &Arc<Shared>) -> Arc<Self> {
        Arc::new(Self(Arc::clone(shared)))
    }

    /// Has a call checked. Quick ones that come while the gate sleeps are checked by this thread, at the end
    /// of [`wake::together`]: that takes less than waking the other.
    pub(super) fn check(self: &Arc<Self>, arrived: Arrived) {
        // Its row is written while the next is checked.
        if arrived.is_read() {
            self.0.ledger.announce(Coming::Read);
        }
        let gate_sleeps = self.0.queue.push_check(arrived);
        if gate_sleeps {
            wake::run_at_end(self);
        }
    }
}

impl Errand for Gate {
    /// Checks for [`CHECKED_BY_READER_FOR`], and then leaves the rest to the gate.
    fn run(&self) {
        let Self(shared) = self;
        let since = shared.clock.now();
        wake::together(|| {
            while let Some(arrived) = shared.queue.take_quick() {
                check_when_marked(shared, arrived);
                if shared.clock.now().since(since) >= CHECKED_BY_READER_FOR {
                    return shared.queue.wake_for_checks();
                }
            }
        });
    }

    fn hand_on(&self) {
        self.0.queue.wake_for_checks();
    }
}
