//! `tollgate replay-log --simulate` and `--execute`: recorded calls made again (O8).

use std::fs;

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, fake_tool, outcome};

/// A home with a write that appends a line to `written`, at most `rate`, and a read that prints
/// the file `shown`.
fn home(rate: &str) -> Home {
    let home = Home::new();
    define(&home, rate, json!({"type": "object"}));
    fs::write(home.path("shown"), r#"{"n": 1}"#).unwrap();
    home
}

fn define(home: &Home, rate: &str, output: Value) {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["line"],
        "properties": {"line": {"type": "string", "maxLength": 10}},
    });
    let add = json!({
        "name": "add", "description": "Adds a line.", "effect": "write", "inputSchema": schema,
        "limits": {"rate": rate, "burst": 9},
        "run": {"exec": {"command": [fake_tool(), "append", home.text("written"), "{line}"]}},
    });
    let show = json!({
        "name": "show", "description": "Shows a file.", "effect": "read",
        "inputSchema": {"type": "object", "additionalProperties": false},
        "outputSchema": output, "output": "json",
        "run": {"exec": {"command": [fake_tool(), "read", home.text("shown")]}},
    });
    let fail = json!({
        "name": "fail", "description": "Fails.", "effect": "write",
        "inputSchema": {"type": "object", "additionalProperties": false},
        "run": {"exec": {"command": [fake_tool(), "exit", "3", ""]}},
    });
    for tool in [add, show, fail] {
        let name = format!("{}.json", tool["name"].as_str().unwrap());
        home.define(&name, &tool.to_string());
    }
}

/// Records a session: writes, one of them twice under its key, a refusal, reads, a failure.
fn record(home: &Home) {
    let mut server = home.serving();
    for line in ["a", "b", "far too long to pass"] {
        call(
            &mut server,
            json!({"name": "add", "arguments": {"line": line}}),
        );
    }
    for _ in 0..2 {
        let keyed = json!({
            "name": "add", "arguments": {"line": "c"}, "_meta": {"tollgate/idempotencyKey": "k"},
        });
        call(&mut server, keyed);
    }
    for name in ["show", "fail", "gone", "show"] {
        call(&mut server, json!({"name": name, "arguments": {}}));
    }
    server.finish();
}

fn call(server: &mut Server, params: Value) {
    let id = server.request("tools/call", params);
    server.answer(id);
}

/// What a rerun tells: the differences, and the summary.
#[track_caller]
fn rerun(home: &Home, args: &[&str], status: i32) -> (Vec<Value>, Value) {
    let assert = home.run(&[&["replay-log", "--json"], args].concat());
    let output = assert.get_output();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{stderr}{text}");
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = lines.pop().unwrap()["summary"].take();
    (lines, summary)
}

/// Where each difference is, with what was and what is.
fn leaves(differences: &[Value]) -> Vec<(&str, &Value, &Value)> {
    let changes = differences
        .iter()
        .flat_map(|one| one["changes"].as_array().unwrap());
    changes
        .map(|one| (one["at"].as_str().unwrap(), &one["then"], &one["now"]))
        .collect()
}

#[test]
fn o8_a_recording_simulated_against_its_own_definitions_shows_no_difference() {
    let home = home("100/minute");
    record(&home);
    let written = fs::read_to_string(home.path("written")).unwrap();
    let rows = home.log().len();
    let (differences, summary) = rerun(&home, &["--simulate"], 0);
    assert_eq!(differences, Vec::<Value>::new());
    assert_eq!(summary, json!({"calls": 9, "differing": 0, "left": {}}));
    assert_eq!(fs::read_to_string(home.path("written")).unwrap(), written);
    assert_eq!(home.log().len(), rows, "a simulation is no call");
    let told = home.run(&["replay-log", "--simulate"]).success();
    assert_eq!(
        String::from_utf8_lossy(&told.get_output().stdout),
        "9 calls made again: no difference\n"
    );
}

