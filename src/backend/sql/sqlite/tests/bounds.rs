//! What a statement may not do for ever, and which files are no database of a tool.

use super::*;

#[test]
fn x26_rows_are_capped_and_endless_work_ends_at_the_deadline() {
    let setting = Setting::new();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT";
    let table = setting
        .query(&format!("{endless} i FROM n"), &json!({}))
        .unwrap();
    assert_eq!((table.rows.len(), table.truncated), (ROWS_MAX, true));
    let wide = format!("{endless} i, printf('%50000d', i) AS text FROM n");
    let table = setting.query(&wide, &json!({})).unwrap();
    assert_eq!((table.rows.len(), table.truncated), (20, true));
    let huge = setting.query("SELECT printf('%1000000000d', 1) AS x", &json!({}));
    denied(huge);
    let count = setting.plan(&format!("{endless} count(*) AS n FROM n"), SqlAccess::Read);
    check_fault(
        setting.run_plan(count, &json!({}), 50),
        FaultClass::Clean,
        Code::Timeout,
        Effects::None,
    );
    let insert = format!("INSERT INTO t (id) {endless} i + 10 FROM n");
    let insert = setting.plan(&insert, write(None, false));
    check_fault(
        setting.run_plan(insert, &json!({}), 50),
        FaultClass::Clean,
        Code::Timeout,
        Effects::None,
    );
    assert_eq!(setting.rows(), 3);
}

#[test]
fn a_cancelled_statement_stops_and_says_why() {
    let mut setting = Setting::new();
    let token = setting.cancel.clone();
    setting.then = Box::new(move || {
        let token = token.clone();
        Box::new(move |seconds| {
            if seconds == 20 {
                token.fire(crate::base::cancel::Cancelled::Shutdown);
            }
        })
    });
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";
    check_fault(
        setting.query(endless, &json!({})),
        FaultClass::Clean,
        Code::Cancelled,
        Effects::None,
    );
}

#[test]
fn x25_a_locked_database_is_waited_for_until_the_deadline() {
    let mut setting = Setting::new();
    let other = setting.other();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let insert = || setting.plan("INSERT INTO t (id) VALUES (50)", write(None, false));
    let fault = check_fault(
        setting.run_plan(insert(), &json!({}), 10),
        FaultClass::Clean,
        Code::BackendUnavailable,
        Effects::None,
    );
    assert_eq!(
        (fault.problem.advice, fault.problem.after_ms),
        (Advice::After, Some(1000))
    );
    let read = setting.plan("SELECT id FROM t", SqlAccess::Read);
    check_fault(
        setting.run_plan(read, &json!({}), 10),
        FaultClass::Clean,
        Code::BackendUnavailable,
        Effects::None,
    );

    let other = Arc::new(Mutex::new(other));
    let insert = insert();
    setting.then = Box::new(move || {
        let other = Arc::clone(&other);
        Box::new(move |seconds| {
            if seconds == 5 {
                other.lock().unwrap().execute_batch("COMMIT").unwrap();
            }
        })
    });
    assert_eq!(
        setting
            .run_plan(insert, &json!({}), 1_000_000)
            .unwrap()
            .row_count,
        1
    );
}

#[test]
fn x27_the_ledgers_own_files_are_no_database_of_a_tool() {
    let setting = Setting::new();
    let state = setting.folder.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::rename(setting.file(), state.join("tollgate.db")).unwrap();
    let refused = || {
        let plan = setting.plan("SELECT 1 AS one", SqlAccess::Read);
        let found = setting.run_plan(plan, &json!({}), 1_000_000);
        let fault = check_fault(
            found,
            FaultClass::Clean,
            Code::BackendUnavailable,
            Effects::None,
        );
        assert_eq!(fault.problem.advice, Advice::AskOperator);
        let told = setting.inspect("SELECT 1 AS one", SqlAccess::Read);
        assert!(matches!(told, Inspected::Refused(..)), "{told:?}");
    };
    fs::hard_link(state.join("tollgate.db"), setting.file()).unwrap();
    refused();
    #[cfg(unix)]
    {
        fs::remove_file(setting.file()).unwrap();
        std::os::unix::fs::symlink(state.join("tollgate.db"), setting.file()).unwrap();
        refused();
    }
}

#[test]
fn c13_a_path_is_taken_literally_and_must_be_a_file_that_is_there() {
    let setting = Setting::new();
    let check = |path: PathBuf| {
        let mut plan = setting.plan("SELECT 1 AS one", SqlAccess::Read);
        let name = "odd".to_owned();
        plan.database = Arc::new(Database {
            name,
            place: Place::Sqlite(path),
        });
        setting.run_plan(plan, &json!({}), 1_000_000)
    };
    let odd = setting.folder.path().join("file:shop.db?mode=memory");
    fs::copy(setting.file(), &odd).unwrap();
    assert_eq!(check(odd).unwrap().row_count, 1);
    for wrong in ["absent.db", "."] {
        let found = check(setting.folder.path().join(wrong));
        check_fault(
            found,
            FaultClass::Clean,
            Code::BackendUnavailable,
            Effects::None,
        );
    }
    let text = setting.folder.path().join("text.db");
    fs::write(
        &text,
        "no database, but long enough to be read as the head of one, as it seems, and it goes on",
    )
    .unwrap();
    let found = check(text);
    assert!(found.is_err());
}

#[test]
fn what_a_failed_commit_did_is_told_by_the_mark_or_not_at_all() {
    let failed = || {
        let full_disk = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        rusqlite::Error::SqliteFailure(full_disk, None)
    };
    assert!(change::after_commit(failed(), Some(Ok(Some(3)))).is_ok());
    let clock: Arc<dyn Clock> = Arc::new(crate::base::clock::SystemClock);
    let bounds = Bounds {
        deadline: clock.now().plus(Duration::from_secs(60)),
        clock,
        cancel: CancelToken::default(),
    };
    let told = |found| {
        let trouble = change::after_commit(failed(), found).expect_err("a trouble");
        let fault = trouble.fault(Effect::Write, &bounds);
        (fault.class, fault.problem.code, fault.problem.effects)
    };
    let unknown = (
        FaultClass::Ambiguous,
        Code::OutcomeUnknown,
        Effects::Unknown,
    );
    assert_eq!(told(None), unknown);
    assert_eq!(told(Some(Err(Trouble::NotAFile))), unknown);
    let nothing = (FaultClass::Definite, Code::BackendFailed, Effects::None);
    assert_eq!(told(Some(Ok(None))), nothing);
}
