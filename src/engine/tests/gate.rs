//! Who checks a call: the gate, or whoever brings it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::*;
use crate::{
    base::{cancel::CancelToken, limits::flow::CHECKED_ALONE_BYTES_MAX, wake},
    catalog::content::Progress,
    engine::{
        Ticket,
        answer::{Answer, Respondent},
        ask::Channel,
    },
    guard::agree::Posed,
};

/// Tells the name of the thread that it was answered on, which is the one that checked the call: the ledger
/// of these tests has none of its own.
struct Whereabouts(SyncSender<Option<String>>);

impl Respondent for Whereabouts {
    fn progress(&self, _progress: Progress) {}

    fn ask(&self, _number: u64, _question: &Posed) {}

    fn withdraw(&self, _number: u64) {}

    fn answer(self: Box<Self>, _answer: Answer) {
        self.0.send(here()).unwrap();
    }
}

fn here() -> Option<String> {
    std::thread::current().name().map(str::to_owned)
}

/// Where the calls of these arguments are checked that are brought together while the gate sleeps.
fn checked(bring: impl FnOnce(&dyn Fn(Value)), count: usize) -> Vec<Option<String>> {
    let setting = Setting::new(done);
    setting.engine.shared.queue.until_gate_sleeps();
    let (tell, told): (_, Receiver<Option<String>>) = sync_channel(count);
    bring(&|arguments| {
        let call = testing::incoming(&*setting.clock, "say", arguments);
        let ticket = Ticket {
            respondent: Box::new(Whereabouts(tell.clone())),
            cancel: CancelToken::default(),
            channel: Channel::InCall,
        };
        setting.engine.submit(call, ticket);
    });
    let patience = Duration::from_secs(20);
    let answer = |()| told.recv_timeout(patience).expect("no answer");
    std::iter::repeat_n((), count).map(answer).collect()
}

fn gate() -> Option<String> {
    Some("gate".to_owned())
}

#[test]
fn a_small_call_that_comes_alone_is_checked_by_who_brings_it() {
    let bring = |call: &dyn Fn(Value)| wake::together(|| call(json!({})));
    assert_eq!(checked(bring, 1), [here()]);
}

#[test]
fn what_would_keep_the_reader_is_checked_by_the_gate() {
    let several = |call: &dyn Fn(Value)| {
        wake::together(|| [json!({}), json!({})].into_iter().for_each(call));
    };
    assert_eq!(checked(several, 2), [gate(), gate()]);
    let large = |call: &dyn Fn(Value)| {
        wake::together(|| call(json!({"text": "x".repeat(CHECKED_ALONE_BYTES_MAX)})));
    };
    assert_eq!(checked(large, 1), [gate()]);
    let by_itself = |call: &dyn Fn(Value)| call(json!({}));
    assert_eq!(checked(by_itself, 1), [gate()]);
}
