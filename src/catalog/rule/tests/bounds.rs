//! No expression and no arguments take down the process or hold up a call.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::base::limits::RULE_STUCK_MAX;

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
        let accepted = largest()
            .into_iter()
            .filter_map(|source| Expression::compile(&source, &scope()).ok())
            .map(|expression| {
                let now = Timestamp::from_micros(0);
                let bindings = Bindings::new([&expression], &args, &client, "t", now);
                expression.0.run(bindings.names())
            });
        accepted.count()
    };
    let done = crate::base::thread::spawn_with_stack("t", 1024 * 1024, evaluate_all);
    assert_eq!(done.expect("a thread").join().expect("no overflow"), 14);
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
    let now = Timestamp::from_micros(0);
    let bindings = Bindings::new([&slow], &args, &client, "t", now);
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
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_panics(words in proptest::collection::vec(0..WORDS.len(), 1..14)) {
        let source: String = words.iter().map(|&word| WORDS[word]).collect();
        // Not on threads of their own: a panic must be seen, and small ones need no stack.
        if tokens::check(&source).is_ok()
            && let Ok(expression) = compile_here(source, &scope())
        {
            let args = json!({"n": 5, "start": "é", "tags": ["a"], "rows": [{"cells": [1]}], "free": {}});
            let client = json!({"id": "a", "roles": [], "attributes": {}});
            let now = Timestamp::from_micros(NEW_YEAR_2026);
            let bindings = Bindings::new([&expression], &args, &client, "t", now);
            let _any = expression.evaluate_under(&patient(), &bindings);
        }
    }
}
