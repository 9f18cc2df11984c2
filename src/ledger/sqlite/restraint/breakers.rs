//! Circuit breakers: one row per backend that was ever asked by a tool that has one.

use std::{hash::BuildHasher as _, time::Duration};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{Restraints, later, mark};
use crate::{
    base::{
        event::Event,
        problem::{Advice, Code, Problem},
    },
    ledger::{
        policy::{
            breaker::{Breaker, Health, Passage, Phase},
            time::{Mark, Now},
        },
        sqlite::instance,
    },
};

/// A breaker as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BreakerView {
    /// What stands behind it.
    pub(crate) backend: String,
    /// `closed`, `open`, `probing` or `held`.
    pub(crate) phase: &'static str,
    /// For an open one: how long still.
    pub(crate) remaining: Option<Duration>,
    /// How often it was opened since it was closed last.
    pub(crate) openings: u32,
    /// Failures among the ends it judges by, and all of those.
    pub(crate) failures: (usize, usize),
}

impl BreakerView {
    /// Whether everything is let through.
    pub(crate) fn is_closed(&self) -> bool {
        self.phase == word(Phase::Closed)
    }
}

/// What an operator says of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Let everything through and forget.
    Reset,
    /// Let nothing through until told otherwise.
    Trip,
}

/// Whether the call is the probe.
pub(super) fn check(
    restraints: &Restraints<'_>,
    backend: &str,
) -> rusqlite::Result<Result<bool, Box<Problem>>> {
    let Some(breaker) = find(restraints.connection, backend)? else {
        return Ok(Ok(false));
    };
    let lives = match (breaker.phase, breaker.probe) {
        (Phase::Probing(_), Some(call)) => is_running(restraints, call)?,
        (Phase::Closed | Phase::Open(_) | Phase::Held | Phase::Probing(_), _) => false,
    };
    Ok(match breaker.meet(&restraints.now, lives) {
        Passage::Through => Ok(false),
        Passage::AsProbe => Ok(true),
        Passage::Refused(wait) => Err(open(backend, wait)),
    })
}

fn open(backend: &str, wait: Option<Duration>) -> Box<Problem> {
    match wait {
        Some(wait) => {
            let message = format!(
                "the backend `{backend}` failed too often of late and is left alone for a while; the call was not started"
            );
            later(Code::CircuitOpen, message, wait)
        }
        None => {
            let message = format!(
                "the operator has cut off the backend `{backend}`; the call was not started"
            );
            let problem = Problem::new(Code::CircuitOpen, message);
            Box::new(problem.with_advice(Advice::AskOperator))
        }
    }
}

