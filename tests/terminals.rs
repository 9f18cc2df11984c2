//! What is different where a person sits at a terminal: colours, a welcome instead of waiting for
//! a client, questions, progress. The terminal is a real one, made by `script`.

use std::fs;

use crate::life_harness::{BOUND, Home};

/// Runs the program in a terminal of its own, types `typed` beforehand, and gives its status and
/// what the terminal was sent.
fn at_a_terminal(home: &Home, arguments: &str, typed: &'static str) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_tollgate");
    let mut script = crate::program_named("script");
    script
        .args([
            "-qec",
            &format!("stty rows 32 cols 100; exec {program} {arguments}"),
            "/dev/null",
        ])
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

#[test]
fn a_person_at_a_terminal_is_asked_what_a_new_tool_does_and_a_script_is_told_how_to_say_it() {
    let home = Home::new();
    let (status, sent) = at_a_terminal(&home, "new greet -- echo hello", "Says hello.\n");
    assert_eq!(status, Some(0), "{sent}");
    assert!(sent.contains("What does it do"), "{sent}");
    let written = fs::read_to_string(home.path("tools.d/greet.yaml")).unwrap();
    assert!(
        written.contains("description: \"Says hello.\""),
        "{written}"
    );
    // What is given is not asked for.
    let given = "new other --description 'Says it too.' -- echo hello";
    let (status, sent) = at_a_terminal(&home, given, "");
    assert_eq!(status, Some(0), "{sent}");
    assert!(!sent.contains("What does it do"), "{sent}");

    let refused = home.run(&["new", "third", "--", "echo", "hello"]).code(2);
    let told = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert_eq!(
        told,
        "error: give `--description TEXT`; nobody is here to ask\n"
    );
    assert!(!home.path("tools.d/third.yaml").exists());
}

#[test]
fn a_replay_shows_how_far_it_is_at_a_terminal_and_nowhere_else() {
    let home = Home::new();
    home.reply("echo");
    for text in ["a", "b", "c"] {
        home.run(&["call", "echo", &format!(r#"{{"text":"{text}"}}"#)])
            .success();
    }
    let (status, sent) = at_a_terminal(&home, "replay-log", "");
    assert_eq!(status, Some(0), "{sent}");
    assert!(sent.contains(" of 3 calls, "), "{sent}");
    // The bar is gone at the end, and what is left is the summary.
    let left = sent.rsplit("\u{1b}[2K").next().unwrap_or_default();
    assert_eq!(
        left.trim(),
        "3 calls judged again: no difference",
        "{sent:?}"
    );

    let quiet = home.run(&["replay-log"]).success();
    let output = quiet.get_output();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "3 calls judged again: no difference\n"
    );
}
