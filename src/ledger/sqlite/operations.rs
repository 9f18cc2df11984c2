//! The table of operations: who claimed a key, where its operation stands, what it answered.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Statement, params, types::Type};
use uuid::Uuid;

use super::{
    super::{
        operation::{Operation, OperationState},
        policy::time::{Mark, Now},
    },
    in_hand, instance, recovery,
    seal::Seal,
};
use crate::base::{
    clock::Timestamp,
    id::{CallId, Principal},
};
pub(super) use found::Told;
use found::{FOUND, Found};
use keys::Keys;

/// The second migration.
///
/// `first` is the call that began the operation and gives it its name for people, `last` the
/// call of its latest attempt, whose row holds the answer; `reply` stands where that row cannot
/// hold it. Keys and fingerprints are kept as keyed hashes (see [`Seal`]). A key may have several rows, one after the other: the last one counts.
pub(super) const TABLES: &str = "
CREATE TABLE operations (
    row INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    source TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    retry_safe INTEGER NOT NULL,
    first INTEGER NOT NULL REFERENCES calls,
    last INTEGER NOT NULL REFERENCES calls,
    state TEXT NOT NULL,
    owner INTEGER NOT NULL REFERENCES instances,
    began INTEGER NOT NULL,
    ended INTEGER,
    deaths INTEGER NOT NULL DEFAULT 0,
    reply TEXT
) STRICT;
CREATE INDEX operations_by_key ON operations (key);
CREATE INDEX operations_open ON operations (owner)
    WHERE state IN ('claimed', 'running', 'compensating');
CREATE INDEX operations_unresolved ON operations (state) WHERE state IN ('unknown', 'attention');

CREATE TRIGGER operations_begin_at_the_beginning BEFORE INSERT ON operations
WHEN NEW.state NOT IN ('claimed', 'running')
BEGIN SELECT RAISE(ABORT, 'an operation begins as claimed or running'); END;
CREATE TRIGGER operations_move_legally BEFORE UPDATE OF state ON operations WHEN NOT (
    OLD.state = 'claimed' AND NEW.state IN ('running', 'abandoned')
    OR OLD.state = 'running' AND NEW.state IN ('running', 'succeeded', 'failed', 'failed_clean',
        'unknown', 'compensating', 'rolled_back', 'attention')
    OR OLD.state IN ('failed_clean', 'abandoned') AND NEW.state = 'running'
    OR OLD.state = 'unknown' AND NEW.state IN ('running', 'succeeded', 'failed_clean',
        'rolled_back', 'compensating', 'attention')
    OR OLD.state = 'compensating' AND NEW.state IN ('compensating', 'rolled_back', 'attention')
    OR OLD.state = 'attention' AND NEW.state IN ('running', 'succeeded', 'failed_clean',
        'rolled_back', 'compensating'))
BEGIN SELECT RAISE(ABORT, 'an operation cannot go there'); END;
CREATE TRIGGER operations_keep_their_name BEFORE UPDATE OF row, key, source, first ON operations
BEGIN SELECT RAISE(ABORT, 'what an operation is for is never changed'); END;
CREATE TABLE resolutions (
    seq INTEGER PRIMARY KEY,
    operation INTEGER NOT NULL,
    at INTEGER NOT NULL,
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE TRIGGER resolutions_stay BEFORE DELETE ON resolutions
BEGIN SELECT RAISE(ABORT, 'resolutions are never deleted'); END;
CREATE TRIGGER resolutions_are_final BEFORE UPDATE ON resolutions
BEGIN SELECT RAISE(ABORT, 'resolutions are never changed'); END;
CREATE TRIGGER operations_stay BEFORE DELETE ON operations
WHEN OLD.state IN ('claimed', 'running', 'compensating', 'unknown', 'attention')
BEGIN SELECT RAISE(ABORT, 'an operation that is not settled is never deleted'); END;
";

/// A migration: operations are asked for by the call that began them.
pub(super) const BY_FIRST: &str = "CREATE INDEX operations_by_first ON operations (first)";

/// A migration: an operation has the row of the call that began it, so that no index is needed to find
/// it; one from before has a lower one and is in the index.
pub(super) const ROW_OF_FIRST: &str = "
DROP INDEX operations_by_first;
CREATE INDEX operations_by_first ON operations (first) WHERE row <> first;
CREATE VIEW begun (call, operation) AS SELECT row, row FROM operations WHERE row = first
UNION ALL SELECT first, row FROM operations WHERE row <> first;
";

/// Of the operations `o`, the one that the call of the id ?1 began.
pub(super) const BEGUN_BY_ID: &str = "o.row = (SELECT operation FROM begun
    WHERE call = (SELECT row FROM calls WHERE call_id = ?1))";

