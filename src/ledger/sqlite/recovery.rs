//! What becomes of calls whose process died: they are settled, never run again.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};
use uuid::Uuid;

use super::{
    super::{
        operation::{OperationState, after_death},
        record::Outcome,
    },
    audit, in_hand,
    instance::{self, Instance},
    operations::{check, word},
    planted, restraint, steps,
};
use crate::base::{
    clock::Timestamp,
    failpoint::{self, Point},
    problem::{Code, Effects},
};

/// What had no effect simply failed; anything else may have happened. A read has none, nor has a
/// call that had begun none of its steps: `?9`.
const SETTLE: &str = "
UPDATE calls SET state = 'settled', stage = 'recovery', finished = ?2,
    outcome = CASE WHEN effect = 'read' OR ?9 THEN ?3 ELSE ?4 END,
    code = CASE WHEN effect = 'read' OR ?9 THEN ?5 ELSE ?6 END,
    effects = CASE WHEN effect = 'read' OR ?9 THEN ?7 ELSE ?8 END
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
    for (row, id) in in_hand::owners(&transaction)? {
        if !instance::is_alive(state, Uuid::from_bytes(id)) {
            settle_all(&transaction, row, now)?;
        }
    }
    let row = me.register(&transaction, now)?;
    if failpoint::fails(Point::DeadSettled) {
        return Err(planted());
    }
    transaction.commit()?;
    Ok(row)
}

/// Settles whatever the process of row `instance` had in hand, which is dead.
fn settle_all(connection: &Connection, instance: i64, now: Timestamp) -> rusqlite::Result<()> {
    let (calls, operations) = in_hand::read(connection, instance)?;
    for call in calls.iter() {
        settle_call(connection, call, now)?;
    }
    for operation in operations.iter() {
        settle_dead(connection, operation, now)?;
    }
    in_hand::settle(connection, instance)
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
        steps::has_begun(connection, row)? == Some(false),
    ];
    if connection.prepare_cached(SETTLE)?.execute(values)? == 1 {
        restraint::settle_in_full(connection, row)?;
        audit::append_end(connection, row)?;
    }
    Ok(())
}

/// Writes where the operation of `row` stands, whose process died.
///
/// # Errors
/// What SQLite says.
pub(super) fn settle_dead(
    connection: &Connection,
    row: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "SELECT o.state, c.effect = 'read', o.deaths, o.last FROM operations o
        JOIN calls c ON c.row = o.last WHERE o.row = ?1";
    let (state, is_read, deaths, call): (OperationState, Option<bool>, u32, i64) =
        connection.prepare_cached(sql)?.query_row([row], |row| {
            Ok((
                word(row, 0, OperationState::parse)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
            ))
        })?;
    let deaths = deaths.saturating_add(1);
    let next = match steps::has_begun(connection, call)? {
        // Somebody has to go on with them: see `Ledger::adopt`.
        Some(true) => return Ok(()),
        Some(false) => OperationState::FailedClean,
        None => after_death(state, is_read.unwrap_or(false), deaths),
    };
    check(state, next)?;
    let sql = "UPDATE operations SET state = ?2, deaths = ?3, ended = ?4 WHERE row = ?1";
    let values = params![row, next.as_str(), deaths, now.as_micros()];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}
