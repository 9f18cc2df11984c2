//! What is refused at load, and where it is said to stand.

mod violations;

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn refused(schema: Value, expected: &[(&str, &str)]) {
    let problems = OutputSchema::compile(schema).expect_err("should be refused");
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
    assert!(OutputSchema::compile(bare).is_err());
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
        let schema = OutputSchema::compile(schema).unwrap();
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
    let big = OutputSchema::compile(json!({"pattern": "(\\w{100}){100}{100}"}));
    assert!(big.is_err());
}

#[test]
fn c3_depth_and_number_of_subschemas_are_bounded() {
    let nested =
        |depth: usize| (1..depth).fold(json!({}), |inner, _| json!({"properties": {"a": inner}}));
    assert!(OutputSchema::compile(nested(32)).is_ok());
    let at = "/properties/a".repeat(32);
    refused(nested(33), &[(&at, "nested deeper than 32 schemas")]);
    let wide = |count: usize| json!({"prefixItems": vec![json!({}); count]});
    assert!(OutputSchema::compile(wide(1900)).is_ok());
    let problems = OutputSchema::compile(wide(2000)).unwrap_err();
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
    assert!(OutputSchema::compile(fine).is_ok());
    let problem = &InputSchema::compile(json!({"properties": {}})).unwrap_err()[0];
    assert_eq!(problem.message, "arguments are always an object");
}

/// Version 0.60.2 of the validator takes what stands before the digits in ASCII for one, too.
#[test]
fn where_a_date_or_a_time_has_a_digit_nothing_else_is_taken() {
    let given = [
        ("date", "2026-11-15"),
        ("time", "10:11:12Z"),
        ("date-time", "2026-11-15T10:11:12+01:00"),
    ];
    for (format, text) in given {
        let schema = OutputSchema::compile(json!({"format": format})).unwrap();
        let is_valid = |text: &str| schema.violations(&json!(text)).is_empty();
        assert!(is_valid(text), "{text}");
        for (at, _) in text.match_indices(|char: char| char.is_ascii_digit()) {
            for other in (' '..='~').filter(|char| !char.is_ascii_digit()) {
                let mut text = text.to_owned();
                text.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
                assert!(!is_valid(&text), "{text}");
            }
        }
    }
}

#[test]
fn a_default_must_fit_its_own_subschema_wherever_it_stands() {
    let problems = OutputSchema::compile(json!({
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
    assert!(OutputSchema::compile(fine).is_ok());
}

#[test]
fn no_keyword_with_an_odd_value_brings_the_compiler_down() {
    let odd = [
        json!(null),
        json!(true),
        json!(false),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("#"),
        json!("["),
        json!([]),
        json!([1]),
        json!(["a", "a"]),
        json!([{}]),
        json!({}),
        json!({"a": 1}),
        json!({"a": {}}),
        json!({"": ["x"]}),
        json!({"$ref": "#"}),
    ];
    for value in &odd {
        for keyword in lint::KEYWORDS.iter().chain(lint::OURS) {
            for schema in [
                json!({*keyword: value}),
                json!({"properties": {"a": {*keyword: value}}}),
            ] {
                match OutputSchema::compile(schema) {
                    Ok(compiled) => {
                        for given in &odd {
                            let around = json!({"a": given});
                            let (given, around) =
                                (compiled.violations(given), compiled.violations(&around));
                            assert!(given.len() <= 10 && around.len() <= 10);
                        }
                    }
                    Err(problems) => assert!(!problems.is_empty()),
                }
            }
        }
        assert!(OutputSchema::compile(value.clone()).is_ok() || !value.is_object());
    }
}
