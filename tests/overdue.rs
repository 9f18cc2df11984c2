//! Calls that wait for a worker, and are told when there is no use in waiting any more.

use serde_json::json;

use crate::life_harness::{Home, Server, fake_tool, problem, text};

/// The time that is left to a call that waits: it decides how long the test takes and nothing else.
const SHORT_MS: u64 = 200;

/// A call that has so little time, in which no worker gets free for it.
#[track_caller]
fn is_overdue(server: &mut Server, tool: &str) {
    let meta = json!({"tollgate/deadlineMs": SHORT_MS});
    let params = json!({"name": tool, "arguments": {"text": "y"}, "_meta": meta});
    let id = server.request("tools/call", params);
    let answer = server.answer(id);
    let told = ["code", "effects"].map(|name| problem(&answer)[name].as_str().unwrap());
    // On a busy machine its time is up before half of it was spent here.
    assert!(["OVERLOADED", "TIMEOUT"].contains(&told[0]), "{answer}");
    assert_eq!(told[1], "none", "{answer}");
}

/// A tool of which one call runs at a time, until the test lets it, and others beside it.
fn home() -> Home {
    let home = Home::new();
    let pipe = home.text("pipe-{text}");
    let one = json!({"limits": {"concurrent": 1}});
    home.exec("held", "write", &["cat", &pipe], json!({}), one);
    let (program, effects) = (fake_tool(), home.text("effects"));
    let note = [program.as_str(), "note", &effects, "{text}"];
    home.exec("other", "write", &note, json!({}), json!({}));
    let check = json!({"checks": [{
        "reply": {"json": {}}, "require": "true", "code": "NEVER", "message": "It is looked up.",
    }]});
    home.exec("checked", "write", &note, json!({}), check);
    home
}

#[test]
fn a_call_that_waits_is_answered_when_waiting_is_no_use_and_not_when_its_turn_comes() {
    let home = home();
    let pipe = home.pipe("x");
    // One worker, so that whatever is called waits for the one that is held.
    let mut server = home.serve(&["--no-watch", "--workers", "1"]);
    server.initialize();
    let held = server.call("held", json!({"text": "x"}));
    let file = pipe.reached();
    for tool in ["other", "checked", "held", "other"] {
        is_overdue(&mut server, tool);
    }
    drop(file);
    assert_eq!(text(&server.answer(held)), "");
    // It works on, with the time that it has.
    let id = server.call("other", json!({"text": "y"}));
    assert!(server.answer(id)["result"].get("isError").is_none());
    assert_eq!(server.finish(), (0, Vec::new()));
    let done = std::fs::read_to_string(home.path("effects")).unwrap();
    assert_eq!(done.lines().count(), 1, "{done}");
}

#[test]
fn a_call_that_the_cap_of_its_tool_holds_back_is_answered_though_workers_are_free() {
    let home = home();
    let pipe = home.pipe("x");
    let mut server = home.serve(&["--no-watch", "--workers", "4"]);
    server.initialize();
    let held = server.call("held", json!({"text": "x"}));
    let file = pipe.reached();
    is_overdue(&mut server, "held");
    drop(file);
    assert_eq!(text(&server.answer(held)), "");
    assert_eq!(server.finish(), (0, Vec::new()));
}
