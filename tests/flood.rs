//! Many requests at once: each is answered, and once.

use std::collections::HashMap;

use serde_json::json;

use crate::harness::{ECHO, Gate, echo, id_of, legacy, modern};

#[test]
fn p32_each_of_twenty_thousand_requests_is_answered_once() {
    const REQUESTS: usize = 20_000;
    let mut input = String::new();
    for id in 0..REQUESTS {
        let request = if id % 2 == 0 {
            legacy(&json!(id), "ping", &json!({}))
        } else {
            modern(&json!(id), "tools/call", echo(&id.to_string()))
        };
        input.push_str(&request);
        input.push('\n');
    }
    let told = Gate::new(ECHO).converse(input);
    assert_eq!(told.status, Some(0), "{}", told.stderr);
    let mut answers: HashMap<String, usize> = HashMap::new();
    for line in &told.lines {
        *answers.entry(id_of(line).unwrap()).or_default() += 1;
    }
    for id in 0..REQUESTS {
        assert_eq!(answers.remove(&id.to_string()), Some(1), "{id}");
    }
    assert_eq!(answers, HashMap::new());
    for value in told.values() {
        let result = &value["result"];
        let served =
            *result == json!({}) || result["content"][0]["text"] == *value["id"].to_string();
        let code = &result["_meta"]["tollgate/error"]["code"];
        assert!(served || code == "OVERLOADED", "{value}");
    }
}
