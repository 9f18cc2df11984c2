//! Between a cleared call and an agreed one: a person is asked.
//!
//! In the legacy era the question is a request of ours and the call waits here, without a
//! worker, a place or a row. In the modern era the question is the answer to the call; the
//! client calls again with what the person said, and everything that has to be known in
//! between travels sealed in its hands.

mod by_return;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value};

use super::{Shared, Ticket, pipeline::admit, release::refuse, unstarted::shutting_down};
use crate::{
    base::{
        cancel::Cancelled,
        capability::Capability,
        clock::{Clock, Moment},
        limits::{ASK_PATIENCE, ASKS_OPEN_MAX},
        problem::{Advice, Code, Effects, Problem},
    },
    guard::{
        agree::{AskingCall, Consent, agree},
        clear::ClearedCall,
    },
};

/// How the person behind a client is reached.
#[derive(Debug)]
pub(crate) enum Channel {
    /// By a request of ours while the call is open.
    InCall,
    /// By an answer that is a question; what came back with the call, where anything did.
    ByReturn(Option<Box<Returned>>),
}

/// What a client sent along that had a question for an answer before.
#[derive(Debug, Default)]
pub(crate) struct Returned {
    /// The state as it came; nothing is known of it yet.
    pub(crate) state: Option<String>,
    /// What the person said, by the keys of the questions.
    pub(crate) responses: Map<String, Value>,
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// The client answered with an error.
    Failed,
    /// The client will not say anything any more.
    InputEnded,
    /// The call was cancelled, or the process is ending.
    Stopped(Cancelled),
    /// Nobody answered in time.
    Late,
}

/// A call whose question is with the client.
struct Waiting {
    call: Box<AskingCall>,
    ticket: Ticket,
    key: String,
    checked: Moment,
    until: Moment,
}

#[derive(Default)]
struct State {
    calls: BTreeMap<u64, Waiting>,
    asked: u64,
    input_ended: bool,
}

/// The questions that are with the client, by the numbers that it answers under.
#[derive(Default)]
pub(super) struct Asks(Mutex<State>);

impl Asks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long until somebody has waited long enough; `None` while nobody waits.
    pub(super) fn patience(&self, clock: &dyn Clock) -> Option<Duration> {
        let state = self.state();
        let first = state.calls.values().map(|waiting| waiting.until).min();
        first.map(|until| until.since(clock.now()))
    }
}

/// Takes a cleared call to where it may begin, or to the person. `checked` is when the guard
/// had decided.
pub(super) fn consent(
    shared: &Arc<Shared>,
    call: ClearedCall,
    mut ticket: Ticket,
    checked: Moment,
) {
    let call = match agree(call) {
        Consent::Agreed(call) => {
            let since = call.header().received;
            return admit(shared, call, ticket, checked, since);
        }
        Consent::Open(call) => call,
    };
    if !call.header().capabilities.has(Capability::Elicitation) {
        let problem = cannot_ask(&call);
        return refuse(shared, call.refuse(problem), ticket);
    }
    match &mut ticket.channel {
        Channel::InCall => pose(shared, call, ticket, checked),
        Channel::ByReturn(returned) => {
            let returned = returned.take().unwrap_or_default();
            by_return::with_key(shared, call, ticket, checked, returned);
        }
    }
}

/// Fails closed where nobody can be asked, and says what is left to do.
fn cannot_ask(call: &AskingCall) -> Problem {
    let questions = call.questions();
    let asked = questions.first().map_or("", |question| &question.message);
    let message = format!(
        "a person must be asked first, and this client cannot ask: it declares no \
         `elicitation`; the question is: {asked}"
    );
    let way = format!(
        "ask the operator to make the call in a terminal: `tollgate call {}`",
        call.tool().name
    );
    Problem::new(Code::ConfirmationRequired, message)
        .with_advice(Advice::AskOperator)
        .suggest(way)
}

