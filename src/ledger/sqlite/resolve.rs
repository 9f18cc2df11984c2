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

/// The row of the latest operation that the call `id` began, and where it stands.
const FIND: &str = "
SELECT o.row, o.state, o.first FROM operations o JOIN calls c ON c.row = o.first
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
    let Some((row, mut state, first)) = find(connection, id)? else {
        return Ok(Resolved::NotFound);
    };
    if state.is_open() && !statements.operations.is_owner_alive(row)? {
        statements.recover(row, now)?;
        state = find(connection, id)?.map_or(state, |(_, state, _)| state);
    }
    if let Some(refused) = resolution.refused(state) {
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

fn find(
    connection: &Connection,
    id: CallId,
) -> rusqlite::Result<Option<(i64, OperationState, i64)>> {
    connection
        .prepare_cached(FIND)?
        .query_row([id.as_bytes()], |row| {
            let state = word(row, 1, OperationState::parse)?;
            Ok((row.get(0)?, state, row.get(2)?))
        })
        .optional()
}
