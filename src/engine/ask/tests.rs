//! What becomes of a call whose person is asked: who waits, for how long, and what is written.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    super::{
        Engine, Parts,
        answer::{Body, Reply},
    },
    Channel, Returned, Unanswered,
};
use crate::{
    backend::{Backend, Fault, Invocation, LookWork, Work},
    base::{
        cancel::Cancelled,
        clock::{ManualClock, Moment},
        limits::{ASK_PATIENCE, ASK_STATE_LIFE},
        problem::{Code, Effects},
        random::NoWait,
    },
    catalog::{content::Output, in_force::InForce},
    ledger::{IntentReceipt, log::CallRecord, memory::MemoryLedger, record::Outcome},
    testing::{self, Heard},
};

const DEFINITIONS: &str = r#"
name: wipe
description: Destroys.
effect: destroy
inputSchema: {type: object, required: [path], properties: {path: {type: string}}}
ask:
  - why: {message: "Why {path}?", schema: {type: object, required: [reason], properties: {reason: {type: string}}}}
confirm: "Wipe {path} because of {ask.why.reason}?"
run: {exec: {command: [/bin/true, "{ask.why.reason}"]}}
timeout: 10s
---
name: say
description: Answers.
effect: read
inputSchema: {type: object}
run: {reply: {text: hello}}
"#;

/// A world in which everything succeeds at once.
struct Easy;

impl Backend for Easy {
    fn invoke(
        &self,
        _work: &Work,
        _invocation: &Invocation<'_>,
        _receipt: &IntentReceipt,
    ) -> Result<Output, Box<Fault>> {
        Ok(Output::default())
    }

    fn look(&self, _work: LookWork, _invocation: &Invocation<'_>) -> Result<Output, Box<Fault>> {
        Ok(Output::default())
    }

    fn is_over(&self, _name: &str, _deadline: Moment) -> bool {
        true
    }
}

struct Setting {
    clock: Arc<ManualClock>,
    ledger: Arc<MemoryLedger>,
    engine: Engine,
}

impl Setting {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at_seconds(1000));
        let ledger = Arc::new(MemoryLedger::default());
        let catalog = Arc::new(InForce::default());
        catalog.swap(Arc::new(testing::catalog(DEFINITIONS)));
        let engine = Engine::start(Parts {
            catalog,
            ledger: ledger.clone(),
            backend: Arc::new(Easy),
            clock: clock.clone(),
            random: Arc::new(NoWait),
            redactor: Arc::default(),
            former: testing::former(),
            workers: 1,
        })
        .unwrap();
        Self {
            clock,
            ledger,
            engine,
        }
    }

    fn submit(&self, tool: &str, channel: Channel) -> Heard {
        let (ticket, heard) = testing::ticket_by(channel);
        let call = testing::incoming(&*self.clock, tool, json!({"path": "/x"}));
        self.engine.submit(call, ticket);
        heard
    }

    fn ask(&self) -> Heard {
        self.submit("wipe", Channel::InCall)
    }

    fn accept(&self, heard: &Heard, content: &Value) {
        let (number, _) = heard.question();
        let answer = json!({"action": "accept", "content": content});
        self.engine.answered(number, Ok(answer));
    }

    fn only(&self) -> CallRecord {
        let calls = self.ledger.calls();
        assert_eq!(calls.len(), 1);
        calls.into_iter().next().unwrap()
    }

    /// A modern call that brings back `state` and these answers.
    fn back(&self, state: Option<String>, responses: Value) -> Reply {
        let Value::Object(responses) = responses else {
            panic!("{responses}");
        };
        let returned = Returned { state, responses };
        self.submit("wipe", Channel::ByReturn(Some(Box::new(returned))))
            .reply()
    }
}

fn code(reply: &Reply) -> (Code, Effects) {
    let Body::Problem { problem, .. } = &reply.body else {
        panic!("{:?}", reply.body);
    };
    (problem.code, problem.effects)
}

/// The keys of the questions, the first message, and the state.
fn asked(reply: Reply) -> (Vec<String>, String, String) {
    let Body::Asks { questions, state } = reply.body else {
        panic!("{:?}", reply.body);
    };
    let keys = questions.iter().map(|one| one.key.clone()).collect();
    (keys, questions[0].message.clone(), state)
}

fn reason() -> Value {
    json!({"why": {"action": "accept", "content": {"reason": "old"}}})
}

fn agreed() -> Value {
    json!({"confirm": {"action": "accept", "content": {}}})
}

#[test]
fn an_agreed_call_begins_with_the_answers_and_the_whole_of_its_time() {
    let setting = Setting::new();
    let heard = setting.ask();
    let (number, question) = heard.question();
    assert_eq!(
        (question.key.as_str(), question.message.as_str()),
        ("why", "Why /x?")
    );
    // Longer than the tool's own time: a person may think.
    setting.clock.advance(Duration::from_secs(60));
    let answer = json!({"action": "accept", "content": {"reason": "old", "extra": 1}});
    setting.engine.answered(number, Ok(answer));
    let (number, question) = heard.question();
    assert_eq!(question.message, "Wipe /x because of old?");
    setting
        .engine
        .answered(number, Ok(json!({"action": "accept"})));
    assert!(matches!(heard.reply().body, Body::Output(_)));
    let call = setting.only();
    let effective: Value = serde_json::from_str(&call.effective_arguments.unwrap()).unwrap();
    assert_eq!(
        effective,
        json!({"path": "/x", "ask": {"why": {"reason": "old"}, "confirm": {}}})
    );
    let changes: Value = serde_json::from_str(&call.changes.unwrap()).unwrap();
    assert_eq!(changes[0]["at"], "/ask/why");
    assert_eq!(changes[0]["kind"], "answered");
    let end = call.end.unwrap();
    assert_eq!(end.outcome, Outcome::Succeeded);
    assert_eq!((end.guard_us, end.wait_us), (0, 60_000_000));
}

