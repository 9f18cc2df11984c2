//! Connections on which a statement can do what its plan allows and nothing else.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::{
    Connection, OpenFlags, Statement,
    config::DbConfig,
    ffi::SQLITE_READONLY_ROLLBACK,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
};

use super::{Bounds, Task, Trouble};
use crate::{
    base::{
        file_id::FileId,
        limits::sql::{SOURCE_BYTES_MAX, VALUE_BYTES_MAX},
        nap::nap,
    },
    catalog::plan::{SqlAccess, SqlPlan},
};

/// Steps of SQLite's machine between two looks at the clock: some tens of microseconds.
const STEPS_PER_LOOK: i32 = 1000;

/// A connection for one statement.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// While this is set, what is prepared is our own and not judged.
    ours: Arc<AtomicBool>,
}

impl Opened {
    /// Runs something of our own beside the operator's statement.
    pub(super) fn ourselves<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.ours.store(true, Ordering::SeqCst);
        let done = work(&self.connection);
        self.ours.store(false, Ordering::SeqCst);
        done
    }
}

/// Opens the database of `plan` for what it may do.
///
/// # Errors
/// When the file is not a database that tools may use, or cannot be opened.
pub(super) fn open(task: Task<'_>) -> Result<Opened, Trouble> {
    let access = match task.plan.access {
        SqlAccess::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        SqlAccess::Write { .. } => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    open_with(access, task)
}

/// As [`open`], but for reading whatever the statement is.
pub(super) fn open_to_inspect(task: Task<'_>) -> Result<Opened, Trouble> {
    open_with(OpenFlags::SQLITE_OPEN_READ_ONLY, task)
}

fn open_with(access: OpenFlags, task: Task<'_>) -> Result<Opened, Trouble> {
    check_file(task.host.state_dir, task.file())?;
    let open = |access: OpenFlags| {
        // No `SQLITE_OPEN_URI`: the path is taken literally.
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        Connection::open_with_flags(task.file(), flags)
            .and_then(|connection| bounded(connection, task.bounds))
    };
    let ours = Arc::new(AtomicBool::new(true));
    let connection = open(access)
        .and_then(|connection| guarded(connection, &task.plan.access, Arc::clone(&ours)))
        .map_err(Trouble::Opening)?;
    if access == OpenFlags::SQLITE_OPEN_READ_ONLY && awaits_rollback(&connection) {
        // Its first look rolls back. Where that fails, what is read next says so.
        let _rolled_back = open(OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|other| guarded(other, &SqlAccess::Read, Arc::clone(&ours)))
            .map(|other| awaits_rollback(&other));
    }
    ours.store(false, Ordering::SeqCst);
    Ok(Opened { connection, ours })
}

/// Whether a process died while it committed and left the file in the middle of that. SQLite
/// lets nobody read it then before somebody was there who may write.
fn awaits_rollback(connection: &Connection) -> bool {
    let looked = connection.query_row("PRAGMA schema_version", [], |_| Ok(()));
    let error = looked.err();
    let error = error.as_ref().and_then(rusqlite::Error::sqlite_error);
    error.is_some_and(|error| error.extended_code == SQLITE_READONLY_ROLLBACK)
}

/// A regular file that is none of the ledger's, whatever links lead to it.
fn check_file(state_dir: &Path, path: &Path) -> Result<(), Trouble> {
    let missing = |error: std::io::Error| Trouble::Missing(error.kind());
    if !fs::metadata(path).map_err(missing)?.is_file() {
        return Err(Trouble::NotAFile);
    }
    let found = FileId::at(path).map_err(missing)?;
    let state = fs::read_dir(state_dir).into_iter().flatten();
    for entry in state.flatten() {
        if FileId::at(&entry.path()).is_ok_and(|own| own == found) {
            return Err(Trouble::OurOwnFile);
        }
    }
    Ok(())
}

fn bounded(mut connection: Connection, bounds: &Bounds) -> rusqlite::Result<Connection> {
    let (waiting, running) = (bounds.clone(), bounds.clone());
    connection.busy_handler(Some(move |_tries| {
        let waits = !waiting.are_over();
        if waits {
            nap();
        }
        waits
    }))?;
    connection.progress_handler(STEPS_PER_LOOK, Some(move || running.are_over()))?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, SOURCE_BYTES_MAX)?;
    connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(connection)
}

fn guarded(
    mut connection: Connection,
    access: &SqlAccess,
    ours: Arc<AtomicBool>,
) -> rusqlite::Result<Connection> {
    let may = match access {
        SqlAccess::Read => {
            connection.pragma_update(None, "query_only", true)?;
            may_read
        }
        SqlAccess::Write { .. } => {
            connection.pragma_update(None, "foreign_keys", true)?;
            may_change
        }
    };
    connection.authorizer(Some(move |asked: AuthContext<'_>| {
        if ours.load(Ordering::SeqCst) || may(&asked) {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }))?;
    Ok(connection)
}

/// Rows of tables and views, never SQLite's own: those hold the text of the schema.
fn may_read(asked: &AuthContext<'_>) -> bool {
    match asked.action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Read { table_name, .. } => !is_internal(table_name),
        AuthAction::Function { function_name } => {
            !matches!(function_name, "load_extension" | "fts3_tokenizer")
        }
        _ => false,
    }
}

fn may_change(asked: &AuthContext<'_>) -> bool {
    match asked.action {
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. } => {
            !is_internal(table_name) && table_name != super::change::MARKER_TABLE
        }
        _ => may_read(asked),
    }
}

fn is_internal(table: &str) -> bool {
    table
        .get(..7)
        .is_some_and(|head| head.eq_ignore_ascii_case("sqlite_"))
}

/// Prepares the operator's statement. Whether a query writes is asked of SQLite itself as
/// well; the authorizer has the last word, since SQLite takes some statements for reading that
/// are none.
///
/// # Errors
/// When SQLite or the authorizer refuses it, or two of its columns have one name.
pub(super) fn statement<'c>(
    connection: &'c Connection,
    plan: &SqlPlan,
) -> Result<Statement<'c>, Trouble> {
    let statement = connection.prepare(&plan.text).map_err(Trouble::Preparing)?;
    if plan.access == SqlAccess::Read && !statement.readonly() {
        return Err(Trouble::Writes);
    }
    let mut names: Vec<&str> = statement.column_names().collect();
    names.sort_unstable();
    if let Some([name, _]) = names.array_windows().find(|[one, next]| one == next) {
        return Err(Trouble::SameColumn((*name).to_owned()));
    }
    Ok(statement)
}
