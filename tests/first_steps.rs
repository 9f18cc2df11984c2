//! What `init` and `new` write, with no other preparation. `pages` goes on from there.

use std::fs;

use crate::{life_harness::Home, tollgate};

/// Runs a command in a home where nothing is set up; gives what it printed.
#[track_caller]
fn run(home: &Home, status: i32, args: &[&str]) -> String {
    let assert = tollgate()
        .args(args)
        .env("HOME", home.path(""))
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path(""))
        .assert()
        .code(status);
    let output = assert.get_output();
    let told = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8(told).unwrap()
}

#[test]
fn what_init_writes_works() {
    let home = Home::new();
    fs::remove_dir(home.path("tools.d")).unwrap();
    run(&home, 0, &["init"]);
    let told = run(&home, 0, &["validate-config", "--strict"]);
    assert!(told.contains("2 tools in 2 files"), "{told}");
    let note = r#"{"note":"50% off; `id`"}"#;
    run(&home, 0, &["call", "note_append", note]);
    let notes = fs::read_to_string(home.path("notes.jsonl")).unwrap();
    assert_eq!(notes.trim_end(), note);
}

#[test]
fn init_writes_nothing_where_something_is() {
    let home = Home::new();
    fs::write(home.path("tollgate.yaml"), "mine").unwrap();
    let told = run(&home, 78, &["init"]);
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
    );
    assert!(told.contains("wrote "), "{told}");
    let told = run(&home, 0, &["validate-config", "--strict"]);
    assert!(
        told.contains("1 tool in 1 file, 2 tests: 0 errors, 0 warnings"),
        "{told}"
    );
    let told = run(&home, 0, &["call", "greet", r#"{"name":"$(id)"}"#]);
    assert_eq!(told, "hello $(id)\n");
    let told = run(&home, 78, &[&args[..], &["--", "true"]].concat());
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
    let told = run(&home, 78, &args);
    assert!(told.contains("no-such-program-at-all"), "{told}");
    assert_eq!(fs::read_dir(home.path("tools.d")).unwrap().count(), 0);
    let told = run(&home, 2, &["new", "greet", "--", "true"]);
    assert!(told.contains("--description TEXT"), "{told}");
}
