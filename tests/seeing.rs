//! `tollgate log`, as it happens and stage by stage.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::life_harness::{Home, Server, call_id, outcome};

/// Far more than is needed to end.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn the_log_is_followed_across_processes_until_it_is_interrupted() {
    let home = Home::new();
    home.reply("echo");
    home.waiting("wait", "read");
    let mut one = home.serving();
    let call = |server: &mut Server, text: &str| {
        let id = server.call("echo", json!({"text": text}));
        call_id(&server.answer(id)).to_owned()
    };
    let first = call(&mut one, "a");
    let pipe = home.pipe("p");
    let waiting = one.call("wait", json!({"text": "p"}));
    let hold = pipe.reached();
    let mut follow = Server::start(home.command(&["log", "--follow", "--json"]));
    let mut next = || follow.next().expect("a line");
    assert_eq!(next()["call_id"], first);
    let mut other = home.serving();
    let second = call(&mut other, "b");
    assert_eq!(next()["call_id"], second);
    let third = call(&mut one, "c");
    assert_eq!(next()["call_id"], third);
    // It was running when the follower began, and is told when it ends.
    drop(hold);
    let ended = call_id(&one.answer(waiting)).to_owned();
    let told = next();
    assert_eq!(
        (&told["call_id"], outcome(&told)),
        (&json!(ended), "succeeded")
    );
    follow.signal(Signal::INT);
    assert_eq!(follow.exit_within(SOON), 130);
}

