//! Statements on real database files: what they may do, how much, and how long.

mod bounds;
mod mark;

use std::{
    fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::*;
use crate::{
    backend::FaultClass,
    base::{
        clock::{Moment, Timestamp},
        limits::sql::ROWS_MAX,
        problem::{Advice, Effects},
    },
    catalog::{plan::RowRange, sql::Dialect, surroundings::Database, template::ArgPath},
};

/// A clock that goes on by a second whenever somebody looks, and then does something.
struct Looked {
    seconds: AtomicU64,
    then: Mutex<Box<dyn FnMut(u64) + Send>>,
}

impl Clock for Looked {
    fn now(&self) -> Moment {
        let seconds = self.seconds.fetch_add(1, Ordering::SeqCst);
        (self.then.lock().unwrap())(seconds);
        Moment::from_micros(seconds * 1_000_000)
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(1_767_225_600_000_000)
    }
}

struct Setting {
    folder: tempfile::TempDir,
    cancel: CancelToken,
    then: Box<dyn Fn() -> Box<dyn FnMut(u64) + Send>>,
}

impl Setting {
    fn new() -> Self {
        let setting = Self {
            folder: tempfile::tempdir().unwrap(),
            cancel: CancelToken::default(),
            then: Box::new(|| Box::new(|_| {})),
        };
        setting.other().execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, size REAL, data BLOB);
             INSERT INTO t VALUES (1, 'one', 1.5, x'00ff'), (2, 'two', NULL, NULL), (9007199254740993, 'big', 2, NULL);
             CREATE TABLE child (t INTEGER REFERENCES t (id));",
        ).unwrap();
        setting
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("shop.db")
    }

    fn other(&self) -> Connection {
        Connection::open_with_flags(self.file(), OpenFlags::default()).unwrap()
    }

    fn rows(&self) -> i64 {
        let count = "SELECT count(*) FROM t";
        self.other().query_row(count, [], |row| row.get(0)).unwrap()
    }

    fn plan(&self, text: &str, access: SqlAccess) -> SqlPlan {
        let statement = crate::catalog::sql::read(text, Dialect::Sqlite).unwrap();
        let params = statement.parameters.into_iter().map(|name| {
            let path = ArgPath(vec![name.trim_start_matches(':').to_owned()]);
            (name, JsonTemplate::Slot(path))
        });
        SqlPlan {
            database: Arc::new(Database {
                name: "shop".to_owned(),
                place: Place::Sqlite(self.file()),
            }),
            password: None,
            text: text.to_owned(),
            access,
            params: params.collect(),
            rows_max: ROWS_MAX,
        }
    }

    fn run_plan(
        &self,
        plan: SqlPlan,
        arguments: &Value,
        seconds: u64,
    ) -> Result<Table, Box<Fault>> {
        self.run_as("op", plan, arguments, seconds)
    }

    fn run_as(
        &self,
        operation: &str,
        plan: SqlPlan,
        arguments: &Value,
        seconds: u64,
    ) -> Result<Table, Box<Fault>> {
        let clock: Arc<dyn Clock> = Arc::new(Looked {
            seconds: AtomicU64::new(0),
            then: Mutex::new((self.then)()),
        });
        let effect = match plan.access {
            SqlAccess::Read => Effect::Read,
            SqlAccess::Write { .. } => Effect::Write,
        };
        let bounds = Bounds {
            clock: Arc::clone(&clock),
            deadline: Moment::from_micros(0).plus(Duration::from_secs(seconds)),
            cancel: self.cancel.clone(),
        };
        let host = Host {
            clock: &clock,
            state_dir: &self.folder.path().join("state"),
        };
        let prepared = prepare(&Arc::new(plan), arguments).unwrap();
        run(host, &prepared, operation.to_owned(), effect, &bounds)
    }

    fn query(&self, text: &str, arguments: &Value) -> Result<Table, Box<Fault>> {
        self.run_plan(self.plan(text, SqlAccess::Read), arguments, 1_000_000)
    }

    fn change(&self, text: &str, arguments: &Value) -> Result<Table, Box<Fault>> {
        self.run_plan(self.plan(text, write(None, false)), arguments, 1_000_000)
    }

    fn inspect(&self, text: &str, access: SqlAccess) -> Inspected {
        let clock: Arc<dyn Clock> = Arc::new(crate::base::clock::SystemClock);
        let state = self.folder.path().join("state");
        inspect(&clock, &state, &self.plan(text, access))
    }
}

fn write(expect_rows: Option<RowRange>, marker: bool) -> SqlAccess {
    SqlAccess::Write {
        expect_rows,
        marker,
    }
}

#[track_caller]
fn check_fault(
    result: Result<Table, Box<Fault>>,
    class: FaultClass,
    code: Code,
    effects: Effects,
) -> Box<Fault> {
    let fault = result.expect_err("a fault");
    let found = (fault.class, fault.problem.code, fault.problem.effects);
    assert_eq!(found, (class, code, effects), "{fault:?}");
    assert_eq!(fault.backend_text, None);
    fault
}

#[track_caller]
fn denied(result: Result<Table, Box<Fault>>) {
    check_fault(
        result,
        FaultClass::Definite,
        Code::BackendFailed,
        Effects::None,
    );
}

#[test]
fn rows_come_as_json_without_loss() {
    let table = Setting::new()
        .query("SELECT * FROM t ORDER BY id", &json!({}))
        .unwrap();
    let expected = Table {
        rows: vec![
            json!({"id": 1, "name": "one", "size": 1.5, "data": {"base64": "AP8="}}),
            json!({"id": 2, "name": "two", "size": null, "data": null}),
            json!({"id": "9007199254740993", "name": "big", "size": 2.0, "data": null}),
        ],
        row_count: 3,
        truncated: false,
    };
    assert_eq!(table, expected);
}

