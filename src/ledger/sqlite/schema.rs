//! The tables, and how an older file becomes a newer one.

use std::ops::Range;

use rusqlite::{Connection, TransactionBehavior};

use super::{
    askings,
    audit::{locks, pruning},
    in_hand, operations, planted, restraint, steps,
};
use crate::base::failpoint::{self, Point};

/// Says in the file's header whose it is: the bytes of `Toll`.
pub(super) const APPLICATION_ID: i32 = 0x546f_6c6c;

/// Each brings the file one version further. Append only: what is released never changes.
const MIGRATIONS: &[&str] = &[
    FIRST,
    operations::TABLES,
    restraint::TABLES,
    askings::TABLE,
    ATTEMPTS,
    operations::BY_FIRST,
    pruning::TABLES,
    steps::TABLES,
    locks::TABLE,
    steps::LAST_USED,
    operations::NAMED,
    operations::moves::MOVES,
    operations::moves::MOVES_OR_NOTHING,
    restraint::RESERVED,
    operations::moves::BEGINNING_OR_NOTHING,
    in_hand::TABLE,
    FIRST_INTENTS,
    operations::ROW_OF_FIRST,
    operations::moves::JUDGED_AFTERWARDS,
    operations::keys::INDEX,
];

/// How the attempt before a further one ended.
const ATTEMPTS: &str = "ALTER TABLE intents ADD COLUMN after TEXT";

/// The first intent of a call stands in its own row, because both are written at once; before that,
/// each intent had a row elsewhere, where further ones still have theirs.
const FIRST_INTENTS: &str = "
ALTER TABLE calls ADD COLUMN backend TEXT;
ALTER TABLE calls ADD COLUMN intended INTEGER;
CREATE TRIGGER calls_keep_their_intent BEFORE UPDATE OF backend, intended ON calls
BEGIN SELECT RAISE(ABORT, 'intents are never changed'); END;
ALTER TABLE intents RENAME TO further_intents;
CREATE VIEW intents (call, attempt, backend, at, after) AS
SELECT row, 1, backend, intended, NULL FROM calls WHERE backend IS NOT NULL
UNION ALL SELECT call, attempt, backend, at, after FROM further_intents;
";

/// The version that brought [`ATTEMPTS`].
pub(super) const WITH_ATTEMPTS: i32 = 5;

/// The version that brought prunings.
pub(super) const WITH_PRUNINGS: i32 = 7;

/// The version that brought locks.
pub(super) const WITH_LOCKS: i32 = 9;

/// The version that brought the last use of definitions.
#[cfg(test)]
pub(super) const WITH_LAST_USED: i32 = 10;

/// The version that brought what is reserved to the rows of calls.
#[cfg(test)]
pub(super) const WITH_RESERVED: i32 = 14;

/// The version that brought what each process has in hand, in place of indexes of it.
pub(super) const WITH_IN_HAND: i32 = 16;

/// The version that brought [`FIRST_INTENTS`].
pub(super) const WITH_FIRST_INTENTS: i32 = 17;

/// The version by which an operation has the row of the call that began it.
pub(super) const WITH_ROW_OF_FIRST: i32 = 18;

/// The version that brought the index of keys in place of one that took each with its operation.
#[cfg(test)]
pub(super) const WITH_KEY_INDEX: i32 = 20;

/// The version that brought the table of operations; a reader may meet an older file.
pub(super) const WITH_OPERATIONS: i32 = 2;

/// The version that brought the table of steps.
pub(super) const WITH_STEPS: i32 = 8;

