//! Calls that go on without their caller: answered as soon as they have begun, with the name of
//! their operation, under which `operation_get` gives their end.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::{
    Shared,
    answer::{About, Answer, Body, Nobody, Reply},
    joins,
    pipeline::Prepared,
    prepare::release,
    release::answer_when_decided,
    settle,
};
use crate::{
    base::{id::CallId, limits::results::POLL_AFTER_MS},
    catalog::{
        built_in::{OPERATION_GET, OPERATION_ID},
        content::{Content, Output},
    },
    guard::agree::AgreedCall,
    ledger::{IntentReceipt, admission::Running, record::Outcome},
};

/// Answers a call that has begun, which goes on as nobody's. Its end counts as delivered when
/// `operation_get` has given it.
pub(super) fn answer(shared: &Shared, mut prepared: Prepared, receipt: &IntentReceipt) -> Prepared {
    let id = prepared.call.header().call_id;
    let reply = running(shared, &prepared.call, id);
    let respondent = std::mem::replace(&mut prepared.ticket.respondent, Box::new(Nobody));
    respondent.answer(Answer::begun(reply, receipt));
    prepared
}

/// Answers a call whose operation is running already. The ledger is asked from another thread:
/// this is its own.
pub(super) fn answer_running(shared: &Arc<Shared>, prepared: Prepared, known: Running) {
    let look = Box::new(move |shared: &Arc<Shared>, _| {
        release(shared, prepared.place);
        tell_running(shared, &prepared.call, prepared.ticket, known.id);
    });
    joins::park(shared, known, Duration::ZERO, look);
}

/// Writes down that the caller is told that the operation `id` is running, and tells it.
pub(super) fn tell_running(
    shared: &Arc<Shared>,
    call: &AgreedCall,
    ticket: super::Ticket,
    id: CallId,
) {
    let reply = running(shared, call, id);
    let now = (shared.clock.now(), shared.clock.wall());
    let how = (Outcome::Succeeded, "operation");
    let settlement = settle::told(call.header(), how, &reply.body, now);
    let header = (Arc::clone(call.header()), None);
    let then = answer_when_decided(shared, ticket, header, reply);
    let row = settle::call_row(call, shared.keeping());
    shared.ledger.refuse(row, settlement, None, None, then);
}

fn running(shared: &Shared, call: &AgreedCall, id: CallId) -> Reply {
    let told = json!({
        OPERATION_ID: id.to_string(),
        "state": "running",
        "after_ms": POLL_AFTER_MS,
        "hint": format!("call `{OPERATION_GET}` with this `{OPERATION_ID}` to get the result"),
    });
    Reply {
        call_id: call.header().call_id,
        body: Body::Output(Output {
            content: vec![Content::Text(told.to_string())],
            structured: Some(Box::new(told)),
            ..Output::default()
        }),
        changes: shared.keeping().changes(call.changes()),
        about: About::default(),
    }
}
