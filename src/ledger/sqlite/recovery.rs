//! What becomes of calls whose process died: they are settled, never run again.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};
use uuid::Uuid;

use super::{
    super::record::Outcome,
    audit,
    instance::{self, Instance},
    operations, planted, restraint,
};
use crate::base::{
    clock::Timestamp,
    failpoint::{self, Point},
    problem::{Code, Effects},
};

/// A read had no effect, so it simply failed; anything else may have happened.
const SETTLE: &str = "
UPDATE calls SET state = 'settled', stage = 'recovery', finished = ?2,
    outcome = CASE effect WHEN 'read' THEN ?3 ELSE ?4 END,
    code = CASE effect WHEN 'read' THEN ?5 ELSE ?6 END,
    effects = CASE effect WHEN 'read' THEN ?7 ELSE ?8 END
WHERE state = 'running' AND row = ?1";

/// Settles what dead processes left running and registers `me`, in one transaction; gives the
/// row of `me`. The init lock must be held.
///
/// # Errors
/// What SQLite says; nothing was done then.
pub(super) fn settle_and_register(
    connection: &mut Connection,
    state: &Path,
    me: &Instance,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let owners = owners_of_what_is_open(&transaction)?;
    for (row, id) in owners {
        if !instance::is_alive(state, Uuid::from_bytes(id)) {
            for call in running_calls(&transaction, row)? {
                settle_call(&transaction, call, now)?;
            }
            for operation in operations::open_of(&transaction, row)? {
                operations::settle_dead(&transaction, operation, now)?;
            }
        }
    }
    restraint::settle_orphans(&transaction)?;
    let row = me.register(&transaction, now)?;
    if failpoint::fails(Point::DeadSettled) {
        return Err(planted());
    }
    transaction.commit()?;
    Ok(row)
}

/// Settles the call of `row` if it is still running; its process is dead.
///
/// # Errors
/// What SQLite says.
pub(super) fn settle_call(
    connection: &Connection,
    row: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let values = params![
        row,
        now.as_micros(),
        Outcome::Failed.as_str(),
        Outcome::Unknown.as_str(),
        Code::Internal.as_str(),
        Code::OutcomeUnknown.as_str(),
        Effects::None.as_str(),
        Effects::Unknown.as_str(),
    ];
    if connection.prepare_cached(SETTLE)?.execute(values)? == 1 {
        audit::append_end(connection, row)?;
    }
    Ok(())
}

fn owners_of_what_is_open(connection: &Connection) -> rusqlite::Result<Vec<(i64, [u8; 16])>> {
    connection
        .prepare(
            "SELECT row, id FROM instances WHERE row IN
                 (SELECT instance FROM calls WHERE state = 'running') OR row IN
                 (SELECT owner FROM operations
                  WHERE state IN ('claimed', 'running', 'compensating'))",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn running_calls(connection: &Connection, instance: i64) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare("SELECT row FROM calls WHERE state = 'running' AND instance = ?1 ORDER BY row")?
        .query_map([instance], |row| row.get(0))?
        .collect()
}