/// Sends the next question and lets the call wait for its answer.
fn pose(shared: &Arc<Shared>, call: Box<AskingCall>, ticket: Ticket, checked: Moment) {
    let Some(question) = call.questions().into_iter().next() else {
        return;
    };
    let mut state = shared.asks.state();
    let problem = if shared.queue.is_stopping() {
        Some(stopped(Unanswered::Stopped(Cancelled::Shutdown)))
    } else if state.input_ended {
        Some(stopped(Unanswered::InputEnded))
    } else if state.calls.len() >= ASKS_OPEN_MAX {
        let message = format!("{ASKS_OPEN_MAX} questions are open already; nothing was started");
        Some(Problem::new(Code::Overloaded, message).after_ms(10_000))
    } else {
        None
    };
    if let Some(problem) = problem {
        drop(state);
        return refuse(shared, call.refuse(problem), ticket);
    }
    state.asked += 1;
    let (number, cancel) = (state.asked, ticket.cancel.clone());
    let until = shared.clock.now().plus(ASK_PATIENCE);
    // The answer finds the call here, however fast it comes.
    ticket.respondent.ask(number, &question);
    let waiting = Waiting {
        call,
        ticket,
        key: question.key,
        checked,
        until,
    };
    state.calls.insert(number, waiting);
    drop(state);
    let weak = Arc::downgrade(shared);
    cancel.on_fire(move || {
        if let Some(shared) = weak.upgrade() {
            answered(
                &shared,
                number,
                Err(Unanswered::Stopped(Cancelled::ByClient)),
            );
        }
    });
}

/// Hands over what became of the question of this number; one that is not open is ignored, so
/// that each question is handed over once. Never waits.
pub(super) fn answered(shared: &Shared, number: u64, answer: Result<Value, Unanswered>) {
    let waiting = shared.asks.state().calls.remove(&number);
    if let Some(waiting) = waiting {
        shared.queue.push_go(Box::new(move |shared| {
            go_on(shared, number, waiting, answer);
        }));
    }
}

/// Nothing more will come from the client.
pub(super) fn input_ended(shared: &Shared) {
    shared.asks.state().input_ended = true;
    give_up(shared, Unanswered::InputEnded);
}

/// Ends every question that is open.
pub(super) fn give_up(shared: &Shared, why: Unanswered) {
    let numbers: Vec<u64> = shared.asks.state().calls.keys().copied().collect();
    for number in numbers {
        answered(shared, number, Err(why));
    }
}

/// Ends the questions that nobody answered in time.
pub(super) fn expire(shared: &Shared) {
    let now = shared.clock.now();
    let late: Vec<u64> = {
        let state = shared.asks.state();
        let late = state.calls.iter().filter(|(_, one)| one.until <= now);
        late.map(|(number, _)| *number).collect()
    };
    for number in late {
        answered(shared, number, Err(Unanswered::Late));
    }
}

/// On the gate: the call goes on, or ends, with what came.
fn go_on(shared: &Arc<Shared>, number: u64, waiting: Waiting, answer: Result<Value, Unanswered>) {
    let Waiting {
        call,
        ticket,
        key,
        checked,
        ..
    } = waiting;
    let consent = match answer {
        Ok(answer) => call.answer(&Map::from_iter([(key, answer)])),
        Err(why) => {
            match why {
                Unanswered::Failed | Unanswered::InputEnded => {}
                Unanswered::Stopped(_) | Unanswered::Late => ticket.respondent.withdraw(number),
            }
            Err(call.refuse(stopped(why)))
        }
    };
    match consent {
        Ok(Consent::Agreed(call)) => {
            let since = shared.clock.now();
            admit(shared, call, ticket, checked, since);
        }
        Ok(Consent::Open(call)) => pose(shared, call, ticket, checked),
        Err(refused) => refuse(shared, refused, ticket),
    }
}

fn stopped(why: Unanswered) -> Problem {
    let required = |message: &str| {
        Problem::new(Code::ConfirmationRequired, message).with_advice(Advice::AskOperator)
    };
    match why {
        Unanswered::Failed => {
            required("the client answered the question with an error; nothing was done")
        }
        Unanswered::InputEnded => {
            required("the client ended before a person could answer; nothing was done")
        }
        Unanswered::Late => required("nobody answered the question in time; nothing was done"),
        Unanswered::Stopped(Cancelled::ByClient) => Problem::new(
            Code::Cancelled,
            "cancelled while a person was asked; nothing was done",
        )
        .with_effects(Effects::None),
        Unanswered::Stopped(Cancelled::Shutdown) => shutting_down(),
    }
}

#[cfg(test)]
mod tests;
