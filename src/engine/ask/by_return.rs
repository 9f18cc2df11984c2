//! The question as the answer to the call: nothing waits here, and what the client sends back
//! is believed as far as its seal goes.

use std::sync::Arc;

use super::{
    super::{
        Shared, Ticket,
        answer::{About, Body, Reply},
        ledger_key::{self, Key},
        pipeline::admit,
        release::{answer_when_decided, refuse},
        request_state::{Subject, Unsealed, open, seal},
        settle,
    },
    Returned,
};
use crate::{
    base::{
        clock::Moment,
        problem::{Code, Problem},
    },
    guard::{
        agree::{AskingCall, Consent},
        call::{Refusal, Refused},
    },
};

/// Goes on with the key of this ledger.
pub(super) fn with_key(
    shared: &Arc<Shared>,
    call: Box<AskingCall>,
    ticket: Ticket,
    checked: Moment,
    returned: Box<Returned>,
) {
    let header = Arc::clone(call.header());
    ledger_key::with_key(shared, header, ticket, move |shared, key, ticket| {
        by_return(shared, key, call, ticket, checked, &returned);
    });
}

fn by_return(
    shared: &Arc<Shared>,
    key: &Key,
    call: Box<AskingCall>,
    ticket: Ticket,
    checked: Moment,
    returned: &Returned,
) {
    let wall = shared.clock.wall();
    let consent = match &returned.state {
        None => Ok(Consent::Open(call)),
        Some(state) => match open(key, &subject(&call), state, wall) {
            Ok(kept) => call.resume(kept, &returned.responses),
            Err(wrong) => Err(not_taken(*call, wrong)),
        },
    };
    match consent {
        Ok(Consent::Agreed(call)) => {
            let since = call.header().received;
            admit(shared, call, ticket, checked, since);
        }
        Ok(Consent::Open(call)) => {
            let asking = call.kept().asking.unwrap_or(call.header().call_id);
            let state = seal(key, &subject(&call), call.kept(), asking, wall);
            asked(shared, &call, ticket, state);
        }
        Err(refused) => refuse(shared, refused, ticket),
    }
}

fn subject(call: &AskingCall) -> Subject<'_> {
    Subject {
        principal: &call.header().principal,
        tool: call.tool(),
        arguments: call.effective(),
    }
}

/// A state that is none of ours is a fault of the client, which no model can mend; one that is
/// only not good for this call can be had anew.
fn not_taken(call: AskingCall, wrong: Unsealed) -> Box<Refused> {
    let why = match wrong {
        Unsealed::Altered => {
            let mut refused = call.refuse(Problem::new(Code::ConfirmationRequired, ""));
            let message = "`requestState` is not as it was given out".to_owned();
            refused.refusal = Refusal::Protocol {
                message,
                near: Vec::new(),
            };
            let line = "a client sent a `requestState` that was not made here".to_owned();
            refused.log.push(line);
            return refused;
        }
        Unsealed::Foreign => {
            "belongs to another call: the tool, its definition or the arguments differ"
        }
        Unsealed::Expired => "is too old",
    };
    let message = format!("the answer came with a `requestState` that {why}; nothing was done");
    call.refuse(
        Problem::new(Code::ConfirmationRequired, message)
            .suggest("send the same call without `requestState`, and the person is asked anew"),
    )
}

/// Writes down that a call is answered with a question, and answers it so.
fn asked(shared: &Arc<Shared>, call: &AskingCall, ticket: Ticket, state: String) {
    let body = Body::Asks {
        questions: call.questions(),
        state,
    };
    let settlement = settle::asked(call, &body, shared.clock.now(), shared.clock.wall());
    let reply = Reply {
        call_id: call.header().call_id,
        body,
        changes: Vec::new(),
        about: About::default(),
    };
    let header = (Arc::clone(call.header()), None);
    let then = answer_when_decided(shared, ticket, header, reply);
    let row = settle::asking_row(call, shared.keeping());
    shared.ledger.refuse(row, settlement, None, None, then);
}
