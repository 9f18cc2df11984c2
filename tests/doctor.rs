//! `tollgate doctor`: a sound place, and one thing wrong after the other.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::life_harness::Home;

/// What is found: each area with its weight, and the status.
#[track_caller]
fn examined(home: &Home, more: &[&str]) -> (Vec<Value>, i32) {
    let assert = home.run(&[&["doctor", "--json"], more].concat());
    let output = assert.get_output();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = told["findings"].as_array().unwrap().clone();
    (findings, output.status.code().unwrap())
}

/// Exactly one finding of this area and weight must hold `what`, and say a way out where there is
/// something to do; the status must be the one of the worst.
#[track_caller]
fn check(home: &Home, area: &str, weight: &str, what: &str, status: i32) {
    let (findings, ended) = examined(home, &[]);
    let found = findings.iter().filter(|one| {
        (&one["area"], &one["weight"]) == (&json!(area), &json!(weight))
            && one["what"].as_str().unwrap().contains(what)
    });
    let found: Vec<&Value> = found.collect();
    assert_eq!(found.len(), 1, "{area} {weight} `{what}` in {findings:#?}");
    let has_way_out = !found[0]["way_out"].is_null();
    assert_eq!(
        has_way_out,
        ["warning", "error"].contains(&weight),
        "{found:#?}"
    );
    assert_eq!(ended, status, "{findings:#?}");
}

/// A place in which nothing is wrong, for whoever is not root.
fn sound() -> (Home, i32) {
    let home = Home::new();
    home.reply("echo");
    home.run(&["call", "echo", r#"{"text": "a"}"#]).success();
    let as_root = rustix::process::geteuid().is_root();
    (home, if as_root { 3 } else { 0 })
}

#[test]
fn nothing_is_wrong_with_a_sound_place() {
    let (home, fine) = sound();
    check(
        &home,
        "definitions",
        "fine",
        "1 tool offered, 0 errors",
        fine,
    );
    check(&home, "state", "fine", "is for you only", fine);
    check(&home, "audit", "fine", "each as it was written", fine);
    let told = home.run(&["doctor"]).code(fine);
    let told = String::from_utf8(told.get_output().stdout.clone()).unwrap();
    assert!(told.starts_with("fine     definitions"), "{told}");
    assert!(told.contains("-> tollgate install CLIENT"), "{told}");
}

#[test]
fn each_thing_that_is_wrong_is_told_with_the_way_out() {
    let (home, _) = sound();
    home.define("broken.json", "{}");
    check(&home, "definitions", "error", "1 tool offered", 1);
    fs::remove_file(home.path("tools.d/broken.json")).unwrap();
    fs::set_permissions(home.path("state"), fs::Permissions::from_mode(0o777)).unwrap();
    check(&home, "state", "error", "state", 1);
    fs::set_permissions(home.path("state"), fs::Permissions::from_mode(0o700)).unwrap();
    home.run(&["lock"]).success();
    home.reply("other");
    check(
        &home,
        "lock",
        "warning",
        "1 tool that are not as approved",
        3,
    );
    fs::write(home.path("tools.lock"), "no lock").unwrap();
    check(&home, "lock", "error", "tools.lock", 1);
}

#[test]
fn what_the_index_of_keys_lacks_is_told_and_the_way_out_helps() {
    let (home, fine) = sound();
    home.exec("put", "write", &["/bin/echo"], json!({}), json!({}));
    let once = ["call", "put", "--idempotency-key", "k", "{}"];
    home.run(&once).success();
    let ledger = rusqlite::Connection::open_with_flags(
        home.path("state/ledger.db"),
        rusqlite::OpenFlags::default(),
    )
    .unwrap();
    // Somebody says that what is not in the index is.
    ledger
        .execute("UPDATE key_index_end SET row = 99", [])
        .unwrap();
    check(&home, "ledger", "error", "lacks 1 operation", 1);
    ledger
        .execute("UPDATE key_index_end SET row = 0", [])
        .unwrap();
    let (findings, ended) = examined(&home, &[]);
    assert_eq!(ended, fine, "{findings:#?}");
    let again = home.run(&once).success();
    let told = String::from_utf8(again.get_output().stderr.clone()).unwrap();
    assert!(told.starts_with("nothing was run"), "{told}");
}

#[test]
fn a_folder_that_is_missing_is_a_finding_and_no_failure() {
    let home = Home::new();
    fs::remove_dir(home.path("tools.d")).unwrap();
    check(&home, "definitions", "error", "tools", 1);
    check(&home, "state", "note", "the first call makes it", 1);
}

#[test]
fn entries_of_clients_are_read_whatever_their_form() {
    let (home, fine) = sound();
    let tools = home.text("tools.d");
    let program = env!("CARGO_BIN_EXE_tollgate");
    let json = json!({"mcpServers": {
        "good": {"command": program, "args": ["serve", "--tools", tools]},
        "other": {"command": "/bin/true", "args": []},
    }});
    fs::create_dir(home.path(".cursor")).unwrap();
    let cursor = home.path(".cursor/mcp.json");
    fs::write(&cursor, format!("// mine\n{json}")).unwrap();
    check(&home, "client", "fine", "cursor: `good`", fine);
    fs::create_dir(home.path(".codex")).unwrap();
    let codex = home.path(".codex/config.toml");
    let entry = "[mcp_servers.gone]\ncommand = \"/no/such/tollgate\"\nargs = [\"serve\"]\n";
    fs::write(&codex, entry).unwrap();
    check(&home, "client", "error", "codex: `gone`", 1);
    let entry = format!("[mcp_servers.lost]\ncommand = {program:?}\nargs = [\"serve\"]\n");
    fs::write(&codex, entry).unwrap();
    check(
        &home,
        "client",
        "warning",
        "does not say where the tools are",
        3,
    );
    fs::write(&codex, "[").unwrap();
    check(&home, "client", "warning", "cannot be read", 3);
}
