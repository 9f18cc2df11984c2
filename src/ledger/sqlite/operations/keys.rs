//! The index of keys: which operations may have one.
//!
//! Keys are kept as keyed hashes, which come in no order. An index that takes each of them with its operation
//! changes a page for each; this one takes thousands at once, in their order, so that each page that it
//! changes gets many. Until then a key stands with its operation alone, and whoever writes knows those by
//! heart.
//!
//! What must hold, so that no key is ever overlooked: each operation that is not in the index has a higher
//! row than `key_index_end` says, and had the highest of all when it was written. So whoever has read
//! operations up to some row, and finds that another process has written since, reads those behind it.

use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Unbounded},
};

use rusqlite::{Connection, OptionalExtension, Statement};

use crate::base::limits::flow::{KEYS_INDEXED_AT_ONCE, KEYS_RECENT_AT_REST, KEYS_RECENT_MAX};

/// A migration. Six bytes of a hash tell apart as many keys as a ledger holds but for one in millions,
/// which the operation tells.
pub(in super::super) const INDEX: &str = "
CREATE TABLE key_index (
    prefix BLOB NOT NULL,
    operation INTEGER NOT NULL,
    PRIMARY KEY (prefix, operation)
) STRICT, WITHOUT ROWID;
INSERT INTO key_index SELECT substr(key, 1, 6), row FROM operations ORDER BY 1, 2;
CREATE TABLE key_index_end (row INTEGER NOT NULL) STRICT;
INSERT INTO key_index_end SELECT coalesce(max(row), 0) FROM operations;
DROP INDEX operations_by_key;
CREATE TRIGGER operations_take_their_keys_along AFTER DELETE ON operations
BEGIN DELETE FROM key_index WHERE prefix = substr(OLD.key, 1, 6) AND operation = OLD.row; END;
";

const NEWEST: &str = "
SELECT operation FROM key_index WHERE prefix = ?1 AND operation < ?2
ORDER BY operation DESC LIMIT 1";

/// It may be there, of a course that came to no end or of another process.
const PUT: &str = "INSERT OR IGNORE INTO key_index (prefix, operation) VALUES (?1, ?2)";

/// Where the index ends, and the first operation that was not pruned.
const ENDS: &str = "
SELECT row, (SELECT coalesce(min(row), 9223372036854775807) FROM operations) FROM key_index_end";

const READ: &str = "SELECT substr(key, 1, 6), row FROM operations WHERE row > ?1";

const END_AT: &str = "UPDATE key_index_end SET row = ?1 WHERE row < ?1";

/// Operations that the index lacks and should have, counted: somebody else has written to the file. A repetition of one
/// would not be known as such.
pub(in super::super) const OVERLOOKED: &str = "
SELECT count(*) FROM operations o WHERE row <= (SELECT row FROM key_index_end) AND NOT EXISTS
    (SELECT 1 FROM key_index WHERE prefix = substr(o.key, 1, 6) AND operation = o.row)";

/// How a key begins.
type Prefix = [u8; 6];

fn prefix(key: &[u8; 32]) -> Prefix {
    let [a, b, c, d, e, f, ..] = *key;
    [a, b, c, d, e, f]
}

/// When keys go into the index, in numbers of them.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Known by heart, from which on it is time while calls come.
    under_load: usize,
    /// The same while none does.
    at_rest: usize,
    /// Taken in with one commit.
    at_once: usize,
}

/// How far keys have come that go into the index with several commits.
#[derive(Debug)]
struct Course {
    /// Those of operations up to this row.
    up_to: i64,
    /// The last one that went.
    at: Option<(Prefix, i64)>,
    is_over: bool,
}

/// Keys and the rows of their operations, in the order of the index.
#[derive(Debug)]
struct Recent {
    entries: BTreeSet<(Prefix, i64)>,
    /// None of them has a lower row.
    oldest: i64,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            entries: BTreeSet::new(),
            oldest: i64::MAX,
        }
    }
}

impl Recent {
    fn insert(&mut self, entry: (Prefix, i64)) {
        self.oldest = self.oldest.min(entry.1);
        self.entries.insert(entry);
    }

    /// Leaves nothing that is older than the operation of `row`; there seldom is anything.
    fn drop_before(&mut self, row: i64) {
        if self.oldest < row {
            self.entries.retain(|(_, of)| *of >= row);
            self.oldest = row;
        }
    }
}

/// The index, and what it lacks. Everything is done within the transaction of whoever has the lock of the
/// writers.
pub(in super::super) struct Keys<'c> {
    newest: Statement<'c>,
    put: Statement<'c>,
    ends: Statement<'c>,
    read: Statement<'c>,
    end_at: Statement<'c>,
    pace: Pace,
    /// What the index may lack.
    recent: Recent,
    /// Of these, what came with the transaction at hand.
    added: Vec<(Prefix, i64)>,
    /// No operation behind this row is missing there: the index need not be asked about those.
    whole_behind: i64,
    /// No operation in the file has a higher row, unless somebody else has written.
    seen: i64,
    /// The same before the transaction at hand.
    seen_before: i64,
    /// Nobody else has written since.
    is_known: bool,
    course: Option<Course>,
}

