//! `operation_get`: what became of an operation, waited for on no thread.

use std::{sync::Arc, time::Duration};

use super::{
    Shared, Ticket,
    answer::{Body, Delivery},
    background, joins, notice,
    prepare::stopped,
    release::{recorded, refuse, replayed, unrecorded},
    settle, unstarted,
};
use crate::{
    base::{
        clock::Moment,
        id::CallId,
        problem::{Code, Problem},
    },
    catalog::built_in::{OFFSET, OPERATION_ID, WAIT_MS},
    guard::{agree::AgreedCall, call::Refusal},
    ledger::{
        admission::Running,
        fetch::{Fetch, Fetched},
    },
};

/// A call that wants to know.
struct Waiting {
    call: AgreedCall,
    ticket: Ticket,
    /// Where the part of the result begins that it wants.
    from: Option<u64>,
    /// How long it waits at most.
    until: Moment,
    /// The last pause; `None` before the first.
    pause: Option<Duration>,
}

/// Tells what became of the operation that the arguments name.
pub(super) fn fetch(shared: &Arc<Shared>, call: AgreedCall, ticket: Ticket, checked: Moment) {
    let argument = |name: &str| call.effective().get(name);
    let id = argument(OPERATION_ID).and_then(|given| given.as_str());
    let Some(id) = id.and_then(CallId::parse) else {
        let message = format!("`{OPERATION_ID}` is not the name of an operation");
        let problem = Problem::new(Code::ValidationFailed, message);
        return refuse(shared, call.refuse("operation", problem), ticket);
    };
    let number = |name: &str| argument(name).and_then(serde_json::Value::as_u64);
    let wait = Duration::from_millis(number(WAIT_MS).unwrap_or_default());
    let end = call.header().received.plus(call.time());
    let fetch = Fetch {
        row: settle::call_row(&call, shared.keeping()),
        guard_us: settle::micros(checked, call.header().received),
        id,
        rate: call.tool().restraint.rate,
    };
    let waiting = Waiting {
        from: number(OFFSET),
        until: checked.plus(wait).min(end),
        call,
        ticket,
        pause: None,
    };
    ask(shared, fetch, waiting);
}

fn ask(shared: &Arc<Shared>, fetch: Fetch, waiting: Waiting) {
    let next = Arc::clone(shared);
    let then = move |fetched| {
        let header = Arc::clone(waiting.call.header());
        let answer = match fetched {
            Ok(Fetched::Running(fetch, running)) => {
                let again = Fetch {
                    rate: None,
                    ..*fetch
                };
                return wait(&next, again, waiting, running);
            }
            Ok(Fetched::Ended(receipt, mut replay)) => {
                // It was asked for, so nothing has to be said about a repetition.
                let delivery = std::mem::take(&mut replay.is_windowed)
                    .then(|| Delivery::new(&next, replay.last, header.received));
                replayed(&next, &header, *replay, (false, waiting.from), receipt).noting(delivery)
            }
            Ok(Fetched::Refused(receipt, problem)) => {
                let body = Body::refused(Refusal::Tool(problem));
                recorded(header.call_id, body, receipt)
            }
            Err(error) => return unrecorded(&next, &header, waiting.ticket, &error),
        };
        notice::ended(&next, &header, &answer, (None, None));
        waiting.ticket.respondent.answer(answer);
        next.closed();
    };
    shared.ledger.fetch(fetch, Box::new(then));
}

/// Parks the call. This is the ledger's thread, which must not be asked anything here.
fn wait(shared: &Arc<Shared>, fetch: Fetch, mut waiting: Waiting, running: Running) {
    if waiting.pause.is_none() {
        joins::hurry_when_cancelled(shared, &waiting.ticket);
    }
    let left = waiting.until.since(shared.clock.now());
    let pause = joins::longer(waiting.pause.unwrap_or_default()).min(left);
    let look = Box::new(move |shared: &Arc<Shared>, waited| {
        if let Some(why) = stopped(shared, &waiting.ticket) {
            let problem = unstarted::not_started(why);
            let refused = waiting.call.refuse("operation", problem);
            return refuse(shared, refused, waiting.ticket);
        }
        if shared.clock.now() >= waiting.until {
            return background::tell_running(shared, &waiting.call, waiting.ticket, running.id);
        }
        waiting.pause = Some(waited);
        ask(shared, fetch, waiting);
    });
    joins::park(shared, running, pause, look);
}
