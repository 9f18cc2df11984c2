//! Calls as they end, in whichever process: what is new in the ledger since the last look.

use std::collections::BTreeSet;

use crate::{
    base::limits::FOLLOWED_CALLS_MAX,
    ledger::{
        LedgerError,
        log::{CallFilter, CallRecord, Order},
        sqlite::read::LogReader,
    },
};

/// Looks at a ledger again and again.
pub(super) struct Follower<'a> {
    reader: &'a LogReader,
    /// What is wanted of the calls that were not there at the last look.
    wanted: CallFilter,
    /// The last call that was there.
    last: i64,
    /// Rows of calls that were running at the last look.
    running: BTreeSet<i64>,
    version: i64,
}

impl<'a> Follower<'a> {
    /// Begins after the newest calls of those that `wanted` takes, as many as its limit says.
    /// They are given too, in order of arrival, but for those that still run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) fn start(
        reader: &'a LogReader,
        wanted: CallFilter,
    ) -> Result<(Self, Vec<CallRecord>), LedgerError> {
        let version = reader.version_of_data()?;
        let last = reader.last_row()?;
        let mut running: BTreeSet<i64> = reader.running(FOLLOWED_CALLS_MAX)?.into_iter().collect();
        let mut newest = Vec::new();
        for call in reader.calls(&wanted) {
            let call = call?;
            if call.end.is_some() && call.row <= last {
                running.remove(&call.row);
                newest.push(call);
            }
        }
        newest.reverse();
        let wanted = CallFilter {
            limit: None,
            order: Order::OldestFirst,
            ..wanted
        };
        let follower = Self {
            reader,
            wanted,
            last,
            running,
            version,
        };
        Ok((follower, newest))
    }

    /// The calls that have ended since the last look, in order of arrival.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) fn ended(&mut self) -> Result<Vec<CallRecord>, LedgerError> {
        let version = self.reader.version_of_data()?;
        if version == self.version {
            return Ok(Vec::new());
        }
        self.version = version;
        // In this order: what is not among those that run and was there before them has ended.
        let last = self.reader.last_row()?;
        let running = self.reader.running(FOLLOWED_CALLS_MAX)?;
        let still: BTreeSet<i64> = running.into_iter().filter(|row| *row <= last).collect();
        let mut ended = Vec::new();
        for row in self.running.difference(&still) {
            ended.extend(self.between(*row - 1, *row)?);
        }
        ended.extend(self.between(self.last, last)?);
        ended.retain(|call| call.end.is_some() && !still.contains(&call.row));
        (self.running, self.last) = (still, last);
        Ok(ended)
    }

    /// The wanted calls of the rows after `after` up to `upto`.
    fn between(&self, after: i64, upto: i64) -> Result<Vec<CallRecord>, LedgerError> {
        let filter = CallFilter {
            after: Some(after),
            upto: Some(upto),
            ..self.wanted.clone()
        };
        self.reader.calls(&filter).collect()
    }
}
