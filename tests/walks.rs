//! A tool of several steps whose effects can be seen and whose steps can be held.

use std::fs;

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, fake_tool, problem};

/// A step that writes its name into the file `effects`, then does what `then` says; its undo
/// writes `-NAME`.
pub(crate) fn step(home: &Home, name: &str, then: &[&str]) -> Value {
    let append = |line: &str, then: &[&str]| {
        let program = fake_tool();
        let effects = home.text("effects");
        let mut command = vec![program, "note".to_owned(), effects, line.to_owned()];
        command.extend(then.iter().map(|&word| word.to_owned()));
        json!({"command": command, "env": {"TEST_HOME": home.text("")}})
    };
    json!({
        "name": name, "run": {"exec": append(name, then)},
        "undo": {"exec": append(&format!("-{name}"), &[])},
    })
}

/// The same, waiting between its effect and its end for the pipe of its name, its undo for that
/// of `undo-NAME`.
pub(crate) fn waiting(home: &Home, name: &str) -> Value {
    let pipe = |name: &str| home.text(&format!("pipe-{name}"));
    let mut step = step(home, name, &["then-cat", &pipe(name)]);
    let undo = step["undo"]["exec"]["command"].as_array_mut().unwrap();
    undo.extend([json!("then-cat"), json!(pipe(&format!("undo-{name}")))]);
    step
}

pub(crate) fn without_undo(mut step: Value, more: &Value) -> Value {
    let step_ = step.as_object_mut().unwrap();
    step_.remove("undo");
    step_.extend(more.as_object().unwrap().clone());
    step
}

pub(crate) fn tolerant(mut step: Value) -> Value {
    step["undo"]["tolerates_absent"] = json!(true);
    step
}

/// Defines the tool `walk`.
pub(crate) fn define(home: &Home, steps: &[Value], more: &Value) {
    let mut definition = json!({
        "name": "walk", "description": "Several things.", "timeout": "10m",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
        "idempotency": {"key": "/text"},
        "steps": steps,
    });
    let members = definition.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    home.define("walk.json", &definition.to_string());
}

pub(crate) fn serve(home: &Home) -> Server {
    let mut server = home.serve(&["--no-watch"]);
    server.initialize();
    server
}

pub(crate) fn walk(server: &mut Server) -> Value {
    let id = server.call("walk", json!({"text": "x"}));
    server.answer(id)
}

/// What the steps did to the world, in order.
pub(crate) fn effects(home: &Home) -> String {
    let written = fs::read_to_string(home.path("effects")).unwrap_or_default();
    written.lines().collect::<Vec<_>>().join(" ")
}

/// The steps as the answer tells them.
pub(crate) fn told(answer: &Value) -> Vec<String> {
    let steps = problem(answer)["steps"].as_array();
    let steps = steps.unwrap_or_else(|| panic!("{answer}"));
    let word = |step: &Value, key: &str| step[key].as_str().unwrap().to_owned();
    steps
        .iter()
        .map(|step| format!("{} {}", word(step, "name"), word(step, "state")))
        .collect()
}

pub(crate) fn ended(answer: &Value) -> [&str; 2] {
    ["code", "effects"].map(|name| problem(answer)[name].as_str().unwrap_or("none"))
}

/// The state of the operation that the first call began.
pub(crate) fn state(home: &Home) -> String {
    let first = home.log().swap_remove(0);
    let id = first["call_id"].as_str().unwrap();
    let output = home
        .command(&["ops", "show", id, "--json"])
        .output()
        .unwrap();
    let operation: Value = serde_json::from_slice(&output.stdout).unwrap();
    operation["state"].as_str().unwrap().to_owned()
}

/// The audit trail is whole.
pub(crate) fn sound(home: &Home) {
    home.run(&["audit", "verify"]).success();
}
