//! Whether any operation is ever overlooked, whoever wrote it and whatever was taken back.

use std::path::Path;

use proptest::prelude::*;
use rusqlite::StatementStatus;

use super::*;
use crate::ledger::sqlite::{
    files::{self, DATABASE},
    open::{self, Access},
    operations::tests::plan,
    schema,
};

/// Two bytes make a key here. The first one is all of it that the index has.
fn key(begins: u8, ends: u8) -> [u8; 32] {
    let mut key = [begins; 32];
    key[31] = ends;
    key
}

/// An operation of row ?1 with the key ?2.
const CLAIM: &str = "
INSERT INTO operations (row, key, source, fingerprint, retry_safe, first, last, state, owner, began)
VALUES (?1, ?2, 'caller', x'00', 1, ?1, ?1, 'running', 1, 0)";

/// A new ledger in `dir`.
fn create(dir: &Path) -> Connection {
    let path = dir.join(DATABASE);
    files::create(&path).unwrap();
    let mut connection = open::connect(&path, Access::Write).unwrap();
    schema::migrate(&mut connection, 0, "x").unwrap();
    // Which operations may be pruned is decided and tested elsewhere.
    connection
        .execute_batch("DROP TRIGGER operations_stay")
        .unwrap();
    make_quick(&connection);
    connection
}

/// No sync, and no look at what an operation refers to.
fn make_quick(connection: &Connection) {
    let sql = "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF";
    connection.execute_batch(sql).unwrap();
}

/// One that writes, as [`Statements`](crate::ledger::sqlite::statements::Statements) do.
struct Process<'c> {
    connection: &'c Connection,
    keys: Keys<'c>,
    data: Option<i64>,
}

impl<'c> Process<'c> {
    fn new(connection: &'c Connection) -> Self {
        let mut keys = Keys::prepare(connection).unwrap();
        keys.pace = Pace {
            under_load: 6,
            at_rest: 3,
            at_once: 2,
        };
        Self {
            connection,
            keys,
            data: None,
        }
    }

    /// Does `work` in a transaction, which is taken back unless `is_kept`.
    fn transact(&mut self, is_kept: bool, work: impl FnOnce(&mut Self)) {
        self.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let data = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .unwrap();
        if self.data.replace(data) != Some(data) {
            self.keys.forget();
        }
        work(self);
        self.keys.write().unwrap();
        if is_kept {
            self.connection.execute_batch("COMMIT").unwrap();
            self.keys.committed();
        } else {
            self.connection.execute_batch("ROLLBACK").unwrap();
            self.keys.taken_back();
        }
    }

    /// The next row that a call gets.
    fn arrive(&self) -> i64 {
        let sql = "INSERT INTO calls (call_id, received, tool, principal, protocol_version,
            request_id, raw_arguments, state, instance)
            VALUES (randomblob(16), 0, 't', 'p', '2025-11-25', '1', '{}', 'running', 1)";
        self.connection.execute(sql, []).unwrap();
        self.connection.last_insert_rowid()
    }

    /// The call of `row` becomes an operation.
    fn claim(&mut self, key: &[u8; 32], row: i64) {
        self.keys.add(key, row).unwrap();
        self.connection.execute(CLAIM, (row, key)).unwrap();
    }

    /// Every row that the index or memory has for a key that begins so, newest first.
    fn candidates(&mut self, key: &[u8; 32]) -> Vec<i64> {
        let mut before = i64::MAX;
        let mut rows = Vec::new();
        while let Some(row) = self.keys.newest(key, before).unwrap() {
            rows.push(row);
            before = row;
        }
        rows
    }

    /// Finds what a look at all operations finds, and nothing that is not there.
    fn check(&mut self) {
        for begins in 0..3 {
            let sql = "SELECT row FROM operations WHERE substr(key, 1, 6) = ?1 ORDER BY row DESC";
            let mut find = self.connection.prepare_cached(sql).unwrap();
            let there = find.query_map([[begins; 6]], |row| row.get(0)).unwrap();
            let there: Vec<i64> = there.map(Result::unwrap).collect();
            assert_eq!(self.candidates(&key(begins, 0)), there);
        }
        assert_eq!(count(self.connection, OVERLOOKED), 0);
        let sql = "SELECT count(*) FROM key_index
            WHERE operation NOT IN (SELECT row FROM operations)";
        assert_eq!(count(self.connection, sql), 0);
    }
}

