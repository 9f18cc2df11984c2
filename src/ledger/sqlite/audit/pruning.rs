//! Prunings: that the beginning of the chain was taken out, and what stands for it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Event, Head, Link, chain::Start};
use crate::base::clock::Timestamp;

/// The columns of [`Link::pruning`], in its order.
pub(super) const PRUNING: &str =
    "pruned_at, pruned_until, pruned_hash, pruned_calls, pruned_before, pruned_by";
/// How many those are.
pub(super) const PRUNING_COLUMNS: usize = 6;
/// The columns of [`Link::jump`], in its order.
pub(super) const JUMP: &str = "jumped_at, jumped_us";
/// How many those are.
pub(super) const JUMP_COLUMNS: usize = 2;

/// A migration. Events that are about no call come into the trail; what a pruning stands for
/// may be taken out, and nothing else. `pruned_until` is the last event that went and
/// `pruned_hash` its hash, `pruned_calls` the last call.
pub(in super::super) const TABLES: &str = "
CREATE TABLE prunings (
    seq INTEGER PRIMARY KEY,
    pruned_at INTEGER NOT NULL,
    pruned_until INTEGER NOT NULL,
    pruned_hash BLOB NOT NULL,
    pruned_calls INTEGER NOT NULL,
    pruned_before INTEGER NOT NULL,
    pruned_by TEXT NOT NULL
) STRICT;
CREATE VIEW pruned AS SELECT
    coalesce((SELECT pruned_until FROM prunings ORDER BY seq DESC LIMIT 1), 0) AS events,
    coalesce((SELECT pruned_calls FROM prunings ORDER BY seq DESC LIMIT 1), 0) AS calls;
CREATE TABLE clock_jumps (
    seq INTEGER PRIMARY KEY,
    jumped_at INTEGER NOT NULL,
    jumped_us INTEGER NOT NULL
) STRICT;

DROP TRIGGER audit_stays;
DROP TRIGGER audit_is_final;
ALTER TABLE audit RENAME TO audit_of_calls;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    call INTEGER,
    event TEXT NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO audit SELECT seq, call, event, prev, hash FROM audit_of_calls;
DROP TABLE audit_of_calls;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT events FROM pruned)
BEGIN SELECT RAISE(ABORT, 'events are deleted only where a pruning stands for them'); END;

CREATE TRIGGER prunings_are_of_the_chain BEFORE INSERT ON prunings WHEN NOT EXISTS (
    SELECT 1 FROM audit WHERE seq = NEW.pruned_until AND hash = NEW.pruned_hash
        AND seq > (SELECT events FROM pruned) AND seq < NEW.seq)
    OR NEW.pruned_calls < (SELECT calls FROM pruned)
BEGIN SELECT RAISE(ABORT, 'a pruning stands for events that are there'); END;
CREATE TRIGGER prunings_are_final BEFORE UPDATE ON prunings
BEGIN SELECT RAISE(ABORT, 'prunings are never changed'); END;
CREATE TRIGGER prunings_stay BEFORE DELETE ON prunings
WHEN OLD.seq > (SELECT events FROM pruned)
BEGIN SELECT RAISE(ABORT, 'prunings are deleted only where another stands for them'); END;
CREATE TRIGGER clock_jumps_are_final BEFORE UPDATE ON clock_jumps
BEGIN SELECT RAISE(ABORT, 'jumps of the clock are never changed'); END;
CREATE TRIGGER clock_jumps_stay BEFORE DELETE ON clock_jumps
WHEN OLD.seq > (SELECT events FROM pruned)
BEGIN SELECT RAISE(ABORT, 'jumps of the clock are deleted only with their events'); END;

