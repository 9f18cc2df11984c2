//! Tests of what is looked up before a call.

use super::*;

#[test]
fn a_check_is_something_that_reads_and_a_condition_on_what_it_finds() {
    check_with(
        "checks: [{reply: {json: {n: '{a}'}}, require: 'result.n == args.a', code: ODD, message: m, timeout: 2s, cache: 30s}]",
        &[],
    );
    check_with(
        "checks: [{exec: {command: ['/bin/true']}, require: 'result == args.a', code: ODD, message: m}]",
        &[],
    );
}

#[test]
fn what_a_check_lacks_or_may_not_have_is_told() {
    check_with(
        "checks: [{require: 'result == 1', code: ODD, message: m}]",
        &[
            "f:5:10: error[run]: `a check` must have exactly one of `exec`, `http`, `reply` and `sql`",
        ],
    );
    check_with(
        "checks: [{reply: {text: x}, require: 'result.rows', code: ODD, message: m}]",
        &[
            "f:5:45: error[rule]: `rows` is read from a value of type string (only an object has members)",
        ],
    );
    check_with(
        "rules: [{require: 'result == 1', code: ODD, message: m}]",
        &[
            "f:5:20: error[rule]: unknown name `result` (a rule can read `args`, `client`, `tool` and `now`)",
        ],
    );
}

#[test]
fn a_probe_is_something_that_reads_and_a_condition_on_what_it_finds() {
    let probe = |verify: &str, expected: &[&str]| {
        let head = "name: t\ndescription: d\ninputSchema: {type: object, properties: {a: {type: string}}}\nrun: {exec: {command: ['/bin/true']}}";
        check(&format!("{head}\nverify: {verify}"), expected);
    };
    probe(
        "{exec: {command: ['/bin/true']}, applied: 'result == args.a', timeout: 2s}",
        &[],
    );
    probe(
        "{applied: 'true'}",
        &["f:5:9: error[run]: `verify` must have exactly one of `exec`, `http`, `reply` and `sql`"],
    );
    probe(
        "{exec: {command: ['/bin/true']}, applied: 'now < timestamp(args.a)'}",
        &["f:5:52: error[rule]: unknown name `now` (a rule can read `args` and `result`)"],
    );
    check_with(
        "verify: {reply: {text: x}, applied: 'true'}",
        &[
            "f:5:9: error[verify]: `verify` does not go with `reply` (take it out: there is no effect to find)",
        ],
    );
}
