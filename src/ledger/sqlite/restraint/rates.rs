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

/// The marks to keep, of the one tool and of all: each with its place among those that are held, where it
/// stays for the transaction.
pub(super) type Taken = [Option<(usize, Mark)>; 2];

/// Stands for all tools.
const ALL: &str = "";

/// The marks that calls have met: each is read once, as long as nobody else writes, and written
/// once in a transaction.
#[derive(Debug, Default)]
pub(super) struct Marks {
    held: Vec<Held>,
    /// Their places, by principal and by tool.
    places: HashMap<String, HashMap<String, usize>>,
    /// The places of those that are not written yet.
    changed: Vec<usize>,
}

#[derive(Debug)]
struct Held {
    principal: String,
    tool: String,
    mark: Option<Mark>,
    is_changed: bool,
}

impl Marks {
    /// Knows nothing any more; what was not written is gone.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Writes those that were changed.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO rates (principal, tool, used) VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET used = excluded.used";
        for place in self.changed.drain(..) {
            let Some(held) = self.held.get_mut(place) else {
                continue;
            };
            let used = held.mark.map(|mark| mark.to_bytes());
            let mut keep = connection.prepare_cached(sql)?;
            keep.execute(params![held.principal, held.tool, used])?;
            held.is_changed = false;
        }
        Ok(())
    }

    /// The place of the mark of `principal` and `tool`, and the mark, if there is one.
    fn find(
        &mut self,
        connection: &Connection,
        principal: &str,
        tool: &str,
    ) -> rusqlite::Result<(usize, Option<Mark>)> {
        if let Some(place) = self.place(principal, tool) {
            return Ok((place, self.held.get(place).and_then(|held| held.mark)));
        }
        let sql = "SELECT used FROM rates WHERE principal = ?1 AND tool = ?2";
        let mut find = connection.prepare_cached(sql)?;
        let used = find.query_row([principal, tool], |row| mark(row, 0));
        let mark = used.optional()?.flatten();
        Ok((self.hold(principal, tool, mark), mark))
    }

    fn keep(&mut self, place: usize, mark: Mark) {
        let Some(held) = self.held.get_mut(place) else {
            return;
        };
        held.mark = Some(mark);
        if !std::mem::replace(&mut held.is_changed, true) {
            self.changed.push(place);
        }
    }

    fn place(&self, principal: &str, tool: &str) -> Option<usize> {
        self.places.get(principal)?.get(tool).copied()
    }

    fn hold(&mut self, principal: &str, tool: &str, mark: Option<Mark>) -> usize {
        let place = self.held.len();
        self.held.push(Held {
            principal: principal.to_owned(),
            tool: tool.to_owned(),
            mark,
            is_changed: false,
        });
        let tools = self.places.entry(principal.to_owned()).or_default();
        tools.insert(tool.to_owned(), place);
        place
    }
}

/// Decides by both rates; the marks are to be kept once the call goes on.
pub(super) fn check(
    restraints: &mut Restraints<'_>,
    row: &CallRow,
    demands: &Demands,
) -> rusqlite::Result<Result<Taken, Box<Problem>>> {
    let mut taken = [None; 2];
    for ((taken, rate), tool) in taken
        .iter_mut()
        .zip([demands.rate, demands.rate_of_all])
        .zip(tools(row))
    {
        let Some(rate) = rate else { continue };
        let (connection, principal) = (restraints.connection, row.principal.as_str());
        let (place, used) = restraints.marks.find(connection, principal, tool)?;
        match rate::take(rate, used, &restraints.now) {
            Ok(next) => *taken = Some((place, next)),
            Err(TooSoon { wait, mark }) => {
                restraints.marks.keep(place, mark);
                return Ok(Err(later(Code::RateLimited, message(rate, tool), wait)));
            }
        }
    }
    Ok(Ok(taken))
}

/// Keeps what [`check`] took in the same transaction.
pub(super) fn take(restraints: &mut Restraints<'_>, taken: &Taken) {
    for (place, mark) in taken.iter().flatten() {
        restraints.marks.keep(*place, *mark);
    }
}

fn tools(row: &CallRow) -> [&str; 2] {
    [&*row.tool, ALL]
}

fn message(rate: Rate, tool: &str) -> String {
    let what = match tool {
        ALL => "all tools together".to_owned(),
        tool => format!("`{tool}`"),
    };
    format!("too many calls of {what}: the limit is {rate}; this one was not started")
}
