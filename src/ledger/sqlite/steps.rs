//! The tables of steps: each event once and for ever, and the definitions that they are done by.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{
    super::{
        Durability, IntentReceipt, LedgerError,
        admission::Running,
        operation::OperationState,
        steps::{
            Adopted, Closing, GivenUp, Left, Side, StepEntry, StepEvent, StepRecord, Stepped,
            Wanted,
        },
    },
    explain, instance,
    operations::{BEGUN_BY_ID, word},
    read::LogReader,
    resolve, schema,
    statements::Statements,
    written::Written,
};
use crate::base::{clock::Timestamp, id::CallId};

/// A migration. An event is numbered as in the audit trail, which vouches for it.
pub(super) const TABLES: &str = "
CREATE TABLE definitions (
    digest BLOB PRIMARY KEY NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE steps (
    seq INTEGER PRIMARY KEY,
    of_call INTEGER NOT NULL REFERENCES calls,
    stepped INTEGER NOT NULL,
    step INTEGER NOT NULL,
    name TEXT NOT NULL,
    side TEXT NOT NULL,
    went TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT,
    output TEXT
) STRICT;
CREATE INDEX steps_by_call ON steps (of_call);
CREATE TRIGGER steps_stay BEFORE DELETE ON steps
WHEN OLD.seq > (SELECT events FROM pruned)
BEGIN SELECT RAISE(ABORT, 'steps are deleted only with their events'); END;
CREATE TRIGGER steps_are_final BEFORE UPDATE ON steps
BEGIN SELECT RAISE(ABORT, 'steps are never changed'); END;
";

/// A migration: the last call that began a step by a definition. Once that call is gone, no call
/// that did refers to it.
pub(super) const LAST_USED: &str = "
ALTER TABLE definitions ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
UPDATE definitions SET last = coalesce(
    (SELECT max(row) FROM calls WHERE calls.definition = definitions.digest), 0);
";

/// `step`: writes what a step did, and what is about to be done.
pub(super) fn write(
    statements: &mut Statements<'_>,
    of: &IntentReceipt,
    stepped: &Stepped,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let connection = statements.connection();
    let call = of.row;
    if let Some(text) = &stepped.definition {
        connection
            .prepare_cached(
                "INSERT INTO definitions (digest, text, last)
                 SELECT definition, ?2, row FROM calls WHERE row = ?1 AND definition IS NOT NULL
                 ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
            )?
            .execute(params![call, text])?;
    }
    for entry in &stepped.entries {
        let seq = statements.record_step(call, entry, now)?;
        connection
            .prepare_cached(
                "INSERT INTO steps (seq, of_call, stepped, step, name, side, went, attempt,
                     status, output)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                seq,
                call,
                now.as_micros(),
                place(entry.step),
                entry.name,
                entry.side.as_str(),
                entry.event.as_str(),
                entry.attempt,
                entry.status,
                entry.output,
            ])?;
    }
    let mut entries = stepped.entries.iter();
    if entries.any(|entry| entry.side == Side::Undo) {
        connection
            .prepare_cached(
                "UPDATE operations SET state = 'compensating' WHERE row = ?1 AND state = 'running'",
            )?
            .execute([of.operation()])?;
    }
    Ok(Written::row(call))
}

/// The place of a step as SQLite keeps it.
pub(super) fn place(step: usize) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

/// Whether the call of row `call` does steps, and whether one was begun; `None` where it does
/// none.
pub(super) fn has_begun(connection: &Connection, call: i64) -> rusqlite::Result<Option<bool>> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM steps WHERE of_call = ?1)
             FROM intents WHERE call = ?1 AND backend = 'steps' LIMIT 1",
        )?
        .query_row([call], |row| row.get(0))
        .optional()
}

