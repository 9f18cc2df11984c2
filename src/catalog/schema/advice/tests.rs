//! Tests of the advice on schemas: what is told, and what is not.

use super::*;
use serde_json::json;

#[track_caller]
fn check(schema: &Value, expected: &[(&str, &str)]) {
    let found = advise(schema, true);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|one| (one.code, one.problem.pointer.as_str()))
        .collect();
    assert_eq!(found, expected, "{schema}");
}

fn closed(properties: &Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

#[test]
fn what_has_no_bound_is_told_and_what_has_one_is_not() {
    for bounded in [
        json!({"type": "string", "maxLength": 5}),
        json!({"type": "string", "enum": ["a"]}),
        json!({"type": "string", "format": "date"}),
        json!({"type": "string", "x-kind": "path"}),
        json!({"type": "string", "pattern": "^[a-z+*]{1,5}(\\+|b)$"}),
        json!({"type": "array", "maxItems": 3, "items": {"type": "integer"}}),
        json!({"not": {"type": "string"}}),
        json!({"type": "integer"}),
    ] {
        check(&closed(&json!({"a": bounded})), &[]);
    }
    for unbounded in [
        json!({"type": "string"}),
        json!({"type": ["string", "null"], "minLength": 1}),
        json!({"type": "string", "pattern": "^a+$"}),
        json!({"type": "string", "pattern": "^a|b$"}),
        json!({"type": "string", "pattern": "^a{1,}$"}),
        json!({"type": "string", "pattern": "a"}),
        json!({"type": "string", "format": "uri"}),
        json!({"type": "array"}),
    ] {
        check(
            &closed(&json!({"a": unbounded})),
            &[("no-limit", "/properties/a")],
        );
    }
    let inner = json!({"type": "array", "maxItems": 2, "items": {"type": "string"}});
    check(
        &closed(&json!({"a": inner})),
        &[("no-limit", "/properties/a/items")],
    );
}

#[test]
fn what_excludes_itself_is_told() {
    check(
        &closed(&json!({"a": {"type": "integer", "minimum": 2, "maximum": 1}})),
        &[("unreachable", "/properties/a/minimum")],
    );
    check(
        &closed(&json!({"a": {"type": "string", "enum": ["a", "b1", "a"], "pattern": "^.$"}})),
        &[
            ("enum-duplicate", "/properties/a/enum/2"),
            ("unreachable", "/properties/a/enum/1"),
        ],
    );
    check(
        &closed(&json!({"a": {"type": "integer", "const": "1"}})),
        &[("unreachable", "/properties/a/const")],
    );
    check(
        &closed(&json!({"a": {"type": "integer", "examples": [1, "2"]}})),
        &[("example-misfit", "/properties/a/examples/1")],
    );
}

#[test]
fn what_clients_and_models_trip_over_is_told() {
    check(&json!({"type": "object"}), &[("open-object", "")]);
    check(
        &json!({"type": "object", "additionalProperties": false, "required": ["a"]}),
        &[("required-unknown", "/required")],
    );
    let inner = json!({"type": "object", "properties": {"b c": {}}});
    check(
        &closed(&json!({"a": inner})),
        &[("client-limits", "/properties/a/properties/b c")],
    );
    check(
        &closed(&json!({"a": {"type": "array", "maxItems": 1, "items": true}})),
        &[("client-limits", "/properties/a/items")],
    );
    let alternatives = json!({
        "type": "object", "additionalProperties": false,
        "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    });
    check(&alternatives, &[]);
}
