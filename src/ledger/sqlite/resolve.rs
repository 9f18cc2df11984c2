//! Writing down what somebody found out about an operation.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{
        operation::OperationState,
        resolution::{Resolution, Resolved},
    },
    operations::{BEGUN_BY_ID, word},
    statements::Statements,
};
use crate::base::{clock::Timestamp, id::CallId};

/// An operation `o`; a condition follows.
const FIND: &str = "SELECT o.row, o.state, o.first, o.last FROM operations o WHERE ";

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
    let change = Change {
        operation: row,
        first,
        states: (state, resolution.finding.state()),
        by: &resolution.by,
        note: &resolution.note,
        reply: &resolution.reply(),
    };
    change.write(statements, now)?;
    Ok(Resolved::Done(state))
}

/// What an operation became after its call had ended.
pub(super) struct Change<'a> {
    /// The row of the operation.
    pub(super) operation: i64,
    /// The row of the call that began it.
    pub(super) first: i64,
    /// Where it stood and where it stands.
    pub(super) states: (OperationState, OperationState),
    /// Who says so.
    pub(super) by: &'a str,
    /// Why.
    pub(super) note: &'a str,
    /// Its answer from now on.
    pub(super) reply: &'a str,
}

impl Change<'_> {
    /// Writes it, with its event in the audit trail.
    pub(super) fn write(
        &self,
        statements: &mut Statements<'_>,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let (was, becomes) = self.states;
        statements
            .operations
            .resolve(self.operation, self.states, self.reply, now)?;
        let seq = statements.record_change(self, now)?;
        statements
            .connection()
            .prepare_cached(
                "INSERT INTO resolutions (seq, operation, at, was, became, who, note)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                seq,
                self.operation,
                now.as_micros(),
                was.as_str(),
                becomes.as_str(),
                self.by,
                self.note,
            ])
            .map(drop)
    }
}

/// The operation that the call `id` began: its row, where it stands, and the rows of its first and its last call.
struct Found {
    row: i64,
    state: OperationState,
    first: i64,
    last: i64,
}

fn find(connection: &Connection, id: CallId) -> rusqlite::Result<Option<Found>> {
    connection
        .prepare_cached(&format!("{FIND} {BEGUN_BY_ID}"))?
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
