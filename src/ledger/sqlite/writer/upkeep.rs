//! What the writer does beside its jobs: it notices when the wall clock jumps, keeps room in the log, has keys
//! put into their index, and takes out of the ledger what is no longer to be kept.

use std::{iter, time::Duration};

use super::{
    super::{files::FileIdentity, open, prune},
    LedgerError, Writer, explain,
};
use crate::base::{
    clock::{Clock, Moment, Timestamp},
    event::Event,
    limits::{
        CLOCK_JUMP_TOLD, PRUNE_INTERVAL, PRUNE_INTERVAL_BUSY,
        flow::{LEDGER_REST_AFTER, LEDGER_TURN},
    },
};

/// The wall clock beside the clock that never jumps, as both were when they were last looked at.
pub(super) struct ClockWatch {
    moment: Moment,
    wall: Timestamp,
}

impl ClockWatch {
    /// Begins to watch.
    pub(super) fn new(clock: &dyn Clock) -> Self {
        Self {
            moment: clock.now(),
            wall: clock.wall(),
        }
    }

    /// By how many microseconds the wall clock differs from the time that has passed, where that
    /// is too much for a clock that is kept right in small steps.
    pub(super) fn jump_us(&self, now: &Self) -> Option<i64> {
        let passed = now.moment.since(self.moment).as_micros();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let shown = now.wall.as_micros().saturating_sub(self.wall.as_micros());
        let jump = shown.saturating_sub(passed);
        (u128::from(jump.unsigned_abs()) >= CLOCK_JUMP_TOLD.as_micros()).then_some(jump)
    }

    /// What the wall clock showed.
    pub(super) fn wall(&self) -> Timestamp {
        self.wall
    }
}

impl Writer<'_> {
    /// What is done between two batches, when somebody calls, so that an idle process sleeps.
    pub(super) fn keep_up(&mut self) {
        if !self.is_sound() {
            return;
        }
        if self.statements.is_idle() {
            self.room.keep(&self.opened.connection);
        }
        self.statements.operations.keys.go_on();
        self.retain();
    }

    /// The ledger can be written, as far as is known.
    fn is_sound(&self) -> bool {
        self.broken.is_none() && !self.is_degraded
    }

    /// Where nobody calls for a while, or will, puts keys into their index until somebody does.
    pub(super) fn rest(&mut self) {
        let could = self.is_sound() && self.statements.operations.keys.could_rest();
        if !could || self.shared.queue.wait(LEDGER_REST_AFTER) {
            return;
        }
        self.statements.operations.keys.set_out();
        while self.statements.operations.keys.are_under_way()
            && self.transact(iter::empty()).is_ok()
            // Other processes take their turn.
            && !self.shared.queue.wait(LEDGER_TURN)
        {}
    }

    /// Takes out some of what is over for longer than it is to be kept, if it is time to look
    /// for that.
    fn retain(&mut self) {
        let Some(kept) = self.kept else {
            return;
        };
        let now = self.clock.now();
        if now < self.prune_at {
            return;
        }
        self.prune_at = now.plus(PRUNE_INTERVAL);
        match self.prune(kept) {
            Ok(pruned) if pruned.events > 0 => self.prune_at = now.plus(PRUNE_INTERVAL_BUSY),
            Ok(_) => {}
            Err(error) => {
                let error = &error.to_string();
                Event::PruneFailed { error }.emit();
            }
        }
    }

    fn prune(&mut self, kept: Duration) -> Result<prune::Pruned, LedgerError> {
        // A connection opens what is at the path now, and that must be our file.
        if FileIdentity::at(&self.opened.path) != Some(self.opened.file) {
            return Ok(prune::Pruned::default());
        }
        let mut connection = open::connect(&self.opened.path, open::Access::Write)?;
        let mut work = || -> rusqlite::Result<prune::Pruned> {
            // A clock that was set wrong must not make everything look old.
            let now = self
                .clock
                .wall()
                .min(self.statements.restraints.believed()?);
            prune::prepare(&connection)?;
            prune::some(&mut connection, now.minus(kept), "retention", now)
        };
        work().map_err(|error| explain(&error))
    }
}

#[cfg(test)]
mod tests;
