//! What is tried again and what is not, counted by the program itself in a file that the gate
//! does not know of.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, outcome, problem};

/// Calls a tool whose program writes its operation's id into a file and then behaves as `how`
/// says; the answer, and how often it ran.
#[track_caller]
fn run(effect: &str, how: &[&str], exec: Value, more: Value) -> (Value, usize, Home) {
    let home = Home::new();
    let (program, effects) = (crate::life_harness::fake_tool(), home.text("effects"));
    let command = [&[program.as_str(), "append-then", &effects], how].concat();
    home.exec("tool", effect, &command, exec, more);
    let mut server: Server = home.serve(&["--no-watch"]);
    server.initialize();
    let id = server.call("tool", json!({}));
    let answer = server.answer(id);
    assert_eq!(server.finish(), (0, Vec::new()));
    let effects = fs::read_to_string(home.path("effects")).unwrap();
    // All attempts are of one operation.
    let operations: BTreeSet<&str> = effects.lines().collect();
    assert_eq!(operations.len(), 1, "{effects}");
    (answer, effects.lines().count(), home)
}

fn told(answer: &Value) -> [&str; 2] {
    ["code", "effects"].map(|name| problem(answer)[name].as_str().unwrap_or(""))
}

#[test]
fn x3_an_exit_code_that_promises_to_pass_is_tried_three_times_and_any_other_once() {
    let how = ["exit", "75", ""];
    let retry = json!({"retry": {"attempts": 3, "exit_codes": [75]}});
    let (answer, ran, home) = run("write", &how, json!({}), retry);
    assert_eq!((told(&answer), ran), (["BACKEND_UNAVAILABLE", "none"], 3));
    assert_eq!(outcome(&home.log()[0]), "failed");
    let (answer, ran, _) = run("write", &how, json!({}), json!({}));
    assert_eq!((told(&answer), ran), (["BACKEND_FAILED", "unknown"], 1));
    let codes = json!({"exit_codes": {"ambiguous": [75]}});
    let (answer, ran, home) = run("write", &how, codes, json!({}));
    assert_eq!((told(&answer), ran), (["OUTCOME_UNKNOWN", "unknown"], 1));
    assert_eq!(outcome(&home.log()[0]), "unknown");
}

#[test]
fn x5_x6_a_timeout_is_one_attempt_whatever_the_tool_is() {
    let timeout = json!({"timeout": "2s"});
    let (answer, ran, home) = run("write", &["sleep"], json!({}), timeout);
    assert_eq!((told(&answer), ran), (["TIMEOUT", "unknown"], 1));
    assert_eq!(home.programs(), Vec::<i32>::new());
    // Its time is that of the whole call: none is left.
    let timeout = json!({"timeout": "2s", "idempotent": true});
    let (answer, ran, _) = run("write", &["sleep"], json!({}), timeout);
    assert_eq!((told(&answer), ran), (["TIMEOUT", "unknown"], 1));
}

#[test]
fn x17_a_program_that_is_killed_is_tried_again_where_that_does_no_harm() {
    let how = ["kill-self", "KILL"];
    let (answer, ran, _) = run("read", &how, json!({}), json!({}));
    assert_eq!((told(&answer), ran), (["BACKEND_FAILED", "none"], 3));
    let (answer, ran, _) = run("write", &how, json!({}), json!({"idempotent": true}));
    assert_eq!((told(&answer), ran), (["OUTCOME_UNKNOWN", "unknown"], 3));
    let (answer, ran, home) = run("write", &how, json!({}), json!({}));
    assert_eq!((told(&answer), ran), (["OUTCOME_UNKNOWN", "unknown"], 1));
    assert_eq!(outcome(&home.log()[0]), "unknown");
}

#[test]
fn every_attempt_is_in_the_ledger_with_what_came_before_it() {
    for (effect, first) in [("read", 2), ("write", 1)] {
        let retry = json!({"retry": {"attempts": 3, "exit_codes": [75]}});
        let (answer, _, home) = run(effect, &["exit", "75", ""], json!({}), retry);
        let id = crate::life_harness::call_id(&answer);
        let shown = home.run(&["log", id, "--json"]).success();
        let shown: Value = serde_json::from_slice(&shown.get_output().stdout).unwrap();
        let attempts: Vec<(u64, Option<&str>)> = shown["intents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|intent| {
                (
                    intent["attempt"].as_u64().unwrap(),
                    intent["after"].as_str(),
                )
            })
            .collect();
        // Nobody asks what a read was about to do, but how often it had to be tried.
        let expected: Vec<_> = (first..=3)
            .map(|attempt| (attempt, (attempt > 1).then_some("exit 75")))
            .collect();
        assert_eq!(attempts, expected, "{effect}");
    }
}

