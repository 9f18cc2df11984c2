//! What a server says of what happens, for programs: lines on standard error and in files.

use std::{
    fs,
    io::{Read as _, Write as _},
    process::Stdio,
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    harness::{ECHO, Gate, echo, handshake, legacy},
    life_harness::{Home, fake_tool},
    root,
};

/// The lines of `text`, each judged by the published schema.
#[track_caller]
fn events(text: &str) -> Vec<Value> {
    let schema = fs::read_to_string(root().join("docs/events.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let read = |line: &str| -> Value {
        let event = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert!(schema.is_valid(&event), "not as published: {event:#}");
        event
    };
    text.lines().map(read).collect()
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|one| one["event"] == name).collect()
}

fn gate(definitions: &str) -> Gate {
    Gate::new(definitions).with(&["--log-format", "json", "--log-level", "debug"])
}

fn write() -> String {
    format!(
        "name: touch\ndescription: Writes nothing anywhere.\neffect: write\n\
         inputSchema: {{type: object, additionalProperties: false, properties: {{n: {{type: integer, minimum: 3}}}}}}\n\
         run: {{exec: {{command: [{:?}, echo]}}}}\n",
        fake_tool()
    )
}

/// O1: one call, one beginning and one end, under the ids of the ledger.
#[test]
fn o1_a_call_is_told_under_the_ids_of_its_row() {
    let gate = gate(&write());
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let call = legacy(
        &json!("seven"),
        "tools/call",
        &json!({"name": "touch", "arguments": {"n": 3}, "_meta": {"traceparent": trace}}),
    );
    let told = gate.converse(format!("{}{call}\n", handshake("2025-11-25")));
    let events = events(&told.stderr);
    let (begun, ended) = (named(&events, "call_begun"), named(&events, "call_ended"));
    assert_eq!((begun.len(), ended.len()), (1, 1), "{events:#?}");
    let state = gate.path("state");
    let row = crate::tollgate()
        .args(["log", "--json", "--state", state.to_str().unwrap()])
        .assert()
        .success();
    let row: Value = serde_json::from_slice(&row.get_output().stdout).unwrap();
    for event in [begun[0], ended[0]] {
        for field in ["call_id", "request_id", "principal", "trace_id"] {
            assert_eq!(event[field], row[field], "{field}");
        }
        assert_eq!(event["operation_id"], row["call_id"]);
        assert_eq!(event["tool_name"], row["tool"]);
        assert_eq!(event["span_id"], "b7ad6b7169203331");
        assert_eq!(event["attributes"]["jsonrpc.request.id"], "\"seven\"");
        assert_eq!(event["attributes"]["gen_ai.tool.name"], "touch");
    }
    assert_eq!(ended[0]["backend_status"], row["end"]["backend_status"]);
    assert_eq!(ended[0]["ledger_row"], 1);
    assert_eq!(ended[0]["kind"], "result");
    assert_eq!(ended[0]["validation_errors"], json!([]));
}

#[test]
fn a_refusal_names_places_and_constraints_and_no_value() {
    let call = json!({"name": "touch", "arguments": {"n": -48_151_623}});
    let call = legacy(&json!(1), "tools/call", &call);
    let told = gate(&write()).converse(format!("{}{call}\n", handshake("2025-11-25")));
    let events = events(&told.stderr);
    let ended = named(&events, "call_ended");
    assert_eq!(ended[0]["kind"], "problem");
    assert_eq!(ended[0]["code"], "VALIDATION_FAILED");
    assert_eq!(ended[0]["attributes"]["error.type"], "VALIDATION_FAILED");
    assert_eq!(ended[0]["validation_errors"], json!(["/n: minimum"]));
    assert!(!told.stderr.contains("48151623"), "{}", told.stderr);
}

/// O9: control characters and newlines stay inside their line.
#[test]
fn o9_an_event_is_one_line_whatever_the_caller_sends() {
    let name = "a\nb\u{1b}[31m\u{0}\u{2028}";
    let call = legacy(&json!("x\ny"), "tools/call", &json!({"name": name}));
    let told = gate(ECHO).converse(format!("{}{call}\n", handshake("2025-11-25")));
    let events = events(&told.stderr);
    let ended = named(&events, "call_ended");
    assert_eq!(ended[0]["tool_name"], name);
    assert_eq!(ended[0]["kind"], "protocol_error");
}

#[test]
fn files_hold_the_same_events_within_their_bounds() {
    let gate = gate(ECHO);
    let folder = gate.path("log");
    let gate = gate.with(&[
        "--log-dir",
        folder.to_str().unwrap(),
        "--log-file-bytes",
        "65536",
        "--log-files",
        "2",
    ]);
    let calls: String = (0..400)
        .map(|id| legacy(&json!(id), "tools/call", &echo("x")) + "\n")
        .collect();
    let told = gate.converse(handshake("2025-11-25") + &calls);
    let stderr = events(&told.stderr);
    assert_eq!(named(&stderr, "call_ended").len(), 400);
    let mut kept = String::new();
    for name in ["tollgate.1.jsonl", "tollgate.jsonl"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.len() <= 65536, "{name}: {}", text.len());
        kept += &text;
    }
    let kept = events(&kept);
    assert!(kept.len() < stderr.len(), "nothing rolled over");
    let tail = &stderr[stderr.len() - kept.len()..];
    for (kept, told) in kept.iter().zip(tail) {
        assert_eq!(kept["call_id"], told["call_id"]);
    }
}

/// O7: nobody reads standard error. Every call is answered, and the process ends.
#[test]
fn o7_a_standard_error_that_nobody_reads_blocks_nothing() {
    const CALLS: usize = 6000;
    let gate = gate(ECHO);
    let mut child = gate
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let calls: String = (0..CALLS)
        .map(|id| legacy(&json!(id), "tools/call", &echo("x")) + "\n")
        .collect();
    let input = handshake("2025-11-25") + &calls;
    let writing = std::thread::Builder::new()
        .spawn(move || stdin.write_all(input.as_bytes()).unwrap())
        .unwrap();
    let mut told = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    writing.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(told.lines().count(), CALLS + 1);
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert!(stderr.lines().count() < CALLS, "everything was written");
}

/// Somebody who reads without an end keeps the log from being begun anew.
#[test]
fn a_log_that_cannot_be_carried_over_is_told() {
    let home = Home::new();
    home.reply("say");
    let mut server = home.serving();
    let id = server.call("say", json!({"text": "before"}));
    server.answer(id);
    let open = || {
        let file = home.path("state/ledger.db");
        Connection::open_with_flags(file, OpenFlags::default()).unwrap()
    };
    let reader = open();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM calls")
        .unwrap();
    open()
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF;
            CREATE TABLE filling AS SELECT zeroblob(70 * 1024 * 1024)",
        )
        .unwrap();
    let id = server.call("say", json!({"text": "after"}));
    server.answer(id);
    let told = server.told("the ledger's log grows");
    assert!(told.contains("mebibytes=70"), "{told}");
    assert!(told.contains("WARN"), "{told}");
}