impl<'c> Keys<'c> {
    /// Prepares it.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            newest: connection.prepare(NEWEST)?,
            put: connection.prepare(PUT)?,
            ends: connection.prepare(ENDS)?,
            read: connection.prepare(READ)?,
            end_at: connection.prepare(END_AT)?,
            pace: Pace {
                under_load: KEYS_RECENT_MAX,
                at_rest: KEYS_RECENT_AT_REST,
                at_once: KEYS_INDEXED_AT_ONCE,
            },
            recent: Recent::default(),
            added: Vec::new(),
            whole_behind: i64::MAX,
            seen: 0,
            seen_before: 0,
            is_known: false,
            course: None,
        })
    }

    /// The newest operation with a lower row than `before` whose key begins as this one does: another key
    /// may, and the operation may have been pruned meanwhile.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn newest(&mut self, key: &[u8; 32], before: i64) -> rusqlite::Result<Option<i64>> {
        self.catch_up()?;
        let prefix = prefix(key);
        let mut recent = self
            .recent
            .entries
            .range((prefix, i64::MIN)..(prefix, before));
        let recent = recent.next_back().map(|&(_, row)| row);
        if recent.is_some_and(|row| row > self.whole_behind) {
            return Ok(recent);
        }
        let indexed = self.newest.query_row((prefix, before), |row| row.get(0));
        Ok(indexed.optional()?.max(recent))
    }

    /// The operation of `row` has this key. To be called before it is written: what is read from the file
    /// here is what others have written.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn add(&mut self, key: &[u8; 32], row: i64) -> rusqlite::Result<()> {
        self.catch_up()?;
        let entry = (prefix(key), row);
        self.recent.insert(entry);
        self.added.push(entry);
        if row <= self.seen {
            // A call that has become an operation long after it came: nobody else would look for it there.
            return self.put.execute(entry).map(drop);
        }
        self.seen = row;
        Ok(())
    }

    /// Somebody else may have written.
    pub(in super::super) fn forget(&mut self) {
        self.is_known = false;
    }

    /// While calls come: begins to put keys into the index where it is time.
    pub(in super::super) fn go_on(&mut self) {
        if self.recent.entries.len() >= self.pace.under_load {
            self.set_out();
        }
    }

    /// Whether there is something to do while nobody calls.
    pub(in super::super) fn could_rest(&self) -> bool {
        self.recent.entries.len() >= self.pace.at_rest
    }

    /// Whether some are to go with the next commit.
    pub(in super::super) fn are_under_way(&self) -> bool {
        self.course.is_some()
    }

    /// Begins to put keys into the index.
    pub(in super::super) fn set_out(&mut self) {
        self.course.get_or_insert(Course {
            up_to: self.seen,
            at: None,
            is_over: false,
        });
    }

    /// Puts some of what is under way into the index. To be called before each commit.
    ///
    /// # Errors
    /// What SQLite says.
    pub(in super::super) fn write(&mut self) -> rusqlite::Result<()> {
        if self.course.is_none() {
            return Ok(());
        }
        self.catch_up()?;
        let Some(course) = &mut self.course else {
            return Ok(());
        };
        let behind = (course.at.map_or(Unbounded, Excluded), Unbounded);
        let due = self.recent.entries.range(behind);
        let mut due = due.filter(|(_, row)| *row <= course.up_to);
        for entry in due.by_ref().take(self.pace.at_once) {
            self.put.execute(*entry)?;
            course.at = Some(*entry);
        }
        if due.next().is_some() {
            return Ok(());
        }
        course.is_over = true;
        self.end_at.execute([course.up_to]).map(drop)
    }

    /// The transaction at hand is committed.
    pub(in super::super) fn committed(&mut self) {
        self.added.clear();
        self.seen_before = self.seen;
        if let Some(course) = self.course.take_if(|course| course.is_over) {
            self.recent.drop_before(course.up_to.saturating_add(1));
            self.whole_behind = self.whole_behind.max(course.up_to);
        }
    }

    /// It is taken back.
    pub(in super::super) fn taken_back(&mut self) {
        for entry in self.added.drain(..) {
            self.recent.entries.remove(&entry);
        }
        // The rows of calls that were taken back, too, may be those of others' operations now.
        self.seen = self.seen_before;
        self.course = None;
        self.is_known = false;
    }

    /// Knows nothing any more, as a new process.
    #[cfg(test)]
    pub(super) fn reborn(&mut self) {
        self.recent = Recent::default();
        self.added.clear();
        self.course = None;
        (self.seen, self.seen_before, self.is_known) = (0, 0, false);
        self.whole_behind = i64::MAX;
    }

    /// Reads what others have written since.
    fn catch_up(&mut self) -> rusqlite::Result<()> {
        if self.is_known {
            return Ok(());
        }
        let ends = self
            .ends
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)));
        let (end, first): (i64, i64) = ends?;
        // Another process has put them into the index, or they were pruned.
        self.recent.drop_before(first.max(end.saturating_add(1)));
        self.course.take_if(|course| course.up_to <= end);
        self.seen = self.seen.max(end);
        // Others may have put some before it into the index, and nowhere else.
        self.whole_behind = self.seen;
        let mut rows = self.read.query([self.seen])?;
        while let Some(row) = rows.next()? {
            let entry: (Prefix, i64) = (row.get(0)?, row.get(1)?);
            self.seen = self.seen.max(entry.1);
            self.recent.insert(entry);
        }
        self.is_known = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
