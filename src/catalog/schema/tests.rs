//! The wrapped validator as a whole: what is refused at load and what a violation says.

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn refused(schema: Value, expected: &[(&str, &str)]) {
    let problems = OutputSchema::compile(&schema).expect_err("should be refused");
    let told: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| (problem.pointer.as_str(), problem.message.as_str()))
        .collect();
    assert_eq!(told, expected);
    for problem in &problems {
        assert!(!problem.help.is_empty());
    }
}

#[test]
fn c3_references_outward_are_refused_and_nothing_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("other.json");
    std::fs::write(&file, r#"{"type":"string"}"#).unwrap();
    let file = format!("file://{}", file.display());
    let message = format!("`{file}` is outside this schema and is never fetched or read");
    refused(
        json!({"properties": {"a": {"$ref": file}}}),
        &[("/properties/a/$ref", &message)],
    );
    refused(
        json!({"$ref": "https://example.com/schema.json"}),
        &[(
            "/$ref",
            "`https://example.com/schema.json` is outside this schema and is never fetched or read",
        )],
    );
    refused(
        json!({"$ref": "other.json#/a"}),
        &[(
            "/$ref",
            "`other.json#/a` is outside this schema and is never fetched or read",
        )],
    );
    refused(
        json!({"$ref": "#/$defs/none"}),
        &[("/$ref", "`#/$defs/none` leads to no schema")],
    );
    refused(
        json!({"properties": {"a": {"$id": "https://example.com/x"}}}),
        &[(
            "/properties/a/$id",
            "`$id` inside a schema is not supported",
        )],
    );
    // The validator itself would not read either, were our own check to miss one.
    let bare = json!({"$ref": file});
    assert!(options().build(&bare).is_err());
    let bare = json!({"$dynamicRef": file});
    assert!(OutputSchema::compile(&bare).is_err());
}

#[test]
fn c3_unknown_dialects_are_refused_and_draft_07_is_understood() {
    refused(
        json!({"$schema": "https://example.com/dialect"}),
        &[(
            "/$schema",
            "the dialect `https://example.com/dialect` is not supported",
        )],
    );
    for dialect in [
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-07/schema#",
    ] {
        let schema = json!({"$schema": dialect, "type": "integer"});
        let schema = OutputSchema::compile(&schema).unwrap();
        assert!(schema.violations(&json!(1)).is_empty());
        assert_eq!(schema.violations(&json!("1")).len(), 1);
    }
}

#[test]
fn c3_patterns_run_in_linear_time_or_are_refused_in_our_own_words() {
    refused(
        json!({"pattern": "^(?=a)"}),
        &[(
            "/pattern",
            "the pattern \"^(?=a)\" uses look-around, which cannot be matched in linear time",
        )],
    );
    refused(
        json!({"properties": {"a": {"pattern": "a(b"}}}),
        &[(
            "/properties/a/pattern",
            "\"a(b\" is not a regular expression",
        )],
    );
    refused(
        json!({"patternProperties": {"(a)\\1": true}}),
        &[(
            "/patternProperties",
            "the pattern \"(a)\\\\1\" uses a back-reference, which cannot be matched in linear time",
        )],
    );
    let big = OutputSchema::compile(&json!({"pattern": "(\\w{100}){100}{100}"}));
    assert!(big.is_err());
}

#[test]
fn c3_depth_and_number_of_subschemas_are_bounded() {
    let nested =
        |depth: usize| (1..depth).fold(json!({}), |inner, _| json!({"properties": {"a": inner}}));
    assert!(OutputSchema::compile(&nested(32)).is_ok());
    let at = "/properties/a".repeat(32);
    refused(nested(33), &[(&at, "nested deeper than 32 schemas")]);
    let wide = |count: usize| json!({"prefixItems": vec![json!({}); count]});
    assert!(OutputSchema::compile(&wide(1900)).is_ok());
    let problems = OutputSchema::compile(&wide(2000)).unwrap_err();
    assert_eq!(problems[0].message, "more than 2000 subschemas");
}

