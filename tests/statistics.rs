//! `tollgate stats`, `report` and `metrics` over a ledger that was made by real calls.

use std::{
    fs,
    io::{Read as _, Write as _},
    process::Stdio,
    sync::mpsc::sync_channel,
};

use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home};

fn recorded() -> Home {
    let home = Home::new();
    home.reply("echo");
    for arguments in [r#"{"text":"a"}"#, r#"{"text":"b"}"#, r#"{"text":5}"#] {
        home.run(&["call", "echo", arguments]);
    }
    home
}

#[track_caller]
fn told(home: &Home, args: &[&str]) -> String {
    let assert = home.run(args).success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn stats_count_what_the_ledger_has() {
    let home = recorded();
    let text = told(&home, &["stats"]);
    assert!(text.starts_with("3 calls from "), "{text}");
    assert!(
        text.contains("VALIDATION_FAILED  echo  validate        1"),
        "{text}"
    );
    let value: Value = serde_json::from_str(&told(&home, &["stats", "--json"])).unwrap();
    let echo = &value["tools"]["echo"];
    assert_eq!(echo["calls"]["succeeded"], json!(2));
    assert_eq!(echo["success_percent"], json!(100));
    assert_eq!(value["problems"][0]["calls"], json!(1));
    let none = told(&home, &["stats", "--tool", "other"]);
    assert_eq!(none, "no calls\n");
    let recent: Value =
        serde_json::from_str(&told(&home, &["stats", "--json", "--since", "1h"])).unwrap();
    assert_eq!(recent["all"]["calls"]["total"], json!(3));
}

/// A tool whose program promises to pass and never does, and one with a rule.
fn eventful() -> Home {
    let home = Home::new();
    let retry = json!({"retry": {"attempts": 3, "exit_codes": [75]}, "limits": {"cost": 0.5}});
    home.fake("flaky", &["exit", "75", ""], json!({}), retry);
    home.define(
        "pay.yaml",
        r#"
name: pay
description: Pays.
effect: write
idempotent: false
idempotency: {key: /order}
inputSchema:
  type: object
  additionalProperties: false
  required: [order, cents]
  properties: {order: {type: string, maxLength: 20}, cents: {type: integer}}
rules:
  - {require: "args.cents <= 50000", code: TOO_MUCH, message: At most 500.00.}
  - {require: "args.cents >= 1", code: TOO_LITTLE, message: At least 0.01.}
run: {reply: {text: "paid {cents}"}}
"#,
    );
    home.configure("budgets: [{day: 1.00}]\n");
    for (tool, arguments) in [
        ("flaky", "{}"),
        ("pay", r#"{"order":"A","cents":60000}"#),
        ("pay", r#"{"order":"A","cents":0}"#),
        ("pay", r#"{"order":"A","cents":70000}"#),
        ("pay", r#"{"order":"A","cents":5}"#),
        ("pay", r#"{"order":"A","cents":5}"#),
        ("pya", "{}"),
        ("no-such-tool", "{}"),
    ] {
        home.run(&["call", tool, arguments]);
    }
    home
}

#[test]
fn every_view_shows_attempts_rules_repetitions_and_what_is_spent() {
    let home = eventful();
    let value: Value = serde_json::from_str(&told(&home, &["stats", "--json"])).unwrap();
    let flaky = &value["tools"]["flaky"];
    assert_eq!([&flaky["attempts"], &flaky["retries"]], [3, 2]);
    let rules: Vec<(&str, u64)> = value["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            (
                rule["rule"].as_str().unwrap(),
                rule["calls"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(rules, [("TOO_MUCH", 2), ("TOO_LITTLE", 1)]);
    assert_eq!(value["replays"], 1);
    assert_eq!(value["budgets"][0]["period"], "day");
    assert_eq!(value["open"]["unknown"], 0);
    let text = told(&home, &["stats"]);
    let page = told(&home, &["top", "--once"]);
    for part in [
        "2 of them retries in 1 call",
        "1 repeated and answered from the ledger",
        "TOO_MUCH    pay         2",
        "everything in a day",
        "(unknown tools)",
        "INVALID_PARAMS",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
        assert!(page.contains(part), "{part}:\n{page}");
    }
    let file = home.text("report.html");
    told(&home, &["report", "--html", &file]);
    let report = fs::read_to_string(&file).unwrap();
    for part in [
        "<dd>2</dd><dt>of those were retries",
        "<dd>1</dd><dt>repeated, and answered from the ledger",
        "<h2>Rules that refused</h2>",
        "<code>TOO_LITTLE</code>",
        "<code>INVALID_PARAMS</code>",
        "<h2>Budgets</h2>",
    ] {
        assert!(report.contains(part), "{part}");
    }
}

#[test]
fn refusals_without_a_code_of_the_catalogue_have_a_name() {
    let home = eventful();
    let log = told(&home, &["log", "--code", "INVALID_PARAMS"]);
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.contains("no-such-tool") && log.contains("pya"), "{log}");
    let line = told(
        &home,
        &["log", "--code", "INVALID_PARAMS", "--limit", "1", "--json"],
    );
    let call: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(call["end"]["code"], "INVALID_PARAMS");
    assert!(told(&home, &["explain", "invalid_params"]).contains("no tool of this name"));
}

#[test]
fn the_report_is_one_file() {
    let home = recorded();
    let file = home.text("report.html");
    assert_eq!(
        told(&home, &["report", "--html", &file]),
        format!("written to {file}\n")
    );
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.contains("<code>echo</code>") && page.ends_with("</html>\n"));
    home.run(&["report", "--html", &home.text("no/such/report.html")])
        .failure();
}

#[test]
fn metrics_are_what_a_collector_reads() {
    let text = told(&recorded(), &["metrics"]);
    let line = "tollgate_calls_total{tool=\"echo\",outcome=\"succeeded\"} 2";
    assert!(text.lines().any(|own| own == line), "{text}");
}

#[test]
fn one_picture_needs_no_terminal_and_a_live_one_does() {
    let home = recorded();
    let page = told(&home, &["top", "--once"]);
    assert!(page.starts_with("tollgate top  fine  "), "{page}");
    for part in [
        "2 succeeded, 1 refused",
        "VALIDATION_FAILED",
        "0 calls are running",
    ] {
        assert!(page.contains(part), "{part}:\n{page}");
    }
    assert!(!page.contains('\u{1b}'));
    let none = told(&home, &["top", "--once", "--tool", "other"]);
    assert!(none.contains("│0 calls since "), "{none}");
    let refused = home.run(&["top"]).code(2);
    let output = refused.get_output();
    assert!(output.stdout.is_empty());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: standard output is no terminal; `--once` prints one picture as text\n"
    );
}

/// Parts that a terminal is sent before `top` counts as one that does not end; one a second.
const PARTS_MAX: usize = 200;

/// Runs `top` on a terminal of its own, presses `key` once there is a picture, and gives the
/// status and all that the terminal was sent.
fn pressed(home: &Home, key: &[u8]) -> (Option<i32>, String) {
    let top = format!(
        "stty rows 32 cols 100; exec {} top --state {}",
        env!("CARGO_BIN_EXE_tollgate"),
        home.text("state")
    );
    let mut child = crate::program_named("script")
        .args(["-qec", &top, "/dev/null"])
        .env("PATH", "/usr/bin:/bin")
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (tell, parts) = sync_channel(1024);
    std::thread::Builder::new()
        .spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut part) {
                tell.send(part[..length].to_vec()).unwrap();
            }
        })
        .unwrap();
    let mut sent = Vec::new();
    let mut keyboard = child.stdin.take().unwrap();
    let mut is_pressed = false;
    for _ in 0..PARTS_MAX {
        let Ok(part) = parts.recv_timeout(BOUND) else {
            break;
        };
        sent.extend(part);
        let is_shown = String::from_utf8_lossy(&sent).contains("newest");
        if is_shown && !std::mem::replace(&mut is_pressed, true) {
            keyboard.write_all(key).unwrap();
        }
    }
    // It has ended by itself, or never will.
    child.kill().unwrap();
    let status = child.wait().unwrap();
    (status.code(), String::from_utf8_lossy(&sent).into_owned())
}

#[test]
fn a_key_ends_the_live_picture_and_gives_the_terminal_back() {
    let home = recorded();
    for (key, status) in [(b"q", 0), (b"\x03", 130)] {
        let (ended, sent) = pressed(&home, key);
        assert_eq!(ended, Some(status), "{sent}");
        let (before, shown) = sent.split_once("\u{1b}[?1049h").unwrap();
        assert!(!before.contains("newest"), "{before}");
        let (shown, after) = shown.split_once("\u{1b}[?1049l").unwrap();
        assert!(shown.contains("VALIDATION_FAILED"), "{shown}");
        assert!(
            after.contains("\u{1b}[?25h"),
            "the cursor is hidden: {after:?}"
        );
    }
}

#[test]
fn without_a_ledger_each_says_so() {
    let home = Home::new();
    for args in [
        &["stats"][..],
        &["metrics"],
        &["report", "--html", "x.html"],
        &["top", "--once"],
    ] {
        let told = home.run(args).code(78);
        let text = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
        assert!(text.contains("there is no ledger in"), "{args:?}: {text}");
    }
}
