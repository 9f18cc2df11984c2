//! What is looked up before a call is admitted, and what becomes of the call then.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::base::{limits::QUEUE_CALLS_MAX, problem::Advice};

impl Setting {
    fn ask(&self, tool: &str, arguments: Value) -> Reply {
        let (ticket, heard) = testing::ticket();
        let call = testing::incoming(&*self.clock, tool, arguments);
        self.engine.submit(call, ticket);
        heard.reply()
    }

    /// Stage and status of the last call.
    pub(super) fn recorded(&self) -> (String, Option<String>) {
        let calls = self.ledger.calls();
        let end = calls.last().unwrap().end.as_ref().unwrap();
        (end.stage.clone(), end.backend_status.clone())
    }
}

fn refused(reply: &Reply) -> &Problem {
    match &reply.body {
        Body::Problem { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_whose_checks_hold_is_run_and_says_which_were_made() {
    let setting = Setting::new(done);
    let reply = setting.ask("checked", json!({"a": 1}));
    assert!(matches!(reply.body, Body::Output(_)), "{reply:?}");
    assert_eq!(setting.verbs(), ["begin", "finish"]);
    let status = "checks: NOT_ONE 0 ms, NOT_DONE 0 ms".to_owned();
    assert_eq!(setting.recorded(), ("exec".to_owned(), Some(status)));
}

#[test]
fn a_check_that_does_not_hold_refuses_before_anything_begins() {
    let setting = Setting::new(done);
    let reply = setting.ask("checked", json!({"a": 2}));
    let problem = refused(&reply);
    let told = (problem.code, problem.effects, problem.advice);
    assert_eq!(
        told,
        (Code::RuleViolation, Effects::None, Advice::ChangedArgs)
    );
    assert_eq!(problem.reason.as_deref(), Some("NOT_ONE"));
    assert_eq!(problem.message, "It must be one.");
    assert_eq!(problem.suggestions, ["Say 1"]);
    assert_eq!((setting.verbs(), setting.asked()), (vec!["refuse"], 0));
    let status = "checks: NOT_ONE 0 ms".to_owned();
    assert_eq!(setting.recorded(), ("checks".to_owned(), Some(status)));
}

#[test]
fn a_check_that_cannot_be_made_or_judged_refuses() {
    let setting = Setting::new(|| {
        Err(Box::new(Fault {
            class: FaultClass::Ambiguous,
            problem: Problem::new(Code::Timeout, "it took too long").after_ms(7),
            retry_after: None,
            backend_text: Some("secret".to_owned()),
            status: Some("timeout".to_owned()),
        }))
    });
    let reply = setting.ask("checked", json!({"a": 1}));
    let problem = refused(&reply);
    assert_eq!(
        problem.message,
        "the check `NOT_DONE` could not be made, so nothing was started: it took too long"
    );
    let told = (problem.code, problem.effects, problem.after_ms);
    assert_eq!(told, (Code::BackendUnavailable, Effects::None, Some(7)));
    let status = "checks: NOT_ONE 0 ms, NOT_DONE 0 ms; timeout".to_owned();
    assert_eq!(setting.recorded(), ("checks".to_owned(), Some(status)));

    let reply = setting.ask("checked_reply", json!({"a": 1}));
    let problem = refused(&reply);
    let told = (problem.code, problem.effects, problem.reason.as_deref());
    assert_eq!(told, (Code::RuleError, Effects::None, Some("ODD")));
    let panicking = Setting::new(|| panic!("planted"));
    let reply = panicking.ask("checked", json!({"a": 1}));
    let problem = refused(&reply);
    assert_eq!(
        (problem.code, problem.effects),
        (Code::Internal, Effects::None)
    );
    assert_eq!(panicking.verbs(), ["refuse"]);
}

#[test]
fn a_check_that_held_is_remembered_only_as_long_as_it_says() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let setting = Setting::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        done()
    });
    let check = |times: usize, status: &str| {
        assert!(matches!(setting.call("remembered").body, Body::Output(_)));
        assert_eq!(asked.load(Ordering::SeqCst), times);
        assert_eq!(setting.recorded().1.as_deref(), Some(status));
    };
    check(1, "checks: NOT_DONE 0 ms");
    check(1, "checks: NOT_DONE 0 ms remembered");
    setting.clock.advance(Duration::from_secs(31));
    check(2, "checks: NOT_DONE 0 ms");
    // Other arguments are another question.
    setting.ask("remembered", json!({"a": 2}));
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[test]
fn a_call_that_was_checked_leaves_no_place_taken() {
    let setting = Setting::new(done);
    for _ in 0..=QUEUE_CALLS_MAX {
        assert!(matches!(setting.call("remembered").body, Body::Output(_)));
    }
    let reply = setting.ask("checked", json!({"a": 2}));
    assert_eq!(refused(&reply).code, Code::RuleViolation);
}

#[test]
fn after_stop_no_check_is_made() {
    let setting = Setting::new(done);
    setting.engine.stop();
    let reply = setting.ask("checked", json!({"a": 1}));
    assert_eq!(problem(&reply), (Code::ShuttingDown, Effects::None));
}