fn count(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    /// So many calls begin operations.
    Begin(Vec<(u8, u8)>),
    /// A call comes that is no operation yet.
    Arrive,
    /// The first of those becomes one.
    Become(u8, u8),
    /// Nobody calls for a while.
    Rest,
    /// So many of the first operations are pruned.
    Prune(u8),
    /// The process dies, and another one begins.
    Die,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || (0..3_u8, 0..2_u8);
    prop_oneof![
        4 => prop::collection::vec(key(), 1..5).prop_map(Step::Begin),
        1 => Just(Step::Arrive),
        1 => key().prop_map(|(begins, ends)| Step::Become(begins, ends)),
        1 => Just(Step::Rest),
        1 => (1..6_u8).prop_map(Step::Prune),
        1 => Just(Step::Die),
    ]
}

/// Takes out the first `count` operations, as a connection of its own does it: nothing at or behind a call
/// that runs, and never the last one.
fn prune(connection: &Connection, count: u8, waiting: &[i64]) {
    let sql = "DELETE FROM operations WHERE row IN (SELECT row FROM operations
        WHERE row < ?2 ORDER BY row LIMIT ?1) AND row < (SELECT max(row) FROM calls)";
    let first = waiting.first().copied().unwrap_or(i64::MAX);
    connection.execute(sql, (count, first)).unwrap();
}

/// What `process` does in its transaction.
fn take(process: &mut Process<'_>, step: &Step, waiting: &mut Vec<i64>) {
    match step {
        Step::Begin(keys) => {
            for (begins, ends) in keys {
                let row = process.arrive();
                process.claim(&key(*begins, *ends), row);
            }
            process.keys.go_on();
        }
        Step::Arrive => waiting.push(process.arrive()),
        Step::Become(begins, ends) => {
            if !waiting.is_empty() {
                let row = waiting.remove(0);
                process.claim(&key(*begins, *ends), row);
            }
        }
        Step::Rest => {
            if process.keys.could_rest() {
                process.keys.set_out();
            }
        }
        Step::Prune(_) | Step::Die => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn s7_no_operation_is_overlooked_by_any_of_two_processes(
        steps in prop::collection::vec((0..2_usize, any::<bool>(), step()), 1..40)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let first = create(dir.path());
        let [second, third] = [(); 2].map(|()| {
            let other = open::connect(&dir.path().join(DATABASE), Access::Write).unwrap();
            make_quick(&other);
            other
        });
        let connections = [&first, &second];
        let mut processes = connections.map(Process::new);
        let mut waiting = Vec::new();
        for (who, is_kept, step) in &steps {
            match step {
                Step::Die => processes[*who] = Process::new(connections[*who]),
                Step::Prune(count) => prune(&third, *count, &waiting),
                Step::Begin(_) | Step::Arrive | Step::Become(..) | Step::Rest => {}
            }
            let mut then = waiting.clone();
            processes[*who].transact(*is_kept, |process| take(process, step, &mut then));
            if *is_kept {
                waiting = then;
            }
            for process in &mut processes {
                process.transact(true, Process::check);
            }
        }
    }
}

#[test]
fn keys_go_into_the_index_some_with_each_commit() {
    let dir = tempfile::tempdir().unwrap();
    let connection = create(dir.path());
    let mut process = Process::new(&connection);
    let mut keys = 0..;
    let mut commit = |new: usize| {
        process.transact(true, |process| {
            for begins in keys.by_ref().take(new) {
                let row = process.arrive();
                process.claim(&key(begins, 0), row);
            }
        });
        process.keys.go_on();
        let indexed = count(&connection, "SELECT count(*) FROM key_index");
        (indexed, count(&connection, "SELECT row FROM key_index_end"))
    };
    // Six are enough, and two go at once. That they are there is not said before all are.
    assert_eq!([5, 1].map(&mut commit), [(0, 0), (0, 0)]);
    assert_eq!(
        [1, 1, 1, 1].map(&mut commit),
        [(2, 0), (4, 0), (6, 6), (6, 6)]
    );
    // What came meanwhile waits for the next time.
    assert_eq!([0, 1, 1].map(&mut commit), [(6, 6); 3]);
    assert_eq!([0, 0, 0].map(&mut commit), [(8, 6), (10, 6), (12, 12)]);
}

#[test]
fn nobody_reads_all_operations_to_find_one() {
    let dir = tempfile::tempdir().unwrap();
    let connection = create(dir.path());
    for (sql, expected) in [
        (
            NEWEST,
            "SEARCH key_index USING PRIMARY KEY (prefix=? AND operation<?)",
        ),
        (
            READ,
            "SEARCH operations USING INTEGER PRIMARY KEY (rowid>?)",
        ),
    ] {
        assert_eq!(plan(&connection, sql), [expected]);
    }
}

#[test]
fn an_older_file_brings_its_keys_along() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(DATABASE);
    files::create(&path).unwrap();
    let mut connection = open::connect(&path, Access::Write).unwrap();
    schema::make_older(&mut connection, schema::WITH_KEY_INDEX - 1);
    make_quick(&connection);
    for (row, begins) in [(3, 2), (5, 0), (9, 2)] {
        connection.execute(CLAIM, (row, key(begins, 0))).unwrap();
    }
    schema::migrate(&mut connection, schema::WITH_KEY_INDEX - 1, "x").unwrap();
    assert_eq!(count(&connection, "SELECT row FROM key_index_end"), 9);
    assert_eq!(count(&connection, "SELECT count(*) FROM key_index"), 3);
    let mut process = Process::new(&connection);
    process.transact(true, |process| {
        assert_eq!(process.candidates(&key(2, 0)), [9, 3]);
        process.check();
    });
    // Nothing had to be read: all were in the index.
    assert!(process.keys.recent.entries.is_empty());
}

