//! Going through the audit trail again: is everything as it was written?

use rusqlite::{Connection, Row, types::ValueRef};

use super::audit::{
    END, END_COLUMNS, Event, Head, REQUEST, REQUEST_COLUMNS, RESOLUTION, RESOLUTION_COLUMNS,
};

/// Events that one read transaction looks at.
const PAGE_EVENTS: i64 = 1000;

/// What a look at the whole trail found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// So many events, and everything is as it was written.
    Whole(i64),
    /// The first event, or place of one, that is not in order.
    Broken {
        /// Its number.
        seq: i64,
        /// The row of the call that it is about.
        call: i64,
        /// What is wrong.
        fault: Fault,
    },
}

/// What can be wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The number is not the next one: events before it are gone.
    Gap,
    /// It does not follow the event that stands before it.
    Unlinked,
    /// The event, or the call that it vouches for, is not what was written.
    Altered,
    /// The call that it vouches for is gone.
    CallGone,
    /// A call was written without an event.
    Unrecorded,
}

impl Fault {
    /// In words, to follow the number of the event.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "events before it are missing",
            Self::Unlinked => "it does not follow the event before it",
            Self::Altered => "the event or its call was altered",
            Self::CallGone => "its call is missing",
            Self::Unrecorded => "a call has no event",
        }
    }
}

/// Follows the chain from its first event, in short transactions.
///
/// # Errors
/// What SQLite says.
pub(super) fn verify(connection: &Connection, has_operations: bool) -> rusqlite::Result<Verdict> {
    let mut walk = Walk::default();
    loop {
        let before = walk.head.seq;
        if let Some(broken) = walk.page(connection, has_operations)? {
            return Ok(broken);
        }
        if walk.head.seq < before + PAGE_EVENTS {
            break;
        }
    }
    // A call that arrived during the walk has its event behind the last one seen.
    let sql = "SELECT min(row) FROM calls WHERE row > ?1
        AND row NOT IN (SELECT call FROM audit WHERE seq > ?2)";
    let extra: Option<i64> =
        connection.query_row(sql, [walk.last_call, walk.head.seq], |row| row.get(0))?;
    Ok(match extra {
        None => Verdict::Whole(walk.head.seq),
        Some(call) => Verdict::Broken {
            seq: walk.head.seq + 1,
            call,
            fault: Fault::Unrecorded,
        },
    })
}

#[derive(Default)]
struct Walk {
    head: Head,
    /// Calls are admitted one after the other, so that a skipped one shows.
    last_call: i64,
}

impl Walk {
    fn page(
        &mut self,
        connection: &Connection,
        has_operations: bool,
    ) -> rusqlite::Result<Option<Verdict>> {
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
        let mut rows = statement.query([self.head.seq])?;
        while let Some(row) = rows.next()? {
            if let Some(fault) = self.step(row)? {
                let (seq, call) = (row.get(0)?, row.get(1)?);
                return Ok(Some(Verdict::Broken { seq, call, fault }));
            }
        }
        Ok(None)
    }

    fn step(&mut self, row: &Row<'_>) -> rusqlite::Result<Option<Fault>> {
        const FIRST: usize = 5;
        const MIDDLE: usize = FIRST + REQUEST_COLUMNS;
        const LAST: usize = MIDDLE + END_COLUMNS;
        let (seq, call): (i64, i64) = (row.get(0)?, row.get(1)?);
        let word = row.get_ref(2)?.as_str().unwrap_or_default();
        let event = Event::ALL.into_iter().find(|event| event.as_str() == word);
        let Some(event) = event else {
            return Ok(Some(Fault::Altered));
        };
        let columns = match event {
            Event::Accepted => FIRST..MIDDLE,
            Event::Completed => MIDDLE..LAST,
            Event::Settled => FIRST..LAST,
            Event::Resolved => LAST..LAST + RESOLUTION_COLUMNS,
        };
        if seq != self.head.seq + 1 {
            return Ok(Some(Fault::Gap));
        }
        if row.get_ref(3)?.as_blob().unwrap_or_default() != self.head.hash {
            return Ok(Some(Fault::Unlinked));
        }
        if matches!(row.get_ref(FIRST)?, ValueRef::Null) {
            return Ok(Some(Fault::CallGone));
        }
        if matches!(event, Event::Accepted | Event::Settled) {
            if call != self.last_call + 1 {
                return Ok(Some(Fault::Unrecorded));
            }
            self.last_call = call;
        }
        let mut read = Ok(());
        let next = self.head.next(call, event, |link| {
            read = link.stored(row, columns);
        });
        read?;
        self.head = next;
        let is_same = row.get_ref(4)?.as_blob().unwrap_or_default() == next.hash;
        Ok((!is_same).then_some(Fault::Altered))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::{
                contract::{self, row, settlement, sqlite},
                record::Outcome,
            },
            files::DATABASE,
            open::{self, Access},
            read::LogReader,
        },
        *,
    };

    /// Two calls: one begun and finished, then one settled at once; then `harm` is done to
    /// the file by somebody who first takes the triggers away.
    #[track_caller]
    fn check(harm: &str, expected: &Verdict) {
        let dir = tempfile::tempdir().unwrap();
        let ledger = sqlite(dir.path());
        let begun = contract::begin(&ledger, &row("write")).unwrap();
        let end = settlement(Outcome::Failed);
        contract::finish(&ledger, begun, &end);
        contract::refuse(&ledger, &row("read"), &end).unwrap();
        ledger.close();
        let connection = open::connect(&dir.path().join(DATABASE), Access::Write).unwrap();
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF; DROP TRIGGER calls_stay; DROP TRIGGER audit_stays;
                 DROP TRIGGER audit_is_final; DROP TRIGGER calls_end_once;
                 DROP TRIGGER calls_keep_their_request; {harm}"
            ))
            .unwrap();
        let reader = LogReader::open(dir.path()).unwrap();
        assert_eq!(&reader.verify().unwrap(), expected, "{harm}");
    }

    #[test]
    fn o5_the_first_event_that_is_not_as_it_was_written_is_named_with_what_is_wrong() {
        let broken = |seq, call, fault| Verdict::Broken { seq, call, fault };
        check("", &Verdict::Whole(3));
        check("UPDATE calls SET delivered = 9", &Verdict::Whole(3));
        check(
            "UPDATE calls SET raw_arguments = '{}' WHERE row = 1",
            &broken(1, 1, Fault::Altered),
        );
        check(
            "UPDATE calls SET outcome = 'succeeded' WHERE row = 1",
            &broken(2, 1, Fault::Altered),
        );
        check(
            "UPDATE calls SET client = NULL WHERE row = 2",
            &broken(3, 2, Fault::Altered),
        );
        check(
            "UPDATE audit SET event = 'x' WHERE seq = 2",
            &broken(2, 1, Fault::Altered),
        );
        check("DELETE FROM audit WHERE seq = 2", &broken(3, 2, Fault::Gap));
        check(
            "UPDATE audit SET prev = x'00' WHERE seq = 3",
            &broken(3, 2, Fault::Unlinked),
        );
        check(
            "DELETE FROM calls WHERE row = 2",
            &broken(3, 2, Fault::CallGone),
        );
        check(
            "DELETE FROM audit WHERE seq = 3",
            &broken(3, 2, Fault::Unrecorded),
        );
    }
}
