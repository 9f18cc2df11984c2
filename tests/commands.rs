//! The command line over a folder of definitions and a ledger: what each command prints, where,
//! and its status.

use std::fs::File;

use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home};

const ECHO: &str = "\
name: echo
description: Gives the text back.
effect: read
inputSchema:
  type: object
  additionalProperties: false
  required: [text]
  properties:
    text: {type: string, maxLength: 10}
run:
  reply: {text: \"{text}\"}
";
const TESTS: &str = "\
tests:
  - {args: {text: hello}, expect: ok}
  - {args: {}, expect: ok}
  - {args: {text: hello}, expect: RULE_VIOLATION}
";
const BROKEN: &str = "\
name: bad
description: No run.
inputSchema: {type: object}
efect: read
";
const BROKEN_TOLD: &str = "\
error[missing-key]: `run` is missing
 --> TOOLS/b.yaml:1:1
  |
1 | name: bad
  | ^^^^^^^^^

error[unknown-key]: unknown key `efect`
 --> TOOLS/b.yaml:4:1
  |
4 | efect: read
  | ^^^^^
  |
  = help: did you mean `effect`?

";

fn sound() -> Home {
    let home = Home::new();
    home.define("a.yaml", ECHO);
    home
}

fn broken() -> Home {
    let home = Home::new();
    home.define("a.yaml", &(ECHO.to_owned() + TESTS));
    home.define("b.yaml", BROKEN);
    home
}

/// Runs a command and compares its status and both its streams, with the folder of definitions
/// as `TOOLS` and the folder of state as `STATE`.
#[track_caller]
fn check(home: &Home, args: &[&str], status: i32, stdout: &str, stderr: &str) {
    let assert = home.run(args);
    let output = assert.get_output();
    let filtered = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .replace(&home.text("tools.d"), "TOOLS")
            .replace(&home.text("state"), "STATE")
    };
    assert_eq!(filtered(&output.stdout), stdout, "standard output");
    assert_eq!(filtered(&output.stderr), stderr, "standard error");
    assert_eq!(output.status.code(), Some(status));
}

