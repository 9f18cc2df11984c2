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
fn x15_output_that_is_not_what_was_declared_is_not_tried_again() {
    let output = json!({"output": "json"});
    let (answer, ran, _) = run("write", &["print", "no json"], output, json!({}));
    assert_eq!((told(&answer), ran), (["OUTPUT_INVALID", "applied"], 1));
}

#[test]
fn x16_a_result_beyond_what_clients_take_is_told_as_done() {
    let limit = json!({"stdout_limit": "16MiB"});
    let (answer, ran, home) = run("write", &["print-many", "9000000"], limit, json!({}));
    assert_eq!(ran, 1);
    assert!(answer.to_string().len() < 1024 * 1024);
    assert_eq!(told(&answer)[1], "applied", "{answer}");
    assert_eq!(outcome(&home.log()[0]), "succeeded");
}
