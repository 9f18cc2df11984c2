//! The audit trail: a chain of hashes over what was asked for and how it ended.
//!
//! An event's hash covers the one before it and the columns of the call that it vouches for, so
//! that a change to either shows. The end of the chain is read in the transaction that appends
//! to it: there is one order over all processes. What a chain cannot show by itself is that its
//! end was cut off, or that all of it was written anew.

use rusqlite::{Connection, Row, Statement, params, types::ValueRef};
use sha2::{Digest, Sha256};

use super::{
    super::record::{CallRow, Settlement},
    statements::{integer, stored_reply},
};

/// The columns of [`Link::request`], in its order.
const REQUEST: &str = "call_id, received, tool, effect, definition, principal, client,
    protocol_version, request_id, trace_id, raw_arguments, effective_arguments, changes";
const REQUEST_COLUMNS: usize = 13;
/// The columns of [`Link::end`], in its order.
const END: &str = "outcome, stage, code, effects, reply, reply_clipped_from, backend_status,
    guard_us, wait_us, run_us, finished";
const END_COLUMNS: usize = 11;
/// Events that one read transaction looks at.
const PAGE_EVENTS: i64 = 1000;

/// Finds the end of the chain.
pub(super) const FIND_HEAD: &str = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
/// Appends to it.
pub(super) const APPEND: &str =
    "INSERT INTO audit (seq, call, event, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5)";

/// What an event vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A call was admitted: the request.
    Accepted,
    /// An admitted call ended: the end.
    Completed,
    /// A call was admitted and ended in one step: both.
    Settled,
}

impl Event {
    const ALL: [Self; 3] = [Self::Accepted, Self::Completed, Self::Settled];

    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Completed => "completed",
            Self::Settled => "settled",
        }
    }
}

/// The last event of a chain, or of none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    seq: i64,
    hash: [u8; 32],
}

impl Head {
    /// The end of the chain, with the statement [`FIND_HEAD`].
    pub(super) fn find(statement: &mut Statement<'_>) -> rusqlite::Result<Self> {
        let mut rows = statement.query([])?;
        match rows.next()? {
            None => Ok(Self::default()),
            Some(row) => Ok(Self {
                seq: row.get(0)?,
                hash: row.get(1)?,
            }),
        }
    }

    /// The event that follows, over what `fields` adds.
    pub(super) fn next(&self, call: i64, event: Event, fields: impl FnOnce(&mut Link)) -> Self {
        let seq = self.seq + 1;
        let mut link = Link(Sha256::new());
        link.0.update([0]);
        link.0.update(self.hash);
        link.integer(seq);
        link.integer(call);
        link.text(event.as_str());
        fields(&mut link);
        Self {
            seq,
            hash: link.0.finalize().into(),
        }
    }

    /// Writes this event behind `last`, with the statement [`APPEND`].
    pub(super) fn append(
        &self,
        statement: &mut Statement<'_>,
        call: i64,
        event: Event,
        last: &Self,
    ) -> rusqlite::Result<()> {
        statement
            .execute(params![
                self.seq,
                call,
                event.as_str(),
                last.hash,
                self.hash
            ])
            .map(drop)
    }
}

/// A hash in the making. Each value goes in with its type and length, so that two different
/// rows never look the same.
#[derive(Debug)]
pub(super) struct Link(Sha256);

impl Link {
    fn null(&mut self) {
        self.0.update([0]);
    }

    fn integer(&mut self, value: i64) {
        self.0.update([1]);
        self.0.update(value.to_le_bytes());
    }

    fn bytes(&mut self, kind: u8, value: &[u8]) {
        self.0.update([kind]);
        self.0.update((value.len() as u64).to_le_bytes());
        self.0.update(value);
    }

    fn text(&mut self, value: &str) {
        self.bytes(2, value.as_bytes());
    }

