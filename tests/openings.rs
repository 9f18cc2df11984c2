//! The conversations that real clients open with, each answered as its client needs it.

use serde_json::{Value, json};

use crate::{
    files,
    harness::{ECHO, Gate, Told, id_of},
    root,
};

/// The pointer of the first `null` below `value`, if any.
fn null_at(value: &Value) -> Option<String> {
    let below = |key: &str, value: &Value| null_at(value).map(|rest| format!("/{key}{rest}"));
    match value {
        Value::Null => Some(String::new()),
        Value::Array(items) => items.iter().find_map(|item| below("-", item)),
        Value::Object(members) => members.iter().find_map(|(key, value)| below(key, value)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[track_caller]
fn check_result(request: &Value, result: &Value) {
    let envelope = &request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
    let modern = envelope == "2026-07-28";
    let method = request["method"].as_str().unwrap();
    let server = json!({"name": "tollgate", "version": env!("CARGO_PKG_VERSION")});
    if modern {
        assert_eq!(result["resultType"], "complete");
        assert_eq!(
            result["_meta"]["io.modelcontextprotocol/serverInfo"],
            server
        );
        let cached = matches!(method, "tools/list" | "server/discover");
        assert_eq!(result["ttlMs"].is_u64(), cached, "{result}");
        assert_eq!(result["cacheScope"] == "private", cached, "{result}");
    } else {
        for key in ["resultType", "ttlMs", "cacheScope"] {
            assert_eq!(result.get(key), None);
        }
    }
    match method {
        "initialize" => {
            let asked = &request["params"]["protocolVersion"];
            let answered = if asked == "2026-07-28" {
                &json!("2025-11-25")
            } else {
                asked
            };
            assert_eq!(&result["protocolVersion"], answered);
            assert_eq!(result["serverInfo"], server);
            assert!(result["capabilities"]["tools"].is_object());
        }
        "server/discover" => {
            assert_eq!(result["supportedVersions"], json!(["2026-07-28"]));
            assert!(result["capabilities"]["tools"].is_object());
            assert_eq!(result.get("serverInfo"), None);
        }
        "tools/list" => {
            let tools = result["tools"].as_array().unwrap();
            assert_eq!(tools.len(), 1);
            assert_eq!(tools[0]["name"], "echo");
            assert_eq!(tools[0]["inputSchema"]["type"], "object");
        }
        "tools/call" => {
            assert_eq!(
                result["content"],
                json!([{"type": "text", "text": "hello"}])
            );
            assert_eq!(result.get("isError"), None);
        }
        _ => assert_eq!(method, "ping"),
    }
}

#[track_caller]
fn check(name: &str, text: &str, told: &Told) {
    assert_eq!(told.status, Some(0), "{name}: {}", told.stderr);
    let mut asked = 0;
    for line in text.lines() {
        let Ok(request) = serde_json::from_str::<Value>(line) else {
            asked += 1;
            assert_eq!(told.answer("null")["error"]["code"], -32700, "{name}");
            continue;
        };
        let Some(id) = id_of(line) else { continue };
        asked += 1;
        let answer = told.answer(&id);
        assert_eq!(null_at(&answer), None, "{name}: {answer}");
        // The two mistakes of `session` that are readable.
        if request["params"]["name"] == "ecko" {
            assert_eq!(answer["error"]["code"], -32602, "{name}");
        } else if request["params"]["arguments"].get("texts").is_some() {
            assert_eq!(answer["result"]["isError"], true, "{name}");
        } else {
            check_result(&request, &answer["result"]);
        }
    }
    assert_eq!(told.lines.len(), asked, "{name}: {:#?}", told.lines);
}

#[test]
fn every_known_client_gets_one_fitting_answer_for_each_request() {
    let gate = Gate::new(ECHO);
    let files = files(&root().join("tests/data/conversations"), "ndjson");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let told = gate.converse(text.clone());
        check(file.file_name().unwrap().to_str().unwrap(), &text, &told);
    }
}
