//! The file and its dangers: what is put in its place, what dies, who may read it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::Connection;

use super::{
    super::{
        AuditReceipt, Ledger, LedgerError,
        admission::Decided,
        contract::{self, SECOND, begin, calls_in, events_in, row, settlement, sqlite},
        log::{CallFilter, Found, Order},
        record::Outcome,
        wait,
    },
    AuditSync, SqliteLedger,
    files::{self, DATABASE, MARKER},
    instance::Instance,
    open::{self, Access},
    read::LogReader,
    schema,
};
use crate::base::{
    clock::{ManualClock, SystemClock, Timestamp},
    id::Principal,
};

fn read(ledger: &SqliteLedger) -> Result<AuditReceipt, LedgerError> {
    contract::settle(ledger, &row("read"), &settlement(Outcome::Succeeded))
}

/// A directory with a ledger of one call, closed.
fn with_ledger() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    read(&sqlite(dir.path())).unwrap();
    let path = dir.path().join(DATABASE);
    (dir, path)
}

/// Opening must be refused with a text of this beginning and end, and leave the file alone.
#[track_caller]
fn check_refused(dir: &Path, begins: &str, ends: &str) {
    let path = dir.join(DATABASE);
    let before = fs::read(&path).ok();
    let told = read(&sqlite(dir)).unwrap_err().to_string();
    assert!(told.starts_with(begins) && told.ends_with(ends), "{told}");
    assert_eq!(fs::read(&path).ok(), before);
}

#[test]
fn nothing_is_touched_before_the_first_verb() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    drop(sqlite(&state));
    assert!(!state.exists());
}

#[test]
fn s35_an_older_file_is_brought_further_when_nobody_else_is_on_it_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(DATABASE);
    files::create(&path).unwrap();
    let mut connection = open::connect(&path, Access::Write).unwrap();
    schema::make_older(&mut connection, schema::version() - 1);
    drop(connection);
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    let older = Instance::take(dir.path(), now).unwrap();
    let version = || -> i32 {
        let connection = open::connect(&path, Access::Read).unwrap();
        open::identify(&connection, &path).unwrap()
    };
    let newer = sqlite(dir.path());
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    newer.key(Box::new(move |key| tell.send(key.is_ok()).unwrap()));
    // It waits as long as the older process lives, however the two threads are scheduled.
    assert_eq!(version(), schema::version() - 1);
    drop(older);
    assert!(told.recv().unwrap());
    assert_eq!(version(), schema::version());
}

#[cfg(unix)]
#[test]
fn h9_the_directory_and_every_file_in_it_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("a/b");
    let ledger = sqlite(&state);
    read(&ledger).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut modes = vec![("a/b".to_owned(), mode(&state))];
    for entry in fs::read_dir(&state).unwrap() {
        let entry = entry.unwrap();
        modes.push((
            entry.file_name().into_string().unwrap(),
            mode(&entry.path()),
        ));
    }
    modes.sort();
    let expected = [
        ("a/b", 0o700),
        ("ballast", 0o600),
        ("emergency.jsonl", 0o600),
        ("init.lock", 0o600),
        ("instances", 0o700),
        ("ledger.db", 0o600),
        ("ledger.db-shm", 0o600),
        ("ledger.db-wal", 0o600),
        ("state.id", 0o600),
    ]
    .map(|(name, mode)| (name.to_owned(), mode));
    assert_eq!(modes, expected);
}

#[test]
fn s22_a_file_unlinked_or_replaced_while_running_ends_all_writing() {
    let replace: [fn(&Path); 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| {
            fs::copy(path, path.with_extension("copy")).unwrap();
            fs::rename(path.with_extension("copy"), path).unwrap();
        },
        |path| fs::write(path, "").unwrap(),
    ];
    for replace in replace {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(DATABASE);
        let clock = Arc::new(ManualClock::at_seconds(1));
        let time = Arc::clone(&clock);
        let ledger = SqliteLedger::new(dir.path().into(), time, AuditSync::Writes);
        read(&ledger).unwrap();
        replace(&path);
        let expected = format!(
            "the ledger `{}` was replaced while running; put it back and start again",
            path.display()
        );
        let written = begin(&ledger, &row("write"));
        assert_eq!(written.unwrap_err().to_string(), expected);
        assert_eq!(read(&ledger).unwrap_err().to_string(), expected);
    }
}

