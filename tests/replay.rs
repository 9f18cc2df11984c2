//! `tollgate replay-log`: yesterday's calls against today's definitions (O8).

use std::fs;

use serde_json::{Value, json};

use crate::life_harness::Home;

const PAY: &str = "\
name: pay
description: Pay an amount.
effect: read
inputSchema:
  type: object
  additionalProperties: false
  required: [cents]
  properties:
    cents: {type: integer, minimum: 1}
    currency: {type: string, enum: [EUR, USD], default: EUR}
rules:
  - {require: \"args.cents <= 50000\", code: TOO_MUCH, message: At most 500.00.}
run:
  reply: {text: \"{cents} {currency}\"}
";

/// A ledger with a plain call, a coerced one, one that a rule refuses, one that the schema
/// refuses, and one of a tool that does not exist.
fn recorded() -> Home {
    let home = Home::new();
    home.define("pay.yaml", PAY);
    for arguments in [
        r#"{"cents": 5}"#,
        "{\"cents\":\n\"100\"}",
        r#"{"cents": 90000}"#,
        r#"{"cents": 0, "currency": "EUR"}"#,
    ] {
        home.run(&["call", "pay", arguments]);
    }
    home.run(&["call", "gone", "{}"]);
    home
}

/// The differences and the summary.
#[track_caller]
fn replay(home: &Home, status: i32) -> (Vec<Value>, Value) {
    let assert = home.run(&["replay-log", "--json"]).code(status);
    let told = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let mut lines: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = lines.pop().unwrap()["summary"].take();
    (lines, summary)
}

#[test]
fn o8_a_recording_replayed_against_its_own_definitions_shows_no_difference() {
    let home = recorded();
    let (differences, summary) = replay(&home, 0);
    assert_eq!(differences, Vec::<Value>::new());
    assert_eq!(
        (&summary["calls"], &summary["differing"]),
        (&json!(5), &json!(0))
    );
    let told = home.run(&["replay-log"]).success();
    assert_eq!(
        String::from_utf8_lossy(&told.get_output().stdout),
        "5 calls judged again: no difference\n"
    );
    assert_eq!(home.log().len(), 5, "a replay is no call");
}

#[test]
fn a_tighter_rule_a_looser_rule_and_another_default_are_told_apart() {
    let home = recorded();
    let looser = PAY
        .replace("50000", "100000")
        .replace("minimum: 1", "minimum: 10")
        .replace("default: EUR", "default: USD");
    home.define("pay.yaml", &looser);
    let (differences, summary) = replay(&home, 1);
    let kinds: Vec<&Value> = differences.iter().map(|one| &one["difference"]).collect();
    assert_eq!(
        kinds,
        ["now refused", "run with other arguments", "now admitted"]
    );
    assert_eq!(differences[0]["now"]["code"], "VALIDATION_FAILED");
    assert_eq!(differences[2]["then"]["reason"], "TOO_MUCH");
    let change = json!([{"at": "/currency", "then": "EUR", "now": "USD"}]);
    assert_eq!(differences[1]["changes"], change);
    let by_kind = json!({
        "now_refused": 1, "now_admitted": 1, "refused_for_another_reason": 0,
        "run_with_other_arguments": 1,
    });
    assert_eq!(summary["by_kind"], by_kind);
    let told = home.run(&["replay-log", "--limit", "1"]).code(1);
    let told = String::from_utf8_lossy(&told.get_output().stdout).into_owned();
    assert!(told.contains("then  admitted\n"), "{told}");
    assert!(
        told.contains("now   refused by validate: VALIDATION_FAILED\n"),
        "{told}"
    );
    assert!(
        told.ends_with("1 call judged again: 1 now refused\n"),
        "{told}"
    );
}

#[test]
fn a_replay_against_broken_definitions_is_refused() {
    let home = recorded();
    home.define("bad.yaml", "name: bad\n");
    let told = home.run(&["replay-log"]).code(78);
    let told = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert!(told.contains("bad.yaml:1:1"), "{told}");
}

#[test]
fn exported_calls_are_requests_that_serve_answers_alike() {
    let home = recorded();
    let file = home.text("calls.ndjson");
    home.run(&["replay-log", "--export", &file]).success();
    home.run(&["replay-log", "--export", &file]).failure();
    let lines = fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().count(), 5);
    let first = home.log();
    let mut server = home.serve(&["--no-watch"]);
    server.send_raw(&lines);
    let (status, answers) = server.finish();
    assert_eq!((status, answers.len()), (0, 5));
    let both = home.log();
    let told = |rows: &[Value]| -> Vec<Value> {
        let told = |row: &Value| json!([row["tool"], row["end"]["outcome"], row["end"]["reply"]]);
        let mut told: Vec<Value> = rows.iter().map(told).collect();
        told.sort_by_key(Value::to_string);
        told
    };
    let again: Vec<Value> = both
        .iter()
        .filter(|row| !first.contains(row))
        .cloned()
        .collect();
    assert_eq!(told(&again), told(&first));
}
