//! Which values are read as another type, and which never are.

use serde_json::{Value, json};

use super::{Change, ChangeKind, Code, Coerce, object, run, tool};
use crate::base::{
    json::{Violation, parse},
    text,
};

/// What one property `x` of this schema becomes when coercion is allowed; `None`: refused.
#[track_caller]
fn check(property: Value, given: Value, expected: Option<Value>) {
    let schema = object(json!({"x": property}));
    let got = run(&tool(&schema, Coerce::OnMismatch), json!({"x": given}));
    let got = got.map(|(effective, _)| effective.get("x").cloned());
    match expected {
        Some(expected) => assert_eq!(got, Ok(Some(expected)), "{given}"),
        None => assert_eq!(got.unwrap_err().code, Code::ValidationFailed, "{given}"),
    }
}

#[test]
fn v3_a_coercion_is_reported_with_both_values() {
    let schema = object(json!({"limit": {"type": "integer"}}));
    let change = Change {
        at: "/limit".into(),
        kind: ChangeKind::Coerced,
        from: Some(json!("5")),
        to: Some(json!(5)),
    };
    assert_eq!(
        run(&tool(&schema, Coerce::OnMismatch), json!({"limit": "5"})),
        Ok((json!({"limit": 5}), vec![change]))
    );
    let problem = run(&tool(&schema, Coerce::Never), json!({"limit": "5"})).unwrap_err();
    assert_eq!(problem.code, Code::ValidationFailed);
    assert_eq!(problem.corrected_arguments, Some(json!({"limit": 5})));
    assert_eq!(problem.suggestions, ["use 5 for `/limit`"]);
}

#[test]
fn v3_v4_only_plain_digits_are_an_integer() {
    let integer = json!({"type": "integer"});
    for (given, read) in [
        ("5", 5),
        ("0", 0),
        ("-7", -7),
        ("-0", 0),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
    ] {
        check(integer.clone(), json!(given), Some(json!(read)));
    }
    for given in [
        "5x",
        " 5",
        "5 ",
        "0x10",
        "٥",
        "1e2",
        "+5",
        "007",
        "-",
        "",
        "--5",
        "5.0",
        "1_000",
        "1,000",
        "18446744073709551616",
        "99999999999999999999",
        "null",
        "[5]",
    ] {
        check(integer.clone(), json!(given), None);
    }
}

#[test]
fn numbers_are_read_as_json_writes_them() {
    let number = json!({"type": "number"});
    for (given, read) in [
        ("5", json!(5)),
        ("1e2", json!(100.0)),
        ("-0.5", json!(-0.5)),
    ] {
        check(number.clone(), json!(given), Some(read));
    }
    for given in [
        " 1",
        "1 ",
        ".5",
        "5.",
        "1e400",
        "NaN",
        "007",
        "+1",
        "18446744073709551616",
    ] {
        check(number.clone(), json!(given), None);
    }
}

#[test]
fn v5_a_string_that_holds_an_array_or_object_is_read_where_no_string_may_stand() {
    let array = json!({"type": "array", "items": {"type": "string"}});
    check(array.clone(), json!("[\"a\"]"), Some(json!(["a"])));
    check(json!({"type": "object"}), json!("{}"), Some(json!({})));
    check(
        json!({"type": ["array", "string"]}),
        json!("[\"a\"]"),
        Some(json!("[\"a\"]")),
    );
    check(array.clone(), json!("[1]"), None);
    check(array.clone(), json!("{}"), None);
    check(array, json!("[\"a\"] x"), None);
    check(json!({"type": "object"}), json!("{\"a\":1,\"a\":2}"), None);
    check(json!({"type": ["array", "integer"]}), json!("[1]"), None);
}

#[test]
fn v6_nothing_is_guessed() {
    for given in [
        json!("yes"),
        json!(1),
        json!("True"),
        json!("1"),
        json!(""),
        json!([true]),
    ] {
        check(json!({"type": "boolean"}), given, None);
    }
    check(
        json!({"type": "boolean"}),
        json!("false"),
        Some(json!(false)),
    );
    check(json!({"type": "array"}), json!("a"), None);
    check(json!({"type": "array"}), json!(1), None);
    check(json!({"type": "string"}), json!(5), None);
    check(json!({"type": "integer"}), json!(true), None);
    check(json!({"enum": ["open"]}), json!("OPEN"), None);
    check(
        json!({"type": ["integer", "boolean"]}),
        json!("true"),
        Some(json!(true)),
    );
    check(
        json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        json!("5"),
        Some(json!(5)),
    );
    check(
        json!({"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 0}]}),
        json!("5"),
        None,
    );
    check(json!({"type": "integer", "maximum": 3}), json!("5"), None);
}

#[test]
fn null_means_absent_for_an_optional_member_only() {
    let schema = object(json!({"x": {"type": "string"}}));
    let optional = tool(&schema, Coerce::OnMismatch);
    let (effective, changes) = run(&optional, json!({"x": null})).unwrap();
    assert_eq!(effective, json!({}));
    let change = Change {
        at: "/x".into(),
        kind: ChangeKind::Coerced,
        from: Some(Value::Null),
        to: None,
    };
    assert_eq!(changes, [change]);

    let mut demanded = schema;
    demanded["required"] = json!(["x"]);
    let problem = run(&tool(&demanded, Coerce::OnMismatch), json!({"x": null})).unwrap_err();
    assert_eq!(problem.details[0].expected, "a string");
    assert_eq!(problem.corrected_arguments, None);
}

#[test]
fn one_value_that_cannot_be_read_leaves_all_as_they_were_given() {
    let schema = object(json!({"a": {"type": "integer"}, "b": {"type": "integer"}}));
    let problem = run(
        &tool(&schema, Coerce::OnMismatch),
        json!({"a": "5", "b": "5x"}),
    )
    .unwrap_err();
    let got: Vec<_> = problem
        .details
        .iter()
        .map(|d| (d.at.as_str(), d.got.as_deref()))
        .collect();
    assert_eq!(got, [("/a", Some("\"5\"")), ("/b", Some("\"5x\""))]);
    assert_eq!(problem.corrected_arguments, None);
}

#[test]
fn v7_v9_a_large_integer_arrives_exactly_and_a_whole_float_is_an_integer() {
    let integer = json!({"type": "integer"});
    check(
        integer.clone(),
        json!(9_007_199_254_740_993_i64),
        Some(json!(9_007_199_254_740_993_i64)),
    );
    check(
        integer.clone(),
        json!("9007199254740993"),
        Some(json!(9_007_199_254_740_993_i64)),
    );
    for given in [json!(1), json!(1.0), json!(1e0)] {
        check(integer.clone(), given.clone(), Some(given));
    }
}

#[test]
fn v24_a_million_items_end_at_the_bound_on_values() {
    let text = format!("[{}1]", "1,".repeat(1_000_000));
    assert_eq!(parse(&text), Err(Violation::TooManyValues));
    check(
        json!({"type": "array"}),
        json!(text::clip(&text, 1_000_000)),
        None,
    );
    let many = format!("[{}1]", "1,".repeat(400_000));
    check(json!({"type": "array"}), json!(many), None);
}
