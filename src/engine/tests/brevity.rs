//! Refusals that come too fast: shorter, and never fewer.

use super::*;
use crate::base::limits::{REFUSALS_TOLD_WHOLE_AT_ONCE, REFUSALS_TOLD_WHOLE_PER_SECOND};

/// Refused with two details: whether it was told whole, which the ledger has in the same words.
fn whole(setting: &Setting) -> bool {
    let (ticket, heard) = testing::ticket();
    let wrong = json!({"a": "x", "b": "y"});
    let call = testing::incoming(&*setting.clock, "two_numbers", wrong);
    setting.engine.submit(call, ticket);
    let reply = heard.reply();
    let Body::Problem { problem, .. } = &reply.body else {
        panic!("{reply:?}");
    };
    assert_eq!(problem.code, Code::ValidationFailed);
    let calls = setting.ledger.calls();
    let stored = calls.last().unwrap().end.as_ref().unwrap().reply.clone();
    assert_eq!(stored, Some(reply.body.to_text()));
    match problem.details.len() {
        2 => true,
        1 => false,
        other => panic!("{other} details: {problem:?}"),
    }
}

#[test]
fn a_hundred_refusals_are_told_whole_at_once_and_then_twenty_a_second() {
    let setting = Setting::new(done);
    let at_once = usize::try_from(REFUSALS_TOLD_WHOLE_AT_ONCE).unwrap();
    let told: Vec<bool> = (0..at_once + 5).map(|_| whole(&setting)).collect();
    assert_eq!(told, [vec![true; at_once], vec![false; 5]].concat());

    let apart = Duration::from_secs(1) / REFUSALS_TOLD_WHOLE_PER_SECOND;
    setting.clock.advance(apart - Duration::from_micros(1));
    assert!(!whole(&setting));
    setting.clock.advance(Duration::from_micros(1));
    assert!(whole(&setting));
    assert!(!whole(&setting));

    setting.clock.advance(Duration::from_secs(3600));
    let told = (0..at_once + 1).filter(|_| whole(&setting)).count();
    assert_eq!(told, at_once);
}

#[test]
fn what_is_wrong_with_no_argument_loses_the_names_that_are_near() {
    let setting = Setting::new(done);
    let near = |setting: &Setting| match setting.call("luk").body {
        Body::Protocol { message, near } => {
            assert_eq!(message, "unknown tool \"luk\"; did you mean `look`?");
            near
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(near(&setting), ["look"]);
    while whole(&setting) {}
    assert_eq!(near(&setting), Vec::<String>::new());
}
