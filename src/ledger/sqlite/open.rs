//! Opening the state file: everything is checked before anything is written.

use std::{
    fs,
    io::Write,
    path::{self, Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    super::LedgerError,
    emergency::{self, Emergency},
    explain,
    files::{self, DATABASE, FileIdentity, MARKER},
    instance::{self, Instance},
    patience::Patience,
    planted, recovery, schema,
};
use crate::base::{
    clock::Clock,
    event::Event,
    failpoint::{self, Point},
    limits::{
        LEDGER_MIGRATION_WAIT,
        flow::{LEDGER_PAGE_BYTES, LEDGER_WAL_BYTES_MAX},
    },
};

/// SQLite before 3.51.3 could lose commits when several processes share a file.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// An open ledger and this process's place in it.
#[derive(Debug)]
pub(super) struct Opened {
    /// Ready to write, `synchronous` is `FULL`.
    pub(super) connection: Connection,
    /// The row of this process.
    pub(super) instance_row: i64,
    /// The path that was opened, absolute.
    pub(super) path: PathBuf,
    /// Which file was there.
    pub(super) file: FileIdentity,
    /// The id of the database.
    pub(super) id: String,
    /// What is left when it cannot be written.
    pub(super) emergency: Arc<Emergency>,
    /// This process's sign of life.
    _instance: Instance,
}

impl Opened {
    /// The state directory.
    pub(super) fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
}

/// Opens the ledger in `dir` for writing, makes it where there is none, and settles what dead
/// processes left behind.
///
/// # Errors
/// `Unavailable` with a reason and a way out; a file that is not ours, damaged, or newer than
/// this binary is left byte for byte as it was.
pub(super) fn open(dir: &Path, clock: &dyn Clock) -> Result<Opened, LedgerError> {
    // Absolute, because the current directory may go away, and because SQLite takes a name
    // that begins with `file:` for a URI, which can switch its locks off.
    let dir = absolute(dir)?;
    files::prepare_directory(&dir)?;
    let init = instance::init_lock(&dir)?;
    if failpoint::fails(Point::LedgerOpening) {
        return Err(explain(&planted()));
    }
    let path = dir.join(DATABASE);
    let marker = read_marker(&dir)?;
    claim(&path, marker.as_deref())?;

    let mut connection = connect(&path, Access::Write)?;
    let version = identify(&connection, &path)?;
    if (1..schema::version()).contains(&version) {
        wait_for_older(&dir, version)?;
    }
    configure(&connection).map_err(|error| explain(&error))?;
    let fresh = instance::new_id(clock.wall()).to_string();
    schema::migrate(&mut connection, version, &fresh).map_err(|error| explain(&error))?;
    let id = schema::id(&connection).map_err(|error| explain(&error))?;
    match marker {
        Some(known) if known == id => {}
        Some(_) => return Err(swapped(&dir)),
        None => write_marker(&dir, &id)?,
    }

    // Before anything counts as left behind by the dead.
    emergency::ingest(&connection, &dir, &id)?;
    let emergency = Arc::new(Emergency::prepare(&dir, &id));
    let me = Instance::take(&dir, clock.wall())?;
    let instance_row = recovery::settle_and_register(&mut connection, &dir, &me, clock.wall())
        .map_err(|error| explain(&error))?;
    instance::sweep(&dir);
    let file = FileIdentity::at(&path).ok_or_else(|| lost(&path, &dir))?;
    checkpoint_on_close(&connection, true).map_err(|error| explain(&error))?;
    drop(init);
    Ok(Opened {
        connection,
        instance_row,
        path,
        file,
        id,
        emergency,
        _instance: me,
    })
}

/// A file is brought further only while nobody else is on it: who began with the older tables
/// knows nothing of the newer ones.
fn wait_for_older(dir: &Path, version: i32) -> Result<(), LedgerError> {
    if instance::wait_until_alone(dir, Duration::ZERO) {
        return Ok(());
    }
    let folder = &*dir.to_string_lossy();
    Event::LedgerWaits { folder }.emit();
    if instance::wait_until_alone(dir, LEDGER_MIGRATION_WAIT) {
        return Ok(());
    }
    Err(LedgerError::InUse(format!(
        "the ledger in `{}` has schema version {version} and another process is on it, so it cannot be brought to version {}; end the older program and try again",
        dir.display(),
        schema::version()
    )))
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Reading, and writing where this process may.
    Write,
    /// Reading only.
    Read,
}

/// A connection to an existing file, with nothing read yet. `path` is taken literally.
///
/// # Errors
/// When SQLite is too old or the file cannot be opened so.
pub(super) fn connect(path: &Path, access: Access) -> Result<Connection, LedgerError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(LedgerError::Unavailable(format!(
            "SQLite {} can lose commits; use a build with 3.51.3 or later",
            rusqlite::version()
        )));
    }
    let path = absolute(path)?;
    let access = match access {
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let open = || -> rusqlite::Result<Connection> {
        let mut connection = Connection::open_with_flags(&path, flags)?;
        let mut patience = Patience::default();
        connection.busy_handler(Some(move |count| patience.retry(count)))?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // Else a statement may be prepared anew whenever something else is bound to it, because
        // its plan may depend on that: with an index that has a condition, at each execution.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        checkpoint_on_close(&connection, false)?;
        Ok(connection)
    };
    open().map_err(|error| explain(&error))
}