/// Of these, those that a call of the principal ?2 began.
const OF_PRINCIPAL: &str = "EXISTS (SELECT 1 FROM calls WHERE row = o.first AND principal = ?2)";

/// A migration: when the first attempt began of an operation that a service knows by its name.
pub(super) const NAMED: &str = "ALTER TABLE operations ADD COLUMN named BLOB";

/// All or nothing of the transaction, too: see [`moves::BEGINNING_OR_NOTHING`].
const CLAIM: &str = "
INSERT OR ROLLBACK INTO operations (row, key, source, fingerprint, retry_safe, first, last, state,
    owner, began, named)
VALUES (?5, ?1, ?2, ?3, ?4, ?5, ?5, 'running', ?6, ?7, ?8)";

const AGAIN: &str = "
UPDATE operations SET state = 'running', last = ?2, owner = ?3, began = ?4, ended = NULL,
    fingerprint = ?5, retry_safe = ?6, reply = NULL
WHERE row = ?1";

/// All or nothing of the transaction, as the trigger has it: see [`moves::MOVES_OR_NOTHING`].
const END: &str = "
UPDATE OR ROLLBACK operations SET state = ?2, ended = ?3, reply = ?4
WHERE row = ?1 AND state IN ('running', 'compensating') AND owner = ?5";

/// The statements that operations need.
pub(super) struct Operations<'c> {
    connection: &'c Connection,
    state: PathBuf,
    me: i64,
    seal: Seal,
    find: Statement<'c>,
    /// Which operations may have a key.
    pub(super) keys: Keys<'c>,
    claim: Statement<'c>,
    end: Statement<'c>,
    /// Those that this process has in hand.
    pub(super) open: in_hand::Rows,
}

