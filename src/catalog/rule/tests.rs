//! What rules accept, refuse and survive.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::*;
use crate::base::clock::Timestamp;

mod bounds;
mod parsers;
mod refusals;
mod zones;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "start": {"type": "string"},
            "end": {"type": "string"},
            "n": {"type": "integer"},
            "price": {"type": "number"},
            "ratio": {"type": "number"},
            "state": {"type": "string", "enum": ["open", "closed"]},
            "flag": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
            "owner": {"type": "object", "properties": {"name": {"type": "string"}}},
            "free": {"type": "object"},
        },
        "$defs": {"row": {"type": "object", "properties": {
            "name": {"type": "string"},
            "cells": {"type": "array", "items": {"type": "integer"}},
        }}},
    })
});

fn scope() -> Scope<'static> {
    Scope::new(&SCHEMA)
}

#[track_caller]
fn compile(source: &str) -> Expression {
    Expression::compile(source, &scope()).unwrap_or_else(|problem| panic!("{source}: {problem:?}"))
}

const NEW_YEAR_2026: i64 = 1_767_225_600_000_000;

/// A limit that a busy machine does not reach.
fn patient() -> Watch {
    Watch::new(Duration::from_secs(60))
}

fn evaluate(source: &str, args: &Value) -> Result<bool, RuleError> {
    let client = json!({"id": "ann", "roles": ["billing"], "attributes": {"org": "acme"}});
    let now = Timestamp::from_micros(NEW_YEAR_2026);
    let expression = compile(source);
    let bindings = Bindings::new([&expression], args, &client, "refund_order", now);
    expression.evaluate_under(&patient(), &bindings)
}

#[track_caller]
fn check(source: &str, args: Value, expected: bool) {
    assert_eq!(evaluate(source, &args), Ok(expected), "{source} {args}");
}

#[track_caller]
fn check_error(source: &str, args: Value, expected: &str) {
    let error = evaluate(source, &args).expect_err(source);
    assert_eq!(error.to_string(), expected, "{source}");
}

#[track_caller]
fn check_refused(source: &str, at: &str, message: &str, help: &str) {
    let problem = Expression::compile(source, &scope()).expect_err(source);
    let rest = source.get(problem.offset..).expect("between characters");
    assert!(rest.starts_with(at), "{source}: points at {rest:?}");
    assert_eq!(
        (problem.message.as_str(), problem.help.as_str()),
        (message, help),
        "{source}"
    );
}

#[test]
fn rules_see_arguments_client_tool_and_time() {
    check(
        "args.start < args.end",
        json!({"start": "2024-03-15", "end": "2024-03-01"}),
        false,
    );
    check(
        "'billing' in client.roles && client.attributes.org == 'acme'",
        json!({}),
        true,
    );
    check(
        "client.id == 'ann' && tool == 'refund_order'",
        json!({}),
        true,
    );
    check("now == timestamp('2026-01-01T00:00:00Z')", json!({}), true);
    check(
        "timestamp(args.start) > now",
        json!({"start": "2026-01-01T00:00:01Z"}),
        true,
    );
    check(
        "now - timestamp(args.start) < duration('1h')",
        json!({"start": "2025-12-31T00:00:00Z"}),
        false,
    );
    check("args.state in ['open']", json!({"state": "open"}), true);
}

#[test]
fn an_argument_alone_is_the_member_of_that_name() {
    let args = json!({"a": {"b": 1}, "a.b": 2, "n": 3, "no": null, "list": [3, 4]});
    let schema = json!({"type": "object"});
    let free = Scope::new(&schema);
    for source in [
        "args.a.b == 1 && args['a.b'] == 2",
        "args.n == args['n'] && has(args.n) && !has(args.gone) && args.no == null",
        "args.list.all(one, one >= args.n) && args.list[0] == args.n",
        "[args].all(args, args.n == 3) && [{'n': 5}].all(args, args.n == 5)",
        "size(args) == 5 && args.a == {'b': 1}",
    ] {
        let expression = Expression::compile(source, &free).expect(source);
        let now = Timestamp::from_micros(NEW_YEAR_2026);
        let client = json!({});
        let bindings = Bindings::new([&expression], &args, &client, "t", now);
        assert_eq!(expression.0.run(bindings.names()), Ok(true), "{source}");
        let whole = bindings.owned_names();
        assert_eq!(expression.0.run(&whole), Ok(true), "{source}");
    }
}

