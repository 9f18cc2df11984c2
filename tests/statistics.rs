//! `tollgate stats`, `report` and `metrics` over a ledger that was made by real calls.

use std::fs;

use serde_json::{Value, json};

use crate::life_harness::Home;

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
