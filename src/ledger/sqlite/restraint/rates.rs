//! Rate limits: one mark per principal and tool, and one per principal.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};

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

/// The marks that calls of one transaction have met, by principal and by tool: each is read once
/// and written once.
#[derive(Debug, Default)]
pub(super) struct Marks(HashMap<String, HashMap<String, Held>>);

#[derive(Debug)]
struct Held {
    mark: Option<Mark>,
    is_changed: bool,
}

impl Marks {
    /// Knows nothing any more; what was not written is gone.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// Writes those that were changed, and knows nothing any more.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO rates (principal, tool, used) VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET used = excluded.used";
        for (principal, tools) in self.0.drain() {
            for (tool, held) in tools.into_iter().filter(|(_, held)| held.is_changed) {
                let used = held.mark.map(|mark| mark.to_bytes());
                let mut keep = connection.prepare_cached(sql)?;
                keep.execute(params![principal, tool, used])?;
            }
        }
        Ok(())
    }

    fn find(
        &mut self,
        connection: &Connection,
        principal: &str,
        tool: &str,
    ) -> rusqlite::Result<Option<Mark>> {
        let known = self.0.get(principal);
        if let Some(held) = known.and_then(|tools| tools.get(tool)) {
            return Ok(held.mark);
        }
        let sql = "SELECT used FROM rates WHERE principal = ?1 AND tool = ?2";
        let mut find = connection.prepare_cached(sql)?;
        let used = find.query_row([principal, tool], |row| mark(row, 0));
        let mark = used.optional()?.flatten();
        let is_changed = false;
        self.hold(principal, tool, Held { mark, is_changed });
        Ok(mark)
    }

    fn keep(&mut self, principal: &str, tool: &str, mark: Mark) {
        let known = self.0.get_mut(principal);
        let next = Held {
            mark: Some(mark),
            is_changed: true,
        };
        match known.and_then(|tools| tools.get_mut(tool)) {
            Some(held) => *held = next,
            None => self.hold(principal, tool, next),
        }
    }

    fn hold(&mut self, principal: &str, tool: &str, held: Held) {
        let tools = self.0.entry(principal.to_owned()).or_default();
        tools.insert(tool.to_owned(), held);
    }
}

/// Decides by both rates; the marks are to be kept once the call goes on.
pub(super) fn check(
    restraints: &mut Restraints<'_>,
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
        let (connection, principal) = (restraints.connection, row.principal.as_str());
        let used = restraints.marks.find(connection, principal, tool)?;
        match rate::take(rate, used, &restraints.now) {
            Ok(next) => *mark = Some(next),
            Err(TooSoon { wait, mark }) => {
                restraints.marks.keep(principal, tool, mark);
                return Ok(Err(later(Code::RateLimited, message(rate, tool), wait)));
            }
        }
    }
    Ok(Ok(taken))
}

/// Keeps what [`check`] took.
pub(super) fn take(restraints: &mut Restraints<'_>, row: &CallRow, taken: &Taken) {
    for (mark, tool) in taken.iter().zip(tools(row)) {
        if let Some(mark) = mark {
            restraints.marks.keep(row.principal.as_str(), tool, *mark);
        }
    }
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
