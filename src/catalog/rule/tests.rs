//! What rules accept, refuse and survive.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::base::{clock::Timestamp, limits::RULE_STUCK_MAX};

fn scope() -> Scope {
    Scope::new(&json!({
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
    }))
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
    let bindings = Bindings::new(args, &client, "refund_order", now);
    compile(source).evaluate_under(&patient(), &bindings)
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
fn c4_no_expression_ends_the_process() {
    let terms = vec!["1"; 10_000].join("+") + " > 0";
    check_refused(
        &terms,
        "",
        "the expression is longer than 2048 bytes",
        "split it into several rules",
    );
    let brackets = "(".repeat(100_000) + "1" + &")".repeat(100_000);
    check_refused(
        &brackets,
        "",
        "the expression is longer than 2048 bytes",
        "split it into several rules",
    );
    let brackets = "(".repeat(900) + "1" + &")".repeat(900);
    check_refused(
        &brackets,
        "(",
        "brackets nested deeper than 32 levels",
        "split it into several rules",
    );
    let terms = vec!["1"; 201].join("+") + " > 0";
    check_refused(
        &terms,
        "1 > 0",
        "more than 200 names and values",
        "split it into several rules",
    );
    let signs = "!".repeat(2000) + "true";
    check_refused(
        &signs,
        "!",
        "more than 800 words and signs",
        "split it into several rules",
    );
    let strangers = "@".repeat(2000);
    check_refused(&strangers, "@", "\"@\" has no meaning in an expression", "");
}

/// The largest expressions of each shape that pass the first fence.
fn largest() -> Vec<String> {
    let chain = |first: &str, link: &str, count: usize| first.to_owned() + &link.repeat(count);
    let nested = "(".repeat(RULE_DEPTH) + "args.flag" + &")".repeat(RULE_DEPTH);
    vec![
        chain("1", "+1", 198) + " > 0",
        chain("1", "-1", 198) + " > 0",
        chain("args.flag", "||true", 198),
        chain("args.flag", "&&true", 198),
        chain("args.flag", "?true:args.flag", 60),
        chain("args.free", ".a", 198),
        chain("args.tags", "[0]", 198),
        chain("args.free", ".?a", 198),
        chain("1", "<1", 198),
        chain("args.start", ".size()", 197),
        "!".repeat(700) + "args.flag",
        "-".repeat(700) + "1 < 0",
        nested,
        "[".repeat(RULE_DEPTH) + &"]".repeat(RULE_DEPTH) + " == []",
    ]
}

const RULE_DEPTH: usize = crate::base::limits::RULE_DEPTH_MAX;

#[test]
fn c4_what_is_accepted_is_evaluated_on_half_the_stack_of_a_worker() {
    let args = json!({"flag": true, "free": {}, "tags": [], "start": ""});
    let evaluate_all = move || {
        let client = json!({});
        let bindings = Bindings::new(&args, &client, "t", Timestamp::from_micros(0));
        let accepted = largest()
            .into_iter()
            .filter_map(|source| Expression::compile(&source, &scope()).ok())
            .map(|expression| {
                expression
                    .0
                    .run(bindings.context.as_ref().expect("an engine"))
            });
        accepted.count()
    };
    let done = crate::base::thread::spawn_with_stack("t", 1024 * 1024, evaluate_all);
    assert_eq!(done.expect("a thread").join().expect("no overflow"), 14);
}

#[test]
fn names_paths_types_and_functions_are_checked_against_the_schema() {
    check_refused(
        "arg.n > 1",
        "arg.n",
        "unknown name `arg`",
        "did you mean `args`?",
    );
    check_refused(
        "price > 1.0",
        "price",
        "unknown name `price`",
        "did you mean `args.price`?",
    );
    check_refused(
        "args.pricee > 1",
        ".pricee",
        "there is no member `pricee` here",
        "did you mean `price`?",
    );
    check_refused(
        "has(args.zzzzz)",
        "",
        "there is no member `zzzzz` here",
        "declare `zzzzz` in `inputSchema` first",
    );
    check_refused(
        "args.rows.all(r, r.nam == '')",
        ".nam",
        "there is no member `nam` here",
        "did you mean `name`?",
    );
    check_refused(
        "args.n.x == 1",
        ".x",
        "`x` is read from a value of type integer",
        "only an object has members",
    );
    check_refused(
        "'a' in client.rolls",
        "",
        "there is no member `rolls` here",
        "did you mean `roles`?",
    );
    check_refused(
        "args.n == '5'",
        "== '5'",
        "a value of type `integer` is compared with a `string`",
        "leave the quotes away",
    );
    check_refused(
        "args.n in ['5']",
        "in",
        "a value of type `integer` is compared with a `string`",
        "leave the quotes away",
    );
    check_refused(
        "args.start != null",
        "!=",
        "a value of type `string` is compared with a `null`",
        "use `has(...)` to ask whether it was given",
    );
    check_refused(
        "args.state == 'opne'",
        "==",
        "the value can never be \"opne\"",
        "did you mean `open`?",
    );
    check_refused(
        "sise(args.tags) > 0",
        "",
        "unknown function `sise`",
        "did you mean `size`?",
    );
    check_refused(
        "args.start.matches('(')",
        "'('",
        "the regular expression cannot be read",
        "look for an unclosed bracket; look-around and back references do not exist here",
    );
    check_refused(
        "args.start.matches('(a{100}){100}{9}')",
        "'(a",
        "the regular expression is too large",
        "use smaller repetition counts",
    );
    check_refused(
        "args.rows.all(r, r.cells.all(c, args.tags.all(t, t != '')))",
        "",
        "more than 2 loops inside each other or in a row",
        "split it into several rules",
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_a_way_out() {
    check_refused("", "", "the expression is empty", "");
    check_refused("args.n = 5", "= 5", "`=` is not an operator", "use `==`");
    check_refused(
        "args.n > 1 and args.n < 5",
        "and",
        "`and` is not an operator",
        "use `&&`",
    );
    check_refused(
        "args.flag & true",
        "& true",
        "`&` is not an operator",
        "use `&&`",
    );
    check_refused(
        "args.start == 'é",
        "'é",
        "the text that begins here does not end",
        "add `'`",
    );
    check_refused(
        "args.n >",
        "",
        "the expression ends too early",
        "look for a missing bracket or operator",
    );
    check_refused(
        "args.start == 'é' ) 1",
        ") 1",
        "the expression cannot be read at \")\"",
        "look for a missing bracket or operator",
    );
    check_refused(
        "args.start == 'é' ||\n args.pricee > 1",
        ".pricee",
        "there is no member `pricee` here",
        "did you mean `price`?",
    );
}

#[test]
fn v13_work_is_bounded_before_it_is_started() {
    let rows =
        |count: usize, cells: usize| json!({"rows": vec![json!({"cells": vec![1; cells]}); count]});
    check(
        "args.rows.all(r, r.cells.all(c, c == 1))",
        rows(100, 100),
        true,
    );
    check(
        "args.rows.map(r, r.cells.size()).size() == 1000",
        rows(1000, 1),
        true,
    );
    check(
        "args.?rows.orValue([]).all(r, r.cells.all(c, c == 1))",
        rows(100, 100),
        true,
    );
    let refused = "it could take too long with arguments of this size";
    check_error(
        "args.rows.all(r, r.cells.all(c, c == 1))",
        rows(400, 400),
        refused,
    );
    check_error(
        "args.rows.all(r, args.rows.all(s, r == s))",
        rows(400, 1),
        refused,
    );
    let doubled = format!(
        "[args.start].map(x, x{}).map(x, x{}).size() == 1",
        "+x".repeat(60),
        "+x".repeat(60)
    );
    check_error(&doubled, json!({"start": "x".repeat(100_000)}), refused);
    check(
        "args.tags.exists(t, t == 'y')",
        json!({"tags": vec!["x"; 5000]}),
        false,
    );
}

#[test]
fn v13_a_slow_evaluation_is_given_up_and_others_go_on() {
    let slow = compile("args.tags.all(t, args.tags.all(u, u + t != 'y' && t.matches('^x')))");
    let (args, client) = (json!({"tags": vec!["x"; 300]}), json!({}));
    let bindings = Bindings::new(&args, &client, "t", Timestamp::from_micros(0));
    let watch = Watch::new(Duration::ZERO);
    let mut given_up = 0;
    for _ in 0..RULE_STUCK_MAX {
        assert_eq!(
            slow.evaluate_under(&watch, &bindings),
            Err(RuleError::TooSlow)
        );
        given_up += 1;
        assert!(watch.stuck() <= given_up);
    }
    let quick = compile("args.tags.size() == 300");
    assert_eq!(quick.evaluate_under(&watch, &bindings), Ok(true));
    while watch.stuck() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(slow.evaluate_under(&patient(), &bindings), Ok(true));
}

#[test]
fn v13_when_too_many_are_stuck_slow_rules_fail_at_once() {
    let watch = Watch::new(Duration::ZERO);
    let gates: Vec<_> = (0..RULE_STUCK_MAX)
        .map(|_| {
            let (open, closed) = std::sync::mpsc::sync_channel::<()>(0);
            let waiting = watch.run(move || {
                let _opened = closed.recv();
                Ok(true)
            });
            assert_eq!(waiting, Err(RuleError::TooSlow));
            open
        })
        .collect();
    assert_eq!(watch.stuck(), RULE_STUCK_MAX);
    assert_eq!(watch.run(|| Ok(true)), Err(RuleError::TooManyStuck));
    drop(gates);
    while watch.stuck() > 0 {
        std::thread::yield_now();
    }
    assert_ne!(watch.run(|| Ok(true)), Err(RuleError::TooManyStuck));
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

const WORDS: [&str; 58] = [
    "args",
    ".n",
    ".start",
    ".tags",
    ".rows",
    ".free",
    "client",
    "tool",
    "now",
    "1",
    "2.5",
    "-1",
    "9223372036854775807",
    "7u",
    "''",
    "'a'",
    "b'a'",
    "r'\\d'",
    "true",
    "null",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "?",
    ".?",
    "[?",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&&",
    "||",
    "!",
    "==",
    "<",
    ">=",
    "in",
    ".all(t, ",
    ".map(t, ",
    ".filter(t, t",
    ".exists_one(t, ",
    "t",
    "has(",
    "size(",
    ".matches('a')",
    "timestamp(",
    "duration('1h')",
    ".orValue(",
    "int(",
    "string(",
    ".getFullYear()",
    "x",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_panics(words in proptest::collection::vec(0..WORDS.len(), 1..14)) {
        let source: String = words.iter().map(|&word| WORDS[word]).collect();
        // Not on threads of their own: a panic must be seen, and small ones need no stack.
        if tokens::check(&source).is_ok()
            && let Ok(expression) = compile_here(source, &scope())
        {
            let args = json!({"n": 5, "start": "é", "tags": ["a"], "rows": [{"cells": [1]}], "free": {}});
            let client = json!({"id": "a", "roles": [], "attributes": {}});
            let bindings = Bindings::new(&args, &client, "t", Timestamp::from_micros(NEW_YEAR_2026));
            let _any = expression.evaluate_under(&patient(), &bindings);
        }
    }
}
