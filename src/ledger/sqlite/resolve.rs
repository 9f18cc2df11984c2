//! Writing down what somebody found out about an operation.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{
        operation::OperationState,
        resolution::{Resolution, Resolved},
    },
    operations::word,
    statements::Statements,
};
use crate::base::{clock::Timestamp, id::CallId};

/// The latest operation that the call `id` began.
const FIND: &str = "
SELECT o.row, o.state, o.first, o.last FROM operations o JOIN calls c ON c.row = o.first
WHERE c.call_id = ?1 ORDER BY o.row DESC LIMIT 1";

/// Resolves the operation that the call `id` began, if its outcome is not known. Where its
/// process died in the middle of it, that is written first.
pub(super) fn resolve(
    statements: &mut Statements<'_>,
    id: CallId,
    resolution: &Resolution,
    now: Timestamp,
) -> rusqlite::Result<Resolved> {
    let connection = statements.connection();
    let Some(mut found) = find(connection, id)? else {
        return Ok(Resolved::NotFound);
    };
    if found.state.is_open() && !statements.operations.is_owner_alive(found.row)? {
        statements.recover(found.row, now)?;
        found = find(connection, id)?.unwrap_or(found);
    }
    let Found {
        row,
        state,
        first,
        last,
    } = found;
    if let Some(refused) = resolution.refused(state, last) {
        return Ok(refused);
    }
    let reply = resolution.reply();
    let next = resolution.finding.state();
    statements
        .operations
        .resolve(row, (state, next), &reply, now)?;
    let seq = statements.record_resolution(first, row, (state, next), resolution, now)?;
    connection
        .prepare_cached(
            "INSERT INTO resolutions (seq, operation, at, was, became, who, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            seq,
            row,
            now.as_micros(),
            state.as_str(),
            next.as_str(),
            resolution.by,
            resolution.note,
        ])?;
    Ok(Resolved::Done(state))
}

/// An operation: its row, where it stands, and the rows of its first and its last call.
struct Found {
    row: i64,
    state: OperationState,
    first: i64,
    last: i64,
}

fn find(connection: &Connection, id: CallId) -> rusqlite::Result<Option<Found>> {
    connection
        .prepare_cached(FIND)?
        .query_row([id.as_bytes()], |row| {
            Ok(Found {
                row: row.get(0)?,
                state: word(row, 1, OperationState::parse)?,
                first: row.get(2)?,
                last: row.get(3)?,
            })
        })
        .optional()
}