#[test]
fn a_no_and_no_answer_are_refusals_and_nothing_is_begun() {
    let check = |answer: Result<Value, Unanswered>, expected: Code, outcome: Outcome| {
        let setting = Setting::new();
        let heard = setting.ask();
        let (number, _) = heard.question();
        setting.engine.answered(number, answer);
        assert_eq!(code(&heard.reply()), (expected, Effects::None));
        let end = setting.only().end.unwrap();
        assert_eq!((end.outcome, end.stage.as_str()), (outcome, "ask"));
    };
    let required = Code::ConfirmationRequired;
    check(Ok(json!({"action": "decline"})), required, Outcome::Refused);
    check(Ok(json!({"action": "cancel"})), required, Outcome::Refused);
    check(Err(Unanswered::Failed), required, Outcome::Refused);
    let stopped = Unanswered::Stopped(Cancelled::ByClient);
    check(Err(stopped), Code::Cancelled, Outcome::Cancelled);
}

#[test]
fn what_does_not_fit_is_asked_again_and_not_for_ever() {
    let setting = Setting::new();
    let heard = setting.ask();
    setting.accept(&heard, &json!({"reason": 5}));
    let (number, question) = heard.question();
    assert!(
        question.message.contains("`/reason` must be a string"),
        "{}",
        question.message
    );
    setting
        .engine
        .answered(number, Ok(json!({"action": "maybe"})));
    setting.accept(&heard, &json!({}));
    assert_eq!(code(&heard.reply()).0, Code::ConfirmationRequired);
}

#[test]
fn the_end_of_the_input_a_stop_and_a_cancellation_end_the_waiting() {
    let setting = Setting::new();
    let heard = setting.ask();
    let (number, _) = heard.question();
    heard.cancel.fire(Cancelled::ByClient);
    assert_eq!(code(&heard.reply()), (Code::Cancelled, Effects::None));
    assert_eq!(heard.withdrawn(), [number]);
    let heard = setting.ask();
    heard.question();
    setting.engine.input_ended();
    assert_eq!(
        code(&heard.reply()),
        (Code::ConfirmationRequired, Effects::None)
    );
    // And whoever comes to the question only now.
    assert_eq!(code(&setting.ask().reply()).0, Code::ConfirmationRequired);

    let setting = Setting::new();
    let heard = setting.ask();
    heard.question();
    setting.engine.stop();
    assert_eq!(code(&heard.reply()), (Code::ShuttingDown, Effects::None));
}

#[test]
fn nobody_is_waited_for_for_ever_and_nobody_else_waits() {
    let setting = Setting::new();
    let heard = setting.ask();
    heard.question();
    setting.clock.advance(ASK_PATIENCE);
    // The one worker and the gate are free, and the gate looks at the clock again.
    let other = setting.submit("say", Channel::InCall).reply();
    assert!(matches!(other.body, Body::Output(_)));
    assert_eq!(
        code(&heard.reply()),
        (Code::ConfirmationRequired, Effects::None)
    );
    assert_eq!(heard.withdrawn().len(), 1);
}

#[test]
fn by_return_the_answers_of_all_rounds_travel_in_the_state() {
    let setting = Setting::new();
    let (keys, message, state) = asked(setting.back(None, json!({})));
    assert_eq!(
        (keys, message.as_str()),
        (vec!["why".to_owned()], "Why /x?")
    );
    let (keys, message, state) = asked(setting.back(Some(state), reason()));
    assert_eq!(keys, ["confirm"]);
    assert_eq!(message, "Wipe /x because of old?");
    let done = setting.back(Some(state), agreed());
    assert!(matches!(done.body, Body::Output(_)));
    let outcomes: Vec<Outcome> = setting
        .ledger
        .calls()
        .into_iter()
        .map(|call| call.end.unwrap().outcome)
        .collect();
    assert_eq!(
        outcomes,
        [Outcome::Asked, Outcome::Asked, Outcome::Succeeded]
    );
}

#[test]
fn v36_a_state_that_is_too_old_is_refused_and_says_so() {
    let setting = Setting::new();
    let (_, _, state) = asked(setting.back(None, json!({})));
    setting.clock.advance(ASK_STATE_LIFE);
    let told = setting.back(Some(state), reason());
    assert_eq!(code(&told), (Code::ConfirmationRequired, Effects::None));
}

#[test]
fn by_return_missing_answers_are_asked_again_and_not_for_ever() {
    let setting = Setting::new();
    let (_, _, mut state) = asked(setting.back(None, json!({})));
    for _ in 0..2 {
        let other = json!({"other": {"action": "accept"}});
        let (keys, _, next) = asked(setting.back(Some(state), other));
        assert_eq!(keys, ["why"]);
        state = next;
    }
    let told = setting.back(Some(state), json!({}));
    assert_eq!(code(&told), (Code::ConfirmationRequired, Effects::None));
}

#[test]
fn without_a_ledger_nobody_is_asked_by_return() {
    let setting = Setting::new();
    setting.ledger.fail_next(1);
    let told = setting.back(None, json!({}));
    assert_eq!(code(&told), (Code::StateUnavailable, Effects::None));
}