impl<'c> Operations<'c> {
    /// Prepares them for the process of row `me`, which shares the state directory `state`.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn prepare(
        connection: &'c Connection,
        state: &Path,
        me: i64,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            state: state.to_owned(),
            me,
            seal: Seal::of(connection)?,
            find: connection.prepare(&format!("{FOUND} o.row = ?1 AND o.key = ?2"))?,
            keys: Keys::prepare(connection)?,
            claim: connection.prepare(CLAIM)?,
            end: connection.prepare(END)?,
            open: in_hand::Rows::default(),
        })
    }

    /// Goes on as the process of row `me`.
    #[cfg(test)]
    pub(super) fn reborn_as(&mut self, me: i64) {
        self.me = me;
        self.keys.reborn();
    }

    /// The same with key and fingerprint as they are kept.
    pub(super) fn sealed(&self, asked: &Operation) -> Operation {
        Operation {
            key: self.seal.seal(&asked.key),
            fingerprint: self.seal.seal(&asked.fingerprint),
            ..asked.clone()
        }
    }

    /// The operation that has this sealed key now.
    pub(super) fn find(&mut self, key: &[u8; 32]) -> rusqlite::Result<Option<Found>> {
        let (state, me) = (&self.state, self.me);
        let mut before = i64::MAX;
        while let Some(row) = self.keys.newest(key, before)? {
            let found = self
                .find
                .query_row(params![row, key], |row| Found::read(row, state, me))
                .optional()?;
            if found.is_some() {
                return Ok(found);
            }
            before = row;
        }
        Ok(None)
    }

    /// The operation that the call `id` of `principal` began.
    pub(super) fn find_of(
        &mut self,
        id: CallId,
        principal: &Principal,
    ) -> rusqlite::Result<Option<Found>> {
        let sql = format!("{FOUND} {BEGUN_BY_ID} AND {OF_PRINCIPAL}");
        self.connection
            .prepare_cached(&sql)?
            .query_row(params![id.as_bytes(), principal.as_str()], |row| {
                Found::read(row, &self.state, self.me)
            })
            .optional()
    }

    /// Writes a new operation, begun by the call of row `call`, which is its own row as well.
    pub(super) fn claim(
        &mut self,
        asked: &Operation,
        call: i64,
        now: &Now,
    ) -> rusqlite::Result<()> {
        let named = asked.known_there.map(|_| Mark::after(now, 0).to_bytes());
        self.keys.add(&asked.key, call)?;
        self.claim.execute(params![
            asked.key,
            asked.source.as_str(),
            asked.fingerprint,
            asked.retry_safe,
            call,
            self.me,
            now.wall.as_micros(),
            named,
        ])?;
        self.open.add(call);
        Ok(())
    }

    /// Writes a further attempt of the operation of `row`, by the call of row `call`.
    pub(super) fn again(
        &mut self,
        row: i64,
        asked: &Operation,
        call: i64,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let mut again = self.connection.prepare_cached(AGAIN)?;
        let (at, fingerprint) = (now.as_micros(), asked.fingerprint);
        let values = params![row, call, self.me, at, fingerprint, asked.retry_safe];
        again.execute(values)?;
        self.open.add(row);
        Ok(())
    }

    /// Writes where the operation of `row` stands now; `reply` where its call cannot hold it.
    pub(super) fn end(
        &mut self,
        row: i64,
        state: OperationState,
        reply: Option<&str>,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        check(OperationState::Running, state)?;
        let values = params![row, state.as_str(), now.as_micros(), reply, self.me];
        match self.end.execute(values)? {
            1 => {
                self.stands(row, state);
                Ok(())
            }
            changed => Err(rusqlite::Error::StatementChangedRows(changed)),
        }
    }

    /// Takes the operation of `row` in hand, over which so many processes died.
    pub(super) fn take_over(
        &mut self,
        row: i64,
        (was, becomes): (OperationState, OperationState),
        deaths: u32,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        check(was, becomes)?;
        let ended = (!becomes.is_open()).then_some(now.as_micros());
        let sql = "UPDATE operations SET state = ?2, owner = ?3, deaths = ?4, ended = ?5
            WHERE row = ?1";
        let values = params![row, becomes.as_str(), self.me, deaths, ended];
        let mut take = self.connection.prepare_cached(sql)?;
        take.execute(values)?;
        self.stands(row, becomes);
        Ok(())
    }

    /// Writes what was found out about the operation of `row`; `reply` is its answer from now
    /// on, which nobody got yet: whoever was told that nobody knows may ask again.
    pub(super) fn resolve(
        &mut self,
        row: i64,
        (was, becomes): (OperationState, OperationState),
        reply: &str,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        check(was, becomes)?;
        let sql = "UPDATE operations SET state = ?2, ended = ?3, reply = ?4 WHERE row = ?1";
        let values = params![row, becomes.as_str(), now.as_micros(), reply];
        let mut resolve = self.connection.prepare_cached(sql)?;
        resolve.execute(values)?;
        self.stands(row, becomes);
        Ok(())
    }

    /// The transaction at hand is committed.
    pub(super) fn committed(&mut self) {
        self.open.committed();
        self.keys.committed();
    }

    /// The operation of `row`, which this process had in hand or took, is in `state` now.
    fn stands(&mut self, row: i64, state: OperationState) {
        match state.is_open() {
            true => self.open.add(row),
            false => self.open.remove(row),
        }
    }

    /// Notes that the answer of the call of row `call` reached its client.
    pub(super) fn delivered(&mut self, call: i64, at: Timestamp) -> rusqlite::Result<()> {
        let sql = "UPDATE calls SET delivered = ?2 WHERE row = ?1 AND delivered IS NULL";
        let mut delivered = self.connection.prepare_cached(sql)?;
        delivered.execute([call, at.as_micros()]).map(drop)
    }

    /// Whether the process lives that has the operation of `row` in hand.
    pub(super) fn is_owner_alive(&self, row: i64) -> rusqlite::Result<bool> {
        let sql = "SELECT i.row, i.id FROM operations o JOIN instances i ON i.row = o.owner
            WHERE o.row = ?1";
        let (owner, id): (i64, [u8; 16]) = self
            .connection
            .prepare_cached(sql)?
            .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(owner == self.me || instance::is_alive(&self.state, Uuid::from_bytes(id)))
    }

    /// Settles the operation of `row` and its call, whose process is dead.
    pub(super) fn recover(&mut self, row: i64, now: Timestamp) -> rusqlite::Result<()> {
        let sql = "SELECT last FROM operations WHERE row = ?1";
        let call: i64 = self
            .connection
            .prepare_cached(sql)?
            .query_row([row], |row| row.get(0))?;
        recovery::settle_call(self.connection, call, now)?;
        recovery::settle_dead(self.connection, row, now)
    }
}

/// The one gate for a change of state; the trigger in the file is the second.
pub(super) fn check(from: OperationState, to: OperationState) -> rusqlite::Result<()> {
    if from.may_become(to) {
        return Ok(());
    }
    let text = format!(
        "an operation cannot go from {} to {}",
        from.as_str(),
        to.as_str()
    );
    Err(rusqlite::Error::InvalidParameterName(text))
}

/// A column that holds a word of ours.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text).ok_or_else(|| {
        let text = format!("no such word is known: `{text}`");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, text.into())
    })
}

mod found;
pub(super) mod keys;
pub(super) mod moves;
#[cfg(test)]
mod tests;
