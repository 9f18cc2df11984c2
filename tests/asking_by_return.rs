//! A person is asked by an answer (2026-07-28): what comes back, and what is not believed.

use serde_json::{Value, json};

use crate::{
    asking::{able, accept, asking_gate, check_refused, forms, mail, wipe},
    harness::{ECHO, Gate},
};

/// What a modern call with these answers gives; each in a process of its own, so that all that
/// is known in between is in the state and in the ledger.
fn back(gate: &Gate, mut call: Value, state: &Value, responses: &Value) -> Value {
    call["inputResponses"] = responses.clone();
    if !state.is_null() {
        call["requestState"] = state.clone();
    }
    gate.converse(able(1, call, &forms())).only()
}

/// The state of an answer that asks for exactly `keys`.
#[track_caller]
fn asked(told: &Value, keys: &[&str]) -> Value {
    let result = &told["result"];
    assert_eq!(result["resultType"], "input_required", "{told}");
    let requests = result["inputRequests"].as_object().unwrap();
    assert_eq!(requests.keys().collect::<Vec<_>>(), keys);
    for request in requests.values() {
        assert_eq!(request["method"], "elicitation/create");
    }
    result["requestState"].clone()
}

fn yes() -> Value {
    json!({"confirm": accept(&json!({}))})
}

#[test]
fn modern_a_call_runs_when_it_comes_back_agreed_even_to_another_process() {
    let gate = asking_gate();
    let told = back(&gate, wipe("a"), &Value::Null, &json!({}));
    let state = asked(&told, &["confirm"]);
    assert_eq!(
        told["result"]["inputRequests"]["confirm"]["params"],
        json!({"message": "Delete a for good?", "requestedSchema": {"type": "object", "properties": {}}})
    );
    assert!(!gate.is_done("a"));
    let told = back(&gate, wipe("a"), &state, &yes());
    assert_eq!(told["result"]["resultType"], "complete", "{told}");
    assert!(gate.is_done("a"));
}

#[test]
fn modern_missing_and_wrong_answers_are_asked_again_and_rounds_follow() {
    let gate = asking_gate();
    let told = back(&gate, mail(), &Value::Null, &json!({}));
    let state = asked(&told, &["to", "from"]);
    // A wrong key, a wrong answer and a right one: what is right is kept.
    let answers = json!({
        "tu": accept(&json!({})),
        "to": accept(&json!({"address": "nobody"})),
        "from": accept(&json!({"name": "me"})),
    });
    let told = back(&gate, mail(), &state, &answers);
    let state = asked(&told, &["to"]);
    let told = back(&gate, mail(), &state, &json!({}));
    let state = asked(&told, &["to"]);
    let answers = json!({"to": accept(&json!({"address": "ada@example.org"}))});
    let told = back(&gate, mail(), &state, &answers);
    let state = asked(&told, &["sure"]);
    let told = back(&gate, mail(), &state, &json!({"sure": accept(&json!({}))}));
    assert_eq!(
        told["result"]["content"][0]["text"],
        "hello for ada@example.org from me"
    );
}

#[test]
fn modern_a_person_who_says_no_ends_it_and_the_state_with_it() {
    let gate = asking_gate();
    for (action, reason) in [("decline", "DECLINED"), ("cancel", "DISMISSED")] {
        let state = asked(
            &back(&gate, wipe("a"), &Value::Null, &json!({})),
            &["confirm"],
        );
        let no = json!({"confirm": {"action": action}});
        check_refused(&back(&gate, wipe("a"), &state, &no), &json!(reason));
        check_refused(&back(&gate, wipe("a"), &state, &yes()), &Value::Null);
    }
    assert!(!gate.is_done("a"));
}

#[test]
fn v36_a_state_that_is_changed_is_an_error_of_the_protocol() {
    let gate = asking_gate();
    let state = asked(
        &back(&gate, wipe("a"), &Value::Null, &json!({})),
        &["confirm"],
    );
    let state = state.as_str().unwrap();
    let swapped = if state.ends_with('A') { "B" } else { "A" };
    let changed = format!("{}{swapped}", &state[..state.len() - 2]);
    for state in [json!(changed), json!("x"), json!(""), json!({"a": 1})] {
        let told = back(&gate, wipe("a"), &state, &yes());
        assert_eq!(told["error"]["code"], -32602, "{told}");
    }
    assert!(!gate.is_done("a"));
}

#[test]
fn v36_a_state_of_another_call_and_one_that_was_used_are_refused() {
    let gate = asking_gate();
    let state = asked(
        &back(&gate, wipe("a"), &Value::Null, &json!({})),
        &["confirm"],
    );
    let other_tool = json!({"name": "purge", "arguments": {"name": "a"}});
    for call in [other_tool, wipe("b")] {
        check_refused(&back(&gate, call, &state, &yes()), &Value::Null);
    }
    assert!(!gate.is_done("a") && !gate.is_done("b"));
    back(&gate, wipe("a"), &state, &yes());
    assert!(gate.is_done("a"));
    std::fs::remove_file(gate.path("done").join("a")).unwrap();
    back(&gate, wipe("a"), &state, &yes());
    assert!(
        !gate.is_done("a"),
        "a question was answered once and acted on twice"
    );
    // A tool that asks nobody does not care what comes along.
    let told = Gate::new(ECHO).converse(able(
        1,
        json!({"name": "echo", "arguments": {"text": "x"}, "requestState": state, "inputResponses": {}}),
        &forms(),
    ));
    assert_eq!(told.only()["result"]["content"][0]["text"], "x");
}

#[test]
fn each_step_of_an_asking_has_its_row() {
    let gate = asking_gate();
    let state = asked(
        &back(&gate, wipe("a"), &Value::Null, &json!({})),
        &["confirm"],
    );
    back(&gate, wipe("a"), &state, &yes());
    let log = crate::tollgate()
        .args(["log", "--json"])
        .env("HOME", gate.path(""))
        .env("TOLLGATE_STATE", gate.path("state"))
        .output()
        .unwrap();
    let log = String::from_utf8(log.stdout).unwrap();
    let outcome = |line: &str| -> Value {
        let row: Value = serde_json::from_str(line).unwrap();
        row["end"]["outcome"].clone()
    };
    let outcomes: Vec<Value> = log.lines().map(outcome).collect();
    assert_eq!(outcomes, [json!("succeeded"), json!("asked")], "{log}");
    assert!(log.contains("answered"), "{log}");
    assert!(
        !log.contains(state.as_str().unwrap()),
        "a state is written down"
    );
}