#[test]
fn numbers_are_what_they_look_like() {
    check(
        "args.n + 1 == 6 && args.n - 10 == -5 && args.n * 2 == 10",
        json!({"n": 5}),
        true,
    );
    check(
        "args.price * args.ratio == 25.0",
        json!({"price": 10.0, "ratio": 2.5}),
        true,
    );
    check(
        "double(args.price) * double(args.ratio) == 25.0",
        json!({"price": 10, "ratio": 2.5}),
        true,
    );
    check("args.n > 9223372036854775807", json!({"n": u64::MAX}), true);
    check("args.price < 1e-300", json!({"price": 0}), true);
}

#[test]
fn absent_members_can_be_asked_for() {
    check("has(args.n)", json!({}), false);
    check("!has(args.n) || args.n > 3", json!({}), true);
    check("args.?n.orValue(7) == 7", json!({}), true);
    check("args.?owner.?name.orValue('') == ''", json!({}), true);
    check("args['n'] == 1", json!({"n": 1}), true);
    check("args.free.and == 1", json!({"free": {"and": 1}}), true);
    check(
        "has(args.free) && has(args.free.x)",
        json!({"free": {"x": null}}),
        true,
    );
}

#[test]
fn v12_what_cannot_be_evaluated_is_an_error_and_never_a_yes() {
    check_error("args.n > 0", json!({}), "there is no member \"n\"");
    check_error(
        "args.n + 1 > 0",
        json!({"n": i64::MAX}),
        "a number does not fit into 64 bits",
    );
    check_error("args.n / 0 > 0", json!({"n": 1}), "division by zero");
    check_error("args.n", json!({"n": 1}), "the result is not a boolean");
    check_error(
        "args.free",
        json!({"free": {}}),
        "the result is not a boolean",
    );
    check_error(
        "timestamp(args.start) < now",
        json!({"start": "soon"}),
        "`timestamp` cannot read its argument",
    );
    check_error(
        "args.tags[3] == ''",
        json!({"tags": []}),
        "a list is too short",
    );
    check_error(
        "args.start.matches('a')",
        json!({"start": 1}),
        "\"matches\" cannot be applied to `int` and `pattern`",
    );
    check_error(
        "args.free.x < 5",
        json!({"free": {"x": "5"}}),
        "\"<\" cannot be applied to `string` and `int`",
    );
}

#[test]
fn patterns_are_compiled_once_when_the_rule_is() {
    let rule = compile("args.start.matches('^[a-z]+$') && matches(args.end, r'\\d')");
    assert_eq!(rule.0.patterns.len(), 2);
    assert!(!format!("{:?}", rule.0.tree).contains("[a-z]"));
    let rule = "args.start.matches('^[a-z]+$') && matches(args.end, r'\\d')";
    check(rule, json!({"start": "abc", "end": "x1"}), true);
    check(rule, json!({"start": "Abc", "end": "x1"}), false);
    check(
        "args.tags.all(t, t.matches('^[a-z]+$'))",
        json!({"tags": ["a", "b1"]}),
        false,
    );
    check_refused(
        "args.start.matches(args.end)",
        "",
        "`matches` needs a pattern that is written out",
        "write it as `text.matches('...')`",
    );
}

#[test]
fn the_same_inputs_give_the_same_answer() {
    let args = json!({"n": 5, "tags": ["a", "b"]});
    let source = "args.tags.exists(t, t == 'b') && args.n > 3";
    let answers: BTreeMap<_, _> = (0..20)
        .map(|_| (format!("{:?}", evaluate(source, &args)), ()))
        .collect();
    assert_eq!(answers.len(), 1);
}

#[test]
fn whether_it_loops_is_known() {
    for (source, loops) in [
        ("args.n == 1", false),
        ("args.rows[0].name == ''", false),
        ("args.rows.all(row, row.name != 'a')", true),
        (
            "args.n == 1 || args.rows.exists(row, row.name == 'a')",
            true,
        ),
    ] {
        assert_eq!(compile(source).loops(), loops, "{source}");
    }
}

#[test]
fn the_places_that_are_read_are_known() {
    let reads = |source: &str| {
        compile(source)
            .reads()
            .iter()
            .map(|path| path.join("/"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        reads("args.start < args.end && has(args.owner.name)"),
        ["end", "owner/name", "start"]
    );
    assert_eq!(
        reads("args.rows[0].name == '' || args['n'] == 1"),
        ["n", "rows"]
    );
    assert_eq!(
        reads("size(args) > 1 && client.id == ''"),
        Vec::<String>::new()
    );
}
