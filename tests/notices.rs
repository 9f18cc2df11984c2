//! What is told unasked: progress, log messages, changes of the tools.

use serde_json::{Value, json};

use crate::harness::{ECHO, Gate, envelope, handshake, legacy, modern};

const FAILS: &str = "
name: fails
description: Fails.
effect: read
inputSchema: {type: object}
run: {exec: {command: [\"false\"]}}
";

const COUNTS: &str = r#"
name: counts
description: Counts.
effect: read
inputSchema: {type: object}
run:
  exec:
    command: [sh, -c, 'for n in 1 2 2 1 3 4 5 6 7 8 9; do echo "progress $n 9 step" >> "$PROGRESS"; done; echo done']
    progress: true
    unsafe_interpreter: true
"#;

fn fails(meta: Option<Value>) -> Value {
    let mut params = json!({"name": "fails", "arguments": {}});
    if let Some(meta) = meta {
        params["_meta"] = meta;
    }
    params
}

/// The methods and ids of what is said after `input`.
fn order(input: &str) -> Vec<Value> {
    let told = Gate::new(FAILS).converse(input);
    assert_eq!(told.status, Some(0), "{}", told.stderr);
    let name = |value: Value| {
        let id = value.get("id").unwrap_or(&value["method"]);
        id.clone()
    };
    told.values().into_iter().map(name).collect()
}

#[test]
fn a_legacy_client_that_set_a_level_is_told_of_a_failure_before_the_answer() {
    let talk = |level: Option<&str>| {
        let level = level.map_or_else(String::new, |level| {
            legacy(&json!(1), "logging/setLevel", &json!({"level": level})) + "\n"
        });
        let call = legacy(&json!(2), "tools/call", &fails(None));
        order(&format!("{}{level}{call}\n", handshake("2025-11-25")))
    };
    assert_eq!(talk(None), [json!("hello"), json!(2)]);
    assert_eq!(
        talk(Some("emergency")),
        [json!("hello"), json!(1), json!(2)]
    );
    for level in ["debug", "warning"] {
        let told = [
            json!("hello"),
            json!(1),
            json!("notifications/message"),
            json!(2),
        ];
        assert_eq!(talk(Some(level)), told);
    }
}

#[test]
fn a_level_that_does_not_exist_is_refused() {
    for params in [json!({"level": "loud"}), json!({"level": 1}), json!({})] {
        let input = handshake("2025-11-25") + &legacy(&json!(1), "logging/setLevel", &params);
        let told = Gate::new(FAILS).converse(input).answer("1");
        assert_eq!(told["error"]["code"], -32602, "{told}");
    }
}

#[test]
fn a_modern_request_that_names_a_level_is_told_of_its_failure_before_the_answer() {
    let mut logged = envelope();
    logged["io.modelcontextprotocol/logLevel"] = json!("info");
    let loud = modern(&json!(1), "tools/call", fails(Some(logged.clone())));
    assert_eq!(order(&loud), [json!("notifications/message"), json!(1)]);
    let quiet = modern(&json!(1), "tools/call", fails(None));
    assert_eq!(order(&quiet), [json!(1)]);
    logged["io.modelcontextprotocol/logLevel"] = json!("error");
    let higher = modern(&json!(1), "tools/call", fails(Some(logged)));
    assert_eq!(order(&higher), [json!(1)]);
}

#[test]
fn a_level_set_by_a_handshake_is_not_one_for_modern_requests() {
    let set = legacy(&json!(1), "logging/setLevel", &json!({"level": "debug"}));
    let call = modern(&json!(2), "tools/call", fails(None));
    let told = order(&format!("{}{set}\n{call}\n", handshake("2025-11-25")));
    assert_eq!(told, [json!("hello"), json!(1), json!(2)]);
}

#[test]
fn p28_progress_only_grows_and_ends_before_the_answer() {
    for token in [json!(7), json!("token")] {
        let mut meta = envelope();
        meta["progressToken"] = token.clone();
        let call = json!({"name": "counts", "arguments": {}, "_meta": meta});
        let told = Gate::new(COUNTS).converse(modern(&json!(1), "tools/call", call));
        let mut told = told.values();
        let answer = told.pop().unwrap();
        assert_eq!(
            answer["result"]["content"][0]["text"]
                .as_str()
                .unwrap()
                .trim(),
            "done"
        );
        assert!(!told.is_empty());
        let mut last = 0.0;
        for notice in told {
            assert_eq!(notice["method"], "notifications/progress");
            assert_eq!(notice["params"]["progressToken"], token);
            assert_eq!(notice["params"]["total"].as_f64(), Some(9.0));
            let progress = notice["params"]["progress"].as_f64().unwrap();
            assert!(progress > last, "{progress} after {last}");
            last = progress;
        }
    }
}

#[test]
fn p28_without_a_token_there_is_no_progress() {
    let call = json!({"name": "counts", "arguments": {}});
    let told = Gate::new(COUNTS)
        .converse(modern(&json!(1), "tools/call", call))
        .only();
    assert_eq!(told["id"], 1);
}

fn listen(id: &Value) -> String {
    modern(
        id,
        "subscriptions/listen",
        json!({"notifications": {"toolsListChanged": true}}),
    )
}

/// The id that a message of a subscription is tagged with.
fn tag(value: &Value) -> &Value {
    &value["_meta"]["io.modelcontextprotocol/subscriptionId"]
}

#[test]
fn a_subscription_is_acknowledged_first_and_ends_with_its_result() {
    let gate = Gate::new(ECHO).watching();
    for id in [json!(7), json!("seven")] {
        let mut talk = gate.open();
        talk.send(&listen(&id));
        let told = talk.next();
        assert_eq!(told["method"], "notifications/subscriptions/acknowledged");
        assert_eq!(tag(&told["params"]), &id);
        assert_eq!(
            told["params"]["notifications"],
            json!({"toolsListChanged": true})
        );
        let (status, rest) = talk.close();
        assert!(status.success());
        assert_eq!(rest.len(), 1, "{rest:?}");
        assert_eq!(rest[0]["id"], id);
        assert_eq!(rest[0]["result"]["resultType"], "complete");
        assert_eq!(tag(&rest[0]["result"]), &id);
        let server = &rest[0]["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!(server["name"], "tollgate");
    }
}

#[test]
fn a_change_is_told_to_those_who_listen_and_not_to_those_who_cancelled() {
    let gate = Gate::new(ECHO).watching();
    let mut talk = gate.open();
    talk.send(&listen(&json!(1)));
    talk.send(&listen(&json!("1")));
    talk.send(&modern(
        &json!(2),
        "subscriptions/listen",
        json!({"notifications": {}}),
    ));
    for id in [json!(1), json!("1"), json!(2)] {
        assert_eq!(tag(&talk.next()["params"]), &id);
    }
    talk.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#);
    // The folder is watched from before the first answer that needs it.
    talk.send(&modern(&json!(3), "tools/list", json!({})));
    assert_eq!(talk.next()["result"]["tools"].as_array().unwrap().len(), 1);
    gate.define("more.yaml", &ECHO.replace("name: echo", "name: more"));
    let told = talk.next();
    assert_eq!(told["method"], "notifications/tools/list_changed");
    assert_eq!(tag(&told["params"]), &json!("1"));
    talk.send(&modern(&json!(4), "tools/list", json!({})));
    assert_eq!(talk.next()["result"]["tools"].as_array().unwrap().len(), 2);
    let (status, rest) = talk.close();
    assert!(status.success());
    let ids: Vec<&Value> = rest.iter().map(|told| &told["id"]).collect();
    assert_eq!(ids, [&json!("1"), &json!(2)]);
}

#[test]
fn a_subscription_that_nothing_can_happen_to_promises_nothing() {
    let mut talk = Gate::new(ECHO).open();
    talk.send(&listen(&json!(1)));
    assert_eq!(talk.next()["params"]["notifications"], json!({}));
}
