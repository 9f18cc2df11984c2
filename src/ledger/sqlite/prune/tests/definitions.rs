//! The definitions that steps were done by go with the last call that did some by them.

use super::*;
use crate::ledger::{
    record::CallRow,
    steps::{Side, StepEntry, StepEvent, Stepped},
};

/// A call that does one step by the definition with this digest, and ends.
fn walk(ledger: &dyn Ledger, digest: u8) {
    let row = CallRow {
        definition: Some([digest; 32]),
        ..row("write")
    };
    let begun = begin(ledger, &row).unwrap();
    let entry = StepEntry {
        step: 0,
        name: "a".to_owned(),
        side: Side::Act,
        event: StepEvent::Begun,
        attempt: 1,
        status: None,
        output: None,
    };
    let stepped = Stepped {
        definition: Some(format!("{{\"name\":\"walk-{digest}\"}}").into()),
        entries: vec![entry],
    };
    let begun = wait(|then| ledger.step(&begun, stepped, then)).unwrap();
    finish(ledger, begun, &settlement(Outcome::Succeeded));
}

fn kept(dir: &Path) -> String {
    let sql = "SELECT coalesce(group_concat(hex(substr(digest, 1, 1)) || ' ' || last, ', '), '')
        FROM (SELECT * FROM definitions ORDER BY digest)";
    raw(dir).query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_definition_stays_as_long_as_a_call_that_did_steps_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let clock = Arc::new(ManualClock::at_seconds(1));
    let ledger = SqliteLedger::new(dir.into(), clock, AuditSync::Writes);
    walk(&ledger, 1);
    walk(&ledger, 2);
    walk(&ledger, 1);
    assert_eq!(kept(dir), "01 3, 02 2");
    // Nothing behind the one that runs can go.
    let running = begin(&ledger, &row("write")).unwrap();
    walk(&ledger, 3);
    assert_eq!(prune(dir, 9).calls, 3);
    assert_eq!(kept(dir), "03 5");
    finish(&ledger, running, &settlement(Outcome::Succeeded));
    add_calls(&ledger);
    ledger.close();
    assert_eq!(prune(dir, 11).calls, 3);
    assert_eq!(kept(dir), "");
    contract::events_in(dir);
}

#[test]
fn a_definition_of_an_older_file_is_of_the_last_call_that_names_it() {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::make_older(&mut connection, schema::WITH_LAST_USED - 1);
    connection
        .execute_batch(
            "INSERT INTO instances VALUES (1, x'00', 1, 0, '0', NULL);
             INSERT INTO calls (row, call_id, received, tool, definition, principal,
                 protocol_version, request_id, raw_arguments, state, instance)
             VALUES (1, x'01', 0, 't', x'01', 'p', '2025-11-25', '1', '{}', 'running', 1),
                    (2, x'02', 0, 't', x'01', 'p', '2025-11-25', '2', '{}', 'running', 1);
             INSERT INTO definitions VALUES (x'01', '{}'), (x'02', '{}')",
        )
        .unwrap();
    schema::migrate(&mut connection, schema::WITH_LAST_USED - 1, "x").unwrap();
    let sql = "SELECT group_concat(last) FROM (SELECT * FROM definitions ORDER BY digest)";
    let last: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(last, "2,0");
}
