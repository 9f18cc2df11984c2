//! What is different where a person sits at a terminal: colours, a welcome instead of waiting for
//! a client, questions. The terminal is a real one, made by `script`.

use crate::life_harness::{BOUND, Home};

/// Runs the program in a terminal of its own, types `typed` beforehand, and gives its status and
/// what the terminal was sent.
fn at_a_terminal(home: &Home, arguments: &str, typed: &'static str) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_tollgate");
    let mut script = crate::program_named("script");
    script
        .args(["-qec", &format!("exec {program} {arguments}"), "/dev/null"])
        .current_dir(home.path(""))
        .env("HOME", home.path(""))
        .env("PATH", "/usr/bin:/bin")
        .env("TERM", "xterm")
        .env("TOLLGATE_STATE", home.path("state"));
    let ended = assert_cmd::Command::from_std(script)
        .write_stdin(typed)
        .timeout(BOUND)
        .output()
        .unwrap();
    let sent = String::from_utf8_lossy(&ended.stdout).into_owned();
    (ended.status.code(), sent)
}

/// A definition with one thing wrong.
fn broken() -> Home {
    let home = Home::new();
    home.define(
        "bad.yaml",
        "name: bad\ndescription: Is bad.\neffect: sometimes\n",
    );
    home
}

#[test]
fn findings_are_coloured_at_a_terminal_and_nowhere_else() {
    let home = broken();
    let (status, sent) = at_a_terminal(&home, "validate-config", "");
    assert_eq!(status, Some(1), "{sent}");
    let (coloured, plain) = ("\u{1b}[", "`effect` must be one of");
    assert!(sent.contains(plain) && sent.contains(coloured), "{sent}");
    // The same on standard error, beside something else on standard output.
    let (_, sent) = at_a_terminal(&home, "tools", "");
    assert!(sent.contains(plain) && sent.contains(coloured), "{sent}");

    for arguments in [&["validate-config"][..], &["tools"]] {
        let told = home.run(arguments);
        let output = told.get_output();
        let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat())
            .into_owned();
        assert!(text.contains(plain) && !text.contains(coloured), "{text}");
    }
}

#[test]
fn whoever_starts_it_at_a_terminal_is_told_what_it_is() {
    let (status, sent) = at_a_terminal(&Home::new(), "", "");
    assert_eq!(status, Some(0), "{sent}");
    assert!(sent.contains("tollgate init"), "{sent}");
}

#[test]
fn a_person_at_a_terminal_is_asked_before_a_tool_runs() {
    let home = Home::new();
    home.define(
        "drop.yaml",
        r#"
name: drop
description: Drops it.
effect: destroy
idempotent: false
confirm: Drop it for good?
inputSchema: {type: object, additionalProperties: false, properties: {}}
run: {exec: {command: [echo, dropped]}}
"#,
    );
    let (status, sent) = at_a_terminal(&home, "call drop", "y\n");
    assert!(sent.contains("Drop it for good?"), "{sent}");
    assert!(sent.contains("dropped"), "{sent}");
    assert_eq!(status, Some(0), "{sent}");
    // Nobody can be asked through a pipe.
    let refused = home.run(&["call", "drop"]).code(1);
    let text = String::from_utf8_lossy(&refused.get_output().stdout).into_owned();
    assert!(!text.contains("dropped"), "{text}");
}