    fn optional(&mut self, value: Option<&str>) {
        match value {
            None => self.null(),
            Some(text) => self.text(text),
        }
    }

    /// What was asked for.
    pub(super) fn request(&mut self, row: &CallRow) {
        self.bytes(3, row.call_id.as_bytes());
        self.integer(row.received.as_micros());
        self.text(&row.tool);
        self.optional(row.effect);
        match &row.definition {
            None => self.null(),
            Some(digest) => self.bytes(3, digest),
        }
        self.text(row.principal.as_str());
        self.optional(row.client.as_deref());
        self.text(row.protocol_version);
        self.text(&row.request_id);
        self.optional(row.trace_id.as_deref());
        self.text(&row.raw_arguments);
        self.optional(row.effective_arguments.as_deref());
        self.optional(row.changes.as_deref());
    }

    /// How it ended.
    pub(super) fn end(&mut self, end: &Settlement) {
        let (reply, clipped_from) = stored_reply(end);
        self.text(end.outcome.as_str());
        self.text(end.stage);
        self.optional(end.code.map(|code| code.as_str()));
        self.text(end.effects.as_str());
        self.optional(reply);
        match clipped_from {
            None => self.null(),
            Some(bytes) => self.integer(bytes),
        }
        self.optional(end.backend_status.as_deref());
        self.integer(integer(end.guard_us));
        self.integer(integer(end.wait_us));
        self.integer(integer(end.run_us));
        self.integer(end.finished.as_micros());
    }

    /// The same from the columns of a stored row.
    fn stored(&mut self, row: &Row<'_>, columns: std::ops::Range<usize>) -> rusqlite::Result<()> {
        for column in columns {
            match row.get_ref(column)? {
                ValueRef::Null => self.null(),
                ValueRef::Integer(value) => self.integer(value),
                ValueRef::Text(value) => self.bytes(2, value),
                ValueRef::Blob(value) => self.bytes(3, value),
                // No column of ours holds one, so that none can look like what was written.
                ValueRef::Real(value) => self.bytes(4, &value.to_le_bytes()),
            }
        }
        Ok(())
    }
}

/// Appends the end of the call of row `call` as it is stored, within a transaction.
///
/// # Errors
/// What SQLite says.
pub(super) fn append_end(connection: &Connection, call: i64) -> rusqlite::Result<()> {
    let head = Head::find(&mut *connection.prepare_cached(FIND_HEAD)?)?;
    let sql = format!("SELECT {END} FROM calls WHERE row = ?1");
    let next = connection.prepare_cached(&sql)?.query_row([call], |row| {
        let mut read = Ok(());
        let next = head.next(call, Event::Completed, |link| {
            read = link.stored(row, 0..END_COLUMNS);
        });
        read.map(|()| next)
    })?;
    let mut append = connection.prepare_cached(APPEND)?;
    next.append(&mut append, call, Event::Completed, &head)
}

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
pub(super) fn verify(connection: &Connection) -> rusqlite::Result<Verdict> {
    let mut walk = Walk::default();
    loop {
        let before = walk.head.seq;
        if let Some(broken) = walk.page(connection)? {
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
    fn page(&mut self, connection: &Connection) -> rusqlite::Result<Option<Verdict>> {
        let sql = format!(
            "SELECT seq, call, event, prev, hash, {REQUEST}, {END}
             FROM audit LEFT JOIN calls ON calls.row = audit.call
             WHERE seq > ?1 ORDER BY seq LIMIT {PAGE_EVENTS}"
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
        if event != Event::Completed {
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
                Ledger,
                contract::{INTENT, row, settlement, sqlite},
                record::Outcome,
                wait,
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
        let begun = wait(|then| ledger.begin(row("write"), INTENT, then)).unwrap();
        let end = settlement(Outcome::Failed);
        wait(|then| ledger.finish(begun, end.clone(), then)).unwrap();
        wait(|then| ledger.refuse(row("read"), end, then)).unwrap();
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
