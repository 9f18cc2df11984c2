//! The loop guard: one row per principal, tool and way of failing, gone with the next success.

use rusqlite::{OptionalExtension as _, Row, params};

use super::{Demands, Restraints, later, mark};
use crate::{
    base::{
        going_round::Loop,
        limits::{LOOP_ROWS_MAX, LOOP_WINDOW},
        problem::{Advice, Code, Problem},
    },
    ledger::{
        admission::{Failure, SoFar, Way},
        policy::{
            repeats::{Leaves, Repeats, Signature},
            time::micros,
        },
        record::CallRow,
    },
};

/// Whether the table holds anything, looked up once in a transaction: mostly it does not, and
/// then no call costs a statement of its own.
#[derive(Debug, Default)]
pub(super) struct Presence(Option<bool>);

impl Presence {
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

fn is_anything_known(restraints: &mut Restraints<'_>) -> rusqlite::Result<bool> {
    if let Some(known) = restraints.loops.0 {
        return Ok(known);
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM loops)";
    let mut look = restraints.connection.prepare_cached(sql)?;
    let mut known: bool = look.query_row([], |row| row.get(0))?;
    if known {
        // Twice the time, because a stop may last as long as the window.
        let old =
            restraints.now.wall.as_micros() - 2 * i64::try_from(micros(LOOP_WINDOW)).unwrap_or(0);
        let sql = "DELETE FROM loops WHERE wall < ?1";
        if restraints.connection.prepare_cached(sql)?.execute([old])? > 0 {
            known = look.query_row([], |row| row.get(0))?;
        }
    }
    restraints.loops.0 = Some(known);
    Ok(known)
}

/// What is known of calls of this tool that ran and failed; a problem where this call is one
/// too many.
pub(super) fn check(
    restraints: &mut Restraints<'_>,
    call: &CallRow,
    demands: &Demands,
) -> rusqlite::Result<Result<Vec<SoFar>, Box<Problem>>> {
    if !demands.is_loop_guarded || !is_anything_known(restraints)? {
        return Ok(Ok(Vec::new()));
    }
    let sql = "SELECT count, stops, at, until, leaves, signature FROM loops
        WHERE principal = ?1 AND tool = ?2 AND runs = 1 ORDER BY row";
    let known: Vec<(Signature, Repeats)> = restraints
        .connection
        .prepare_cached(sql)?
        .query_map([call.principal.as_str(), &*call.tool], |row| {
            Ok((row.get(5)?, read(row)?))
        })?
        .collect::<Result<_, _>>()?;
    if known.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let leaves = leaves(call.effective_arguments.as_deref(), &call.raw_arguments);
    let mut so_far = Vec::new();
    for (signature, repeats) in known {
        if let Some((stopped, wait)) = repeats.meet(&leaves, &restraints.now) {
            let key = Key::of(call, true, signature);
            keep(restraints, &key, &stopped)?;
            return Ok(Err(stop(&repeats, wait)));
        }
        let next = Repeats::failed(Some(repeats), &leaves, &restraints.now);
        if next.is_told() {
            let told = told(&next, String::new());
            so_far.push(SoFar { signature, told });
        }
    }
    Ok(Ok(so_far))
}

fn stop(repeats: &Repeats, wait: std::time::Duration) -> Box<Problem> {
    let message = format!(
        "nearly this call has failed in the same way {} times; it was not started again",
        repeats.count
    );
    let problem = later(Code::RetryLoop, message, wait);
    Box::new(Problem {
        advice: Advice::ChangedArgs,
        going_round: Some(told(repeats, String::new())),
        ..*problem
    })
}

fn told(repeats: &Repeats, constraint: String) -> Loop {
    Loop {
        count: repeats.count,
        tried: repeats.tried(),
        constraint,
    }
}

/// Counts the end of the admitted call of row `call`.
pub(super) fn ended(restraints: &mut Restraints<'_>, call: i64, way: &Way) -> rusqlite::Result<()> {
    match way {
        Way::Silent => Ok(()),
        Way::Succeeded if !is_anything_known(restraints)? => Ok(()),
        Way::Succeeded => {
            let sql = "DELETE FROM loops WHERE (principal, tool) =
                (SELECT principal, tool FROM calls WHERE row = ?1)";
            restraints
                .connection
                .prepare_cached(sql)?
                .execute([call])
                .map(drop)
        }
        Way::Failed(signature) => {
            let sql = "SELECT principal, tool, effective_arguments, raw_arguments FROM calls
                WHERE row = ?1";
            let (principal, tool, effective, raw): (String, String, Option<String>, String) =
                restraints
                    .connection
                    .prepare_cached(sql)?
                    .query_row([call], |row| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                    })?;
            let key = Key {
                principal: &principal,
                tool: &tool,
                runs: true,
                signature: *signature,
            };
            count(restraints, &key, &leaves(effective.as_deref(), &raw)).map(drop)
        }
    }
}