#[test]
fn s22_reads_notice_it_within_a_second() {
    let (dir, path) = with_ledger();
    let clock = Arc::new(ManualClock::at_seconds(1));
    let time = Arc::clone(&clock);
    let ledger = SqliteLedger::new(dir.path().into(), time, AuditSync::Writes);
    read(&ledger).unwrap();
    fs::remove_file(&path).unwrap();
    clock.advance(Duration::from_secs(1));
    assert!(read(&ledger).is_err());
}

#[test]
fn s23_an_empty_or_missing_file_in_the_place_of_a_ledger_is_refused() {
    let ends = "to begin a new one";
    let (dir, path) = with_ledger();
    let begins = format!("the ledger `{}` is missing or empty", path.display());
    fs::write(&path, "").unwrap();
    check_refused(dir.path(), &begins, ends);
    fs::remove_file(&path).unwrap();
    check_refused(dir.path(), &begins, ends);
    fs::remove_file(dir.path().join(MARKER)).unwrap();
    assert_eq!(read(&sqlite(dir.path())).unwrap().row(), 1);
}

#[test]
fn s23_random_bytes_another_program_and_another_ledger_are_refused_untouched() {
    let (dir, path) = with_ledger();
    let (_other, other) = with_ledger();
    fs::copy(other, &path).unwrap();
    check_refused(dir.path(), "the ledger in `", "to go on with this one");
    fs::write(&path, "no database ".repeat(1000)).unwrap();
    let ends = "choose another state directory with `--state`";
    check_refused(dir.path(), "the ledger file is not a database", ends);
    fs::remove_file(&path).unwrap();
    let foreign = Connection::open_in_memory().unwrap();
    foreign.execute_batch("CREATE TABLE t (a)").unwrap();
    foreign.backup("main", &path, None::<fn(_)>).unwrap();
    check_refused(
        dir.path(),
        &format!("`{}` is a database of another", path.display()),
        ends,
    );
}

#[test]
fn s24_a_newer_schema_is_refused_untouched() {
    let (dir, path) = with_ledger();
    let connection = open::connect(&path, Access::Write).unwrap();
    let newer = schema::version() + 1;
    connection
        .pragma_update(None, "user_version", newer)
        .unwrap();
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(connection);
    let begins = format!(
        "the ledger `{}` has schema version {newer} and is newer than this binary",
        path.display()
    );
    check_refused(dir.path(), &begins, "use the newer binary");
}

#[test]
fn s35_a_process_never_writes_to_a_schema_that_became_newer_under_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = sqlite(dir.path());
    read(&ledger).unwrap();
    let connection = open::connect(&dir.path().join(DATABASE), Access::Write).unwrap();
    let newer = schema::version() + 1;
    connection
        .pragma_update(None, "user_version", newer)
        .unwrap();
    let expected = "the ledger was changed by a newer version while this one ran; start again with the newer binary";
    assert_eq!(read(&ledger).unwrap_err().to_string(), expected);
    let rows: i64 = connection
        .query_row("SELECT count(*) FROM calls", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn c13_a_name_that_looks_like_a_uri_is_a_name() {
    let told = open::connect(Path::new("file::memory:"), Access::Read);
    assert!(told.is_err(), "no such file");
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("file:x?mode=memory");
    read(&sqlite(&state)).unwrap();
    assert!(state.join(DATABASE).metadata().unwrap().len() > 0);
}

#[test]
fn h4_what_a_dead_process_left_running_is_settled_and_never_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let dead = sqlite(dir.path());
    for effect in ["read", "write", "destroy"] {
        begin(&dead, &row(effect)).unwrap();
    }
    dead.close();

    let living = sqlite(dir.path());
    let mine = begin(&living, &row("write")).unwrap();
    read(&sqlite(dir.path())).unwrap();
    let ends: Vec<_> = calls_in(dir.path())
        .into_iter()
        .take(4)
        .map(|call| {
            call.end
                .map(|end| (end.outcome, end.code.unwrap(), end.effects, end.stage))
        })
        .collect();
    let end = |outcome, code: &str, effects: &str| {
        Some((
            outcome,
            code.to_owned(),
            effects.to_owned(),
            "recovery".to_owned(),
        ))
    };
    let unknown = end(Outcome::Unknown, "OUTCOME_UNKNOWN", "unknown");
    let failed = end(Outcome::Failed, "INTERNAL", "none");
    assert_eq!(ends, [failed, unknown.clone(), unknown, None]);
    contract::finish(&living, mine, &settlement(Outcome::Succeeded));
    assert_eq!(events_in(dir.path()), 9);
}