/// The schema version of a file that is a ledger or still empty; reads only.
///
/// # Errors
/// When the file is something else, or of a later version than this binary knows.
pub(super) fn identify(connection: &Connection, path: &Path) -> Result<i32, LedgerError> {
    let read = || -> rusqlite::Result<(i32, i32, i64)> {
        let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
        let tables = "SELECT count(*) FROM sqlite_schema";
        let tables = connection.query_row(tables, [], |row| row.get(0))?;
        Ok((number("application_id")?, number("user_version")?, tables))
    };
    let path = path.display();
    let text = match read().map_err(|error| explain(&error))? {
        (0, 0, 0) => return Ok(0),
        (schema::APPLICATION_ID, version, _) if (1..=schema::version()).contains(&version) => {
            return Ok(version);
        }
        (schema::APPLICATION_ID, version, _) => format!(
            "the ledger `{path}` has schema version {version} and is newer than this binary, which knows {}; use the newer binary",
            schema::version()
        ),
        _ => format!(
            "`{path}` is a database of another program; choose another state directory with `--state`"
        ),
    };
    Err(LedgerError::Unavailable(text))
}

/// Makes sure that there is a file to open, and that it is not an empty one in the place of a
/// ledger that existed.
fn claim(path: &Path, marker: Option<&str>) -> Result<(), LedgerError> {
    let dir = path.parent().unwrap_or(path);
    match (files::look(path)?, marker) {
        (Some(found), Some(_)) if found.len() == 0 => Err(lost(path, dir)),
        (Some(_), _) => Ok(()),
        (None, Some(_)) => Err(lost(path, dir)),
        (None, None) => files::create(path).map(drop),
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    // A file that has pages keeps their size.
    connection.pragma_update(None, "page_size", LEDGER_PAGE_BYTES)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(rusqlite::Error::InvalidParameterName(format!(
            "journal mode is {mode}, not wal"
        )));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    // What refers to a row was given it by the insertion of that row in the same transaction, or
    // by a receipt. Looking each up again is a tenth of a write; tests look them all up afterwards.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    connection.pragma_update(None, "journal_size_limit", LEDGER_WAL_BYTES_MAX)
}

/// Off until everything is checked: closing a connection must not alter a file that is refused.
fn checkpoint_on_close(connection: &Connection, wanted: bool) -> rusqlite::Result<()> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !wanted)
        .map(drop)
}

fn absolute(path: &Path) -> Result<PathBuf, LedgerError> {
    path::absolute(path).map_err(|error| files::cannot("find", path, &error))
}

fn read_marker(dir: &Path) -> Result<Option<String>, LedgerError> {
    let path = dir.join(MARKER);
    if files::look(&path)?.is_none() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(|error| files::cannot("read", &path, &error))?;
    Ok(Some(text.trim().to_owned()))
}

/// In one step, so that a crash leaves no half of an id.
fn write_marker(dir: &Path, id: &str) -> Result<(), LedgerError> {
    let path = dir.join(MARKER);
    let draft = dir.join("state.id.new");
    let write = || {
        let mut file = fs::File::options()
            .write(true)
            .truncate(true)
            .open(&draft)?;
        file.write_all(format!("{id}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path)
    };
    files::open_or_create(&draft)?;
    write().map_err(|error| files::cannot("write", &path, &error))
}

fn lost(path: &Path, dir: &Path) -> LedgerError {
    LedgerError::Unavailable(format!(
        "the ledger `{}` is missing or empty, but there was one; put a backup in its place, or remove `{}` to begin a new one",
        path.display(),
        dir.join(MARKER).display()
    ))
}

fn swapped(dir: &Path) -> LedgerError {
    LedgerError::Unavailable(format!(
        "the ledger in `{0}` is not the one that was here before; put the right one in its place, or remove `{1}` to go on with this one",
        dir.display(),
        dir.join(MARKER).display()
    ))
}