#[test]
fn v29_a_value_is_data_whatever_it_looks_like() {
    let setting = Setting::new();
    let hostile = "'; DROP TABLE t;--";
    let found = setting.query(
        "SELECT :name AS given, typeof(:n) AS n, typeof(:gone) AS gone, :l AS l, :b AS b",
        &json!({
            "name": hostile, "n": 5, "l": ["a", 1], "b": true,
        }),
    );
    let row = json!({"given": hostile, "n": "integer", "gone": "null", "l": "[\"a\",1]", "b": 1});
    assert_eq!(found.unwrap().rows, [row]);
    assert_eq!(setting.rows(), 3);
    let plan = Arc::new(setting.plan("SELECT :n", SqlAccess::Read));
    let problem = prepare(&plan, &json!({"n": u64::MAX})).unwrap_err();
    assert_eq!(
        (problem.code, problem.details[0].at.as_str()),
        (Code::ValidationFailed, "/n")
    );
}

#[test]
fn c12_a_query_cannot_change_anything() {
    let setting = Setting::new();
    for text in [
        "WITH x AS (SELECT 9 AS id) INSERT INTO t (id) SELECT id FROM x",
        "DELETE FROM t",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM pragma_table_info('t')",
        "PRAGMA query_only = 0",
        "ATTACH ':memory:' AS m",
        "VACUUM INTO 'x'",
        "BEGIN",
        "CREATE TEMP TABLE x (a)",
        "SELECT load_extension('x')",
    ] {
        denied(setting.query(text, &json!({})));
    }
    assert_eq!(setting.rows(), 3);
    let with = "WITH x AS (SELECT 9 AS id) INSERT INTO t (id) SELECT id FROM x";
    assert!(matches!(
        setting.inspect(with, SqlAccess::Read),
        Inspected::Refused(..)
    ));
    assert!(matches!(
        setting.inspect(with, write(None, false)),
        Inspected::Sound
    ));
    assert!(matches!(
        setting.inspect("SELECT 1 AS a, 2 AS a", SqlAccess::Read),
        Inspected::Refused(..)
    ));
    assert!(matches!(
        setting.inspect("SELECT * FROM absent", SqlAccess::Read),
        Inspected::Open(_)
    ));
    assert_eq!(setting.rows(), 3);
}

#[test]
fn a_statement_changes_rows_and_never_the_schema() {
    let setting = Setting::new();
    for text in [
        "DROP TABLE t",
        "ALTER TABLE t ADD COLUMN x",
        "CREATE TABLE x (a)",
        "PRAGMA foreign_keys = 0",
        "ATTACH ':memory:' AS m",
        "INSERT INTO sqlite_sequence VALUES ('t', 1)",
        "COMMIT",
    ] {
        denied(setting.change(text, &json!({})));
    }
    let changed = setting.change(
        "INSERT INTO t (id, name) VALUES (:id, :name) RETURNING id",
        &json!({"id": 7, "name": "seven"}),
    );
    let table = Table {
        rows: vec![json!({"id": 7})],
        row_count: 1,
        truncated: false,
    };
    assert_eq!(changed.unwrap(), table);
    assert_eq!(setting.rows(), 4);
    let orphan = setting.change("INSERT INTO child VALUES (5)", &json!({}));
    let twice = setting.change("INSERT INTO t (name) VALUES ('one')", &json!({}));
    for refused in [orphan, twice] {
        let fault = check_fault(
            refused,
            FaultClass::Definite,
            Code::BackendFailed,
            Effects::None,
        );
        assert_eq!(fault.problem.advice, Advice::ChangedArgs);
    }
    assert_eq!(setting.rows(), 4);
}

#[test]
fn v33_a_change_of_too_many_rows_is_rolled_back_and_says_how_many() {
    let setting = Setting::new();
    let one = RowRange {
        min: 0,
        max: Some(1),
    };
    let delete = setting.plan("DELETE FROM t WHERE id < :id", write(Some(one), false));
    let fault = check_fault(
        setting.run_plan(delete, &json!({"id": 5}), 1_000_000),
        FaultClass::Definite,
        Code::BackendFailed,
        Effects::None,
    );
    assert_eq!(fault.problem.reason.as_deref(), Some("ROW_LIMIT"));
    assert_eq!(
        fault.problem.message,
        "the statement would have changed 2 rows and may change at most 1 row, so it was rolled back"
    );
    assert_eq!(setting.rows(), 3);
    let delete = setting.plan("DELETE FROM t WHERE id = :id", write(Some(one), false));
    assert_eq!(
        setting
            .run_plan(delete, &json!({"id": 1}), 1_000_000)
            .unwrap()
            .row_count,
        1
    );
    assert_eq!(setting.rows(), 2);
}

#[test]
fn an_operation_that_is_marked_happens_once() {
    let setting = Setting::new();
    let insert = || setting.plan("INSERT INTO t (name) VALUES (:name)", write(None, true));
    let name = json!({"name": "new"});
    let first = setting.run_as("a", insert(), &name, 1_000_000).unwrap();
    let again = setting.run_as("a", insert(), &name, 1_000_000).unwrap();
    assert_eq!((first.row_count, again.row_count), (1, 1));
    assert_eq!(setting.rows(), 4);
    // Another operation is another change, and one that fails leaves no mark.
    setting.run_as("b", insert(), &name, 1_000_000).unwrap_err();
    setting
        .run_as("b", insert(), &json!({"name": "other"}), 1_000_000)
        .unwrap();
    assert_eq!(setting.rows(), 5);
    let forged = setting.change("DELETE FROM tollgate_operations", &json!({}));
    denied(forged);
}