#[test]
fn what_became_an_operation_late_is_not_taken_for_the_newest() {
    let dir = tempfile::tempdir().unwrap();
    let connection = create(dir.path());
    let mut process = Process::new(&connection);
    let mut late = 0;
    process.transact(true, |process| {
        late = process.arrive();
        for begins in 0..6 {
            let row = process.arrive();
            process.claim(&key(begins, 0), row);
        }
        process.keys.go_on();
    });
    while process.keys.are_under_way() {
        process.transact(true, |_| {});
    }
    process.transact(true, |process| {
        process.claim(&key(1, 1), late);
        assert_eq!(process.candidates(&key(1, 0)), [late + 2, late]);
        process.check();
    });
}

#[test]
fn the_index_is_not_asked_about_what_is_known_unless_somebody_else_has_written() {
    let dir = tempfile::tempdir().unwrap();
    let connection = create(dir.path());
    let mut process = Process::new(&connection);
    let asked = |process: &mut Process<'_>, begins| {
        let newest = |process: &mut Process<'_>| {
            assert!(process.keys.newest(&key(begins, 0), i64::MAX).is_ok());
        };
        process.transact(true, newest);
        process.keys.newest.reset_status(StatementStatus::Run)
    };
    process.transact(true, |process| {
        for begins in [0, 1] {
            let row = process.arrive();
            process.claim(&key(begins, 0), row);
        }
    });
    assert_eq!(
        [0, 1, 2].map(|begins| asked(&mut process, begins)),
        [0, 0, 1]
    );
    let other = open::connect(&dir.path().join(DATABASE), Access::Write).unwrap();
    make_quick(&other);
    let mut second = Process::new(&other);
    second.transact(true, |process| {
        let row = process.arrive();
        process.claim(&key(2, 0), row);
    });
    // What the other has written last cannot be older than what it has put into the index.
    assert_eq!(
        [0, 1, 2].map(|begins| asked(&mut process, begins)),
        [1, 1, 0]
    );
}
