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
    /// What is wanted, as far as how calls end.
    wanted: CallFilter,
    /// The same calls whatever their end, from the first that was not there at the last look.
    arriving: CallFilter,
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
        let arriving = CallFilter {
            outcome: None,
            code: None,
            limit: None,
            order: Order::OldestFirst,
            after: Some(last),
            ..wanted.clone()
        };
        let follower = Self {
            reader,
            wanted,
            arriving,
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
        let mut calls = Vec::new();
        for row in &self.running {
            calls.extend(self.reader.call_of_row(*row)?);
        }
        let last = self.arriving.after;
        for call in self.reader.calls(&self.arriving) {
            calls.push(call?);
        }
        self.arriving.after = calls.last().map(|call| call.row).max(last);
        let mut ended = Vec::new();
        self.running.clear();
        for call in calls {
            match &call.end {
                None => drop(self.running.insert(call.row)),
                Some(_) if self.wanted.takes(&call) => ended.push(call),
                Some(_) => {}
            }
        }
        while self.running.len() > FOLLOWED_CALLS_MAX {
            self.running.pop_first();
        }
        Ok(ended)
    }
}
