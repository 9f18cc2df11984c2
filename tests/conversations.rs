//! The recorded conversations are what their folder says they are.

use std::fs;

use serde_json::{Value, json};

use crate::{files, root};

#[test]
fn recordings_are_described_and_call_echo_with_ids_of_their_own() {
    let folder = root().join("tests/data/conversations");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let files = files(&folder, "ndjson");
    assert!(files.len() > 10, "only {files:?}");
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(readme.contains(&format!("| `{name}` |")), "{name}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.ends_with('\n'), "{name}");
        let mut ids: Vec<Value> = Vec::new();
        let mut calls = 0;
        for line in text.lines() {
            // The last line of `session` is meant to be unreadable.
            let Ok(message) = serde_json::from_str::<Value>(line) else {
                assert_eq!((name, ids.len()), ("session.ndjson", 9));
                continue;
            };
            if let Some(id) = message.get("id") {
                assert!(!ids.contains(id), "{name}: {id}");
                ids.push(id.clone());
            }
            let params = &message["params"];
            let echo = params["name"] == "echo" && params["arguments"] == json!({"text": "hello"});
            calls += usize::from(echo);
        }
        let expected = match name {
            "typescript-2-auto-probe.ndjson" => 0,
            "session.ndjson" => 2,
            _ => 1,
        };
        assert_eq!(calls, expected, "{name}");
    }
}