#[test]
fn one_verb_that_cannot_be_written_does_not_fail_those_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = sqlite(dir.path());
    let known = row("read");
    let (tell, told) = std::sync::mpsc::sync_channel(8);
    let send = |row| {
        let tell = tell.clone();
        let then = Box::new(move |done: Result<Decided<AuditReceipt>, LedgerError>| {
            let row = done.map(|decided| contract::as_asked(decided).row());
            tell.send(row.ok()).unwrap();
        });
        let done = contract::ending(&settlement(Outcome::Succeeded));
        ledger.settle_at_once(contract::admission(&row), done, then);
    };
    send(known.clone());
    send(row("read"));
    send(known);
    send(row("read"));
    let answers: Vec<_> = told.iter().take(4).collect();
    assert_eq!(answers, [Some(1), Some(2), None, Some(3)]);
}

#[test]
fn the_log_is_filtered_counted_and_searched_by_the_beginning_of_an_id() {
    let dir = tempfile::tempdir().unwrap();
    let none = LogReader::open(dir.path()).unwrap_err().to_string();
    assert!(none.starts_with("there is no ledger in `"), "{none}");

    let ledger = sqlite(dir.path());
    for number in 0..250 {
        let mut row = row("read");
        row.received = Timestamp::from_micros(number);
        row.principal = Principal::new(if number < 5 { "a" } else { "b" });
        let outcome = if number % 2 == 0 {
            Outcome::Succeeded
        } else {
            Outcome::Failed
        };
        contract::settle(&ledger, &row, &settlement(outcome)).unwrap();
    }
    let reader = LogReader::open(dir.path()).unwrap();
    let check = |filter: CallFilter, count: u64, expected: Vec<i64>| {
        assert_eq!(reader.count(&filter).unwrap(), count);
        let rows: Vec<i64> = reader
            .calls(&filter)
            .map(|call| call.unwrap().row)
            .collect();
        assert_eq!(rows, expected);
    };
    check(CallFilter::default(), 250, (1..=250).rev().collect());
    let filter = CallFilter {
        order: Order::OldestFirst,
        limit: Some(201),
        ..CallFilter::default()
    };
    check(filter, 250, (1..=201).collect());
    let filter = CallFilter {
        outcome: Some(Outcome::Failed),
        principal: Some("a".to_owned()),
        tool: Some("refund_order".to_owned()),
        code: Some("BACKEND_FAILED".to_owned()),
        ..CallFilter::default()
    };
    check(filter, 2, vec![4, 2]);
    let filter = CallFilter {
        since: Some(Timestamp::from_micros(248)),
        ..CallFilter::default()
    };
    check(filter, 2, vec![250, 249]);
    check(
        CallFilter {
            tool: Some("x".to_owned()),
            ..CallFilter::default()
        },
        0,
        vec![],
    );

    let first = calls_in(dir.path()).remove(0);
    let id = first.call_id.to_string();
    assert_eq!(reader.call(&id).unwrap(), Found::One(Box::new(first)));
    assert!(
        matches!(reader.call(id.get(..3).unwrap()).unwrap(), Found::Several(ids) if ids.len() == 10)
    );
    assert_eq!(reader.call("ffff").unwrap(), Found::Nothing);
    assert_eq!(reader.call("").unwrap(), Found::Nothing);
    assert_eq!(reader.call("refund").unwrap(), Found::Nothing);
}

#[test]
fn the_first_intent_of_a_read_alone_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock);
    let ledger = SqliteLedger::new(dir.path().into(), clock, AuditSync::All);
    for effect in ["read", "write"] {
        let begun = begin(&ledger, &row(effect)).unwrap();
        let further = contract::further(SECOND);
        wait(|then| ledger.intend(&begun, further, then)).unwrap();
    }
    let reader = LogReader::open(dir.path()).unwrap();
    let backends = |row| -> Vec<String> {
        let intents = reader.intents(row).unwrap();
        intents.into_iter().map(|intent| intent.backend).collect()
    };
    assert_eq!(
        (backends(1), backends(2)),
        (vec!["exec".to_owned()], vec!["exec".to_owned(); 2])
    );
}