/// Whether the call of row `call` is running in a living process.
fn is_running(restraints: &Restraints<'_>, call: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT c.instance, i.id FROM calls c JOIN instances i ON i.row = c.instance
        WHERE c.row = ?1 AND c.state = 'running'";
    let owner: Option<(i64, [u8; 16])> = restraints
        .connection
        .prepare_cached(sql)?
        .query_row([call], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(owner.is_some_and(|(row, id)| {
        row == restraints.me || instance::is_alive(&restraints.state, Uuid::from_bytes(id))
    }))
}

/// Makes the call of row `call` the one probe.
pub(super) fn probe(restraints: &Restraints<'_>, backend: &str, call: i64) -> rusqlite::Result<()> {
    let breaker = find(restraints.connection, backend)?.unwrap_or_default();
    let probed = breaker.probed_by(call);
    keep(restraints.connection, backend, &probed, &restraints.now)
}

/// Whether the call of row `call`, whose attempt ended so, may try the backend once more; then
/// that attempt is counted.
pub(super) fn attempt_again(
    restraints: &Restraints<'_>,
    backend: &str,
    call: i64,
    health: Option<Health>,
) -> rusqlite::Result<bool> {
    let before = find(restraints.connection, backend)?.unwrap_or_default();
    let after = before.clone().ended(call, health, &restraints.now, 0);
    let may = after.phase == Phase::Closed;
    if may && after != before {
        keep(restraints.connection, backend, &after, &restraints.now)?;
    }
    Ok(may)
}

/// Counts the end of the call of row `call`.
pub(super) fn ended(
    restraints: &Restraints<'_>,
    backend: &str,
    call: i64,
    health: Option<Health>,
) -> rusqlite::Result<()> {
    let before = find(restraints.connection, backend)?.unwrap_or_default();
    let random = std::hash::RandomState::new().hash_one(call);
    let after = before.clone().ended(call, health, &restraints.now, random);
    if after == before {
        return Ok(());
    }
    match (before.phase, after.phase) {
        (_, Phase::Open(until)) => {
            let pause_ms = until.remaining_us(&restraints.now) / 1000;
            Event::BreakerOpened { backend, pause_ms }.emit();
        }
        (Phase::Probing(_), Phase::Closed) => {
            Event::BreakerClosed { backend }.emit();
        }
        (
            Phase::Closed | Phase::Open(_) | Phase::Probing(_) | Phase::Held,
            Phase::Closed | Phase::Probing(_) | Phase::Held,
        ) => {}
    }
    keep(restraints.connection, backend, &after, &restraints.now)
}

const COLUMNS: &str = "phase, until, successes, openings, probe, written, ends";

fn find(connection: &Connection, backend: &str) -> rusqlite::Result<Option<Breaker>> {
    let sql = "SELECT phase, until, successes, openings, probe, written, ends FROM breakers
        WHERE backend = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([backend], |row| read(row, 0))
        .optional()
}

/// Reads [`COLUMNS`], the first of which has the number `first`.
fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Breaker> {
    let phase: String = row.get(first)?;
    let until = mark(row, first + 1)?;
    let phase = match (phase.as_str(), until) {
        ("open", Some(until)) => Phase::Open(until),
        ("probing", _) => Phase::Probing(row.get(first + 2)?),
        ("held", _) => Phase::Held,
        _ => Phase::Closed,
    };
    let written = mark(row, first + 5)?;
    let ends: Vec<u8> = row.get(first + 6)?;
    Ok(Breaker {
        phase,
        openings: row.get(first + 3)?,
        probe: row.get(first + 4)?,
        ends: written.map_or_else(Vec::new, |written| unpack(&ends, &written)),
    })
}

fn keep(
    connection: &Connection,
    backend: &str,
    breaker: &Breaker,
    now: &Now,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO breakers
        (backend, phase, until, successes, openings, probe, written, ends)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT DO UPDATE SET phase = excluded.phase, until = excluded.until,
            successes = excluded.successes, openings = excluded.openings,
            probe = excluded.probe, written = excluded.written, ends = excluded.ends";
    let (until, successes) = match breaker.phase {
        Phase::Open(until) => (Some(until.to_bytes()), 0),
        Phase::Probing(successes) => (None, successes),
        Phase::Closed | Phase::Held => (None, 0),
    };
    let values = params![
        backend,
        word(breaker.phase),
        until,
        successes,
        breaker.openings,
        breaker.probe,
        Mark::after(now, 0).to_bytes(),
        pack(&breaker.ends, now),
    ];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Closed => "closed",
        Phase::Open(_) => "open",
        Phase::Probing(_) => "probing",
        Phase::Held => "held",
    }
}

/// Each end as its age in microseconds and one byte for how it was.
fn pack(ends: &[(Mark, Health)], now: &Now) -> Vec<u8> {
    let mut packed = Vec::with_capacity(ends.len() * PACKED);
    for (at, health) in ends {
        packed.extend(at.elapsed_us(now).to_le_bytes());
        packed.push(u8::from(*health == Health::Ill));
    }
    packed
}

const PACKED: usize = 9;

fn unpack(packed: &[u8], written: &Mark) -> Vec<(Mark, Health)> {
    let (ends, _) = packed.as_chunks::<PACKED>();
    ends.iter()
        .map(|[age @ .., ill]| {
            let health = if *ill == 1 { Health::Ill } else { Health::Well };
            (written.before(u64::from_le_bytes(*age)), health)
        })
        .collect()
}

/// Every breaker, by name.
///
/// # Errors
/// What SQLite says.
pub(in crate::ledger::sqlite) fn all(
    connection: &Connection,
    now: &Now,
) -> rusqlite::Result<Vec<BreakerView>> {
    connection
        .prepare(&format!(
            "SELECT backend, {COLUMNS} FROM breakers ORDER BY backend"
        ))?
        .query_map([], |row| {
            let breaker = read(row, 1)?;
            let ill = breaker
                .ends
                .iter()
                .filter(|(_, health)| *health == Health::Ill);
            let remaining = match breaker.phase {
                Phase::Open(until) => Some(Duration::from_micros(until.remaining_us(now))),
                Phase::Closed | Phase::Probing(_) | Phase::Held => None,
            };
            Ok(BreakerView {
                backend: row.get(0)?,
                phase: word(breaker.phase),
                remaining,
                openings: breaker.openings,
                failures: (ill.count(), breaker.ends.len()),
            })
        })?
        .collect()
}

/// Does what an operator says.
///
/// # Errors
/// What SQLite says.
pub(in crate::ledger::sqlite) fn judge(
    connection: &Connection,
    backend: &str,
    verdict: Verdict,
    now: &Now,
) -> rusqlite::Result<()> {
    let breaker = match verdict {
        Verdict::Reset => Breaker::default(),
        Verdict::Trip => Breaker::held(),
    };
    keep(connection, backend, &breaker, now)
}
