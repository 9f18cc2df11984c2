//! Whether an operation was done, as its mark tells, also after a death in the middle of it.

use super::*;

impl Setting {
    /// What the mark of `operation` says.
    fn mark(&self, operation: &str) -> Vec<Value> {
        let clock: Arc<dyn Clock> = Arc::new(crate::base::clock::SystemClock);
        let bounds = Bounds {
            deadline: clock.now().plus(Duration::from_secs(20)),
            clock: Arc::clone(&clock),
            cancel: self.cancel.clone(),
        };
        let host = Host {
            clock: &clock,
            state_dir: &self.folder.path().join("state"),
        };
        // Whatever statement runs there: the mark does not depend on it.
        let plan = self.plan("DELETE FROM absent", write(None, true));
        mark(host, &plan, &bounds, operation).unwrap().rows
    }
}

#[test]
fn the_mark_of_an_operation_is_found_by_its_name_alone() {
    let setting = Setting::new();
    assert_eq!(setting.mark("op"), Vec::<Value>::new());
    let plan = setting.plan("UPDATE t SET size = 0 WHERE id < 3", write(None, true));
    setting.run_as("op", plan, &json!({}), 1_000_000).unwrap();
    assert_eq!(setting.mark("op"), [json!({"row_count": 2})]);
    assert_eq!(setting.mark("other"), Vec::<Value>::new());
}

/// That is when it is asked whether a statement was done.
#[test]
fn s17_what_died_in_its_commit_is_rolled_back_before_it_is_read() {
    let setting = Setting::new();
    let writer = setting.other();
    // More than its memory holds, so that it writes before it commits.
    writer
        .execute_batch(
            "PRAGMA cache_size = 1; BEGIN IMMEDIATE;
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
             INSERT INTO t (data) SELECT randomblob(500) FROM n",
        )
        .unwrap();
    let left = ["shop.db", "shop.db-journal"].map(|name| {
        let path = setting.folder.path().join(name);
        (fs::read(&path).unwrap(), path)
    });
    drop(writer);
    let die = || {
        for (content, path) in &left {
            fs::write(path, content).unwrap();
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let reader = Connection::open_with_flags(setting.file(), flags).unwrap();
        let count = reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0));
        count.unwrap_err();
    };
    die();
    assert_eq!(setting.mark("op"), Vec::<Value>::new());
    die();
    let found = setting.query("SELECT count(*) AS n FROM t", &json!({}));
    assert_eq!(found.unwrap().rows, [json!({"n": 3})]);
    die();
    let inspected = setting.inspect("SELECT id FROM t", SqlAccess::Read);
    assert!(matches!(inspected, Inspected::Sound));
}
