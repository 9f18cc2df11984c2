//! Who checks a call: the gate, or whoever brings it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::*;
use crate::{
    base::{
        cancel::CancelToken,
        limits::flow::{CHECKED_BY_READER_BYTES_MAX, CHECKED_BY_READER_FOR, WAKES_TOGETHER_MAX},
        wake,
    },
    catalog::content::Progress,
    engine::{
        Ticket,
        answer::{Answer, Respondent},
        ask::Channel,
    },
    guard::agree::Posed,
    ledger::Coming,
};

/// Tells the name of the thread that it was answered on, which is the one that checked the call: the ledger
/// of these tests has none of its own. Until then it takes so long.
struct Whereabouts {
    tell: SyncSender<Option<String>>,
    takes: (Arc<ManualClock>, Duration),
}

impl Respondent for Whereabouts {
    fn progress(&self, _progress: Progress) {}

    fn ask(&self, _number: u64, _question: &Posed) {}

    fn withdraw(&self, _number: u64) {}

    fn answer(self: Box<Self>, _answer: Answer) {
        let (clock, takes) = self.takes;
        clock.advance(takes);
        self.tell.send(here()).unwrap();
    }
}

fn here() -> Option<String> {
    std::thread::current().name().map(str::to_owned)
}

/// Where calls of these arguments are checked that are brought together while the gate sleeps.
fn checked(calls: impl IntoIterator<Item = Value>) -> Vec<Option<String>> {
    let calls = calls
        .into_iter()
        .map(|arguments| (arguments, Duration::ZERO));
    checked_in(calls.collect())
}

/// The same for calls that take so long.
fn checked_in(calls: Vec<(Value, Duration)>) -> Vec<Option<String>> {
    checked_of("say", calls)
}

/// The same for calls of this tool.
fn checked_of(tool: &'static str, calls: Vec<(Value, Duration)>) -> Vec<Option<String>> {
    let count = calls.len();
    let bring = |call: &dyn Fn((Value, Duration))| {
        wake::together(|| calls.into_iter().for_each(call));
    };
    brought(tool, bring, count)
}

/// The same for as many calls as are brought in that way.
fn brought(
    tool: &'static str,
    bring: impl FnOnce(&dyn Fn((Value, Duration))),
    count: usize,
) -> Vec<Option<String>> {
    let setting = Setting::new(done);
    setting.engine.shared.queue.until_gate_sleeps();
    let (tell, told): (_, Receiver<Option<String>>) = sync_channel(count);
    bring(&|(arguments, takes)| {
        let call = testing::incoming(&*setting.clock, tool, arguments);
        let ticket = Ticket {
            respondent: Box::new(Whereabouts {
                tell: tell.clone(),
                takes: (Arc::clone(&setting.clock), takes),
            }),
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
fn quick_calls_are_checked_by_who_brings_them() {
    assert_eq!(checked([json!({})]), [here()]);
    let as_many = std::iter::repeat_n(json!({}), WAKES_TOGETHER_MAX);
    assert_eq!(checked(as_many), vec![here(); WAKES_TOGETHER_MAX]);
}

#[test]
fn what_would_keep_the_reader_is_checked_by_the_gate() {
    let large = || json!({"text": "x".repeat(CHECKED_BY_READER_BYTES_MAX)});
    assert_eq!(checked([large()]), [gate()]);
    let between = [json!({}), large(), json!({})];
    assert_eq!(checked(between), [here(), gate(), gate()]);
    assert_eq!(
        checked_of("count", vec![(json!({}), Duration::ZERO)]),
        [gate()]
    );
    let more = std::iter::repeat_n(json!({}), WAKES_TOGETHER_MAX + 1);
    assert_eq!(checked(more), vec![gate(); WAKES_TOGETHER_MAX + 1]);
    let half = CHECKED_BY_READER_FOR / 2;
    let long = vec![(json!({}), half); 4];
    assert_eq!(checked_in(long), [here(), here(), gate(), gate()]);
    let by_itself = |call: &dyn Fn((Value, Duration))| call((json!({}), Duration::ZERO));
    assert_eq!(brought("say", by_itself, 1), [gate()]);
}

#[test]
fn reads_are_announced_to_the_ledger_and_writes_are_not() {
    let setting = Setting::new(done);
    setting.call("say_and_write");
    setting.call("change");
    assert_eq!(setting.ledger.announced(), []);
    setting.call("say");
    setting.call("look");
    assert_eq!(setting.ledger.announced(), [Coming::Read; 2]);
}
