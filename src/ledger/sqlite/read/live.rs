//! Reading a ledger while it grows: what is new, what still runs.

use super::{LogReader, explain, schema};
use crate::ledger::LedgerError;

impl LogReader {
    /// The rows of at most `count_max` calls that are running.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn running(&self, count_max: usize) -> Result<Vec<i64>, LedgerError> {
        let read = || -> rusqlite::Result<Vec<i64>> {
            let sql = if self.version >= schema::WITH_IN_HAND {
                "SELECT row FROM calls_running LIMIT ?1"
            } else {
                "SELECT row FROM calls WHERE state = 'running' LIMIT ?1"
            };
            let mut statement = self.connection.prepare_cached(sql)?;
            let found = statement.query_map([count_max as i64], |row| row.get(0))?;
            found.collect()
        };
        read().map_err(|error| explain(&error))
    }

    /// The row of the call that arrived last; 0 where there is none.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn last_row(&self) -> Result<i64, LedgerError> {
        let (_, last) = self.rows().map_err(|error| explain(&error))?;
        Ok(last)
    }

    /// A number that changes with the ledger, whoever changes it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn version_of_data(&self) -> Result<i64, LedgerError> {
        self.connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))
            .map_err(|error| explain(&error))
    }
}
