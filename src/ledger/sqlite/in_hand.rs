//! What each process has in hand: the calls that it runs and the operations that it has not ended.
//!
//! Whoever recovers what a dead process left asks for just these. An index of them would change
//! twice with every call; a list of them is written once with each commit that adds to it.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

/// A migration. Both columns are JSON arrays of rows; the views have those of them that are not
/// over. A process that has nothing in hand may have no row here.
///
/// What is listed may be over, because an end takes nothing from a list. What is not over is listed.
pub(super) const TABLE: &str = "
CREATE TABLE in_hand (
    instance INTEGER PRIMARY KEY REFERENCES instances,
    calls TEXT NOT NULL,
    operations TEXT NOT NULL
) STRICT;
INSERT INTO in_hand SELECT row,
    (SELECT json_group_array(calls.row) FROM calls
     WHERE state = 'running' AND instance = instances.row),
    (SELECT json_group_array(operations.row) FROM operations
     WHERE (state = 'claimed' OR state = 'running' OR state = 'compensating')
         AND owner = instances.row)
FROM instances WHERE row IN (SELECT instance FROM calls WHERE state = 'running')
    OR row IN (SELECT owner FROM operations
        WHERE state = 'claimed' OR state = 'running' OR state = 'compensating');
DROP INDEX calls_running;
DROP INDEX operations_open;
CREATE VIEW calls_running (row, instance) AS SELECT c.row, c.instance
FROM in_hand h CROSS JOIN json_each(h.calls) listed CROSS JOIN calls c ON c.row = listed.value
WHERE c.instance = h.instance AND c.state = 'running';
CREATE VIEW operations_open (row, owner) AS SELECT o.row, o.owner
FROM in_hand h CROSS JOIN json_each(h.operations) listed
    CROSS JOIN operations o ON o.row = listed.value
WHERE o.owner = h.instance
    AND (o.state = 'claimed' OR o.state = 'running' OR o.state = 'compensating');
";

const PUT: &str = "
INSERT INTO in_hand (instance, calls, operations) VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET calls = excluded.calls, operations = excluded.operations";

/// Of one of the two tables, the rows that this process has in hand.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: BTreeSet<i64>,
    /// Those that came since the list was written.
    added: Vec<i64>,
}

impl Rows {
    /// `row` is in hand from now on.
    pub(super) fn add(&mut self, row: i64) {
        if self.rows.insert(row) {
            self.added.push(row);
        }
    }

    /// `row` is over.
    pub(super) fn remove(&mut self, row: i64) {
        self.rows.remove(&row);
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// In their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        self.rows.iter().copied()
    }

    /// The transaction is committed that wrote the list.
    pub(super) fn committed(&mut self) {
        self.added.clear();
    }

    /// Whether the list in the file has all of them.
    fn are_listed(&self) -> bool {
        self.added.iter().all(|row| !self.rows.contains(row))
    }
}

/// The calls that run of the process of row `instance`, and its operations that are open.
///
/// # Errors
/// What SQLite says.
pub(super) fn read(connection: &Connection, instance: i64) -> rusqlite::Result<(Rows, Rows)> {
    let rows = |sql| -> rusqlite::Result<Rows> {
        let mut find = connection.prepare_cached(sql)?;
        let found = find.query_map([instance], |row| row.get(0))?;
        Ok(Rows {
            rows: found.collect::<Result<_, _>>()?,
            added: Vec::new(),
        })
    };
    Ok((
        rows("SELECT row FROM calls_running WHERE instance = ?1")?,
        rows("SELECT row FROM operations_open WHERE owner = ?1")?,
    ))
}

/// The processes that have something in hand, or had: the row and the name of each.
///
/// # Errors
/// What SQLite says.
pub(super) fn owners(connection: &Connection) -> rusqlite::Result<Vec<(i64, [u8; 16])>> {
    connection
        .prepare("SELECT row, id FROM instances WHERE row IN (SELECT instance FROM in_hand)")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Lists what the process of row `instance` has in hand, where the list in the file lacks any of it.
/// To be called before each commit.
///
/// # Errors
/// What SQLite says.
pub(super) fn write(
    connection: &Connection,
    instance: i64,
    (calls, operations): (&Rows, &Rows),
) -> rusqlite::Result<()> {
    if calls.are_listed() && operations.are_listed() {
        return Ok(());
    }
    put(connection, instance, (calls, operations))
}

/// Has the list of the dead process of row `instance` say what is left of it.
///
/// # Errors
/// What SQLite says.
pub(super) fn settle(connection: &Connection, instance: i64) -> rusqlite::Result<()> {
    let (calls, operations) = read(connection, instance)?;
    if calls.rows.is_empty() && operations.rows.is_empty() {
        let sql = "DELETE FROM in_hand WHERE instance = ?1";
        return connection.execute(sql, [instance]).map(drop);
    }
    put(connection, instance, (&calls, &operations))
}

fn put(
    connection: &Connection,
    instance: i64,
    (calls, operations): (&Rows, &Rows),
) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(PUT)?;
    let values = params![instance, list(&calls.rows)?, list(&operations.rows)?];
    put.execute(values).map(drop)
}

/// As the file has it.
fn list(rows: &BTreeSet<i64>) -> rusqlite::Result<String> {
    serde_json::to_string(rows)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

#[cfg(test)]
mod tests;
