//! What releases an answer: the ledger's word that its record is written, or cannot be.

use std::sync::Arc;

use super::{
    Shared, Ticket,
    answer::{About, Answer, Body, Delivery, Replayed, Reply},
    demands, notice,
    parts::{self, Wanted},
    pipeline::Prepared,
    prepare, settle,
};
use crate::{
    base::{
        event::Event,
        failpoint::{self, Point},
        id::CallId,
        problem::{Code, Effects, Problem},
    },
    guard::call::{Header, Refusal, Refused},
    ledger::{
        AuditReceipt, LedgerError, Then,
        admission::{Decided, Replay},
        operation::Operation,
    },
};

/// Ends a call whose backend is not asked.
pub(super) fn not_begun(
    shared: &Shared,
    prepared: Prepared,
    answer: impl FnOnce(CallId) -> Answer,
) {
    prepare::release(shared, prepared.place);
    let answer = answer(prepared.call.header().call_id);
    notice::ended(shared, prepared.call.header(), &answer, (None, None));
    prepared.ticket.respondent.answer(answer);
    shared.closed();
}

/// Writes a refusal down and answers it.
pub(super) fn refuse(shared: &Arc<Shared>, refused: Box<Refused>, ticket: Ticket) {
    refuse_unless_known(shared, refused, (None, None), ticket);
}

/// The same, unless the call repeats an operation that the ledger knows: then its answer is
/// given. Where something was looked up, `status` says what.
pub(super) fn refuse_unless_known(
    shared: &Arc<Shared>,
    refused: Box<Refused>,
    (operation, status): (Option<Box<Operation>>, Option<String>),
    ticket: Ticket,
) {
    let call_id = refused.header.call_id;
    let catalog = shared.catalog.get();
    let tool = catalog.find(&refused.header.tool_name).map(|tool| &**tool);
    let keeping = shared.keeping();
    let row = settle::refused_row(&refused, tool, keeping);
    let failure = demands::failure(&refused, &row, tool);
    let told = shared.brevity.told(refused.refusal.clone(), &*shared.clock);
    let body = keeping.body(Body::refused(told));
    let ended = (shared.clock.now(), shared.clock.wall());
    let mut settlement = settle::refusal(&refused, &body, ended);
    settlement.backend_status = status;
    for trouble in &refused.log {
        let call_id = &call_id.to_string();
        Event::RuleTrouble { call_id, trouble }.emit();
    }
    let reply = Reply {
        call_id,
        body,
        changes: Vec::new(),
        about: About::default(),
    };
    let status = settlement.backend_status.clone();
    let header = Arc::clone(&refused.header);
    let then = answer_when_decided(shared, ticket, (header, status), reply);
    shared
        .ledger
        .refuse(row, settlement, operation, failure, then);
}

/// Answers a call that nothing could be written about, and that was not started therefore.
pub(super) fn unrecorded(shared: &Shared, header: &Header, ticket: Ticket, error: &LedgerError) {
    let answer = Answer::unrecorded(header.call_id, Effects::None, &error.to_string());
    notice::ended(shared, header, &answer, (None, None));
    ticket.respondent.answer(answer);
    shared.closed();
}

/// Releases the answer of a call that touched nothing: `reply`, unless the ledger decided
/// otherwise. `status` is what its checks left, where it had any.
pub(super) fn answer_when_decided(
    shared: &Arc<Shared>,
    ticket: Ticket,
    (header, status): (Arc<Header>, Option<String>),
    mut reply: Reply,
) -> Then<Decided<AuditReceipt>> {
    let shared = Arc::clone(shared);
    Box::new(move |decided| {
        let call_id = reply.call_id;
        let answer = match decided {
            Ok(Decided::AsAsked(receipt, notes)) => {
                reply.about.similar = notes.similar;
                Answer::recorded(reply, receipt)
            }
            Ok(Decided::Refused(receipt, problem)) => {
                recorded(call_id, Body::refused(Refusal::Tool(problem)), receipt)
            }
            Ok(Decided::Replay(receipt, replay)) => {
                replayed(&shared, &header, *replay, (false, None), receipt)
            }
            Err(error) => Answer::unrecorded(call_id, Effects::None, &error.to_string()),
        };
        notice::ended(&shared, &header, &answer, (None, status.as_deref()));
        ticket.respondent.answer(answer);
        shared.closed();
    })
}

/// Releases the answer when its record is durable; says so when it cannot be.
pub(super) fn answer_when_recorded(
    shared: &Arc<Shared>,
    ticket: Ticket,
    ended: Recorded,
) -> Then<AuditReceipt> {
    let shared = Arc::clone(shared);
    Box::new(move |recorded| {
        let Recorded {
            whose: (header, status),
            reply,
            effects,
            delivery,
            operation,
        } = ended;
        let answer = match recorded {
            Ok(receipt) => Answer::recorded(reply, receipt).noting(delivery),
            Err(error) => Answer::unrecorded(reply.call_id, effects, &error.to_string()),
        };
        let id = operation.map(|_| header.call_id);
        notice::ended(&shared, &header, &answer, (id, status.as_deref()));
        failpoint::pass(Point::AnswerReleased);
        ticket.respondent.answer(answer);
        if let Some(operation) = operation {
            shared.joins.ended(operation);
        }
        shared.closed();
    })
}

/// What is released when the end of a call is recorded.
pub(super) struct Recorded {
    /// Whose, and what the backend left: an exit code or the like.
    pub(super) whose: (Arc<Header>, Option<String>),
    /// The answer.
    pub(super) reply: Reply,
    /// What the call did, should there be no record.
    pub(super) effects: Effects,
    /// Noted when the answer arrives.
    pub(super) delivery: Option<Delivery>,
    /// The operation that others may wait for.
    pub(super) operation: Option<i64>,
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

/// The answer that an earlier call of the same operation got, or its part that begins at `from`.
pub(super) fn replayed(
    shared: &Arc<Shared>,
    header: &Header,
    replay: Replay,
    (joined, from): (bool, Option<u64>),
    receipt: AuditReceipt,
) -> Answer {
    let body = Body::from_stored(&replay.reply).unwrap_or_else(|| {
        let message = format!(
            "the operation `{}` ended and its answer cannot be read any more",
            replay.id
        );
        let problem = Problem::new(Code::Internal, message).with_effects(replay.effects);
        Body::refused(Refusal::Tool(Box::new(problem)))
    });
    let catalog = shared.catalog.get();
    let asked = catalog.find(&header.tool_name);
    let wanted = Wanted {
        operation: replay.id,
        from,
        wants_json: asked.is_some_and(|tool| tool.output.is_some()),
    };
    let (body, part) = parts::told(body, replay.reply.len(), wanted);
    let reply = Reply {
        call_id: header.call_id,
        body,
        changes: Vec::new(),
        about: About {
            replayed: Some(Replayed {
                id: replay.id,
                ended: replay.ended,
                is_windowed: replay.is_windowed && !joined,
            }),
            joined,
            part,
            ..About::default()
        },
    };
    let delivery = replay
        .is_windowed
        .then(|| Delivery::new(shared, replay.last, header.received));
    Answer::recorded(reply, receipt).noting(delivery)
}
