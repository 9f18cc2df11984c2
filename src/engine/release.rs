//! What releases an answer: the ledger's word that its record is written, or cannot be.

use std::sync::Arc;

use super::{
    Shared, Ticket,
    answer::{About, Answer, Body, Replayed, Reply},
    demands, settle,
};
use crate::{
    base::{
        id::CallId,
        problem::{Code, Effects, Problem},
    },
    guard::call::{Refusal, Refused},
    ledger::{
        AuditReceipt, LedgerError, Then,
        admission::{Decided, Replay},
    },
};

/// Writes a refusal down and answers it.
pub(super) fn refuse(shared: &Arc<Shared>, refused: Box<Refused>, ticket: Ticket) {
    refuse_with(shared, refused, ticket, None);
}

/// As [`refuse`], where something was looked up: `status` says what.
pub(super) fn refuse_with(
    shared: &Arc<Shared>,
    refused: Box<Refused>,
    ticket: Ticket,
    status: Option<String>,
) {
    let call_id = refused.header.call_id;
    let catalog = shared.catalog.get();
    let row = settle::refused_row(&refused, &catalog);
    let tool = catalog.find(&refused.header.tool_name);
    let failure = demands::failure(&refused, tool.map(|tool| &**tool));
    let mut settlement = settle::refusal(&refused, shared.clock.now(), shared.clock.wall());
    settlement.backend_status = status;
    for line in &refused.log {
        tracing::warn!(%call_id, "{line}");
    }
    let reply = Reply {
        call_id,
        body: Body::refused(refused.refusal),
        changes: Vec::new(),
        about: About::default(),
    };
    let then = answer_when_decided(shared, ticket, reply);
    shared.ledger.refuse(row, settlement, None, failure, then);
}

/// Answers a call that nothing could be written about, and that was not started therefore.
pub(super) fn unrecorded(shared: &Shared, call_id: CallId, ticket: Ticket, error: &LedgerError) {
    let answer = Answer::unrecorded(call_id, Effects::None, &error.to_string());
    ticket.respondent.answer(answer);
    shared.closed();
}

/// Releases the answer of a call that touched nothing: `reply`, unless the ledger decided
/// otherwise.
pub(super) fn answer_when_decided(
    shared: &Arc<Shared>,
    ticket: Ticket,
    mut reply: Reply,
) -> Then<Decided<AuditReceipt>> {
    let shared = Arc::clone(shared);
    Box::new(move |decided| {
        let call_id = reply.call_id;
        let answer = match decided {
            Ok(Decided::AsAsked(receipt, notes)) => {
                tracing::debug!(%call_id, row = receipt.row(), "recorded");
                reply.about.similar = notes.similar;
                Answer::recorded(reply, receipt)
            }
            Ok(Decided::Refused(receipt, problem)) => {
                recorded(call_id, Body::refused(Refusal::Tool(problem)), receipt)
            }
            Ok(Decided::Replay(receipt, replay)) => replayed(call_id, *replay, receipt),
            Err(error) => Answer::unrecorded(call_id, Effects::None, &error.to_string()),
        };
        ticket.respondent.answer(answer);
        shared.closed();
    })
}

/// Releases the answer when its record is durable; says so when it cannot be.
pub(super) fn answer_when_recorded(
    shared: &Arc<Shared>,
    ticket: Ticket,
    reply: Reply,
    effects: Effects,
) -> Then<AuditReceipt> {
    let shared = Arc::clone(shared);
    Box::new(move |recorded| {
        let answer = match recorded {
            Ok(receipt) => {
                tracing::debug!(call_id = %reply.call_id, row = receipt.row(), "recorded");
                Answer::recorded(reply, receipt)
            }
            Err(error) => Answer::unrecorded(reply.call_id, effects, &error.to_string()),
        };
        ticket.respondent.answer(answer);
        shared.closed();
    })
}

/// The answer that is `body` and nothing more.
pub(super) fn recorded(call_id: CallId, body: Body, receipt: AuditReceipt) -> Answer {
    let reply = Reply {
        call_id,
        body,
        changes: Vec::new(),
        about: About::default(),
    };
    Answer::recorded(reply, receipt)
}

/// The answer that an earlier call of the same operation got.
pub(super) fn replayed(call_id: CallId, replay: Replay, receipt: AuditReceipt) -> Answer {
    let body = Body::from_stored(&replay.reply).unwrap_or_else(|| {
        let message = format!(
            "the operation `{}` ended and its answer cannot be read any more",
            replay.id
        );
        let problem = Problem::new(Code::Internal, message).with_effects(replay.effects);
        Body::refused(Refusal::Tool(Box::new(problem)))
    });
    let reply = Reply {
        call_id,
        body,
        changes: Vec::new(),
        about: About {
            replayed: Some(Replayed {
                id: replay.id,
                ended: replay.ended,
                is_windowed: replay.is_windowed,
            }),
            ..About::default()
        },
    };
    Answer::recorded(reply, receipt)
}
