//! What goes, what stays, and that the chain holds over both.

mod definitions;
mod locks;

use std::{path::Path, sync::Arc, time::Duration};

use super::*;
use crate::{
    base::{clock::ManualClock, limits::PRUNE_INTERVAL},
    ledger::{
        Ledger,
        admission::{Admission, Begun, Decided},
        contract::{self, begin, calls_in, finish, row, settlement, sqlite},
        operation::{Operation, OperationState},
        record::Outcome,
        sqlite::{
            AuditSync, Keeping, SqliteLedger,
            audit::{
                anchor::Anchors,
                chain::{Fault, Verdict, Whole},
                exported,
            },
            files::DATABASE,
            read::LogReader,
        },
        wait,
    },
};

const DAY: u64 = 24 * 3600;

/// `days` after everything that the tests write.
fn later(days: u64) -> ManualClock {
    ManualClock::at_seconds(days * DAY)
}

/// Takes out everything that it can, `days` later.
fn prune(dir: &Path, days: u64) -> Pruned {
    let clock = later(days);
    carry_out(
        dir,
        clock.wall().minus(Duration::from_secs(DAY)),
        "ann",
        &clock,
    )
    .unwrap()
}

fn verify(dir: &Path, anchors: &Anchors) -> Verdict {
    LogReader::open(dir).unwrap().verify(anchors).unwrap()
}

/// The same of an export.
fn verify_export(dir: &Path) -> Verdict {
    let mut export = Vec::new();
    let reader = LogReader::open(dir).unwrap();
    reader
        .export(Timestamp::from_micros(0), &mut export)
        .unwrap();
    exported::verify(&mut export.as_slice(), &Anchors::default()).unwrap()
}

fn whole(events: i64, pruned: i64) -> Verdict {
    Verdict::Whole(Whole {
        events,
        pruned,
        anchors: 0,
    })
}

/// Two calls: one begun and finished, one settled at once. Three events.
fn add_calls(ledger: &dyn Ledger) {
    let begun = begin(ledger, &row("write")).unwrap();
    finish(ledger, begun, &settlement(Outcome::Failed));
    contract::refuse(ledger, &row("read"), &settlement(Outcome::Refused)).unwrap();
}

/// A ledger of four calls, closed. Six events.
fn with_calls() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let ledger = sqlite(dir.path());
    add_calls(&ledger);
    add_calls(&ledger);
    ledger.close();
    dir
}

fn raw(dir: &Path) -> Connection {
    let connection = open::connect(&dir.join(DATABASE), open::Access::Write).unwrap();
    prepare(&connection).unwrap();
    connection
}

fn count(dir: &Path, sql: &str) -> i64 {
    raw(dir).query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn o3_what_is_old_goes_an_event_stands_for_it_and_what_stays_is_vouched_for() {
    let dir = with_calls();
    let dir = dir.path();
    assert_eq!(prune(dir, 1), Pruned::default(), "not old enough");
    let pruned = Pruned {
        events: 5,
        calls: 3,
        obstacle: None,
    };
    assert_eq!(prune(dir, 3), pruned, "the last call stays");
    assert_eq!(verify(dir, &Anchors::default()), whole(2, 5));
    assert_eq!(calls_in(dir).len(), 1);
    assert_eq!(count(dir, "SELECT count(*) FROM intents"), 0);
    assert_eq!(
        count(dir, "SELECT count(*) FROM pragma_foreign_key_check"),
        0
    );

    let ledger = sqlite(dir);
    add_calls(&ledger);
    ledger.close();
    assert_eq!(verify(dir, &Anchors::default()), whole(5, 5));
    assert_eq!(prune(dir, 6).calls, 2);
    assert_eq!(verify(dir, &Anchors::default()), whole(2, 9));
    assert_eq!(count(dir, "SELECT count(*) FROM prunings"), 1);

    assert_eq!(verify_export(dir), whole(2, 9));
}

#[test]
fn an_anchor_of_what_is_pruned_proves_nothing_and_one_of_later_holds() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ledger = sqlite(dir);
    add_calls(&ledger);
    let anchor = || {
        let reader = LogReader::open(dir).unwrap();
        reader.anchor(Timestamp::from_micros(0)).unwrap()
    };
    let old = anchor();
    add_calls(&ledger);
    ledger.close();
    prune(dir, 3);
    let both = Anchors::parse(&format!("{old}\n{}", anchor())).unwrap();
    let old = Anchors::parse(&old).unwrap();
    let unproven = Verdict::Broken {
        seq: 6,
        call: None,
        fault: Fault::Unproven,
    };
    assert_eq!(verify(dir, &old), unproven);
    assert!(matches!(
        verify(dir, &both),
        Verdict::Whole(Whole { anchors: 1, .. })
    ));
}