#[track_caller]
fn json_of(home: &Home, args: &[&str]) -> Value {
    let assert = home.run(args).success();
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

#[test]
fn call_prints_what_the_tool_gave() {
    check(
        &sound(),
        &["call", "echo", r#"{"text":"hi"}"#],
        0,
        "hi\n",
        "",
    );
}

#[test]
fn call_of_a_refused_call_is_status_1_and_says_why() {
    let told = concat!(
        r#"{"code":"VALIDATION_FAILED","#,
        r#""message":"the arguments do not fit the input schema of `echo`","#,
        r#""effects":"none","retry":{"advice":"changed_args"},"#,
        r#""details":[{"at":"/text","constraint":"type","#,
        r#""expected":"a string of at most 10 characters","got":"5"}],"#,
        r#""suggestions":["use \"5\" for `/text`"],"corrected_arguments":{"text":"5"}}"#,
        "\n"
    );
    check(&sound(), &["call", "echo", r#"{"text":5}"#], 1, told, "");
}

#[test]
fn call_of_an_unknown_tool_or_with_no_object_is_status_2() {
    let home = sound();
    check(
        &home,
        &["call", "nope"],
        2,
        "",
        "error: unknown tool \"nope\"; `tollgate tools` lists those that there are\n",
    );
    let told = "error: the arguments are no JSON object; give one as `{\"name\": \"value\"}`\n";
    check(&home, &["call", "echo", "[]"], 2, "", told);
    let told = "error: the arguments are no JSON object: EOF while parsing an object at line 1 \
                column 1; give one as `{\"name\": \"value\"}`\n";
    check(&home, &["call", "echo", "{"], 2, "", told);
}

#[test]
fn call_of_a_tool_whose_definition_is_broken_says_what_is_wrong_with_it() {
    let home = broken();
    let told = home.run(&["call", "bad", "{}"]).code(2);
    let stderr = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    for part in [
        "unknown key `efect`",
        "error: unknown tool \"bad\"; `tollgate tools` lists those that there are\n",
    ] {
        assert!(stderr.contains(part), "{part}:\n{stderr}");
    }
    // It is in nobody's way.
    check(&home, &["call", "echo", r#"{"text":"x"}"#], 0, "x\n", "");
}

#[test]
fn call_reads_arguments_from_standard_input_and_prints_the_whole_result() {
    let home = sound();
    let assert = assert_cmd::Command::from_std(home.command(&["call", "echo", "-", "--json"]))
        .write_stdin("{\"text\": \"in\"}\n")
        .timeout(BOUND)
        .assert()
        .success();
    let mut result: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let id = result["_meta"]["tollgate/callId"].take();
    assert_eq!(home.log()[0]["call_id"], id);
    assert_eq!(
        result,
        json!({
            "content": [{"type": "text", "text": "in"}],
            "resultType": "complete",
            "_meta": {
                "tollgate/callId": null,
                "io.modelcontextprotocol/serverInfo":
                    {"name": "tollgate", "version": env!("CARGO_PKG_VERSION")},
            },
        })
    );
}

#[test]
fn tools_lists_what_is_sound_and_names_what_is_not() {
    let home = broken();
    let list = "echo  read     Gives the text back.\n";
    check(&home, &["tools"], 0, list, BROKEN_TOLD);
    assert!(!home.path("state").exists());
}

#[test]
fn tools_as_json_are_those_that_a_client_gets() {
    let home = sound();
    let tools = json_of(&home, &["tools", "--json"]);
    let mut server = home.serving();
    let id = server.request("tools/list", json!({}));
    assert_eq!(server.answer(id)["result"]["tools"], tools);
    assert_eq!(tools[0]["name"], "echo");
    assert_eq!(server.finish().0, 0);
}

#[test]
fn c1_validate_config_tells_people_everything_at_once() {
    let told = "\
error[test-failed]: expected `ok`, the guard says `VALIDATION_FAILED`
  --> TOOLS/a.yaml:14:5
   |
14 |   - {args: {}, expect: ok}
   |     ^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: change the test or the definition so that they agree

error[test-failed]: expected `RULE_VIOLATION`, the guard says `ok`
  --> TOOLS/a.yaml:15:5
   |
15 |   - {args: {text: hello}, expect: RULE_VIOLATION}
   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: change the test or the definition so that they agree

"
    .to_owned()
        + BROKEN_TOLD
        + "1 tool in 2 files, 3 tests: 4 errors, 0 warnings, 0 notes\n";
    let home = broken();
    check(&home, &["validate-config"], 1, &told, "");
    assert!(!home.path("state").exists());
}

#[test]
fn c1_validate_config_tells_editors_one_line_each() {
    let told = "\
TOOLS/a.yaml:14:5: error[test-failed]: expected `ok`, the guard says `VALIDATION_FAILED` \
(change the test or the definition so that they agree)
TOOLS/a.yaml:15:5: error[test-failed]: expected `RULE_VIOLATION`, the guard says `ok` \
(change the test or the definition so that they agree)
TOOLS/b.yaml:1:1: error[missing-key]: `run` is missing
TOOLS/b.yaml:4:1: error[unknown-key]: unknown key `efect` (did you mean `effect`?)
";
    check(
        &broken(),
        &["validate-config", "--format", "plain"],
        1,
        told,
        "",
    );
}

#[test]
fn c1_validate_config_tells_programs_one_object_each() {
    let home = broken();
    let assert = home.run(&["validate-config", "--format", "json"]).code(1);
    let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    let found: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let file = |name: &str| home.text(&format!("tools.d/{name}"));
    let agree = "change the test or the definition so that they agree";
    let expected = json!([
        {"severity": "error", "code": "test-failed", "file": file("a.yaml"), "line": 14,
            "column": 5, "span": [269, 291],
            "message": "expected `ok`, the guard says `VALIDATION_FAILED`", "help": agree},
        {"severity": "error", "code": "test-failed", "file": file("a.yaml"), "line": 15,
            "column": 5, "span": [296, 341],
            "message": "expected `RULE_VIOLATION`, the guard says `ok`", "help": agree},
        {"severity": "error", "code": "missing-key", "file": file("b.yaml"), "line": 1,
            "column": 1, "span": [0, 9], "message": "`run` is missing", "help": null},
        {"severity": "error", "code": "unknown-key", "file": file("b.yaml"), "line": 4,
            "column": 1, "span": [59, 64], "message": "unknown key `efect`",
            "help": "did you mean `effect`?"},
    ]);
    assert_eq!(Value::from(found), expected);
}

#[test]
fn validate_config_of_a_sound_folder_is_status_0() {
    let home = Home::new();
    home.define(
        "a.yaml",
        &format!("{ECHO}tests: [{{expect: VALIDATION_FAILED}}]\n"),
    );
    let told = "1 tool in 1 file, 1 test: 0 errors, 0 warnings, 0 notes\n";
    check(&home, &["validate-config"], 0, told, "");
}

#[test]
fn log_lists_the_newest_first_and_shows_one_call_whole() {
    let home = sound();
    home.run(&["call", "echo", r#"{"text":"one"}"#]).success();
    home.run(&["call", "echo", r#"{"text":5}"#]).code(1);
    let rows = home.log();
    let outcomes = rows.iter().map(|row| &row["end"]["outcome"]);
    assert_eq!(outcomes.collect::<Vec<_>>(), ["succeeded", "refused"]);

    let assert = home.run(&["log"]).success();
    let list = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    let ends: Vec<&str> = list
        .lines()
        .map(|line| line.split_whitespace().last().unwrap())
        .collect();
    assert_eq!((ends.len(), ends[0]), (2, "VALIDATION_FAILED"), "{list}");
    let newest = json_of(&home, &["log", "--json", "--limit", "1"]);
    assert_eq!(newest, rows[1]);
    let refused = json_of(&home, &["log", "--json", "--outcome", "refused"]);
    assert_eq!(refused, rows[1]);

    let id = rows[1]["call_id"].as_str().unwrap();
    assert_eq!(
        json_of(&home, &["log", id, "--json"])["raw_arguments"],
        r#"{"text":5}"#
    );
    let assert = home.run(&["log", id]).success();
    let whole = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    for line in [
        format!("call                 {id}"),
        "arguments sent       {\"text\":5}".to_owned(),
        "arguments run        none: it was not run".to_owned(),
        "outcome              refused".to_owned(),
        "decided by           validate".to_owned(),
    ] {
        assert!(whole.lines().any(|told| told == line), "{line:?}:\n{whole}");
    }
}

#[test]
fn log_without_a_ledger_or_of_an_unknown_call_says_the_way_out() {
    let home = sound();
    let told = "error: there is no ledger in `STATE` yet; the first call makes one, or name \
                another directory with `--state`\n";
    check(&home, &["log"], 78, "", told);
    assert!(!home.path("state").exists());
    home.run(&["call", "echo", r#"{"text":"one"}"#]).success();
    let told = "error: no call has the id `zzz`; `tollgate log` lists them\n";
    check(&home, &["log", "zzz"], 2, "", told);
}

#[test]
fn without_a_command_and_without_input_it_serves_nobody_and_ends_well() {
    let home = sound();
    let mut command = home.command(&[]);
    let output = command
        .stdin(File::open("/dev/null").unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}
