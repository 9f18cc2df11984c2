//! Says how long something runs that has no way to say more.

use std::time::Duration;

use crate::{base::clock::Moment, catalog::content::Progress};

/// Knows since when it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct StillRunning {
    begun: Moment,
    every: Duration,
    /// When it is said next.
    pub(super) due: Moment,
}

impl StillRunning {
    /// For what begins at `now`.
    pub(super) fn new(now: Moment, every: Duration) -> Self {
        Self {
            begun: now,
            every,
            due: now.plus(every),
        }
    }

    /// Says it, if it is time.
    pub(super) fn tell(&mut self, now: Moment, progress: &dyn Fn(Progress)) {
        if now >= self.due {
            self.due = now.plus(self.every);
            let running = now.since(self.begun);
            progress(Progress {
                done: running.as_secs_f64(),
                total: None,
                message: Some(format!("running for {} s", running.as_secs())),
            });
        }
    }
}
