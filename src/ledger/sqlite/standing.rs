//! How budgets, breakers and operations stand, for people.

use rusqlite::Connection;
use uuid::Uuid;

use super::{
    super::{LedgerError, policy::time::Now},
    explain, instance,
    operations::keys,
    read::LogReader,
    restraint::{self, BreakerView, BudgetView},
    schema,
};
use crate::base::clock::Clock;

/// What is not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    /// Operations whose outcome nobody knows.
    pub(super) unknown: u64,
    /// Operations that a person must look at.
    pub(super) attention: u64,
    /// Calls under way.
    pub(super) running: u64,
    /// Calls whose process died, and which nobody has settled yet.
    pub(super) abandoned: u64,
}

impl LogReader {
    /// Every budget that was used or set.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn budgets(&self) -> Result<Vec<BudgetView>, LedgerError> {
        self.stand("budgets", restraint::budgets)
    }

    /// Every breaker whose backend was ever asked.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn breakers(&self, clock: &dyn Clock) -> Result<Vec<BreakerView>, LedgerError> {
        let now = Now {
            moment: clock.now(),
            wall: clock.wall(),
            boot: instance::boot(),
        };
        self.stand("breakers", |connection| {
            restraint::breakers(connection, &now)
        })
    }

    /// How much is not over.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) fn open_matters(&self) -> Result<Open, LedgerError> {
        let unknown = "SELECT count(*) FROM operations WHERE state = 'unknown'";
        let attention = "SELECT count(*) FROM operations WHERE state = 'attention'";
        let (running, abandoned) = self.stand("calls", |connection| self.begun(connection))?;
        Ok(Open {
            unknown: self.stand("operations", count(unknown))?,
            attention: self.stand("operations", count(attention))?,
            running,
            abandoned,
        })
    }

    /// How many operations the index of keys lacks that it should have. It reads all of them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn overlooked(&self) -> Result<u64, LedgerError> {
        self.stand("key_index", count(keys::OVERLOOKED))
    }

    /// How many calls without an end there are of processes that live, and of others.
    fn begun(&self, connection: &Connection) -> rusqlite::Result<(u64, u64)> {
        let sql = if self.version() >= schema::WITH_IN_HAND {
            "SELECT i.id, count(*) FROM calls_running r JOIN instances i ON i.row = r.instance
            GROUP BY i.row"
        } else {
            "SELECT id, (SELECT count(*) FROM calls
                WHERE state = 'running' AND instance = instances.row)
            FROM instances
            WHERE row IN (SELECT DISTINCT instance FROM calls WHERE state = 'running')"
        };
        let mut statement = connection.prepare(sql)?;
        let mut found = statement.query([])?;
        let (mut running, mut abandoned) = (0, 0);
        while let Some(row) = found.next()? {
            let count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
            if instance::is_alive(self.state(), Uuid::from_bytes(row.get(0)?)) {
                running += count;
            } else {
                abandoned += count;
            }
        }
        Ok((running, abandoned))
    }

    /// Reads from `table`; nothing where the file is of a version that has no such table.
    fn stand<T: Default>(
        &self,
        table: &str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let connection = self.connection();
        let look = || -> rusqlite::Result<T> {
            let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
            if connection.query_row(sql, [table], |row| row.get(0))? {
                read(connection)
            } else {
                Ok(T::default())
            }
        };
        look().map_err(|error| explain(&error))
    }
}

/// Reads the one number that `sql` gives.
fn count(sql: &'static str) -> impl FnOnce(&Connection) -> rusqlite::Result<u64> {
    move |connection| {
        let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
