//! A statement that changes rows: one transaction, judged before it is committed, and a row
//! that says afterwards whether it was.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Prepared, Table, Task, Trouble,
    connection::{self, Opened},
    rows, trouble,
};
use crate::{
    base::{
        event::Event,
        failpoint::{self, Point},
    },
    catalog::plan::RowRange,
};

/// Where operations are marked, in the operator's own database.
pub(super) const MARKER_TABLE: &str = "tollgate_operations";

const MAKE_MARKER_TABLE: &str = "CREATE TABLE IF NOT EXISTS tollgate_operations (
    operation TEXT PRIMARY KEY NOT NULL,
    row_count INTEGER NOT NULL,
    finished TEXT NOT NULL
) WITHOUT ROWID";

/// A change that is to be made.
pub(super) struct Change<'a> {
    pub(super) task: Task<'a>,
    pub(super) prepared: &'a Prepared,
    pub(super) expect_rows: Option<RowRange>,
    /// The name under which it is marked; `None` where it is not.
    pub(super) operation: Option<String>,
}

/// Makes the change, or finds that this very operation has made it before.
///
/// # Errors
/// Nothing is changed then, except where the trouble is [`Trouble::Committing`].
pub(super) fn run(change: &Change<'_>) -> Result<Table, Trouble> {
    let opened = connection::open(change.task)?;
    opened
        .ourselves(|connection| connection.execute_batch("BEGIN IMMEDIATE"))
        .map_err(Trouble::Beginning)?;
    let done = within(change, &opened);
    match done {
        Ok(Within::Before(table)) => {
            roll_back(&opened);
            Ok(table)
        }
        Ok(Within::Now(table)) => commit(change, &opened).map(|()| table),
        Err(trouble) => {
            roll_back(&opened);
            Err(trouble)
        }
    }
}

enum Within {
    /// The operation was marked already.
    Before(Table),
    Now(Table),
}

fn within(change: &Change<'_>, opened: &Opened) -> Result<Within, Trouble> {
    if let Some(operation) = &change.operation {
        let before = opened
            .ourselves(|connection| {
                connection.execute_batch(MAKE_MARKER_TABLE)?;
                marked(connection, operation)
            })
            .map_err(Trouble::Marking)?;
        if let Some(row_count) = before {
            return Ok(Within::Before(Table {
                row_count,
                ..Table::default()
            }));
        }
    }
    let plan = &change.prepared.plan;
    let mut statement = connection::statement(&opened.connection, plan)?;
    let mut table = rows::read(&mut statement, &change.prepared.values, plan.rows_max)?;
    drop(statement);
    table.row_count = opened.connection.changes();
    if let Some(expected) = change
        .expect_rows
        .filter(|expected| !expected.contains(table.row_count))
    {
        return Err(Trouble::Rows {
            changed: table.row_count,
            expected,
        });
    }
    if let Some(operation) = &change.operation {
        let finished = change.task.host.clock.wall().rfc3339();
        let row_count = i64::try_from(table.row_count).unwrap_or(i64::MAX);
        opened
            .ourselves(|connection| {
                connection.execute(
                    "INSERT INTO tollgate_operations (operation, row_count, finished) VALUES (?1, ?2, ?3)",
                    params![operation, row_count, finished],
                )
            })
            .map_err(Trouble::Marking)?;
    }
    Ok(Within::Now(table))
}

/// Commits. Where that fails in a way that leaves open whether it happened, a marked operation
/// is looked for.
fn commit(change: &Change<'_>, opened: &Opened) -> Result<(), Trouble> {
    let committed = opened.ourselves(|connection| {
        if failpoint::fails(Point::StatementRun) {
            return Err(failed());
        }
        connection.execute_batch("COMMIT")?;
        match failpoint::fails(Point::StatementCommitted) {
            true => Err(failed()),
            false => Ok(()),
        }
    });
    let Err(error) = committed else {
        return Ok(());
    };
    let open = !opened.connection.is_autocommit();
    if open && trouble::is_busy(&error) {
        roll_back(opened);
        return Err(Trouble::Beginning(error));
    }
    roll_back(opened);
    let found = change
        .operation
        .as_ref()
        .map(|operation| look(change, operation));
    after_commit(error, found)
}

/// What SQLite says of a disk that fails, for a failpoint.
fn failed() -> rusqlite::Error {
    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
    rusqlite::Error::SqliteFailure(error, None)
}

/// What can be said after a commit that failed; `found` is the marked operation, if one was
/// looked for.
pub(super) fn after_commit(
    error: rusqlite::Error,
    found: Option<Result<Option<u64>, Trouble>>,
) -> Result<(), Trouble> {
    match found {
        Some(Ok(Some(_))) => Ok(()),
        Some(Ok(None)) => Err(Trouble::Running(error)),
        Some(Err(_)) | None => Err(Trouble::Committing(error)),
    }
}

fn look(change: &Change<'_>, operation: &str) -> Result<Option<u64>, Trouble> {
    let opened = connection::open_to_inspect(change.task)?;
    opened
        .ourselves(|connection| marked(connection, operation))
        .map_err(Trouble::Marking)
}

/// How many rows `operation` changed, if it is marked. The table comes with the first mark.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn mark(task: Task<'_>, operation: &str) -> Result<Option<u64>, Trouble> {
    let opened = connection::open_to_inspect(task)?;
    let found = opened
        .ourselves(|connection| {
            let has_table = connection.table_exists(None, MARKER_TABLE)?;
            has_table.then(|| marked(connection, operation)).transpose()
        })
        .map_err(Trouble::Marking)?;
    Ok(found.flatten())
}

/// How many rows the operation changed, if it is marked.
fn marked(connection: &Connection, operation: &str) -> rusqlite::Result<Option<u64>> {
    let rows: Option<i64> = connection
        .query_row(
            "SELECT row_count FROM tollgate_operations WHERE operation = ?1",
            [operation],
            |row| row.get(0),
        )
        .optional()?;
    Ok(rows.map(|rows| u64::try_from(rows).unwrap_or(0)))
}

/// A transaction that cannot be rolled back is lost with its connection all the same.
fn roll_back(opened: &Opened) {
    if !opened.connection.is_autocommit() {
        let rolled_back = opened.ourselves(|connection| connection.execute_batch("ROLLBACK"));
        if let Err(error) = rolled_back {
            let error = &error.to_string();
            Event::TransactionLost { error }.emit();
        }
    }
}
