//! Rate limits: one mark per principal and tool, and one per principal.

use rusqlite::{OptionalExtension as _, params};

use super::{Demands, Restraints, later, mark};
use crate::{
    base::{
        problem::{Code, Problem},
        quota::Rate,
    },
    ledger::{
        policy::{
            rate::{self, TooSoon},
            time::Mark,
        },
        record::CallRow,
    },
};

/// The marks to keep, each with the tool that it is for: the one, or all.
pub(super) type Taken = [Option<Mark>; 2];

/// Stands for all tools.
const ALL: &str = "";

/// Decides by both rates; the marks are to be kept once the call goes on.
pub(super) fn check(
    restraints: &Restraints<'_>,
    row: &CallRow,
    demands: &Demands,
) -> rusqlite::Result<Result<Taken, Box<Problem>>> {
    let mut taken = [None; 2];
    for ((mark, rate), tool) in taken
        .iter_mut()
        .zip([demands.rate, demands.rate_of_all])
        .zip(tools(row))
    {
        let Some(rate) = rate else { continue };
        let used = find(restraints, row, tool)?;
        match rate::take(rate, used, &restraints.now) {
            Ok(next) => *mark = Some(next),
            Err(TooSoon { wait, mark }) => {
                keep(restraints, row, tool, &mark)?;
                return Ok(Err(later(Code::RateLimited, message(rate, tool), wait)));
            }
        }
    }
    Ok(Ok(taken))
}

/// Keeps what [`check`] took.
pub(super) fn take(
    restraints: &Restraints<'_>,
    row: &CallRow,
    taken: &Taken,
) -> rusqlite::Result<()> {
    for (mark, tool) in taken.iter().zip(tools(row)) {
        if let Some(mark) = mark {
            keep(restraints, row, tool, mark)?;
        }
    }
    Ok(())
}

fn tools(row: &CallRow) -> [&str; 2] {
    [row.tool.as_str(), ALL]
}

fn message(rate: Rate, tool: &str) -> String {
    let what = match tool {
        ALL => "all tools together".to_owned(),
        tool => format!("`{tool}`"),
    };
    format!("too many calls of {what}: the limit is {rate}; this one was not started")
}

fn find(restraints: &Restraints<'_>, row: &CallRow, tool: &str) -> rusqlite::Result<Option<Mark>> {
    let sql = "SELECT used FROM rates WHERE principal = ?1 AND tool = ?2";
    let mut find = restraints.connection.prepare_cached(sql)?;
    let used = find.query_row([row.principal.as_str(), tool], |row| mark(row, 0));
    Ok(used.optional()?.flatten())
}

fn keep(
    restraints: &Restraints<'_>,
    row: &CallRow,
    tool: &str,
    mark: &Mark,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO rates (principal, tool, used) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET used = excluded.used";
    let mut keep = restraints.connection.prepare_cached(sql)?;
    keep.execute(params![row.principal.as_str(), tool, mark.to_bytes()])
        .map(drop)
}
