//! The first five minutes of a newcomer, with no other preparation.

use std::fs;

use serde_json::Value;

use crate::{life_harness::Home, tollgate};

/// Runs a command in a home where nothing is set up; gives what it printed.
#[track_caller]
fn run(home: &Home, status: i32, args: &[&str], input: &str) -> String {
    let assert = tollgate()
        .args(args)
        .env("HOME", home.path(""))
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path(""))
        .write_stdin(input)
        .assert()
        .code(status);
    let output = assert.get_output();
    let told = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8(told).unwrap()
}

#[test]
fn a_newcomer_gets_from_nothing_to_a_report() {
    let home = Home::new();
    let told = run(&home, 0, &["init", "gate"], "");
    assert!(
        told.contains("tollgate validate-config --tools gate/tools.d"),
        "{told}"
    );
    let tools = ["--tools", "gate/tools.d"];
    let with = |args: &[&'static str]| [args, &tools].concat();
    let told = run(&home, 0, &with(&["validate-config", "--strict"]), "");
    assert!(told.contains("2 tools in 2 files"), "{told}");

    let told = run(&home, 0, &with(&["call", "time_now"]), "");
    assert!(told.contains("weekday"), "{told}");
    let note = r#"{"note":"50% off; `id`"}"#;
    run(&home, 0, &with(&["call", "note_append", note]), "");
    let notes = fs::read_to_string(home.path("gate/notes.jsonl")).unwrap();
    assert_eq!(notes.trim_end(), note);

    let session = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}\n\
        {\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n\
        {\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}\n\
        {\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"time_now\",\"arguments\":{}}}\n";
    let told = run(&home, 0, &with(&["serve", "--log-level", "off"]), session);
    assert_eq!(told.lines().count(), 3, "{told}");

    let told = run(&home, 0, &["log", "--json"], "");
    let first: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    let told = run(&home, 0, &["log", first["call_id"].as_str().unwrap()], "");
    assert!(told.contains("arguments sent"), "{told}");
    run(&home, 0, &with(&["replay-log"]), "");
    run(&home, 0, &["audit", "verify"], "");
    run(&home, 0, &["report", "--html", "report.html"], "");
    assert!(
        fs::read_to_string(home.path("report.html"))
            .unwrap()
            .contains("note_append")
    );
}

#[test]
fn init_writes_nothing_where_something_is() {
    let home = Home::new();
    fs::write(home.path("tollgate.yaml"), "mine").unwrap();
    let told = run(&home, 78, &["init"], "");
    assert!(
        told.contains("is there already; nothing was written"),
        "{told}"
    );
    assert_eq!(
        fs::read_to_string(home.path("tollgate.yaml")).unwrap(),
        "mine"
    );
    assert_eq!(fs::read_dir(home.path("tools.d")).unwrap().count(), 0);
}

#[test]
fn new_writes_a_definition_that_works() {
    let home = Home::new();
    let args = [
        "new",
        "greet",
        "--effect",
        "read",
        "--description",
        "Greet somebody.",
    ];
    let told = run(
        &home,
        0,
        &[&args[..], &["--", "printf", "hello %s", "{name}"]].concat(),
        "",
    );
    assert!(told.contains("wrote "), "{told}");
    let told = run(&home, 0, &["validate-config", "--strict"], "");
    assert!(
        told.contains("1 tool in 1 file, 2 tests: 0 errors, 0 warnings"),
        "{told}"
    );
    let told = run(&home, 0, &["call", "greet", r#"{"name":"$(id)"}"#], "");
    assert_eq!(told, "hello $(id)\n");
    let told = run(&home, 78, &[&args[..], &["--", "true"]].concat(), "");
    assert!(told.contains("is there already"), "{told}");
}

#[test]
fn new_leaves_nothing_behind_that_is_broken() {
    let home = Home::new();
    let args = [
        "new",
        "greet",
        "--description",
        "Greet somebody.",
        "--",
        "no-such-program-at-all",
    ];
    let told = run(&home, 78, &args, "");
    assert!(told.contains("no-such-program-at-all"), "{told}");
    assert_eq!(fs::read_dir(home.path("tools.d")).unwrap().count(), 0);
    let told = run(&home, 2, &["new", "greet", "--", "true"], "");
    assert!(told.contains("--description TEXT"), "{told}");
}
