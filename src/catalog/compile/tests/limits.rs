//! `limits`, `breaker` and `loop_guard`: what they mean and what is refused.

use super::{check_with, read};
use crate::{
    base::amount::Amount,
    catalog::restraint::{Cost, Restraint},
};

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

/// The restraint of a sound definition to which `more` is added.
fn restraint(run: &str, more: &str) -> Restraint {
    let text =
        format!("name: t\ndescription: d\ninputSchema: {{type: object}}\nrun: {run}\n{more}\n");
    let (tool, told) = read(&text);
    assert_eq!(told, Vec::<String>::new());
    tool.unwrap().restraint
}

const PROGRAM: &str = "{exec: {command: [/bin/true]}}";

#[test]
fn nothing_is_limited_unless_it_is_told() {
    let free = restraint(PROGRAM, "");
    assert!(free.rate.is_none() && free.cost.is_free() && !free.is_loop_guard_off);
    assert_eq!(free.breaker.backend.as_deref(), Some("t"));
    let reply = restraint("{reply: {text: x}}", "");
    assert_eq!(reply.breaker.backend, None, "a template cannot fail");
}

#[test]
fn limits_are_read_with_their_units() {
    let told = restraint(
        PROGRAM,
        "limits: {rate: 10/minute, burst: 3, cost: 0.05}\nbreaker: {backend: shop, count_exit: true}\nloop_guard: off",
    );
    assert_eq!(told.rate.unwrap().to_string(), "10/minute, 3 at once");
    assert_eq!(told.cost, Cost::Fixed(amount("0.05")));
    assert_eq!(told.breaker.backend.as_deref(), Some("shop"));
    assert!(told.breaker.counts_exit && told.is_loop_guard_off);
    let off = restraint(
        PROGRAM,
        "breaker: off\nlimits: {max_cost: 2, cost_from: {result: /c}}",
    );
    assert_eq!(off.breaker.backend, None);
    let (pointer, most) = ("/c".to_owned(), amount("2"));
    assert_eq!(off.cost, Cost::Result { pointer, most });
}

#[test]
fn what_cannot_be_meant_is_refused() {
    check_with(
        "limits: {rate: 10/week, burst: 0, concurrent: 1.5, cost: -1, speed: 5}",
        &[
            "f:5:16: error[amount]: `rate` is not a rate: `10/week` (write a number of calls and a time, as `10/minute`; times are `second`, `minute`, `hour` and `day`)",
            "f:5:32: error[amount]: `burst` must be a whole number from 1 to 4294967295",
            "f:5:47: error[amount]: `concurrent` must be a whole number from 1 to 1024",
            "f:5:58: error[amount]: `cost` must be from 0 to 9223372036854.775807 (write a number as `0.05`)",
            "f:5:62: error[unknown-key]: unknown key `speed` (known here are `burst`, `rate`, `concurrent`, `cost`, `max_cost` and `cost_from`)",
        ],
    );
    check_with(
        "limits: {burst: 5}",
        &[
            "f:5:10: error[missing-key]: `burst` says nothing without `rate` (add a rate, as `rate: 10/minute`)",
        ],
    );
    check_with(
        "limits: {cost_from: {result: /c}}",
        &[
            "f:5:10: error[contradiction]: `cost_from` needs `max_cost`: that much is set aside while the call runs (add `max_cost`)",
        ],
    );
    check_with(
        "limits: {max_cost: 1, cost_from: {result: c}}",
        &["f:5:43: error[pointer]: `result` is not a JSON pointer: `c` (begin it with `/`)"],
    );
    check_with(
        "limits: {cost: 1, max_cost: 1, cost_from: {result: /c}}",
        &[
            "f:5:10: error[contradiction]: `cost` and `cost_from` cannot both be set (take out the one that is not meant)",
        ],
    );
    check_with(
        "breaker: {backend: \"a b\"}",
        &[
            "f:5:20: error[amount]: `backend` is not a name: `a b` (use letters, digits and `_-.:` only)",
        ],
    );
    check_with(
        "loop_guard: maybe",
        &["f:5:13: error[wrong-word]: `loop_guard` must be one of `on` and `off`, not `maybe`"],
    );
}
