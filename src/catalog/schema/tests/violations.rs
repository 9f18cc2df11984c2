//! What a violation says, keyword by keyword.

use serde_json::{Value, json};

use super::super::{InputSchema, OutputSchema};

#[track_caller]
fn violates(schema: Value, value: Value, expected: &[(&str, &str, &str, Option<&str>)]) {
    let schema = OutputSchema::compile(schema).unwrap();
    let details = schema.violations(&value);
    let told: Vec<_> = details
        .iter()
        .map(|d| {
            (
                d.at.as_str(),
                d.constraint.as_str(),
                d.expected.as_str(),
                d.got.as_deref(),
            )
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn v1_every_keyword_tells_where_and_what_in_words() {
    violates(
        json!({
            "type": "object",
            "properties": {
                "s": {"type": "string", "maxLength": 3, "minLength": 1},
                "n": {"type": "integer", "minimum": 1, "maximum": 100},
                "f": {"type": "string", "format": "date"},
                "p": {"type": "string", "pattern": "^ord_"},
                "c": {"const": "yes"},
                "x": {"exclusiveMinimum": 0, "multipleOf": 5},
                "a": {"type": "array", "items": {"type": "boolean"}, "uniqueItems": true},
            },
            "required": ["r", "s"],
        }),
        json!({"s": "long", "n": 0, "f": "2026-02-30", "p": "o\u{202e}", "c": "no", "x": 0,
               "a": [1, true, true]}),
        &[
            ("/r", "required", "the required member `r`", None),
            (
                "/s",
                "maxLength",
                "a string of 1 to 3 characters",
                Some("\"long\""),
            ),
            ("/n", "minimum", "an integer from 1 to 100", Some("0")),
            (
                "/f",
                "format",
                "a string in the format `date`",
                Some("\"2026-02-30\""),
            ),
            (
                "/p",
                "pattern",
                "a string that matches \"^ord_\"",
                Some("\"o\\u{202e}\""),
            ),
            ("/c", "const", "\"yes\"", Some("\"no\"")),
            (
                "/x",
                "exclusiveMinimum",
                "a number greater than 0 that is a multiple of 5",
                Some("0"),
            ),
            (
                "/a",
                "uniqueItems",
                "an array, none of them twice",
                Some("[1,true,true]"),
            ),
            ("/a/0", "type", "true or false", Some("1")),
        ],
    );
}

#[test]
fn v1_at_most_ten_violations_are_told() {
    let schema = OutputSchema::compile(json!({"items": {"type": "integer"}})).unwrap();
    assert_eq!(schema.violations(&json!(vec!["x"; 50])).len(), 10);
}

#[test]
fn v2_an_unknown_member_is_named_with_the_nearest_known_one() {
    let schema = json!({"properties": {"limit": {}, "cursor": {}}, "additionalProperties": false});
    violates(
        schema,
        json!({"Limit": 5, "zzz": [1]}),
        &[
            (
                "/Limit",
                "additionalProperties",
                "no member of this name; did you mean `limit`?",
                Some("5"),
            ),
            (
                "/zzz",
                "additionalProperties",
                "no member of this name; known are `limit` and `cursor`",
                Some("[1]"),
            ),
        ],
    );
    violates(
        json!({"allOf": [{"properties": {"limit": {}}}], "unevaluatedProperties": false}),
        json!({"a/b": {"limit": 1}, "limits": 1}),
        &[
            (
                "/a~1b",
                "unevaluatedProperties",
                "no member of this name; known are `limit`",
                Some("{\"limit\":1}"),
            ),
            (
                "/limits",
                "unevaluatedProperties",
                "no member of this name; did you mean `limit`?",
                Some("1"),
            ),
        ],
    );
}

#[test]
fn the_keyword_is_the_one_in_the_schema() {
    violates(
        json!({"dependentRequired": {"card": ["address"]}}),
        json!({"card": 1}),
        &[(
            "/address",
            "dependentRequired",
            "the member `address`, which `card` demands",
            None,
        )],
    );
    violates(
        json!({"contains": {"type": "string"}, "minContains": 2}),
        json!(["a"]),
        &[(
            "",
            "minContains",
            "an array with at least 2 items that are a string",
            Some("[\"a\"]"),
        )],
    );
    violates(
        json!({"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}),
        json!({"a": "x"}),
        &[("/a", "type", "an integer", Some("\"x\""))],
    );
    violates(
        json!({"properties": {"enum": {"not": {"const": 1}}}}),
        json!({"enum": 1}),
        &[("/enum", "not", "anything but 1", Some("1"))],
    );
    violates(
        json!({"properties": {"a": false}}),
        json!({"a": 1}),
        &[("/a", "properties", "nothing in this place", Some("1"))],
    );
}

#[test]
fn an_enum_value_is_suggested_whatever_its_case() {
    violates(
        json!({"enum": ["open", "closed"]}),
        json!("OPEN"),
        &[(
            "",
            "enum",
            "one of \"open\", \"closed\"; did you mean \"open\"?",
            Some("\"OPEN\""),
        )],
    );
    violates(
        json!({"enum": [1, 2]}),
        json!(3),
        &[("", "enum", "one of 1, 2", Some("3"))],
    );
}

#[test]
fn alternatives_give_one_short_sentence() {
    violates(
        json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        json!("x"),
        &[("", "anyOf", "an integer, or null", Some("\"x\""))],
    );
    violates(
        json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind", "n"]},
            {"type": "object", "properties": {"kind": {"const": "b"}, "s": {"type": "string"}}, "required": ["kind", "s"]},
        ]}),
        json!({"kind": "a", "n": "x"}),
        &[(
            "",
            "oneOf",
            "an object with `kind` and `n`, or an object with `kind` and `s`; nearest: `/n` must be an integer",
            Some("{\"kind\":\"a\",\"n\":\"x\"}"),
        )],
    );
    violates(
        json!({"oneOf": [{"type": "integer"}, {"minimum": 1}]}),
        json!(3),
        &[(
            "",
            "oneOf",
            "a value that fits exactly one of the alternatives; it fits several",
            Some("3"),
        )],
    );
}

#[test]
fn a_secret_is_in_no_violation() {
    let schema = json!({
        "type": "object", "maxProperties": 1, "additionalProperties": false,
        "properties": {
            "token": {"type": "string", "x-secret": true, "maxLength": 3},
            "pass": {"type": "object", "writeOnly": true, "properties": {"word": {"type": "integer"}}},
            "keys": {"type": "array", "items": {"type": "integer", "x-kind": "secret"}},
        },
    });
    let value = json!({"token": "hunter2", "pass": {"word": "hunter2"}, "keys": ["hunter2"],
                       "tokn": "hunter2"});
    let schema = InputSchema::compile(schema).unwrap();
    let details = schema.violations(&value);
    assert!(!format!("{details:?}").contains("hunter2"), "{details:?}");
    let at: Vec<&str> = details.iter().map(|detail| detail.at.as_str()).collect();
    for expected in ["", "/token", "/pass/word", "/keys/0", "/tokn"] {
        assert!(at.contains(&expected), "{expected} in {at:?}");
    }
    assert_eq!(schema.secrets(&value), ["/token", "/pass", "/keys/0"]);
}

#[test]
fn v23_a_pattern_that_explodes_elsewhere_is_answered_in_linear_time() {
    let schema = OutputSchema::compile(json!({"pattern": "^(a+)+$"})).unwrap();
    let long = "a".repeat(50_000);
    assert!(schema.violations(&json!(long)).is_empty());
    let details = schema.violations(&json!(long + "!"));
    assert_eq!(details[0].constraint, "pattern");
    assert_eq!(details.len(), 1);
}