#[test]
fn o3_a_beginning_that_is_gone_without_an_event_that_says_so_is_a_gap() {
    let dir = with_calls();
    let dir = dir.path();
    let gap = |seq, call| Verdict::Broken {
        seq,
        call,
        fault: Fault::Gap,
    };
    // Somebody who knows the tables and not the chain.
    raw(dir)
        .execute_batch(
            "DROP TRIGGER prunings_are_of_the_chain;
             INSERT INTO prunings SELECT 7, 0, seq, hash, 2, 0, 'eve' FROM audit WHERE seq = 3;
             DELETE FROM audit WHERE seq <= 3; DELETE FROM further_intents WHERE call <= 2;
             DELETE FROM calls WHERE row <= 2",
        )
        .unwrap();
    assert_eq!(verify(dir, &Anchors::default()), gap(4, None));
    raw(dir)
        .execute_batch("DROP TRIGGER prunings_stay; DELETE FROM prunings")
        .unwrap();
    assert_eq!(verify(dir, &Anchors::default()), gap(4, Some(3)));
}

#[test]
fn nothing_can_be_deleted_but_behind_a_pruning() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ledger = sqlite(dir);
    end_keyed(&ledger, KeySource::Meta, OperationState::Succeeded);
    add_calls(&ledger);
    add_calls(&ledger);
    ledger.close();
    assert_eq!(prune(dir, 40).calls, 4);
    let ledger = sqlite(dir);
    end_keyed(&ledger, KeySource::Meta, OperationState::Succeeded);
    ledger.close();
    for table in ["audit", "calls", "intents", "operations", "prunings"] {
        let deleted = raw(dir).execute(&format!("DELETE FROM {table}"), []);
        assert!(deleted.is_err(), "{table}");
    }
    let forged = "INSERT INTO prunings SELECT 99, 0, max(seq), x'00', 9, 0, 'eve' FROM audit";
    assert!(raw(dir).execute(forged, []).is_err());
}

#[test]
fn what_runs_stays_and_so_does_all_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ledger = sqlite(dir);
    add_calls(&ledger);
    let running = row("write");
    let begun = begin(&ledger, &running).unwrap();
    add_calls(&ledger);
    assert_eq!(prune(dir, 9).calls, 2);
    let obstacle = prune(dir, 9).obstacle;
    assert_eq!(obstacle, Some(Obstacle::Running(running.call_id)));
    finish(&ledger, begun, &settlement(Outcome::Failed));
    add_calls(&ledger);
    assert_eq!(prune(dir, 11).calls, 4, "the last stays");
    ledger.close();
    contract::events_in(dir);
}

#[test]
fn the_cut_is_made_where_no_call_was_running() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ledger = sqlite(dir);
    let [first, second] = [(); 2].map(|()| begin(&ledger, &row("write")).unwrap());
    finish(&ledger, first, &settlement(Outcome::Failed));
    let third = begin(&ledger, &row("read")).unwrap();
    finish(&ledger, second, &settlement(Outcome::Failed));
    // The third has not ended, so the first two cannot go.
    assert_eq!(prune(dir, 9).events, 0);
    finish(&ledger, third, &settlement(Outcome::Failed));
    add_calls(&ledger);
    ledger.close();
    assert_eq!(prune(dir, 9).events, 8);
    assert_eq!(verify(dir, &Anchors::default()), whole(2, 8));
}

/// Begins and ends an operation under a key.
fn end_keyed(ledger: &dyn Ledger, source: KeySource, state: OperationState) {
    let operation = Operation {
        key: [7; 32],
        source,
        fingerprint: [8; 32],
        retry_safe: false,
        may_verify: false,
        known_there: None,
        window: Duration::from_secs(900),
        joined: None,
    };
    let admission = Admission {
        operation: Some(Box::new(operation)),
        ..contract::admission(&row("write"))
    };
    let begun = match wait(|then| ledger.begin(admission, then)).unwrap() {
        Begun::Decided(Decided::AsAsked(receipt, _)) => receipt,
        other => panic!("{other:?}"),
    };
    let mut ending = contract::ending(&settlement(Outcome::Succeeded));
    ending.state = state;
    wait(|then| ledger.finish(begun, ending, then)).unwrap();
}