#[test]
fn typos_of_keywords_formats_and_kinds_are_told() {
    refused(
        json!({"requird": ["a"], "properties": {"a": {"x-kin": "path", "maxlength": 3}}}),
        &[
            ("/requird", "unknown keyword `requird`"),
            ("/properties/a/x-kin", "unknown keyword `x-kin`"),
            ("/properties/a/maxlength", "unknown keyword `maxlength`"),
        ],
    );
    refused(
        json!({"format": "datetime"}),
        &[("/format", "unknown format `datetime`")],
    );
    refused(
        json!({"x-kind": "file"}),
        &[("/x-kind", "unknown value for `x-kind`")],
    );
    let fine =
        json!({"x-owner": "me", "markdownDescription": "d", "properties": {"requird": true}});
    assert!(OutputSchema::compile(&fine).is_ok());
    let problem = &InputSchema::compile(&json!({"properties": {}})).unwrap_err()[0];
    assert_eq!(problem.message, "arguments are always an object");
}

#[test]
fn a_default_must_fit_its_own_subschema_wherever_it_stands() {
    let problems = OutputSchema::compile(&json!({
        "properties": {
            "a/b c": {"type": "integer", "default": "5"},
            "ü": {"maxLength": 1, "default": "long"},
            "fine": {"type": "integer", "default": 5},
        },
        "$defs": {"x": {"enum": [1], "default": 2}},
    }))
    .unwrap_err();
    let at: Vec<&str> = problems
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(
        at,
        [
            "/$defs/x/default",
            "/properties/a~1b c/default",
            "/properties/ü/default"
        ]
    );
    refused(
        json!({"properties": {"a": {"$ref": "#", "default": {}}}}),
        &[("", "the defaults inside each other have no end")],
    );
}

#[test]
fn our_keywords_where_they_would_have_no_effect_are_told() {
    refused(
        json!({"anyOf": [{"properties": {"a": {"x-kind": "path"}}}]}),
        &[(
            "/anyOf/0/properties/a/x-kind",
            "`x-kind` has no effect here",
        )],
    );
    refused(
        json!({"patternProperties": {"^p": {"writeOnly": true}}}),
        &[(
            "/patternProperties/^p/writeOnly",
            "`writeOnly` has no effect here",
        )],
    );
    refused(
        json!({"x-kind": "path", "allOf": [{"x-kind": "url"}]}),
        &[(
            "/allOf/0",
            "the value is of kind `path` and of kind `url` at once",
        )],
    );
    let fine = json!({
        "$defs": {"p": {"x-kind": "path"}},
        "allOf": [{"properties": {"a": {"items": {"$ref": "#/$defs/p"}}}}],
    });
    assert!(OutputSchema::compile(&fine).is_ok());
}

#[track_caller]
fn violates(schema: Value, value: Value, expected: &[(&str, &str, &str, Option<&str>)]) {
    let schema = OutputSchema::compile(&schema).unwrap();
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
    let schema = OutputSchema::compile(&json!({"items": {"type": "integer"}})).unwrap();
    assert_eq!(schema.violations(&json!(vec!["x"; 50])).len(), 10);
}

#[test]
fn v2_an_unknown_member_is_named_with_the_nearest_known_one() {
    let schema = json!({"properties": {"limit": {}, "cursor": {}}, "additionalProperties": false});
    violates(
        schema.clone(),
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
    let schema = InputSchema::compile(&schema).unwrap();
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
    let schema = OutputSchema::compile(&json!({"pattern": "^(a+)+$"})).unwrap();
    let long = "a".repeat(50_000);
    assert!(schema.violations(&json!(long)).is_empty());
    let details = schema.violations(&json!(long + "!"));
    assert_eq!(details[0].constraint, "pattern");
    assert_eq!(details.len(), 1);
}
