//! Attempts after the first: which are made, and what is in the ledger before each.

use super::*;
use crate::base::cancel::CancelToken;

fn fault(class: FaultClass, code: Code) -> Result<Output, Box<Fault>> {
    Err(Box::new(Fault {
        class,
        problem: Problem::new(code, "planted").with_effects(Effects::None),
        retry_after: None,
        backend_text: None,
        status: None,
    }))
}

#[test]
fn x3_every_attempt_has_its_intent_and_the_last_word_is_the_answer() {
    let setting = Setting::new(|| fault(FaultClass::Clean, Code::BackendUnavailable));
    let reply = setting.call("change");
    assert_eq!(problem(&reply), (Code::BackendUnavailable, Effects::None));
    assert_eq!(setting.verbs(), ["begin", "intend", "intend", "finish"]);
    assert_eq!(setting.asked(), 3);
}

#[test]
fn x17_an_ambiguous_end_is_tried_again_for_a_read_only() {
    let setting = Setting::new(|| fault(FaultClass::Ambiguous, Code::BackendFailed));
    setting.call("look");
    setting.call("change");
    assert_eq!(
        setting.verbs(),
        ["begin", "intend", "intend", "finish", "begin", "finish"]
    );
}

#[test]
fn x20_an_attempt_that_succeeds_is_the_end() {
    let left = Mutex::new(vec![
        done(),
        fault(FaultClass::Clean, Code::BackendUnavailable),
    ]);
    let setting = Setting::new(move || left.lock().unwrap().pop().unwrap());
    assert!(matches!(setting.call("change").body, Body::Output(_)));
    assert_eq!(setting.verbs(), ["begin", "intend", "finish"]);
    assert_eq!(setting.outcome(), Outcome::Succeeded);
}

#[test]
fn a_further_attempt_whose_intent_cannot_be_written_is_not_made() {
    let ledger = Arc::new(Mutex::new(None::<Arc<MemoryLedger>>));
    let failing = Arc::clone(&ledger);
    let setting = Setting::new(move || {
        failing.lock().unwrap().as_ref().unwrap().fail_next(1);
        fault(FaultClass::Clean, Code::BackendUnavailable)
    });
    *ledger.lock().unwrap() = Some(Arc::clone(&setting.ledger));
    let reply = setting.call("change");
    assert_eq!(problem(&reply), (Code::BackendUnavailable, Effects::None));
    assert_eq!(setting.asked(), 1);
}

#[test]
fn nothing_is_tried_again_after_a_cancellation() {
    let cancel = Arc::new(Mutex::new(None::<CancelToken>));
    let firing = Arc::clone(&cancel);
    let setting = Setting::new(move || {
        let token = firing.lock().unwrap().clone().unwrap();
        token.fire(Cancelled::ByClient);
        fault(FaultClass::Clean, Code::BackendUnavailable)
    });
    let (ticket, heard) = testing::ticket();
    *cancel.lock().unwrap() = Some(heard.cancel.clone());
    setting.engine.submit(
        testing::incoming(&*setting.clock, "change", json!({})),
        ticket,
    );
    heard.reply();
    assert_eq!(setting.asked(), 1);
}