fn entries(connection: &Connection, call: i64) -> rusqlite::Result<Vec<StepRecord>> {
    connection
        .prepare_cached(
            "SELECT stepped, step, name, side, went, attempt, status, output
             FROM steps WHERE of_call = ?1 ORDER BY seq",
        )?
        .query_map([call], record)?
        .collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<StepRecord> {
    Ok(StepRecord {
        at: Timestamp::from_micros(row.get(0)?),
        entry: StepEntry {
            step: usize::try_from(row.get::<_, u32>(1)?).unwrap_or(usize::MAX),
            name: row.get(2)?,
            side: word(row, 3, Side::parse)?,
            event: word(row, 4, StepEvent::parse)?,
            attempt: row.get(5)?,
            status: row.get(6)?,
            output: row.get(7)?,
        },
    })
}

/// The operation whose steps are to be taken over.
struct Found {
    operation: i64,
    call: i64,
    state: OperationState,
    deaths: u32,
}

/// Of the operations `o`, those that a process has in hand, alive or dead.
const IN_HAND: &str = "o.row IN (SELECT row FROM operations_open)";

/// Those that have begun a step and have no end: some of [`IN_HAND`].
const UNDER_WAY: &str = "o.state IN ('running', 'compensating')
    AND EXISTS (SELECT 1 FROM steps WHERE of_call = o.last)";

const FOUND: &str = "SELECT o.row, o.last, o.state, o.deaths FROM operations o";

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        operation: row.get(0)?,
        call: row.get(1)?,
        state: word(row, 2, OperationState::parse)?,
        deaths: row.get(3)?,
    })
}

/// `adopt`: takes over steps that somebody left.
pub(super) fn adopt(
    statements: &mut Statements<'_>,
    wanted: Wanted,
    now: Timestamp,
) -> rusqlite::Result<Adopted> {
    match wanted {
        Wanted::Orphaned => {
            let Some(found) = orphaned(statements)?.into_iter().next() else {
                return Ok(Adopted::NotFound);
            };
            let deaths = found.deaths.saturating_add(1);
            Ok(match take(statements, &found, deaths, now)? {
                Ok(left) => Adopted::Taken(Box::new(left)),
                Err(why) => Adopted::GivenUp(id(statements, &found)?, why),
            })
        }
        Wanted::Named(id) => {
            let sql = format!(
                "{FOUND} WHERE {BEGUN_BY_ID} AND EXISTS (SELECT 1 FROM steps WHERE of_call = o.last)"
            );
            let connection = statements.connection();
            let mut statement = connection.prepare_cached(&sql)?;
            let Some(found) = statement.query_row([id.as_bytes()], found).optional()? else {
                return Ok(Adopted::NotFound);
            };
            let is_open = found.state.is_open();
            if is_open && statements.operations.is_owner_alive(found.operation)? {
                return Ok(Adopted::StillRunning);
            }
            if !is_open && found.state != OperationState::Attention {
                return Ok(Adopted::Settled(found.state));
            }
            // A person sees to it, so it is no matter how often a process died.
            Ok(match take(statements, &found, 0, now)? {
                Ok(left) => Adopted::Taken(Box::new(left)),
                Err(_) => Adopted::Undefined,
            })
        }
    }
}

/// The operations of dead processes that have begun a step.
fn orphaned(statements: &Statements<'_>) -> rusqlite::Result<Vec<Found>> {
    let sql = format!("{FOUND} WHERE {IN_HAND} AND {UNDER_WAY} ORDER BY o.row");
    let mut statement = statements.connection().prepare_cached(&sql)?;
    let open: Vec<Found> = statement.query_map([], found)?.collect::<Result<_, _>>()?;
    let mut orphaned = Vec::new();
    for one in open {
        if !statements.operations.is_owner_alive(one.operation)? {
            orphaned.push(one);
        }
    }
    Ok(orphaned)
}

/// The call that began the operation.
fn id(statements: &Statements<'_>, of: &Found) -> rusqlite::Result<CallId> {
    let sql = "SELECT call_id FROM calls
        WHERE row = (SELECT first FROM operations WHERE row = ?1)";
    let mut find = statements.connection().prepare_cached(sql)?;
    find.query_row([of.operation], |row| Ok(CallId::from_bytes(row.get(0)?)))
}

