//! The row that says whether an operation was done.
//!
//! Who makes a change holds a lock of the operation until its transaction is over, however that
//! ends: so whoever has the lock after it knows. What a dead process was about to commit may be
//! committed after its death, and not after that.

use postgres::{
    Transaction,
    error::SqlState,
    types::{ToSql, Type},
};

use super::{Job, Session, Trouble};

const MAKE_TABLE: &str = "CREATE TABLE IF NOT EXISTS tollgate_operations (
    operation text PRIMARY KEY,
    row_count bigint NOT NULL,
    finished timestamptz NOT NULL
)";

const HAS_TABLE: &str = "SELECT to_regclass('tollgate_operations') IS NOT NULL";

const MAY_HAVE_TABLE: &str = "SELECT to_regclass('tollgate_operations') IS NOT NULL \
    OR coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)";

/// Another number than anybody else will think of, so that their locks are not ours.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7161946241))";

const FIND: &str = "SELECT row_count FROM tollgate_operations WHERE operation = $1";

const LEAVE: &str = "INSERT INTO tollgate_operations (operation, row_count, finished) \
    VALUES ($1, $2, $3::text::timestamptz)";

/// Makes the table, unless it is there or somebody else is just making it.
///
/// # Errors
/// When it is not there then.
pub(super) fn make_table(session: &mut Session) -> Result<(), Trouble> {
    if asks(session, HAS_TABLE)? {
        return Ok(());
    }
    match session.0.batch_execute(MAKE_TABLE) {
        Err(_) if asks(session, HAS_TABLE)? => Ok(()),
        made => made.map_err(Trouble::Marking),
    }
}

/// Whether operations could be marked, as far as can be told without doing it.
///
/// # Errors
/// When they could not.
pub(super) fn check_table(session: &mut Session) -> Result<(), Trouble> {
    match asks(session, MAY_HAVE_TABLE)? {
        true => Ok(()),
        false => Err(Trouble::NoMarks),
    }
}

fn asks(session: &mut Session, question: &str) -> Result<bool, Trouble> {
    let answer = session.0.query_typed_one(question, &[]);
    let answer = answer.and_then(|row| row.try_get(0));
    answer.map_err(Trouble::Marking)
}

/// Waits until nobody else is at `operation`. Gives how many rows it changed, if it is marked.
///
/// # Errors
/// When the server has one.
pub(super) fn claim(
    transaction: &mut Transaction<'_>,
    operation: &str,
) -> Result<Option<u64>, Trouble> {
    let mut ask = |question| transaction.query_typed(question, &[(&operation, Type::TEXT)]);
    ask(LOCK).map_err(Trouble::Marking)?;
    let rows = ask(FIND).map_err(Trouble::Marking)?;
    let changed = rows.first().map(|row| row.try_get::<_, i64>(0));
    let changed = changed.transpose().map_err(Trouble::Marking)?;
    Ok(changed.map(|rows| u64::try_from(rows).unwrap_or(0)))
}

/// Marks `operation` in the transaction of its change.
///
/// # Errors
/// When the server has one.
pub(super) fn leave(
    transaction: &mut Transaction<'_>,
    operation: &str,
    row_count: u64,
    finished: &str,
) -> Result<(), Trouble> {
    let row_count = i64::try_from(row_count).unwrap_or(i64::MAX);
    let values: [(&(dyn ToSql + Sync), Type); 3] = [
        (&operation, Type::TEXT),
        (&row_count, Type::INT8),
        (&finished, Type::TEXT),
    ];
    match transaction.query_typed(LEAVE, &values) {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            Err(Trouble::MarkedMeanwhile(error))
        }
        Err(error) => Err(Trouble::Marking(error)),
    }
}

/// How many rows `operation` changed, if it is marked. The table comes with the first mark.
///
/// # Errors
/// When that cannot be told.
pub(super) fn look(job: &Job, operation: &str) -> Result<Option<u64>, Trouble> {
    let mut session = Session::open(job)?;
    if !asks(&mut session, HAS_TABLE)? {
        return Ok(None);
    }
    claim(&mut session.begin_looking(job)?, operation)
}
