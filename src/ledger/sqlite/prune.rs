//! Taking old calls out of the ledger, with the events that vouch for them. What goes is the
//! beginning of the chain, and an event that says so stands for it.
//!
//! The cut is made where no call was running: whatever stays is vouched for whole. It stops
//! before the first call that somebody may still need: one that runs, one whose outcome nobody
//! knows, one whose operation key still protects a write.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};

use super::{
    super::{LedgerError, operation::KeySource},
    audit::{
        Event, Head,
        chain::Start,
        pruning::{self, Pruning},
    },
    explain, open, schema,
};
use crate::base::{
    clock::{Clock, Timestamp},
    id::CallId,
    limits::{KEY_RESULT_KEPT, KEY_TOMBSTONE_KEPT, PRUNE_EVENTS},
    nap::nap,
};

/// The next events in order, each with when it happened.
const EVENTS: &str = "
SELECT audit.seq, hash, event, call,
    CASE event WHEN 'resolved' THEN resolutions.at WHEN 'stepped' THEN stepped
        WHEN 'pruned' THEN pruned_at WHEN 'clock_jump' THEN jumped_at
        WHEN 'lock' THEN locked_at ELSE calls.finished END
FROM audit LEFT JOIN calls ON calls.row = audit.call
    LEFT JOIN resolutions ON resolutions.seq = audit.seq
    LEFT JOIN steps ON steps.seq = audit.seq
    LEFT JOIN prunings ON prunings.seq = audit.seq
    LEFT JOIN clock_jumps ON clock_jumps.seq = audit.seq
    LEFT JOIN locks ON locks.seq = audit.seq
WHERE audit.seq > ?1 ORDER BY audit.seq";

/// The first call at or before row ?1 whose operation is still needed, or has calls behind it.
const NEEDED: &str = "
SELECT min(first) FROM operations WHERE row <= ?1 AND first <= ?1 AND (last > ?1
    OR state IN ('claimed', 'running', 'compensating', 'unknown', 'attention')
    OR coalesce(ended, began) > CASE WHEN source IN (?2, ?3) THEN ?4 ELSE ?5 END)";

/// Tables whose rows go with their events, by the column `seq`.
const OF_EVENTS: [&str; 6] = [
    "resolutions",
    "steps",
    "clock_jumps",
    "locks",
    "prunings",
    "audit",
];
/// Tables whose rows go with their calls, each with what is true of those of call ?1 and before.
const OF_CALLS: [(&str, &str); 4] = [
    // No operation has a higher row than the call that began it.
    ("operations", "row <= ?1 AND first <= ?1"),
    ("further_intents", "call <= ?1"),
    ("askings", "used_by <= ?1"),
    ("calls", "row <= ?1"),
];

/// Takes out definitions, at most ?2 of them, by which no call behind row ?1 has done a step. A
/// batch uses up no more of them than it has calls, so none is left for ever.
const UNUSED_DEFINITIONS: &str = "
DELETE FROM definitions WHERE digest IN
    (SELECT digest FROM definitions WHERE last <= ?1 LIMIT ?2)";

/// What was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pruned {
    /// Events.
    pub(crate) events: i64,
    /// Calls.
    pub(crate) calls: i64,
    /// The call that could not go although it is old enough, and so nothing behind it.
    pub(crate) obstacle: Option<Obstacle>,
}

/// Why a call cannot go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It is still running.
    Running(CallId),
    /// Its operation is needed: a key that protects a write, or an outcome that nobody knows.
    Needed(CallId),
}

/// Takes out of the ledger of `dir` what is over since before `before`, in the name of `by`, a
/// little at a time, so that nobody who writes waits for long.
///
/// # Errors
/// When the ledger cannot be written; what was taken out before is out.
pub(crate) fn carry_out(
    dir: &Path,
    before: Timestamp,
    by: &str,
    clock: &dyn Clock,
) -> Result<Pruned, LedgerError> {
    let mut opened = open::open(dir, clock)?;
    let mut work = || -> rusqlite::Result<Pruned> {
        let mut total = Pruned::default();
        prepare(&opened.connection)?;
        loop {
            let done = some(&mut opened.connection, before, by, clock.wall())?;
            total.events += done.events;
            total.calls += done.calls;
            total.obstacle = done.obstacle;
            if done.events == 0 {
                return Ok(total);
            }
            let _others_take_their_turn = nap();
        }
    };
    work().map_err(|error| explain(&error))
}

/// Makes a connection fit for [`some`]: whatever refers to a call goes with it, so that looking
/// for what does would only take time.
///
/// # Errors
/// What SQLite says.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", false)
}