/// Takes the operation in hand, unless too many processes died over it or its definition was
/// not kept: then a person has to look.
fn take(
    statements: &mut Statements<'_>,
    found: &Found,
    deaths: u32,
    now: Timestamp,
) -> rusqlite::Result<Result<Left, GivenUp>> {
    statements.recover(found.operation, now)?;
    let connection = statements.connection();
    let entries: Vec<StepEntry> = entries(connection, found.call)?
        .into_iter()
        .map(|record| record.entry)
        .collect();
    let sql = "SELECT f.call_id, l.call_id, l.tool, d.text, l.effective_arguments
        FROM operations o JOIN calls f ON f.row = o.first JOIN calls l ON l.row = o.last
            JOIN definitions d ON d.digest = l.definition
        WHERE o.row = ?1";
    let left = connection
        .prepare_cached(sql)?
        .query_row([found.operation], |row| {
            let id = CallId::from_bytes(row.get(0)?);
            let operation = Running {
                operation: found.operation,
                id,
                is_orphaned: false,
            };
            Ok(Left {
                receipt: IntentReceipt {
                    row: found.call,
                    durability: Durability::Synced,
                    operation: Some(operation),
                },
                id,
                call: CallId::from_bytes(row.get(1)?),
                tool: row.get(2)?,
                definition: row.get(3)?,
                arguments: row.get(4)?,
                entries,
            })
        })
        .optional()?;
    let left = GivenUp::unless(left, deaths);
    let becomes = match &left {
        Err(_) => OperationState::Attention,
        Ok(left) if left.entries.iter().any(|entry| entry.side == Side::Undo) => {
            OperationState::Compensating
        }
        Ok(_) => OperationState::Running,
    };
    // It waits for a person already.
    if becomes == found.state && left.is_err() {
        return Ok(left);
    }
    statements
        .operations
        .take_over(found.operation, (found.state, becomes), deaths, now)?;
    Ok(left)
}

/// `close`: writes how an operation ended whose call has an end already.
pub(super) fn close(
    statements: &mut Statements<'_>,
    of: &IntentReceipt,
    closing: &Closing,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let sql = "SELECT row, state, first FROM operations WHERE row = ?1";
    let (row, was, first) =
        statements
            .connection()
            .prepare_cached(sql)?
            .query_row([of.operation()], |row| {
                let state = word(row, 1, OperationState::parse)?;
                Ok((row.get(0)?, state, row.get(2)?))
            })?;
    let change = resolve::Change {
        operation: row,
        first,
        states: (was, closing.state),
        by: &closing.by,
        note: &closing.note,
        reply: &closing.reply,
    };
    change.write(statements, now)?;
    Ok(Written::row(of.row))
}

impl LogReader {
    /// What was written of the steps of the call of row `call`, in order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn steps(&self, call: i64) -> Result<Vec<StepRecord>, LedgerError> {
        if self.version() < schema::WITH_STEPS {
            return Ok(Vec::new());
        }
        entries(self.connection(), call).map_err(|error| explain(&error))
    }

    /// Whether there are steps of a process that has died, which nobody has gone on with.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn has_orphaned_steps(&self) -> Result<bool, LedgerError> {
        if self.version() < schema::WITH_STEPS {
            return Ok(false);
        }
        // An older file does not list them, and all are looked through.
        let among = match self.version() {
            ..schema::WITH_IN_HAND => "TRUE",
            schema::WITH_IN_HAND.. => IN_HAND,
        };
        let owners = || -> rusqlite::Result<Vec<[u8; 16]>> {
            let sql = format!(
                "SELECT i.id FROM operations o JOIN instances i ON i.row = o.owner
                 WHERE {among} AND {UNDER_WAY}"
            );
            let mut statement = self.connection().prepare_cached(&sql)?;
            let found = statement.query_map([], |row| row.get(0))?;
            found.collect()
        };
        let owners = owners().map_err(|error| explain(&error))?;
        let is_dead = |id: &[u8; 16]| !instance::is_alive(self.state(), Uuid::from_bytes(*id));
        Ok(owners.iter().any(is_dead))
    }
}
