//! What is refused, and what comes through unchanged.

use super::*;
use serde_json::json;

#[track_caller]
fn check(text: &str, expected: Result<Value, Violation>) {
    assert_eq!(parse(text), expected, "{}", text.get(..80).unwrap_or(text));
}

#[test]
fn p6_a_duplicate_member_is_refused_at_any_depth_also_when_escaped() {
    let duplicate = |pointer: &str| {
        Err(Violation::Duplicate {
            pointer: pointer.into(),
        })
    };
    check(r#"{"a":1,"a":2}"#, duplicate("/a"));
    check(r#"{"a":1,"\u0061":2}"#, duplicate("/a"));
    check(r#"[{"x/y":{"b":1,"b":1}}]"#, duplicate("/0/x~1y/b"));
    check(
        r#"{"a":{"a":1},"b":{"a":1}}"#,
        Ok(json!({"a":{"a":1},"b":{"a":1}})),
    );
}

#[test]
fn p22_depth_nodes_and_strings_are_bounded_without_overflow() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&nested(64)).is_ok());
    check(&nested(65), Err(Violation::TooDeep));
    check(&nested(100_000), Err(Violation::TooDeep));
    check(
        &format!("[{}1]", "1,".repeat(1_000_000)),
        Err(Violation::TooManyValues),
    );
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(STRING_BYTES_MAX + 1));
    check(
        &long,
        Err(Violation::StringTooLong {
            pointer: "/a".into(),
        }),
    );
}

#[test]
fn v7_v8_integers_are_exact_or_refused() {
    check("9007199254740993", Ok(json!(9_007_199_254_740_993_i64)));
    check("18446744073709551615", Ok(json!(u64::MAX)));
    check(
        "18446744073709551616",
        Err(Violation::NumberNotRepresentable),
    );
    check(
        "-9223372036854775809",
        Err(Violation::NumberNotRepresentable),
    );
    check(
        r#"["\"18446744073709551616", 6.022e23]"#,
        Ok(json!(["\"18446744073709551616", 6.022e23])),
    );
    check(
        "[1e30,-18446744073709551616]",
        Err(Violation::NumberNotRepresentable),
    );
    check("1e400", Err(Violation::NumberNotRepresentable));
    check("0.1", Ok(json!(0.1)));
}

#[test]
fn what_is_not_json_is_told_with_its_column() {
    check("{\"a\":}", Err(Violation::Syntax { column: 6 }));
    check(r#""\ud800""#, Err(Violation::Syntax { column: 8 }));
    check("1 2", Err(Violation::Syntax { column: 3 }));
    check("", Err(Violation::Syntax { column: 0 }));
}

#[test]
fn parts_of_one_message_share_its_bounds_and_know_where_they_stand() {
    let mut reader = Reader::default();
    assert_eq!(
        reader.read_at(At::Member(&At::Top, "params"), r#"{"a":1,"a":1}"#),
        Err(Violation::Duplicate {
            pointer: "/params/a".into()
        })
    );
    let half = format!("[{}1]", "1,".repeat(JSON_NODES_MAX / 2));
    assert!(reader.read(&half).is_ok());
    assert_eq!(reader.read(&half), Err(Violation::TooManyValues));
}