/// One transaction of [`carry_out`]: some [`PRUNE_EVENTS`] events, or none where none can go.
///
/// # Errors
/// What SQLite says; nothing was done then.
pub(super) fn some(
    connection: &mut Connection,
    before: Timestamp,
    by: &str,
    now: Timestamp,
) -> rusqlite::Result<Pruned> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != schema::version() {
        // Whoever made it newer knows what belongs together in it.
        return Ok(Pruned::default());
    }
    let from = pruning::start(&transaction)?;
    let (found, needed) = find(&transaction, &from, before, now)?;
    let Some(start) = found else {
        let obstacle = obstacle(&transaction, needed, before)?;
        return Ok(Pruned {
            obstacle,
            ..Pruned::default()
        });
    };
    let by = by.to_owned();
    let pruning = Pruning {
        at: now,
        start,
        before,
        by,
    };
    pruning::append(&transaction, &pruning)?;
    transaction.execute(UNUSED_DEFINITIONS, [start.last_call, PRUNE_EVENTS])?;
    for (table, condition) in OF_CALLS {
        let sql = format!("DELETE FROM {table} WHERE {condition}");
        transaction.execute(&sql, [start.last_call])?;
    }
    for table in OF_EVENTS {
        let sql = format!("DELETE FROM {table} WHERE seq <= ?1");
        transaction.execute(&sql, [start.head.seq])?;
    }
    transaction.commit()?;
    Ok(Pruned {
        events: start.head.seq - from.head.seq,
        calls: start.last_call - from.last_call,
        obstacle: None,
    })
}

/// Where the chain can begin instead of at `from`, and the first call that is still needed, as
/// far as one stood in the way.
fn find(
    connection: &Connection,
    from: &Start,
    before: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<(Option<Start>, Option<i64>)> {
    // The last call stays, because the next one gets the number behind it.
    let sql = "SELECT coalesce(max(row), 1) - 1 FROM calls";
    let mut bound: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let mut needed = None;
    while let Some(start) = cut(connection, from, before, bound)? {
        match first_needed(connection, start.last_call, now)? {
            None => return Ok((Some(start), needed)),
            Some(first) => {
                bound = first - 1;
                needed = Some(first);
            }
        }
    }
    Ok((None, needed))
}

/// The place to cut behind some [`PRUNE_EVENTS`] events that are all from before `before`, none
/// of a call behind row `bound`, and with no call half before it and half behind.
fn cut(
    connection: &Connection,
    from: &Start,
    before: Timestamp,
    bound: i64,
) -> rusqlite::Result<Option<Start>> {
    let mut statement = connection.prepare_cached(EVENTS)?;
    let mut rows = statement.query([from.head.seq])?;
    let (mut open, mut last_call, mut found) = (0, from.last_call, None);
    while let Some(row) = rows.next()? {
        let (seq, hash): (i64, [u8; 32]) = (row.get(0)?, row.get(1)?);
        let (call, at): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        let event = row.get_ref(2)?.as_str().ok().and_then(Event::parse);
        let is_old = at.is_some_and(|at| at < before.as_micros());
        let Some(event) = event.filter(|_| is_old) else {
            break;
        };
        match event {
            Event::Accepted | Event::Settled => {
                last_call = call.unwrap_or(i64::MAX);
                open += i64::from(event == Event::Accepted);
            }
            Event::Completed => open -= 1,
            Event::Resolved
            | Event::Stepped
            | Event::Pruned
            | Event::ClockJumped
            | Event::Locked => {}
        }
        if last_call > bound {
            break;
        }
        if open == 0 {
            let head = Head { seq, hash };
            found = Some(Start { head, last_call });
            if seq - from.head.seq >= PRUNE_EVENTS {
                break;
            }
        }
    }
    Ok(found)
}

fn first_needed(
    connection: &Connection,
    last_call: i64,
    now: Timestamp,
) -> rusqlite::Result<Option<i64>> {
    let values = params![
        last_call,
        KeySource::Meta.as_str(),
        KeySource::Argument.as_str(),
        now.minus(KEY_TOMBSTONE_KEPT).as_micros(),
        now.minus(KEY_RESULT_KEPT).as_micros(),
    ];
    let mut needed = connection.prepare_cached(NEEDED)?;
    needed.query_row(values, |row| row.get(0))
}

/// What stood in the way: the call of row `needed`, or one that has run since before `before`.
fn obstacle(
    connection: &Connection,
    needed: Option<i64>,
    before: Timestamp,
) -> rusqlite::Result<Option<Obstacle>> {
    let id = |sql: &str, value: i64| -> rusqlite::Result<Option<CallId>> {
        let mut found = connection.prepare(sql)?;
        let mut rows = found.query([value])?;
        let id = rows.next()?.map(|row| row.get(0)).transpose()?;
        Ok(id.map(CallId::from_bytes))
    };
    if let Some(row) = needed {
        let needed = id("SELECT call_id FROM calls WHERE row = ?1", row)?;
        return Ok(needed.map(Obstacle::Needed));
    }
    let sql = "SELECT call_id FROM calls WHERE row IN (SELECT row FROM calls_running)
            AND received < ?1 ORDER BY row LIMIT 1";
    Ok(id(sql, before.as_micros())?.map(Obstacle::Running))
}

#[cfg(test)]
mod tests;
