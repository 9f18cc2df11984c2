//! What a call has set aside, as its own row holds it: found with the call, and settled with it.

use rusqlite::{
    Connection, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

use crate::base::amount::Amount;

/// The fourteenth migration. Before it, what was set aside had a table of its own, whose rows came
/// and went with each call.
///
/// A JSON array with one array for each budget: its row, and millionths. It stays when the call
/// has ended; whoever ends the call settles it in the same transaction.
pub(in crate::ledger::sqlite) const RESERVED: &str = "
ALTER TABLE calls ADD COLUMN reserved TEXT;
UPDATE calls SET reserved =
    (SELECT json_group_array(json_array(budget, amount)) FROM reservations WHERE call = calls.row)
WHERE row IN (SELECT call FROM reservations);
DROP TABLE reservations;
CREATE TRIGGER calls_keep_what_they_reserved BEFORE UPDATE OF reserved ON calls
BEGIN SELECT RAISE(ABORT, 'what was set aside is never changed'); END;
";

/// Amounts by the rows of the budgets that they were taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ledger::sqlite) struct Reserved(Vec<(i64, i64)>);

impl Reserved {
    /// `most` in each of the budgets `rows`.
    pub(in super::super) fn of(rows: &[i64], most: Amount) -> Self {
        Self(rows.iter().map(|row| (*row, most.as_micros())).collect())
    }

    /// Whether that is nothing.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the call of row `call` has set aside.
    ///
    /// # Errors
    /// What SQLite says, also where there is no such call.
    pub(in super::super) fn by(connection: &Connection, call: i64) -> rusqlite::Result<Self> {
        let sql = "SELECT reserved FROM calls WHERE row = ?1";
        let mut find = connection.prepare_cached(sql)?;
        find.query_row([call], |row| row.get(0))
    }

    /// The row of each budget, and what was taken from it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, Amount)> {
        let pairs = self.0.iter();
        pairs.map(|(row, most)| (*row, Amount::from_stored(*most)))
    }
}

impl ToSql for Reserved {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        if self.0.is_empty() {
            return Ok(ToSqlOutput::Borrowed(ValueRef::Null));
        }
        let text = serde_json::to_string(&self.0);
        let text = text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl FromSql for Reserved {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str_or_null()? {
            None => Ok(Self::default()),
            Some(text) => serde_json::from_str(text)
                .map(Self)
                .map_err(|error| FromSqlError::Other(error.into())),
        }
    }
}
