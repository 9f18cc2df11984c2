//! The audit trail as an auditor sees it: verified, anchored, and checked without our code.

use std::fs;

use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::life_harness::Home;

/// A home with `calls` calls of one tool in its ledger.
fn home_with(calls: usize) -> Home {
    let home = Home::new();
    home.reply("echo");
    call(&home, calls);
    home
}

fn call(home: &Home, calls: usize) {
    for number in 0..calls {
        let arguments = format!("{{\"text\":\"{number}\\n\"}}");
        home.run(&["call", "echo", &arguments]).success();
    }
}

#[track_caller]
fn told(home: &Home, args: &[&str], status: i32) -> String {
    let assert = home.run(args).code(status);
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// Changes the ledger as somebody who knows how: the triggers are no obstacle to them.
fn harm(home: &Home, sql: &str) {
    let file = home.path("state/ledger.db");
    let ledger = Connection::open_with_flags(file, OpenFlags::default()).unwrap();
    ledger
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; DROP TRIGGER calls_stay; DROP TRIGGER audit_stays; {sql}"
        ))
        .unwrap();
}

#[test]
fn o4_a_cut_off_end_is_status_4_with_an_anchor_and_unnoticed_without() {
    let home = home_with(12);
    let anchor = told(&home, &["audit", "anchor"], 0);
    fs::write(home.path("anchors"), anchor).unwrap();
    let with = ["audit", "verify", "--anchor", "anchors"];
    assert_eq!(
        told(&home, &with, 0),
        "12 events, each as it was written; 1 anchor found in it\n"
    );
    harm(
        &home,
        "DELETE FROM audit WHERE seq > 2; DELETE FROM calls WHERE row > 2",
    );
    assert_eq!(
        told(&home, &["audit", "verify"], 0),
        "2 events, each as it was written\n"
    );
    assert_eq!(
        told(&home, &with, 4),
        "broken at event 3: the chain ends before it, and an anchor was taken of it or a later one\n"
    );
}

#[cfg(unix)]
#[test]
fn s34_a_log_that_was_deleted_shows_with_an_anchor_and_nothing_else_is_lost() {
    let home = home_with(2);
    let mut server = home.serving();
    for _ in 0..3 {
        let id = server.call("echo", json!({"text": "x"}));
        server.answer(id);
    }
    let anchor = told(&home, &["audit", "anchor"], 0);
    fs::write(home.path("anchors"), anchor).unwrap();
    server.signal(Signal::KILL);
    server.rest_after_kill();
    fs::remove_file(home.path("state/ledger.db-wal")).unwrap();
    fs::remove_file(home.path("state/ledger.db-shm")).unwrap();
    let with = ["audit", "verify", "--anchor", "anchors"];
    assert!(told(&home, &with, 4).starts_with("broken at event 3: the chain ends before it"));
    call(&home, 1);
    assert_eq!(
        told(&home, &["audit", "verify"], 0),
        "3 events, each as it was written\n"
    );
    assert!(told(&home, &with, 4).starts_with("broken at event 4: "));
}

#[test]
fn o3_a_missing_row_is_status_4_in_the_ledger_and_in_its_export() {
    let home = home_with(3);
    harm(&home, "DELETE FROM audit WHERE seq = 2");
    let broken = "broken at event 3 (call in row 3): events before it are missing\n";
    assert_eq!(told(&home, &["audit", "verify"], 4), broken);
    let export = told(&home, &["audit", "export"], 0);
    fs::write(home.path("trail.jsonl"), export).unwrap();
    let file = ["audit", "verify", "--file", "trail.jsonl"];
    assert_eq!(told(&home, &file, 4), broken);
    let assert = home.run(&["audit", "verify", "--file", "tools.d/echo.json"]);
    let assert = assert.code(78);
    let told = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(told.contains("it is no export of an audit trail"), "{told}");
}

#[test]
fn what_is_pruned_is_told_and_the_last_day_is_not_touched() {
    let home = home_with(2);
    let assert = home.run(&["audit", "prune", "--before", "1h"]).code(2);
    let refused = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(
        refused.contains("what happened in the last 24 hours stays"),
        "{refused}"
    );
    assert_eq!(
        told(&home, &["audit", "prune", "--before", "1d"], 0),
        "0 calls and 0 events taken out\n"
    );
    assert_eq!(
        told(&home, &["audit", "verify"], 0),
        "2 events, each as it was written\n"
    );
}

/// The hash of one line as `docs/audit.md` says that it is made; nothing here is ours.
fn hash(line: &Value, first: &Value) -> [u8; 32] {
    let bytes = |text: &Value| -> Vec<u8> {
        let text = text.as_str().unwrap().as_bytes();
        let digit = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
        text.chunks(2)
            .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
            .collect()
    };
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(bytes(&line["prev"]));
    let own = ["seq", "call", "event"].map(Value::from);
    let vouched = first["vouched"][line["event"].as_str().unwrap()].as_array();
    for name in own.iter().chain(vouched.unwrap()) {
        let (kind, value): (u8, Vec<u8>) = match &line[name.as_str().unwrap()] {
            Value::Null => (0, Vec::new()),
            Value::Number(number) => (1, number.as_i64().unwrap().to_le_bytes().into()),
            digits if first["bytes"].as_array().unwrap().contains(name) => (3, bytes(digits)),
            text => (2, text.as_str().unwrap().into()),
        };
        hash.update([kind]);
        if kind > 1 {
            hash.update((value.len() as u64).to_le_bytes());
        }
        hash.update(value);
    }
    let hash: [u8; 32] = hash.finalize().into();
    let told: [u8; 32] = bytes(&line["hash"]).try_into().unwrap();
    assert_eq!(hash, told, "{line}");
    hash
}

#[test]
fn o9_an_export_says_how_it_is_verified_without_us() {
    let home = home_with(2);
    home.run(&["call", "echo", "{}"]).code(1);
    let export = told(&home, &["audit", "export"], 0);
    let mut lines: Vec<Value> = export
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (first, end) = (lines.remove(0), lines.pop().unwrap());
    assert_eq!(lines.len(), 3);
    let hex = |hash: [u8; 32]| hash.map(|byte| format!("{byte:02x}")).concat();
    let mut last = hex([0; 32]);
    for line in &lines {
        assert_eq!(line["prev"], Value::from(last));
        last = hex(hash(line, &first));
    }
    assert_eq!(
        (&end["end"]["events"], &end["end"]["hash"]),
        (&Value::from(3), &Value::from(last))
    );
}