/// Column `row` is the order of arrival. Call ids rise with time, so their index is written at
/// one end only; an index on random values would dirty another page of the log for each row.
const FIRST: &str = "
CREATE TABLE meta (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE instances (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    pid INTEGER NOT NULL,
    start INTEGER NOT NULL,
    version TEXT NOT NULL,
    boot TEXT
) STRICT;

CREATE TABLE calls (
    row INTEGER PRIMARY KEY,
    call_id BLOB NOT NULL,
    received INTEGER NOT NULL,
    tool TEXT NOT NULL,
    effect TEXT,
    definition BLOB,
    principal TEXT NOT NULL,
    client TEXT,
    protocol_version TEXT NOT NULL,
    request_id TEXT NOT NULL,
    trace_id TEXT,
    raw_arguments TEXT NOT NULL,
    effective_arguments TEXT,
    changes TEXT,
    state TEXT NOT NULL,
    outcome TEXT,
    stage TEXT,
    code TEXT,
    effects TEXT,
    reply TEXT,
    reply_clipped_from INTEGER,
    backend_status TEXT,
    guard_us INTEGER,
    wait_us INTEGER,
    run_us INTEGER,
    finished INTEGER,
    delivered INTEGER,
    instance INTEGER NOT NULL REFERENCES instances
) STRICT;
CREATE UNIQUE INDEX calls_by_id ON calls (call_id);
CREATE INDEX calls_running ON calls (instance) WHERE state = 'running';

CREATE TABLE intents (
    row INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES calls,
    attempt INTEGER NOT NULL,
    backend TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX intents_by_call ON intents (call, attempt);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES calls,
    event TEXT NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER calls_stay BEFORE DELETE ON calls
BEGIN SELECT RAISE(ABORT, 'calls are never deleted'); END;
CREATE TRIGGER calls_keep_their_request BEFORE UPDATE OF
    row, call_id, received, tool, effect, definition, principal, client, protocol_version,
    request_id, trace_id, raw_arguments, effective_arguments, changes, instance ON calls
BEGIN SELECT RAISE(ABORT, 'what was asked for is never changed'); END;
CREATE TRIGGER calls_end_once BEFORE UPDATE OF
    state, outcome, stage, code, effects, reply, reply_clipped_from, backend_status,
    guard_us, wait_us, run_us, finished ON calls WHEN OLD.state <> 'running'
BEGIN SELECT RAISE(ABORT, 'how a call ended is never changed'); END;
CREATE TRIGGER intents_stay BEFORE DELETE ON intents
BEGIN SELECT RAISE(ABORT, 'intents are never deleted'); END;
CREATE TRIGGER intents_are_final BEFORE UPDATE ON intents
BEGIN SELECT RAISE(ABORT, 'intents are never changed'); END;
";

/// The version that this binary writes.
pub(super) fn version() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}

/// Brings a file of version `from` to [`version`], in one transaction. `id` is the name that a
/// new database is given; an older one keeps its own.
///
/// # Errors
/// What SQLite says; the file is as it was then.
pub(super) fn migrate(connection: &mut Connection, from: i32, id: &str) -> rusqlite::Result<()> {
    bring(connection, from..version(), id)
}

/// Brings a file over these versions.
fn bring(connection: &mut Connection, over: Range<i32>, id: &str) -> rusqlite::Result<()> {
    let place = |version: i32| usize::try_from(version).unwrap_or(0);
    let missing = MIGRATIONS.get(place(over.start)..place(over.end));
    let missing = missing.unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.execute(
        "INSERT INTO meta (name, value) VALUES ('id', ?1) ON CONFLICT DO NOTHING",
        [id],
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", over.end)?;
    if failpoint::fails(Point::TablesMade) {
        return Err(planted());
    }
    transaction.commit()
}

/// Makes a new file what an older version would have made.
#[cfg(test)]
pub(super) fn make_older(connection: &mut Connection, version: i32) {
    bring(connection, 0..version, "older").unwrap();
}

/// The database's own id.
///
/// # Errors
/// What SQLite says, also when there is none.
pub(super) fn id(connection: &Connection) -> rusqlite::Result<String> {
    let sql = "SELECT value FROM meta WHERE name = 'id'";
    connection.query_row(sql, [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migrated() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0, "x").unwrap();
        connection
            .execute_batch(
                "INSERT INTO instances VALUES (1, x'00', 1, 0, '0', NULL);
                 INSERT INTO calls (row, call_id, received, tool, principal, protocol_version,
                     request_id, raw_arguments, state, outcome, instance)
                 VALUES (1, x'01', 0, 't', 'p', '2025-11-25', '1', '{}', 'running', NULL, 1),
                        (2, x'02', 0, 't', 'p', '2025-11-25', '2', '{}', 'settled', 'failed', 1);
                 INSERT INTO further_intents VALUES (1, 1, 1, 'exec', 0, NULL);
                 INSERT INTO audit VALUES (1, 1, 'accepted', x'00', x'01');",
            )
            .unwrap();
        connection
    }

    #[track_caller]
    fn check(sql: &str, expected: Result<(), &str>) {
        let told = migrated()
            .execute_batch(sql)
            .map_err(|error| error.to_string());
        assert_eq!(told, expected.map_err(str::to_owned), "{sql}");
    }

    #[test]
    fn what_is_written_stays_as_it_is() {
        check(
            "DELETE FROM calls WHERE row = 1",
            Err("calls are deleted only with their events"),
        );
        check(
            "UPDATE calls SET raw_arguments = '[]' WHERE row = 1",
            Err("what was asked for is never changed"),
        );
        check(
            "UPDATE calls SET outcome = 'succeeded' WHERE row = 2",
            Err("how a call ended is never changed"),
        );
        check(
            "UPDATE calls SET state = 'running' WHERE row = 2",
            Err("how a call ended is never changed"),
        );
        check(
            "DELETE FROM audit",
            Err("events are deleted only where a pruning stands for them"),
        );
        check(
            "UPDATE audit SET hash = x'02'",
            Err("events are never changed"),
        );
        check(
            "DELETE FROM further_intents",
            Err("intents are deleted only with their calls"),
        );
        check(
            "UPDATE further_intents SET at = 1",
            Err("intents are never changed"),
        );
        check(
            "UPDATE calls SET intended = 1 WHERE row = 1",
            Err("intents are never changed"),
        );
        check(
            "UPDATE calls SET state = 'settled', outcome = 'failed' WHERE row = 1",
            Ok(()),
        );
        check("UPDATE calls SET delivered = 5 WHERE row = 2", Ok(()));
    }

    #[test]
    fn the_trail_comes_over_when_events_about_no_call_come_into_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        bring(&mut connection, 0..WITH_PRUNINGS - 1, "x").unwrap();
        connection
            .execute_batch(
                "INSERT INTO instances VALUES (1, x'00', 1, 0, '0', NULL);
                 INSERT INTO calls (row, call_id, received, tool, principal, protocol_version,
                     request_id, raw_arguments, state, instance)
                 VALUES (1, x'01', 0, 't', 'p', '2025-11-25', '1', '{}', 'running', 1);
                 INSERT INTO audit VALUES (1, 1, 'accepted', x'00', x'01'),
                     (2, 1, 'completed', x'01', x'02')",
            )
            .unwrap();
        migrate(&mut connection, WITH_PRUNINGS - 1, "x").unwrap();
        let sql =
            "SELECT group_concat(seq || ' ' || call || ' ' || event || ' ' || hex(prev) || ' '
            || hex(hash), ', ' ORDER BY seq) FROM audit";
        let events: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(events, "1 1 accepted 00 01, 2 1 completed 01 02");
    }

    #[test]
    fn a_migrated_file_is_not_migrated_again() {
        let mut connection = migrated();
        migrate(&mut connection, version(), "y").unwrap();
        assert_eq!(id(&connection).unwrap(), "x");
        let sql =
            "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version";
        let header: (i32, i32) = connection
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(header, (APPLICATION_ID, version()));
    }
}
