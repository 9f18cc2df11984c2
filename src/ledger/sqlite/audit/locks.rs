//! Locks: which `tools.lock` the calls that follow were held to, and who had approved what.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Event, Link};
use crate::base::{clock::Timestamp, held::HeldTo};

/// The columns of [`Link::lock`], in its order.
pub(super) const LOCK: &str = "locked_at, lock_path, lock_digest, lock_tools";
/// How many those are.
pub(super) const LOCK_COLUMNS: usize = 4;

/// A migration. Without a digest nothing is held to the lock any more.
pub(in super::super) const TABLE: &str = "
CREATE TABLE locks (
    seq INTEGER PRIMARY KEY,
    locked_at INTEGER NOT NULL,
    lock_path TEXT NOT NULL,
    lock_digest TEXT,
    lock_tools TEXT
) STRICT;
CREATE INDEX locks_by_path ON locks (lock_path, seq);
CREATE TRIGGER locks_are_final BEFORE UPDATE ON locks
BEGIN SELECT RAISE(ABORT, 'locks are never changed'); END;
CREATE TRIGGER locks_stay BEFORE DELETE ON locks
WHEN OLD.seq > (SELECT events FROM pruned)
BEGIN SELECT RAISE(ABORT, 'locks are deleted only with their events'); END;
";

impl Link {
    /// Which lock holds from then on.
    fn lock(&mut self, held: &HeldTo, at: Timestamp) {
        let approvals = held.approvals.as_ref();
        self.integer(at.as_micros());
        self.text(&held.path);
        self.optional(approvals.map(|approvals| approvals.digest.as_str()));
        self.optional(approvals.map(|approvals| approvals.tools.as_str()));
    }
}

/// Appends that calls are held to `held` from now on, within a transaction. Whether that was
/// news: the last lock of the same place was another, or there was none.
///
/// # Errors
/// What SQLite says.
pub(in super::super) fn append(
    connection: &Connection,
    held: &HeldTo,
    at: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = "SELECT lock_digest FROM locks WHERE lock_path = ?1 ORDER BY seq DESC LIMIT 1";
    let last: Option<Option<String>> = connection
        .query_row(sql, [&held.path], |row| row.get(0))
        .optional()?;
    let digest = held.approvals.as_ref().map(|approvals| &approvals.digest);
    if last.flatten().as_ref() == digest {
        return Ok(false);
    }
    let seq = super::append(connection, Event::Locked, |link| link.lock(held, at))?;
    let sql = format!("INSERT INTO locks (seq, {LOCK}) VALUES (?1, ?2, ?3, ?4, ?5)");
    let tools = held.approvals.as_ref().map(|approvals| &approvals.tools);
    let values = params![seq, at.as_micros(), held.path, digest, tools];
    connection.execute(&sql, values).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::held::Approvals;
    use crate::ledger::sqlite::schema;

    fn held(path: &str, digest: Option<&str>) -> HeldTo {
        let approvals = digest.map(|digest| Approvals {
            digest: digest.to_owned(),
            tools: "{}".to_owned(),
        });
        HeldTo {
            path: path.to_owned(),
            approvals,
        }
    }

    #[test]
    fn c7_a_lock_is_written_where_it_is_news_for_its_place() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, 0, "x").unwrap();
        for (path, digest, is_news) in [
            ("a", None, false),
            ("a", Some("1"), true),
            ("a", Some("1"), false),
            ("b", Some("2"), true),
            ("a", Some("1"), false),
            ("a", Some("2"), true),
            ("a", None, true),
            ("a", None, false),
        ] {
            let written = append(&connection, &held(path, digest), Timestamp::from_micros(5));
            assert_eq!(written, Ok(is_news), "{path} {digest:?}");
        }
        let changed = connection.execute("UPDATE locks SET lock_digest = 'x'", []);
        assert!(changed.is_err());
        assert!(connection.execute("DELETE FROM locks", []).is_err());
    }
}
