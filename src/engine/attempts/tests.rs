//! The table of who is tried again, and how long that takes at most.

use super::*;
use crate::{base::problem::Problem, testing};

const DEFINITIONS: &str = r#"
name: look
description: Reads.
effect: read
inputSchema: {type: object}
run: {exec: {command: [/bin/true]}}
---
name: put
description: Writes, and may do it twice.
effect: write
idempotent: true
inputSchema: {type: object}
run: {exec: {command: [/bin/true]}}
---
name: pay
description: Writes.
effect: write
inputSchema: {type: object}
run: {exec: {command: [/bin/true]}}
---
name: once
description: Reads once.
effect: read
inputSchema: {type: object}
retry: {attempts: 1}
run: {exec: {command: [/bin/true]}}
"#;

fn fault(class: FaultClass, code: Code, advice: Advice) -> Fault {
    Fault {
        class,
        problem: Problem::new(code, "planted")
            .with_effects(Effects::None)
            .with_advice(advice),
        retry_after: None,
        backend_text: None,
        status: None,
    }
}

/// How long is waited after each attempt, until there is none.
fn waits(tool: &str, fault: &Fault, left: Duration) -> Vec<Duration> {
    let catalog = testing::catalog(DEFINITIONS);
    let tool = catalog.find(tool).unwrap();
    (1..100)
        .map_while(|attempt| {
            let failed = Failed {
                attempts_max: tool.attempts_max,
                is_retry_safe: tool.is_retry_safe(),
                attempt,
                fault,
                took: Duration::from_millis(10),
                left,
            };
            wait_before_next(&failed, 1.0)
        })
        .collect()
}

#[test]
fn x3_x5_x17_only_what_cannot_do_harm_is_tried_again() {
    use Advice::{After, AskOperator};
    use FaultClass::{Ambiguous, Clean, Definite};
    let minute = Duration::from_secs(60);
    let table = [
        (Clean, Code::BackendUnavailable, After, [2, 2, 2, 0]),
        (Clean, Code::BackendUnavailable, AskOperator, [0; 4]),
        (Ambiguous, Code::BackendFailed, After, [2, 2, 0, 0]),
        (Ambiguous, Code::OutcomeUnknown, AskOperator, [2, 2, 0, 0]),
        (Ambiguous, Code::Timeout, After, [0; 4]),
        (Ambiguous, Code::Cancelled, After, [0; 4]),
        (Ambiguous, Code::OutputInvalid, After, [0; 4]),
        (Ambiguous, Code::Internal, AskOperator, [0; 4]),
        (Definite, Code::BackendFailed, AskOperator, [0; 4]),
    ];
    for (class, code, advice, expected) in table {
        let fault = fault(class, code, advice);
        let retries = ["look", "put", "pay", "once"].map(|tool| waits(tool, &fault, minute).len());
        assert_eq!(retries, expected, "{class:?} {code:?} {advice:?}");
    }
}

#[test]
fn x6_a_retry_must_fit_into_the_time_of_the_call() {
    let lost = fault(FaultClass::Ambiguous, Code::BackendFailed, Advice::After);
    let millis = |wait: u64| Duration::from_millis(wait);
    assert_eq!(
        waits("look", &lost, millis(60_000)),
        [millis(100), millis(200)]
    );
    assert_eq!(waits("look", &lost, millis(200)), [millis(100)]);
    assert!(waits("look", &lost, millis(110)).is_empty());
}

#[test]
fn x22_a_wait_that_is_asked_for_is_kept_within_bounds() {
    let asked = |seconds| Fault {
        retry_after: Some(Duration::from_secs(seconds)),
        ..fault(FaultClass::Clean, Code::BackendUnavailable, Advice::After)
    };
    let seconds = Duration::from_secs;
    let millis = Duration::from_millis;
    let minutes = seconds(600);
    assert_eq!(
        waits("pay", &asked(2), minutes),
        [seconds(2) + millis(100), seconds(2) + millis(200)]
    );
    assert_eq!(waits("pay", &asked(30), minutes).len(), 2);
    assert!(waits("pay", &asked(31), minutes).is_empty());
    assert!(waits("pay", &asked(2), seconds(2)).is_empty());
}

#[test]
fn a_tool_has_ten_retries_and_a_tenth_of_one_for_each_call() {
    let (mut tokens, tool) = (Tokens::default(), ToolName::new("a"));
    assert_eq!((0..20).filter(|_| tokens.take(&tool)).count(), 10);
    (0..31).for_each(|_| tokens.earn(&tool));
    assert_eq!((0..20).filter(|_| tokens.take(&tool)).count(), 3);
    (0..1000).for_each(|_| tokens.earn(&tool));
    assert_eq!((0..20).filter(|_| tokens.take(&tool)).count(), 10);
}

#[test]
fn a_clean_last_attempt_does_not_hide_an_earlier_one_that_may_have_happened() {
    let clean = || {
        Box::new(fault(
            FaultClass::Clean,
            Code::BackendUnavailable,
            Advice::After,
        ))
    };
    let alone = in_the_light_of(false, clean());
    assert_eq!(
        (alone.class, alone.problem.effects),
        (FaultClass::Clean, Effects::None)
    );
    let after = in_the_light_of(true, clean());
    assert_eq!(
        (after.class, after.problem.effects),
        (FaultClass::Ambiguous, Effects::Unknown)
    );
}
