//! Calls on the whole way through the guard.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    authorize::authorize,
    call::{CallerKey, Header, IncomingCall, Patience, Refusal, Refused},
    clear::{ClearedCall, clear},
    normalize::normalize,
    resolve::resolve,
    validate::validate,
};
use crate::base::{
    capability::Capabilities,
    clock::{Moment, Timestamp},
    id::{CallIds, Principal},
    problem::{Code, Problem},
};

const DEFINITION: &str = r#"
name: t
description: d
effect: write
inputSchema:
  type: object
  properties:
    start: {type: string}
    end: {type: string}
    action: {type: string}
    confirmation: {type: boolean}
    org: {type: string}
rules:
  - require: "!has(args.start) || args.start < args.end"
    code: INVALID_DATE_RANGE
    message: The start must be before the end.
    suggest: [Swap start and end]
  - require: "!has(args.action) || args.action != 'delete' || args.?confirmation.orValue(false)"
    code: CONFIRM_DELETE
    message: Deleting needs a confirmation.
    suggest: [Set confirmation to true]
allow: ["!has(args.org) || args.org == client.attributes.org"]
run: {reply: {text: done}}
"#;

fn through(arguments: &Value) -> Result<ClearedCall, Box<Refused>> {
    let call = IncomingCall {
        header: Arc::new(Header {
            call_id: CallIds::new().next(Timestamp::from_micros(0)),
            tool_name: "t".into(),
            principal: Principal::new("local"),
            request_id: "1".into(),
            protocol_version: "2026-07-28",
            client: None,
            capabilities: Capabilities::default(),
            trace: None,
            caller_key: CallerKey::Absent,
            patience: Patience::Untold,
            received: Moment::from_micros(0),
            received_wall: Timestamp::from_micros(0),
        }),
        raw_arguments: arguments.to_string().into(),
        arguments: arguments.clone(),
    };
    resolve(call, &crate::testing::catalog(DEFINITION))
        .and_then(normalize)
        .and_then(validate)
        .and_then(authorize)
        .and_then(clear)
}

/// The stage, the problem without its details, and what the operator is told.
#[track_caller]
fn check(arguments: &Value, stage: &str, expected: Problem, operator: &[&str]) {
    let refused = through(arguments).expect_err("a refusal");
    let Refusal::Tool(problem) = refused.refusal else {
        panic!("{:?}", refused.refusal);
    };
    let told = problem.with_details(Vec::new());
    assert_eq!((refused.stage, told), (stage, expected));
    assert_eq!(refused.log, operator);
}

fn problem(code: Code, reason: &str, message: &str) -> Problem {
    Problem {
        reason: Some(reason.to_owned()),
        ..Problem::new(code, message)
    }
}

#[test]
fn v10_a_range_that_ends_before_it_starts_is_refused_by_the_rules() {
    check(
        &json!({"start": "2024-03-15", "end": "2024-03-01"}),
        "rules",
        problem(
            Code::RuleViolation,
            "INVALID_DATE_RANGE",
            "The start must be before the end.",
        )
        .suggest("Swap start and end"),
        &[],
    );
}

#[test]
fn v11_deleting_without_confirmation_is_refused_by_the_rules() {
    check(
        &json!({"action": "delete"}),
        "rules",
        problem(
            Code::RuleViolation,
            "CONFIRM_DELETE",
            "Deleting needs a confirmation.",
        )
        .suggest("Set confirmation to true"),
        &[],
    );
}

#[test]
fn v12_a_rule_without_an_answer_refuses_and_the_cause_is_for_the_operator() {
    check(
        &json!({"start": "2024-03-15"}),
        "rules",
        problem(
            Code::RuleError,
            "INVALID_DATE_RANGE",
            "the rule `INVALID_DATE_RANGE` could not be evaluated",
        ),
        &["rule `INVALID_DATE_RANGE`: there is no member \"end\""],
    );
}

#[test]
fn v31_who_may_call_is_asked_before_the_rules() {
    check(
        &json!({"org": "other", "action": "delete"}),
        "authorize",
        Problem::new(Code::Forbidden, "this call of `t` is not permitted"),
        &["`allow` entry 1: there is no member \"org\""],
    );
}

#[test]
fn what_every_condition_accepts_is_cleared() {
    let arguments = json!({"start": "2024-03-01", "end": "2024-03-15", "action": "read"});
    let cleared = through(&arguments).expect("cleared");
    assert_eq!(cleared.effective(), &arguments);
}