#[test]
fn o8_limits_and_results_that_changed_are_told_without_touching_anything() {
    let home = home("100/minute");
    record(&home);
    let demands = json!({"type": "object", "required": ["m"]});
    define(&home, "1/hour", demands);
    let tight = fs::read_to_string(home.path("tools.d/add.json")).unwrap();
    home.define("add.json", &tight.replace(r#""burst":9"#, r#""burst":1"#));
    fs::remove_file(home.path("shown")).unwrap();
    let (differences, summary) = rerun(&home, &["--simulate"], 1);
    let tools: Vec<&Value> = differences.iter().map(|one| &one["tool"]).collect();
    assert_eq!(tools, ["add", "add", "add", "show", "show"]);
    assert_eq!(summary["differing"], 5);
    let leaves = leaves(&differences);
    let limited = (json!(null), json!("RATE_LIMITED"));
    assert!(
        leaves.contains(&("/code", &limited.0, &limited.1)),
        "{leaves:?}"
    );
    let invalid = (json!(null), json!("OUTPUT_INVALID"));
    assert!(
        leaves.contains(&("/code", &invalid.0, &invalid.1)),
        "{leaves:?}"
    );
    // What was answered as a repetition then would be a call of its own now.
    let repetition = (json!(true), json!(false));
    assert!(leaves.contains(&("/is_repetition", &repetition.0, &repetition.1)));
}

#[test]
fn a_call_that_was_never_run_has_no_outcome_that_could_be_made_up() {
    let home = home("100/minute");
    record(&home);
    let wide = fs::read_to_string(home.path("tools.d/add.json")).unwrap();
    home.define(
        "add.json",
        &wide.replace(r#""maxLength":10"#, r#""maxLength":99"#),
    );
    let (differences, _) = rerun(&home, &["--simulate"], 1);
    assert_eq!(differences.len(), 1, "{differences:#?}");
    let leaves = leaves(&differences);
    let outcome = (json!("refused"), json!("failed"));
    assert!(
        leaves.contains(&("/outcome", &outcome.0, &outcome.1)),
        "{leaves:?}"
    );
}

#[test]
fn reads_are_really_made_again_and_writes_are_not() {
    let home = home("100/minute");
    record(&home);
    fs::write(home.path("shown"), r#"{"n": 2}"#).unwrap();
    let written = fs::read_to_string(home.path("written")).unwrap();
    let (differences, summary) = rerun(&home, &["--execute"], 1);
    assert_eq!(fs::read_to_string(home.path("written")).unwrap(), written);
    let tools: Vec<&Value> = differences.iter().map(|one| &one["tool"]).collect();
    assert_eq!(tools, ["show", "show"]);
    let leaf = (json!(1), json!(2));
    let at = ("/reply/structuredContent/n", &leaf.0, &leaf.1);
    assert!(leaves(&differences).contains(&at), "{differences:#?}");
    let left = summary["left"].as_object().unwrap();
    let writes = "it writes; `--allow-writes` was not given for its tool";
    assert_eq!(left[writes], 5, "{summary}");
    // What was really made stands in the ledger, as calls of whoever made them.
    let rows = home.log();
    let made: Vec<&Value> = rows.iter().skip(9).collect();
    assert_eq!(made.len(), 2);
    for row in made {
        assert_eq!((outcome(row), &row["tool"]), ("succeeded", &json!("show")));
        assert!(
            row["client"]
                .as_str()
                .unwrap()
                .starts_with("tollgate replay-log")
        );
    }
}

#[test]
fn writes_are_made_again_with_consent_for_their_tool_only() {
    let home = home("100/minute");
    let mut server = home.serving();
    call(
        &mut server,
        json!({"name": "add", "arguments": {"line": "a"}}),
    );
    call(&mut server, json!({"name": "fail", "arguments": {}}));
    server.finish();
    let args = ["--execute", "--allow-writes", "add"];
    let (_, summary) = rerun(&home, &args, 0);
    // Its answer had reached its client, so the same content is a call of its own.
    let written = fs::read_to_string(home.path("written")).unwrap();
    let left = summary["left"].as_object().unwrap();
    assert_eq!((&summary["calls"], written.lines().count()), (&json!(1), 2));
    assert_eq!(left.len(), 1, "{summary}");
    home.run(&["replay-log", "--allow-writes", "add"]).code(2);
}