#[test]
fn only_what_is_wanted_is_followed() {
    let home = Home::new();
    home.reply("echo");
    home.run(&["call", "echo", r#"{"text": null}"#]);
    let args = [
        "log",
        "--follow",
        "--json",
        "--outcome",
        "refused",
        "--tool",
        "echo",
    ];
    let mut follow = Server::start(home.command(&args));
    let first = follow.next().expect("a line");
    for arguments in [r#"{"text": "fine"}"#, "{}"] {
        home.run(&["call", "echo", arguments]);
    }
    home.run(&["call", "other", "{}"]);
    home.run(&["call", "echo", r#"{"text": [], "more": 1}"#]);
    let told = [
        first,
        follow.next().expect("a line"),
        follow.next().expect("a line"),
    ];
    let sent = told.map(|call| call["raw_arguments"].as_str().unwrap().to_owned());
    assert_eq!(sent, [r#"{"text":null}"#, "{}", r#"{"text":[],"more":1}"#]);
    follow.signal(Signal::TERM);
    assert_eq!(follow.exit_within(SOON), 143);
}

const PAY: &str = "\
name: pay
description: Pay an amount.
effect: write
idempotency: {key: /order}
inputSchema:
  type: object
  additionalProperties: false
  required: [cents, order]
  properties:
    cents: {type: integer, minimum: 1}
    order: {type: string}
    currency: {type: string, enum: [EUR, USD], default: EUR}
rules:
  - {require: \"args.cents <= 50000\", code: TOO_MUCH, message: At most 500.00.}
limits: {rate: 2/hour, burst: 2}
run:
  reply: {text: \"{cents} {currency}\"}
";

/// Makes a call and asks why it fared so: the chain, and what is told of it.
#[track_caller]
fn why(home: &Home, arguments: &str) -> (Vec<Value>, String) {
    home.run(&["call", "pay", arguments]);
    let id = home.log().pop().unwrap()["call_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let stdout = |args: &[&str]| {
        let assert = home.run(args).success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    };
    let whole: Value = serde_json::from_str(&stdout(&["log", "why", &id, "--json"])).unwrap();
    let chain = whole["chain"].as_array().unwrap().clone();
    (chain, stdout(&["log", "why", &id]))
}

/// The last decision must be this one, and the ones before it have passed.
#[track_caller]
fn ends(chain: &[Value], stage: &str, decision: &str, because: &str) {
    let last = chain.last().unwrap();
    assert_eq!(
        (&last["stage"], &last["decision"]),
        (&json!(stage), &json!(decision))
    );
    let reasons = last["because"].as_array().unwrap();
    let found = reasons
        .iter()
        .any(|one| one.as_str().unwrap().contains(because));
    assert!(found, "no `{because}` in {last:#}");
    for one in &chain[..chain.len() - 1] {
        assert!(
            ["passed", "begun"].contains(&one["decision"].as_str().unwrap()),
            "{one}"
        );
    }
}

#[test]
fn why_names_the_stage_the_rule_and_the_values() {
    let home = Home::new();
    home.define("pay.yaml", PAY);
    let (chain, told) = why(&home, r#"{"cents": 0, "order": "a"}"#);
    ends(
        &chain,
        "validate",
        "refused",
        "`/cents` breaks minimum 1: got 0",
    );
    assert!(
        told.contains("the caller was told to try other arguments"),
        "{told}"
    );
    let (chain, _) = why(&home, r#"{"cents": 60000, "order": "a"}"#);
    ends(
        &chain,
        "rules",
        "refused",
        "the operator's own code is TOO_MUCH",
    );
    let (chain, told) = why(&home, r#"{"cents": "5", "order": "a"}"#);
    ends(&chain, "reply", "succeeded", "effects: applied");
    let changed = "coerced at `/cents`: \"5\" became 5";
    assert!(told.contains(changed), "{told}");
    assert!(
        told.contains("default at `/currency`: nothing became \"EUR\""),
        "{told}"
    );
    let stages: Vec<&str> = chain
        .iter()
        .map(|one| one["stage"].as_str().unwrap())
        .collect();
    assert_eq!(stages[..3], ["params", "resolve", "normalize"]);
    assert!(stages.contains(&"attempt"), "{stages:?}");
}

#[test]
fn why_tells_a_replay_and_a_limit_apart_from_checks() {
    let home = Home::new();
    home.define("pay.yaml", PAY);
    let call = |order: &str| format!(r#"{{"cents": 5, "order": "{order}"}}"#);
    let (first, _) = why(&home, &call("a"));
    ends(&first, "reply", "succeeded", "effects: applied");
    let (again, told) = why(&home, &call("a"));
    ends(
        &again,
        "replay",
        "succeeded",
        "nothing was run: it is a replay of",
    );
    assert!(
        !told.contains("budget"),
        "a limit that was not asked: {told}"
    );
    why(&home, &call("b"));
    let (limited, _) = why(&home, &call("c"));
    ends(&limited, "rate", "refused", "RATE_LIMITED");
    let passed = limited.iter().any(|one| one["stage"] == "breaker");
    assert!(passed, "{limited:#?}");
}

#[test]
fn why_says_what_was_not_so_where_the_protocol_has_told_it() {
    let home = Home::new();
    home.reply("echo");
    home.run(&["call", "ecko", "{}"]).code(2);
    let id = home.log()[0]["call_id"].as_str().unwrap().to_owned();
    let told = home.run(&["log", "why", &id]).success();
    let told = String::from_utf8_lossy(&told.get_output().stdout).into_owned();
    let because = "resolve    refused    it is not so that there is such a tool for this principal";
    assert!(told.contains(because), "{told}");
}

#[test]
fn one_call_is_shown_under_a_name_of_its_own() {
    let home = Home::new();
    home.reply("echo");
    home.run(&["call", "echo", r#"{"text": "a"}"#]);
    let id = home.log()[0]["call_id"].as_str().unwrap().to_owned();
    let stdout = |args: &[&str]| home.run(args).success().get_output().stdout.clone();
    assert_eq!(stdout(&["log", "show", &id]), stdout(&["log", &id]));
    let told = home.run(&["log", "why", "zzz"]).code(2);
    let told = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert_eq!(
        told,
        "error: no call has the id `zzz`; `tollgate log` lists them\n"
    );
}

const ECHO_STRICTER: &str = r#"{
"name": "echo", "description": "Gives the text back.", "effect": "read",
"inputSchema": {"type": "object", "additionalProperties": false, "required": ["text"],
"properties": {"text": {"type": "string", "maxLength": 1}}},
"run": {"reply": {"text": "{text}"}}}"#;

/// O9: whoever looks at what a client sent gets text, whatever it was: no colours, no cursor, no
/// line that looks like another call, nothing that reads backwards.
#[test]
fn o9_what_a_client_sends_cannot_disturb_a_terminal() {
    let evil = "a\u{1b}[2J\u{9b}31m\r\n2026-01-01  b\u{202e}c\u{7f}";
    let home = Home::new();
    home.reply("echo");
    let request = |id: u32, method: &str, params: Value| {
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
    };
    let call = |id: u32, name: &str, arguments: Value| {
        request(
            id,
            "tools/call",
            json!({"name": name, "arguments": arguments}),
        )
    };
    let hello = json!({
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": evil, "version": evil},
    });
    let session = [
        request(0, "initialize", hello),
        call(1, evil, json!({})),
        call(2, "echo", json!({"text": evil})),
        call(3, "echo", json!({evil: 1})),
    ];
    assert_cmd::Command::from_std(home.command(&["serve", "--no-watch"]))
        .write_stdin(session.concat())
        .assert()
        .success();
    let calls = home.log();
    assert_eq!(calls.len(), 3);
    let ids: Vec<&str> = calls
        .iter()
        .map(|call| call["call_id"].as_str().unwrap())
        .collect();
    let mut looks: Vec<Vec<&str>> = vec![vec!["log"], vec!["stats"], vec!["top", "--once"]];
    for id in &ids {
        looks.extend([vec!["log", "show", id], vec!["log", "why", id]]);
    }
    // Stricter than it was, so that each call has a difference to tell.
    home.define("echo.json", ECHO_STRICTER);
    looks.push(vec!["replay-log"]);
    for args in &looks {
        let assert = home.run(args);
        let told = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        assert!(!told.is_empty(), "{args:?}");
        let disturbs = |char: &char| char.is_control() && *char != '\n' || *char == '\u{202e}';
        assert_eq!(told.chars().find(disturbs), None, "{args:?}: {told:?}");
        assert!(
            !told.lines().any(|line| line.starts_with("2026-01-01")),
            "{told}"
        );
    }
}
