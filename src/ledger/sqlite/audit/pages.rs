//! The events of a ledger in order, a page at a time, each page in a transaction of its own, so
//! that a slow reader holds up no checkpoint.

use std::ops::ControlFlow;

use rusqlite::{Connection, Row, types::ValueRef};

use super::{
    END, Event, Link, REQUEST, RESOLUTION,
    chain::{Fault, Found},
};

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
    has_operations: bool,
    after: i64,
    mut visit: impl FnMut(&Entry<'_>) -> rusqlite::Result<ControlFlow<()>>,
) -> rusqlite::Result<bool> {
    let (resolution, join) = if has_operations {
        let join = "LEFT JOIN resolutions ON resolutions.seq = audit.seq";
        (format!(", {RESOLUTION}"), join)
    } else {
        (String::new(), "")
    };
    let sql = format!(
        "SELECT audit.seq, call, event, prev, hash, {REQUEST}, {END}{resolution}
         FROM audit LEFT JOIN calls ON calls.row = audit.call
             {join}
         WHERE audit.seq > ?1 ORDER BY audit.seq LIMIT {PAGE_EVENTS}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
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

/// One event with all that stands beside it.
pub(super) struct Entry<'r>(&'r Row<'r>);

impl Entry<'_> {
    /// The event itself.
    pub(super) fn found(&self) -> rusqlite::Result<Found<'_>> {
        let bytes = |column| -> rusqlite::Result<&[u8]> {
            Ok(self.0.get_ref(column)?.as_blob().unwrap_or_default())
        };
        Ok(Found {
            seq: self.0.get(0)?,
            call: self.0.get(1)?,
            word: self.0.get_ref(2)?.as_str().unwrap_or_default(),
            prev: bytes(3)?,
            hash: bytes(4)?,
        })
    }

    /// The value of the column `column` of those that events vouch for.
    pub(super) fn value(&self, column: usize) -> rusqlite::Result<ValueRef<'_>> {
        self.0.get_ref(OWN + column)
    }

    /// Adds what `event` vouches for to its hash, where it is still there.
    pub(super) fn add(&self, event: Event, link: &mut Link) -> rusqlite::Result<Result<(), Fault>> {
        if matches!(self.value(0)?, ValueRef::Null) {
            return Ok(Err(Fault::CallGone));
        }
        let columns = event.columns();
        link.stored(self.0, OWN + columns.start..OWN + columns.end)?;
        Ok(Ok(()))
    }
}