DROP TRIGGER resolutions_stay;
CREATE TRIGGER resolutions_stay BEFORE DELETE ON resolutions
WHEN OLD.seq > (SELECT events FROM pruned)
BEGIN SELECT RAISE(ABORT, 'resolutions are deleted only with their events'); END;
DROP TRIGGER calls_stay;
CREATE TRIGGER calls_stay BEFORE DELETE ON calls
WHEN OLD.row > (SELECT calls FROM pruned) OR OLD.state = 'running'
BEGIN SELECT RAISE(ABORT, 'calls are deleted only with their events'); END;
DROP TRIGGER intents_stay;
CREATE TRIGGER intents_stay BEFORE DELETE ON intents
WHEN OLD.call > (SELECT calls FROM pruned)
BEGIN SELECT RAISE(ABORT, 'intents are deleted only with their calls'); END;
DROP TRIGGER askings_stay;
CREATE TRIGGER askings_stay BEFORE DELETE ON askings
WHEN OLD.used_by > (SELECT calls FROM pruned)
BEGIN SELECT RAISE(ABORT, 'askings are deleted only with their calls'); END;
DROP TRIGGER operations_stay;
CREATE TRIGGER operations_stay BEFORE DELETE ON operations
WHEN max(OLD.first, OLD.last) > (SELECT calls FROM pruned)
    OR OLD.state IN ('claimed', 'running', 'compensating', 'unknown', 'attention')
BEGIN SELECT RAISE(ABORT, 'operations are deleted only when settled, with their calls'); END;
";

/// What an event `pruned` vouches for.
#[derive(Clone, Debug)]
pub(in super::super) struct Pruning {
    /// When it was done.
    pub(in super::super) at: Timestamp,
    /// Where the chain begins from then on.
    pub(in super::super) start: Start,
    /// Up to which time things were to go.
    pub(in super::super) before: Timestamp,
    /// Who wanted it.
    pub(in super::super) by: String,
}

impl Link {
    /// What was taken out.
    fn pruning(&mut self, pruning: &Pruning) {
        self.integer(pruning.at.as_micros());
        self.integer(pruning.start.head.seq);
        self.blob(&pruning.start.head.hash);
        self.integer(pruning.start.last_call);
        self.integer(pruning.before.as_micros());
        self.text(&pruning.by);
    }

    /// When the wall clock had jumped, and by how many microseconds.
    fn jump(&mut self, at: Timestamp, by_us: i64) {
        self.integer(at.as_micros());
        self.integer(by_us);
    }
}

/// Where the chain begins: behind the last pruning, if there was one.
///
/// # Errors
/// What SQLite says.
pub(in super::super) fn start(connection: &Connection) -> rusqlite::Result<Start> {
    let sql = "SELECT pruned_until, pruned_hash, pruned_calls FROM prunings
        ORDER BY seq DESC LIMIT 1";
    let read = |row: &Row<'_>| {
        Ok(Start {
            head: Head {
                seq: row.get(0)?,
                hash: row.get(1)?,
            },
            last_call: row.get(2)?,
        })
    };
    let found = connection.prepare_cached(sql)?.query_row([], read);
    Ok(found.optional()?.unwrap_or_default())
}

/// Appends that `pruning` is done, within a transaction that then does it.
///
/// # Errors
/// What SQLite says.
pub(in super::super) fn append(connection: &Connection, pruning: &Pruning) -> rusqlite::Result<()> {
    let seq = super::append(connection, Event::Pruned, |link| link.pruning(pruning))?;
    let sql = format!("INSERT INTO prunings (seq, {PRUNING}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    let Start { head, last_call } = pruning.start;
    connection
        .execute(
            &sql,
            params![
                seq,
                pruning.at.as_micros(),
                head.seq,
                head.hash,
                last_call,
                pruning.before.as_micros(),
                pruning.by,
            ],
        )
        .map(drop)
}

/// Appends that the wall clock shows `at` after a jump by `by_us` microseconds, within a
/// transaction.
///
/// # Errors
/// What SQLite says.
pub(in super::super) fn append_jump(
    connection: &Connection,
    at: Timestamp,
    by_us: i64,
) -> rusqlite::Result<()> {
    let seq = super::append(connection, Event::ClockJumped, |link| link.jump(at, by_us))?;
    let sql = format!("INSERT INTO clock_jumps (seq, {JUMP}) VALUES (?1, ?2, ?3)");
    let mut insert = connection.prepare_cached(&sql)?;
    insert.execute([seq, at.as_micros(), by_us]).map(drop)
}
