//! What becomes of a batch that cannot be written: ends of calls are kept wherever that can be
//! done, and nothing new begins until the ledger can be written again.

use std::collections::VecDeque;

use super::{
    super::{
        emergency::{self, Emergency},
        explain,
        job::Job,
    },
    Failure, LedgerError, Writer, leave_unsynced,
};
use crate::base::{
    event::Event,
    failpoint::{self, Point},
};

impl Writer<'_> {
    /// Writes the ends of calls in `batch`, if need be into the room that was set aside for
    /// them, else beside the ledger. Everything else is told why it cannot be.
    pub(super) fn rescue(&mut self, batch: &mut VecDeque<Job>, failure: &Failure) {
        if !self.is_degraded {
            self.is_degraded = true;
            let error = &failure.error.to_string();
            Event::LedgerFailed { error }.emit();
        }
        let (ends, others): (VecDeque<Job>, VecDeque<Job>) = batch.drain(..).partition(Job::is_end);
        for job in others {
            job.answer(Err(failure.error.clone()));
        }
        if ends.is_empty() {
            return;
        }
        if failure.is_of_disk {
            emergency::release(self.dir);
            failpoint::pass(Point::BallastReleased);
        }
        if self.broken.is_none() && self.transact(ends.iter()).is_ok() {
            return self.answer(ends);
        }
        for job in ends {
            keep(job, &self.opened.emergency, &failure.error);
        }
    }

    /// Tries to leave this state: there is room again, and what waits beside the ledger is in it.
    pub(super) fn recover(&mut self) -> Result<(), Failure> {
        let failed = |error: LedgerError| Failure {
            error,
            is_of_one_job: false,
            is_of_disk: true,
            is_final: false,
        };
        let connection = &self.opened.connection;
        emergency::set_aside(self.dir).map_err(failed)?;
        // What is taken in must be on the disk before it is gone beside it.
        let taken = connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(|error| explain(&error))
            .and_then(|()| emergency::ingest(connection, self.dir, &self.opened.id));
        self.statements.forget();
        let left = leave_unsynced(self.opened).map_err(|error| explain(&error));
        taken.and(left).map_err(failed)?;
        self.is_degraded = false;
        Event::LedgerRestored {}.emit();
        Ok(())
    }
}

/// Writes one end into the journal.
pub(super) fn keep(job: Job, emergency: &Emergency, error: &LedgerError) {
    match job.journal(emergency) {
        Ok(()) => job.answer_from_journal(),
        Err(cannot) => {
            let cannot = &cannot.to_string();
            Event::JournalFailed { error: cannot }.emit();
            job.answer(Err(error.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
