//! The events of a ledger in order, a page at a time, each page in a transaction of its own, so
//! that a slow reader holds up no checkpoint.

use std::ops::ControlFlow;

use rusqlite::{Connection, Row, types::ValueRef};

use super::{
    END, Event, Head, JUMP, LOCK, Link, PRUNING, REQUEST, RESOLUTION, STEP,
    chain::{Fault, Found, Start},
};
use crate::ledger::sqlite::schema;

/// Most events of a page.
const PAGE_EVENTS: i64 = 1000;
/// The columns of the event itself; those that events vouch for follow.
const OWN: usize = 5;

/// Shows the next events behind the one of number `after` to `visit`, until it has seen enough
/// or the page is full. Whether there was any.
///
/// # Errors
/// What SQLite says, and what `visit` does.
pub(super) fn page(
    connection: &Connection,
    version: i32,
    after: i64,
    mut visit: impl FnMut(&Entry<'_>) -> rusqlite::Result<ControlFlow<()>>,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(&select(version))?;
    let mut rows = statement.query([after])?;
    let mut is_any = false;
    while let Some(row) = rows.next()? {
        is_any = true;
        if visit(&Entry(row))?.is_break() {
            break;
        }
    }
    Ok(is_any)
}

/// What a ledger of this version of the schema is asked for.
fn select(version: i32) -> String {
    let mut columns = vec!["audit.seq, call, event, prev, hash", REQUEST, END];
    let mut joins = vec!["LEFT JOIN calls ON calls.row = audit.call"];
    if version >= schema::WITH_OPERATIONS {
        columns.push(RESOLUTION);
        joins.push("LEFT JOIN resolutions ON resolutions.seq = audit.seq");
    }
    if version >= schema::WITH_PRUNINGS {
        columns.extend([PRUNING, JUMP]);
        joins.push("LEFT JOIN prunings ON prunings.seq = audit.seq");
        joins.push("LEFT JOIN clock_jumps ON clock_jumps.seq = audit.seq");
    }
    if version >= schema::WITH_STEPS {
        columns.push(STEP);
        joins.push("LEFT JOIN steps ON steps.seq = audit.seq");
    }
    if version >= schema::WITH_LOCKS {
        columns.push(LOCK);
        joins.push("LEFT JOIN locks ON locks.seq = audit.seq");
    }
    let (columns, joins) = (columns.join(", "), joins.join(" "));
    format!(
        "SELECT {columns} FROM audit {joins}
         WHERE audit.seq > ?1 ORDER BY audit.seq LIMIT {PAGE_EVENTS}"
    )
}

/// One event with all that stands beside it.
pub(super) struct Entry<'r>(&'r Row<'r>);

impl Entry<'_> {
    /// The event itself.
    pub(super) fn found(&self) -> rusqlite::Result<Found<'_>> {
        let bytes = |column| -> rusqlite::Result<&[u8]> {
            Ok(self.0.get_ref(column)?.as_blob().unwrap_or_default())
        };
        let word = self.0.get_ref(2)?.as_str().unwrap_or_default();
        let is_pruning = Event::parse(word) == Some(Event::Pruned);
        Ok(Found {
            seq: self.0.get(0)?,
            call: self.0.get(1)?,
            word,
            prev: bytes(3)?,
            hash: bytes(4)?,
            pruned: is_pruning.then(|| self.start()).flatten(),
        })
    }

    /// Where the event says that the chain begins; nothing where its pruning is not there.
    fn start(&self) -> Option<Start> {
        let first = OWN + Event::Pruned.columns().start;
        Some(Start {
            head: Head {
                seq: self.0.get(first + 1).ok()?,
                hash: self.0.get(first + 2).ok()?,
            },
            last_call: self.0.get(first + 3).ok()?,
        })
    }

    /// The value of the column `column` of those that events vouch for.
    pub(super) fn value(&self, column: usize) -> rusqlite::Result<ValueRef<'_>> {
        self.0.get_ref(OWN + column)
    }

    /// Adds what `event` vouches for to its hash, where it is still there.
    pub(super) fn add(&self, event: Event, link: &mut Link) -> rusqlite::Result<Result<(), Fault>> {
        if event.is_of_call() && matches!(self.value(0)?, ValueRef::Null) {
            return Ok(Err(Fault::CallGone));
        }
        let columns = event.columns();
        link.stored(self.0, OWN + columns.start..OWN + columns.end)?;
        Ok(Ok(()))
    }
}
