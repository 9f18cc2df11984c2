//! The definitions that come with the program, each called for real.

use serde_json::{Value, json};

use crate::{root, tollgate};

/// Calls `tool`, which must succeed, and gives the result as a client gets it.
#[track_caller]
fn call(tool: &str, arguments: &Value) -> Value {
    let state = tempfile::tempdir().unwrap();
    let assert = tollgate()
        .args(["call", tool, &arguments.to_string(), "--json", "--tools"])
        .arg(root().join("tools.d"))
        .arg("--state")
        .arg(state.path().join("state"))
        .assert()
        .success();
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

#[test]
fn tools_with_structured_output_give_what_their_schema_promises() {
    let file = root().join("LICENSE");
    let info = call("file_info", &json!({"path": file}));
    let bytes = std::fs::metadata(&file).unwrap().len();
    assert_eq!(info["structuredContent"]["bytes"], bytes);
    let disk = call("disk_usage", &json!({"path": "/"}));
    assert!(disk["structuredContent"]["blocks"].as_u64().unwrap() > 0);
    let time = call("time_now", &json!({}));
    assert!(time["structuredContent"]["unix"].as_u64().unwrap() > 1_700_000_000);
}

#[test]
fn a_program_that_prints_text_gives_a_text_block() {
    let file = root().join("LICENSE");
    let counted = call("word_count", &json!({"path": file}));
    let text = counted["content"][0]["text"].as_str().unwrap();
    let lines = std::fs::read_to_string(&file).unwrap().lines().count();
    assert_eq!(text.split_whitespace().next(), Some(&*lines.to_string()));
}

#[test]
fn a_write_that_is_idempotent_may_be_made_twice() {
    let name = json!({"name": "tollgate-sample-test"});
    for _ in 0..2 {
        assert_eq!(call("make_directory", &name).get("isError"), None);
    }
    assert_eq!(
        call("note_append", &json!({"note": "a note"})).get("isError"),
        None
    );
}

#[test]
fn replies_need_no_program() {
    let echo = call("echo", &json!({"text": "hello"}));
    assert_eq!(echo["structuredContent"], json!({"text": "hello"}));
    assert!(call("tollgate_about", &json!({}))["content"][0]["text"].is_string());
}
