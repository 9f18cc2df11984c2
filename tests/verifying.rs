//! S17: a write whose process was killed in the middle, and whose tool can tell whether it
//! happened. What it really did stands in a file that only the tool touches.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, fake_tool, is_gone_soon, problem, text};

/// A home with two writes that add a line to the effects, one before it waits at its pipe and
/// one after, and that look into that file to tell whether they did.
fn home() -> Home {
    let home = Home::new();
    fs::write(home.path("effects"), "").unwrap();
    let (program, effects) = (fake_tool(), home.text("effects"));
    let pipe = home.text("pipe-a");
    let verify = json!({"verify": {
        "exec": {"command": ["/bin/cat", &effects]},
        "applied": "result.contains('once')",
    }});
    let unsafe_interpreter = json!({"unsafe_interpreter": true});
    for (name, script) in [
        ("before", "\"$0\" append \"$1\" once; read -r _ < \"$2\""),
        ("after", "read -r _ < \"$2\"; \"$0\" append \"$1\" once"),
    ] {
        let command = ["/bin/sh", "-c", script, &program, &effects, &pipe];
        let exec = unsafe_interpreter.clone();
        home.exec(name, "write", &command, exec, verify.clone());
    }
    home
}

fn effects(home: &Home) -> Vec<String> {
    let text = fs::read_to_string(home.path("effects")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Has `tool` called by a server that is killed while it runs; then nothing holds it up. Its
/// program is gone before its pipe is closed: at the end of what it reads it would go on.
fn killed_in(home: &Home, tool: &str) {
    let pipe = home.pipe("a");
    let mut server = home.serving();
    server.call(tool, json!({}));
    let held = pipe.reached();
    let running = home.programs();
    server.signal(Signal::KILL);
    server.exit_within(BOUND);
    assert!(running.into_iter().all(is_gone_soon));
    drop(held);
    fs::remove_file(home.path("pipe-a")).unwrap();
    fs::write(home.path("pipe-a"), "go\n").unwrap();
}

fn again(home: &Home, tool: &str) -> Value {
    let mut server = home.serving();
    let id = server.call(tool, json!({}));
    let answer = server.answer(id);
    assert_eq!(server.finish().0, 0);
    home.run(&["audit", "verify"]).success();
    answer
}

/// The first operation in the ledger.
fn operation(home: &Home) -> Value {
    let states = "running,succeeded,failed_clean,unknown";
    let listed = home.run(&["ops", "list", "--json", "--state-is", states]);
    let listed = String::from_utf8(listed.get_output().stdout.clone()).unwrap();
    serde_json::from_str(listed.lines().next().unwrap()).unwrap()
}

#[test]
fn s17_what_was_done_is_known_and_not_done_again() {
    let home = home();
    killed_in(&home, "before");
    let answer = again(&home, "before");
    let done = "Done. Its own answer was lost; that it was done was found by the probe of `before` (asked before a repetition).";
    assert_eq!(text(&answer), done);
    assert_eq!(answer["result"]["_meta"]["tollgate/replayed"], true);
    let operation = operation(&home);
    assert_eq!(operation["state"], "succeeded");
    assert_eq!(operation["resolutions"][0]["by"], "the probe of `before`");
    assert_eq!(effects(&home), ["once"]);
}

#[test]
fn s17_what_was_not_done_is_known_and_done() {
    let home = home();
    killed_in(&home, "after");
    let answer = again(&home, "after");
    assert_eq!(answer["result"]["isError"], Value::Null, "{answer}");
    assert_eq!(operation(&home)["state"], "failed_clean");
    assert_eq!(effects(&home), ["once"]);
}

#[test]
fn s17_what_nobody_can_tell_is_not_done_again() {
    let home = home();
    killed_in(&home, "after");
    fs::rename(home.path("effects"), home.path("elsewhere")).unwrap();
    let answer = again(&home, "after");
    assert_eq!(problem(&answer)["code"], "OUTCOME_UNKNOWN");
    assert_eq!(operation(&home)["state"], "unknown");
    let id = operation(&home)["op_id"].as_str().unwrap().to_owned();
    home.run(&["ops", "verify", &id]).code(3);

    // An operator asks again once it can be told.
    fs::rename(home.path("elsewhere"), home.path("effects")).unwrap();
    home.run(&["ops", "verify", &id])
        .success()
        .stdout(format!("{id}: unknown -> failed_clean\n"));
    home.run(&["ops", "verify", &id]).code(2);
    home.run(&["ops", "list"]).code(0).stdout("");
    let answer = again(&home, "after");
    assert_eq!(answer["result"]["isError"], Value::Null, "{answer}");
    assert_eq!(effects(&home), ["once"]);
    home.run(&["audit", "verify"]).success();
}

#[test]
fn s17_an_operator_asks_about_an_operation_that_nobody_has_met_since() {
    let home = home();
    killed_in(&home, "before");
    assert_eq!(operation(&home)["state"], "orphaned");
    let id = operation(&home)["op_id"].as_str().unwrap().to_owned();
    home.run(&["ops", "verify", &id])
        .success()
        .stdout(format!("{id}: unknown -> succeeded\n"));
    assert_eq!(effects(&home), ["once"]);
}
