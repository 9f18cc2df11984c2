//! Batches, which exist in one revision only.

use serde_json::{Value, json};

use crate::harness::{ECHO, Gate, echo, handshake, legacy};

fn ping(id: usize) -> String {
    legacy(&json!(id), "ping", &json!({}))
}

/// The lines after the handshake in `version`, when `batch` is said.
fn told(version: &str, batch: &[String]) -> Vec<Value> {
    let input = format!("{}[{}]\n", handshake(version), batch.join(","));
    let told = Gate::new(ECHO).converse(input);
    assert_eq!(told.status, Some(0), "{}", told.stderr);
    let mut lines = told.values();
    assert_eq!(lines.remove(0)["id"], "hello");
    lines
}

#[track_caller]
fn check_refused(version: &str, batch: &[String], message: &str) {
    let told = told(version, batch);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["error"]["code"], -32600);
    assert_eq!(told[0]["id"], Value::Null);
    let said = told[0]["error"]["message"].as_str().unwrap();
    assert!(said.contains(message), "{said}");
}

#[test]
fn p12_the_answers_to_a_batch_are_one_line_in_the_order_of_its_requests() {
    let mut batch: Vec<String> = (0..20)
        .map(|id| legacy(&json!(id), "tools/call", &echo(&id.to_string())))
        .collect();
    batch.insert(
        7,
        r#"{"jsonrpc":"2.0","method":"notifications/unheard_of"}"#.to_owned(),
    );
    batch.push(ping(20));
    batch.push(r#"{"jsonrpc":"2.0","id":21}"#.to_owned());
    batch.push("5".to_owned());
    let told = told("2025-03-26", &batch);
    assert_eq!(told.len(), 1, "{told:?}");
    let answers = told[0].as_array().unwrap();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    let mut expected: Vec<Value> = (0..22).map(Value::from).collect();
    expected.push(Value::Null);
    assert_eq!(ids, expected.iter().collect::<Vec<_>>());
    assert_eq!(answers[19]["result"]["content"][0]["text"], "19");
    assert_eq!(answers[21]["error"]["code"], -32600);
    assert_eq!(answers[22]["error"]["code"], -32600);
}

#[test]
fn p12_a_batch_without_requests_is_not_answered() {
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/unheard_of"}"#.to_owned();
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned();
    assert_eq!(
        told("2025-03-26", &[notification, response]),
        Vec::<Value>::new()
    );
}

#[test]
fn p12_batches_have_one_to_fifty_members() {
    let members = |count: usize| (0..count).map(ping).collect::<Vec<_>>();
    assert_eq!(
        told("2025-03-26", &members(50))[0]
            .as_array()
            .unwrap()
            .len(),
        50
    );
    check_refused("2025-03-26", &members(51), "at most 50 members");
    check_refused("2025-03-26", &[], "at least one member");
}

#[test]
fn p12_initialize_cannot_be_in_a_batch() {
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let batch = [legacy(&json!(1), "initialize", &params), ping(2)];
    let told = told("2025-03-26", &batch);
    let answers = told[0].as_array().unwrap();
    assert_eq!(
        (&answers[0]["id"], &answers[0]["error"]["code"]),
        (&json!(1), &json!(-32600))
    );
    assert_eq!(
        (&answers[1]["id"], &answers[1]["result"]),
        (&json!(2), &json!({}))
    );
}

#[test]
fn p12_an_array_is_no_message_in_any_other_revision() {
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        check_refused(version, &[ping(1)], "2025-03-26 only");
    }
}