#[test]
fn s16_a_key_that_still_protects_a_write_keeps_its_call() {
    let check = |source, state, stays: &[u64], goes: u64| {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let ledger = sqlite(dir);
        end_keyed(&ledger, source, state);
        add_calls(&ledger);
        ledger.close();
        for days in stays {
            let pruned = prune(dir, *days);
            assert!(
                matches!(pruned.obstacle, Some(Obstacle::Needed(_))),
                "{days}"
            );
            assert_eq!(pruned.events, 0, "{days}");
        }
        if goes > 0 {
            assert_eq!(prune(dir, goes).calls, 2);
            assert_eq!(count(dir, "SELECT count(*) FROM operations"), 0);
        }
        contract::events_in(dir);
    };
    use OperationState::{Attention, Succeeded, Unknown};
    check(KeySource::Meta, Succeeded, &[3, 30], 31);
    check(KeySource::Argument, Succeeded, &[3, 30], 31);
    check(KeySource::Content, Succeeded, &[], 3);
    check(KeySource::Content, Unknown, &[3, 4000], 0);
    check(KeySource::Meta, Attention, &[31, 4000], 0);
}

#[test]
fn many_are_taken_out_a_little_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ledger = sqlite(dir);
    for _ in 0..(PRUNE_EVENTS / 2 + 10) {
        contract::settle(&ledger, &row("read"), &settlement(Outcome::Succeeded)).unwrap();
        contract::settle(&ledger, &row("read"), &settlement(Outcome::Succeeded)).unwrap();
    }
    ledger.close();
    let mut connection = raw(dir);
    let now = later(9).wall();
    let mut once = || some(&mut connection, now, "ann", now).unwrap().calls;
    assert_eq!([once(), once(), once()], [PRUNE_EVENTS, 19, 0]);
}

#[test]
fn whatever_refers_to_a_call_or_an_operation_goes_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = sqlite(dir.path());
    add_calls(&ledger);
    ledger.close();
    let connection = raw(dir.path());
    let sql = "SELECT DISTINCT t.name FROM sqlite_schema t, pragma_foreign_key_list(t.name) f
        WHERE t.type = 'table' AND f.\"table\" IN ('calls', 'operations')";
    let mut tables = connection.prepare(sql).unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    // Steps go with their events.
    let known = |table: &str| table == "steps" || OF_CALLS.iter().any(|(known, _)| *known == table);
    let forgotten: Vec<String> = tables.flatten().filter(|table| !known(table)).collect();
    assert_eq!(forgotten, Vec::<String>::new());
}

#[test]
fn a_server_takes_out_what_is_no_longer_to_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let clock = Arc::new(ManualClock::at_seconds(1));
    let keeping = Keeping {
        sync: AuditSync::Writes,
        calls: Some(Duration::from_secs(2 * DAY)),
    };
    let ledger = SqliteLedger::new(dir.into(), clock.clone(), keeping);
    add_calls(&ledger);
    add_calls(&ledger);
    clock.advance(Duration::from_secs(DAY));
    add_calls(&ledger);
    clock.advance(Duration::from_secs(2 * DAY));
    add_calls(&ledger);
    // The look that was due may have been taken at the end of the batch before, whose time was
    // another; the next one is not.
    clock.advance(PRUNE_INTERVAL * 2);
    add_calls(&ledger);
    ledger.close();
    assert!(count(dir, "SELECT max(pruned_calls) FROM prunings") >= 6);
    contract::events_in(dir);
}

#[test]
fn o5_who_prunes_verifies_and_writes_at_once_is_in_nobodys_way() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ledger = sqlite(dir);
    add_calls(&ledger);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..100).for_each(|_| add_calls(&ledger)));
        let mut days = 3;
        while !writer.is_finished() {
            prune(dir, days);
            days += 3;
            contract::events_in(dir);
        }
    });
    ledger.close();
    contract::events_in(dir);
    assert!(count(dir, "SELECT count(*) FROM calls") < 202);
}
