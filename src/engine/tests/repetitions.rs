//! Calls that repeat one: who is asked, who waits, and what is told.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use serde_json::json;

use super::{Setting, done, problem};
use crate::{
    backend::{Fault, FaultClass},
    base::{
        cancel::Cancelled,
        problem::{Code, Effects, Problem},
    },
    catalog::{
        built_in::{OPERATION_GET, OPERATION_ID, WAIT_MS},
        content::Output,
    },
    engine::answer::{Body, Reply},
    guard::call::CallerKey,
    testing::{self, Heard},
};

impl Setting {
    fn submit_keyed(&self, key: CallerKey, arrives: bool) -> Heard {
        let (ticket, heard) = testing::ticket_whose_answer(arrives);
        let call = testing::incoming_with(&*self.clock, "change", json!({"a": 1}), key);
        self.engine.submit(call, ticket);
        heard
    }

    fn keyed(&self, key: &str) -> Heard {
        self.submit_keyed(CallerKey::Given(key.to_owned()), true)
    }
}

fn is_replay(reply: &Reply) -> bool {
    reply.about.replayed.is_some()
}

#[test]
fn s1_s8_the_backend_is_asked_once_for_a_key_and_a_definite_failure_is_told_again() {
    let setting = Setting::new(done);
    assert!(!is_replay(&setting.keyed("k").reply()));
    let again = setting.keyed("k").reply();
    assert!(is_replay(&again) && matches!(again.body, Body::Output(_)));
    assert_eq!(setting.asked(), 1);

    let failing = Setting::new(|| {
        Err(Box::new(Fault {
            class: FaultClass::Definite,
            problem: Problem::new(Code::BackendFailed, "exit code 3"),
            retry_after: None,
            backend_text: None,
            status: None,
        }))
    });
    let first = failing.keyed("k").reply();
    let again = failing.keyed("k").reply();
    assert_eq!(problem(&again), problem(&first));
    assert!(is_replay(&again));
    assert_eq!(failing.asked(), 1);
}

#[test]
fn s11_s12_without_a_key_it_depends_on_whether_the_answer_arrived() {
    let setting = Setting::new(done);
    setting.submit_keyed(CallerKey::Absent, false).reply();
    let again = setting.submit_keyed(CallerKey::Absent, true).reply();
    assert!(again.about.replayed.unwrap().is_windowed);
    let third = setting.submit_keyed(CallerKey::Absent, true).reply();
    assert!(!is_replay(&third) && third.about.similar.is_some());
    assert_eq!(setting.asked(), 2);
}

/// A backend that says when it is asked, and goes on when it is told to.
fn held() -> (Setting, mpsc::Receiver<()>, mpsc::SyncSender<()>) {
    let (ask, asked) = mpsc::sync_channel(8);
    let (go, gone) = mpsc::sync_channel::<()>(8);
    let gone = Mutex::new(gone);
    let setting = Setting::new(move || -> Result<Output, Box<Fault>> {
        ask.send(()).unwrap();
        gone.lock().unwrap().recv().unwrap();
        done()
    });
    (setting, asked, go)
}

#[test]
fn s2_s13_who_comes_while_it_runs_occupies_no_worker_and_gets_its_answer() {
    for key in [CallerKey::Given("k".to_owned()), CallerKey::Absent] {
        let (setting, asked, go) = held();
        let first = setting.submit_keyed(key.clone(), true);
        asked.recv().unwrap();
        // More than there are workers.
        let others: Vec<Heard> = (0..5)
            .map(|_| setting.submit_keyed(key.clone(), true))
            .collect();
        // The gate keeps the order: once this is answered, all of them wait.
        setting.call("say");
        go.send(()).unwrap();
        assert!(!is_replay(&first.reply()));
        for other in others {
            let reply = other.reply();
            assert!(is_replay(&reply) && reply.about.joined, "{reply:?}");
        }
        assert_eq!(setting.asked(), 1);
    }
}

#[test]
fn s9_who_waits_too_long_or_no_more_is_told_and_starts_nothing() {
    let (setting, asked, go) = held();
    let first = setting.keyed("k");
    asked.recv().unwrap();
    let cancelled = setting.keyed("k");
    cancelled.cancel.fire(Cancelled::ByClient);
    assert_eq!(problem(&cancelled.reply()).0, Code::Cancelled);
    let late = setting.keyed("k");
    setting.clock.advance(Duration::from_secs(31));
    assert_eq!(problem(&late.reply()), (Code::InProgress, Effects::Unknown));
    go.send(()).unwrap();
    first.reply();
    assert_eq!(setting.asked(), 1);
}

#[test]
fn h2_who_waits_when_the_process_ends_is_answered() {
    let (setting, asked, go) = held();
    let setting = Arc::new(setting);
    let first = setting.keyed("k");
    asked.recv().unwrap();
    let waits = setting.keyed("k");
    setting.engine.stop();
    assert_eq!(problem(&waits.reply()).0, Code::ShuttingDown);
    go.send(()).unwrap();
    first.reply();
}

#[test]
fn h2_who_asks_for_a_call_that_still_runs_when_the_process_ends_is_told_that_it_ends() {
    let (setting, asked, go) = held();
    let (ticket, first) = testing::ticket();
    let runs = testing::incoming(&*setting.clock, "change", json!({}));
    let operation = runs.header.call_id.to_string();
    setting.engine.submit(runs, ticket);
    asked.recv().unwrap();
    let arguments = json!({OPERATION_ID: operation, WAIT_MS: 25_000});
    let waits = testing::incoming(&*setting.clock, OPERATION_GET, arguments);
    let (ticket, waiting) = testing::ticket();
    setting.engine.submit(waits, ticket);
    // The gate keeps the order: once this is answered, that one waits.
    setting.call("say");
    setting.engine.stop();
    assert_eq!(
        problem(&waiting.reply()),
        (Code::ShuttingDown, Effects::None)
    );
    go.send(()).unwrap();
    first.reply();
}

#[test]
fn x29_what_a_panic_left_unknown_is_not_run_again() {
    let setting = Setting::new(|| panic!("planted"));
    assert_eq!(problem(&setting.keyed("k").reply()).0, Code::Internal);
    let again = setting.keyed("k").reply();
    assert_eq!(problem(&again), (Code::OutcomeUnknown, Effects::Unknown));
    assert_eq!(setting.asked(), 1);
}

#[test]
fn v34_a_rule_that_has_turned_does_not_hide_what_was_done() {
    let setting = Setting::new(done);
    let call = || {
        let (ticket, heard) = testing::ticket();
        let key = CallerKey::Given("k".to_owned());
        let call = testing::incoming_with(&*setting.clock, "book", json!({}), key);
        setting.engine.submit(call, ticket);
        heard.reply()
    };
    assert!(!is_replay(&call()));
    setting.clock.advance(Duration::from_secs(3600));
    assert!(is_replay(&call()));
    let (ticket, heard) = testing::ticket();
    let fresh = testing::incoming(&*setting.clock, "book", json!({}));
    setting.engine.submit(fresh, ticket);
    // Without the key nothing says that it is the same, so the rule decides.
    assert_eq!(problem(&heard.reply()).0, Code::RuleViolation);
}