/// Counts the end of a call that never had to be admitted first.
pub(super) fn ended_at_once(
    restraints: &mut Restraints<'_>,
    call: &CallRow,
    way: &Way,
) -> rusqlite::Result<()> {
    match way {
        Way::Silent => Ok(()),
        Way::Succeeded if !is_anything_known(restraints)? => Ok(()),
        Way::Succeeded => {
            let sql = "DELETE FROM loops WHERE principal = ?1 AND tool = ?2";
            let names = [call.principal.as_str(), &*call.tool];
            restraints
                .connection
                .prepare_cached(sql)?
                .execute(names)
                .map(drop)
        }
        Way::Failed(signature) => {
            let leaves = leaves(call.effective_arguments.as_deref(), &call.raw_arguments);
            count(restraints, &Key::of(call, true, *signature), &leaves).map(drop)
        }
    }
}

/// Counts a refusal of what the caller sent; see [`Restraints::refused`].
pub(super) fn refused(
    restraints: &mut Restraints<'_>,
    call: &CallRow,
    failure: &Failure,
) -> rusqlite::Result<Option<Box<Problem>>> {
    let key = Key::of(call, false, failure.signature);
    let repeats = count(restraints, &key, &failure.leaves)?;
    if !repeats.is_told() {
        return Ok(None);
    }
    let told = told(&repeats, failure.constraint.clone());
    let mut problem = failure.problem.clone();
    if repeats.is_stopped() {
        problem.message = format!(
            "nearly this call was refused for the same reason {} times: {}",
            repeats.count, problem.message
        );
        problem.code = Code::RetryLoop;
    }
    problem.going_round = Some(told);
    Ok(Some(Box::new(problem)))
}

/// Which row.
struct Key<'a> {
    principal: &'a str,
    tool: &'a str,
    /// Whether it is about calls that ran, or about calls that were refused.
    runs: bool,
    signature: Signature,
}

impl<'a> Key<'a> {
    fn of(call: &'a CallRow, runs: bool, signature: Signature) -> Self {
        Self {
            principal: call.principal.as_str(),
            tool: &call.tool,
            runs,
            signature,
        }
    }
}

fn count(
    restraints: &mut Restraints<'_>,
    key: &Key<'_>,
    leaves: &Leaves,
) -> rusqlite::Result<Repeats> {
    let sql = "SELECT count, stops, at, until, leaves FROM loops
        WHERE principal = ?1 AND tool = ?2 AND runs = ?3 AND signature = ?4";
    let names = params![key.principal, key.tool, key.runs, key.signature];
    let before = restraints
        .connection
        .prepare_cached(sql)?
        .query_row(names, read)
        .optional()?;
    let is_new = before.is_none();
    let next = Repeats::failed(before, leaves, &restraints.now);
    keep(restraints, key, &next)?;
    if is_new {
        restraints.loops.0 = Some(true);
        let sql = "DELETE FROM loops WHERE principal = ?1 AND row <=
            (SELECT row FROM loops WHERE principal = ?1 ORDER BY row DESC LIMIT 1 OFFSET ?2)";
        let mut bound = restraints.connection.prepare_cached(sql)?;
        bound.execute(params![key.principal, LOOP_ROWS_MAX])?;
    }
    Ok(next)
}

fn keep(restraints: &Restraints<'_>, key: &Key<'_>, repeats: &Repeats) -> rusqlite::Result<()> {
    let sql = "INSERT INTO loops
        (principal, tool, runs, signature, count, stops, at, until, wall, leaves)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT DO UPDATE SET count = excluded.count, stops = excluded.stops,
            at = excluded.at, until = excluded.until, wall = excluded.wall,
            leaves = excluded.leaves";
    let values = params![
        key.principal,
        key.tool,
        key.runs,
        key.signature,
        repeats.count,
        repeats.stops,
        repeats.at.to_bytes(),
        repeats.until.map(|until| until.to_bytes()),
        restraints.now.wall.as_micros(),
        repeats.values_json(),
    ];
    restraints
        .connection
        .prepare_cached(sql)?
        .execute(values)
        .map(drop)
}

/// Reads count, stops, at, until and leaves.
fn read(row: &Row<'_>) -> rusqlite::Result<Repeats> {
    // One that cannot be read is of long ago.
    let at = mark(row, 2)?.unwrap_or_default();
    let until = mark(row, 3)?;
    let leaves: String = row.get(4)?;
    Ok(Repeats::from_stored(
        (row.get(0)?, row.get(1)?),
        at,
        until,
        &leaves,
    ))
}

fn leaves(effective: Option<&str>, raw: &str) -> Leaves {
    Leaves::of_json(effective.unwrap_or(raw))
}
