//! Reading operations beside the processes that write them.

use std::path::Path;

use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::{
    super::{
        LedgerError,
        operation::{KeySource, OperationState},
    },
    explain, instance,
    operations::word,
    read::LogReader,
    schema,
};
use crate::base::{clock::Timestamp, id::CallId};

/// An operation as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OperationRecord {
    /// The call that began it: its name.
    pub(crate) id: CallId,
    /// Where it stands.
    pub(crate) state: OperationState,
    /// The tool.
    pub(crate) tool: String,
    /// For whom.
    pub(crate) principal: String,
    /// Who named it.
    pub(crate) source: KeySource,
    /// When its last attempt began.
    pub(crate) began: Timestamp,
    /// When that ended.
    pub(crate) ended: Option<Timestamp>,
    /// The call of its last attempt.
    pub(crate) last: CallId,
    /// How often its process died in the middle of it.
    pub(crate) deaths: u32,
    /// Whether the process lives that has it in hand.
    pub(crate) is_owner_alive: bool,
    /// What was found out about it, in order.
    pub(crate) resolutions: Vec<ResolutionRecord>,
}

/// What somebody found out, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolutionRecord {
    /// When it was written.
    pub(crate) at: Timestamp,
    /// Where the operation stood before.
    pub(crate) was: String,
    /// Where it stands since.
    pub(crate) became: String,
    /// Who said so.
    pub(crate) by: String,
    /// Why.
    pub(crate) note: String,
}

const SELECT: &str = "
SELECT f.call_id, o.state, f.tool, f.principal, o.source, o.began, o.ended, l.call_id, o.deaths,
    i.id, o.row
FROM operations o JOIN calls f ON f.row = o.first JOIN calls l ON l.row = o.last
    JOIN instances i ON i.row = o.owner";

impl LogReader {
    /// The operations whose state `wanted` takes, the first begun first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn operations(
        &self,
        wanted: impl Fn(OperationState) -> bool,
    ) -> Result<Vec<OperationRecord>, LedgerError> {
        let words: Vec<String> = OperationState::ALL
            .into_iter()
            .filter(|state| wanted(*state))
            .map(|state| format!("'{}'", state.as_str()))
            .collect();
        let sql = format!(
            "{SELECT} WHERE o.state IN ({}) ORDER BY o.row",
            words.join(", ")
        );
        self.select(&sql, []).map_err(|error| explain(&error))
    }

    /// The operation that the call of row `call` began or was the last attempt of.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn operation_of(&self, call: i64) -> Result<Option<OperationRecord>, LedgerError> {
        let begun = if self.version() >= schema::WITH_ROW_OF_FIRST {
            "o.row = (SELECT operation FROM begun WHERE call = ?1)"
        } else {
            "o.first = ?1"
        };
        // One after the other: nothing leads from the last call to its operation, so all are looked
        // through for it.
        for wanted in [begun, "o.last = ?1"] {
            let sql = format!("{SELECT} WHERE {wanted} ORDER BY o.row DESC LIMIT 1");
            let mut found = self.select(&sql, [call]).map_err(|error| explain(&error))?;
            if let Some(operation) = found.pop() {
                return Ok(Some(operation));
            }
        }
        Ok(None)
    }

    fn select(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
    ) -> rusqlite::Result<Vec<OperationRecord>> {
        if !self.has_operations() {
            return Ok(Vec::new());
        }
        let (connection, state) = (self.connection(), self.state());
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_map(values, |row| record(connection, state, row))?;
        found.collect()
    }
}

fn record(
    connection: &Connection,
    state: &Path,
    row: &Row<'_>,
) -> rusqlite::Result<OperationRecord> {
    Ok(OperationRecord {
        id: CallId::from_bytes(row.get(0)?),
        state: word(row, 1, OperationState::parse)?,
        tool: row.get(2)?,
        principal: row.get(3)?,
        source: word(row, 4, KeySource::parse)?,
        began: Timestamp::from_micros(row.get(5)?),
        ended: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_micros),
        last: CallId::from_bytes(row.get(7)?),
        deaths: row.get(8)?,
        is_owner_alive: instance::is_alive(state, Uuid::from_bytes(row.get(9)?)),
        resolutions: resolutions(connection, row.get(10)?)?,
    })
}

fn resolutions(connection: &Connection, operation: i64) -> rusqlite::Result<Vec<ResolutionRecord>> {
    connection
        .prepare_cached(
            "SELECT at, was, became, who, note FROM resolutions WHERE operation = ?1 ORDER BY seq",
        )?
        .query_map([operation], |row| {
            Ok(ResolutionRecord {
                at: Timestamp::from_micros(row.get(0)?),
                was: row.get(1)?,
                became: row.get(2)?,
                by: row.get(3)?,
                note: row.get(4)?,
            })
        })?
        .collect()
}