#[test]
fn x17_x24_a_backend_that_dies_is_tried_five_times_and_then_left_alone() {
    let home = Home::new();
    let (program, effects) = (crate::life_harness::fake_tool(), home.text("effects"));
    let command = [&program, "append-then", &effects, "kill-self", "KILL"];
    home.exec("tool", "read", &command, json!({}), json!({}));
    let mut server = home.serving();
    let codes = [(); 3].map(|()| {
        let id = server.call("tool", json!({}));
        told(&server.answer(id))[0].to_owned()
    });
    assert_eq!(codes, ["BACKEND_FAILED", "BACKEND_FAILED", "CIRCUIT_OPEN"]);
    let ran = fs::read_to_string(home.path("effects")).unwrap();
    assert_eq!(ran.lines().count(), 5);
}

#[test]
fn on_cancel_ends_a_write_or_lets_a_read_go_on() {
    for (effect, on_cancel, outcomes) in [
        ("write", "kill", ("cancelled", "unknown")),
        ("read", "detach", ("succeeded", "none")),
    ] {
        let home = Home::new();
        let command = ["cat", &home.text("pipe-{text}")];
        let how = json!({"on_cancel": on_cancel});
        home.exec("hold", effect, &command, json!({}), how);
        let pipe = home.pipe("a");
        let mut server = home.serve(&["--no-watch", "--workers", "1"]);
        server.initialize();
        let holding = server.call("hold", json!({"text": "a"}));
        let held = pipe.reached();
        server.cancel(holding);
        server.ping();
        if on_cancel == "detach" {
            assert_eq!(home.programs().len(), 1);
            drop(held);
        }
        assert_eq!(server.finish(), (0, Vec::new()));
        assert_eq!(home.programs(), Vec::<i32>::new());
        let row = home.log().remove(0);
        let ended = (outcome(&row), row["end"]["effects"].as_str().unwrap());
        assert_eq!(ended, outcomes, "{effect}");
    }
}

#[test]
fn x15_output_that_is_not_what_was_declared_is_not_tried_again() {
    let output = json!({"output": "json"});
    let (answer, ran, _) = run("write", &["print", "no json"], output, json!({}));
    assert_eq!((told(&answer), ran), (["OUTPUT_INVALID", "applied"], 1));
}

#[test]
fn x16_a_result_beyond_what_clients_take_is_cut_and_not_tried_again() {
    let limit = json!({"stdout_limit": "16MiB"});
    let (answer, ran, home) = run("write", &["print-many", "9000000"], limit, json!({}));
    assert_eq!(ran, 1);
    assert!(answer.to_string().len() < 1024 * 1024);
    assert_eq!(answer["result"]["_meta"]["tollgate/part"]["from"], 0);
    assert_eq!(outcome(&home.log()[0]), "succeeded");
}

fn call_within(server: &mut Server, tool: &str, deadline_ms: Value) -> Value {
    let meta = json!({"tollgate/deadlineMs": deadline_ms});
    let params = json!({"name": tool, "arguments": {"text": "a"}, "_meta": meta});
    let id = server.request("tools/call", params);
    server.answer(id)
}

#[test]
fn a_caller_may_have_less_patience_than_the_tool_and_never_more() {
    let home = Home::new();
    home.waiting("hold", "write");
    let pipe = home.pipe("a");
    let mut server = home.serving();
    let answer = call_within(&mut server, "hold", json!(1000));
    drop(pipe);
    // On a busy machine it may not even have begun.
    let code = problem(&answer)["code"].as_str().unwrap();
    assert!(["TIMEOUT", "OVERLOADED"].contains(&code), "{answer}");
    for (given, told) in [
        (json!(0), "not `0`"),
        (json!(-1), "not `-1`"),
        (json!(1.5), "not `1.5`"),
        (json!("5s"), "not a string"),
    ] {
        let answer = call_within(&mut server, "hold", given);
        let problem = problem(&answer);
        assert_eq!(problem["code"], "VALIDATION_FAILED", "{answer}");
        let message = problem["message"].as_str().unwrap();
        assert!(message.ends_with(told), "{message}");
    }
    assert_eq!(server.finish(), (0, Vec::new()));
    let status = home.log()[0]["end"]["backend_status"].clone();
    let status = status.as_str().unwrap();
    assert!(status.starts_with("deadline 1000 ms"), "{status}");
}
