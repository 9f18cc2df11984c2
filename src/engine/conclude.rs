//! The end of a call whose backend was asked: what it gave is checked, then written and told.

use super::{
    Shared,
    answer::{Body, Reply},
    kept::own_secrets,
    key,
    lookup::CheckedCall,
    parts::{self, Wanted},
    settle::{Ended, FaultFacts},
};
use crate::{
    backend::Fault,
    base::{clock::Moment, id::CallId, limits::results::RESULT_BYTES_MAX},
    catalog::content::Output,
    guard::screen::screen,
    ledger::admission::{Ending, Notes},
};

/// From the backend's result to what is written and what is told: checked on the way out. The
/// call is for `operation`, where it is for one.
pub(super) fn conclude(
    shared: &Shared,
    (call, operation): (&CheckedCall, Option<CallId>),
    (checked, begun): (Moment, Moment),
    notes: Notes,
    result: Result<Output, Box<Fault>>,
) -> (Ending, Reply) {
    let (result, fault) = match result {
        Ok(output) => (Ok(output), None),
        Err(fault) => {
            let Fault {
                class,
                problem,
                retry_after: _,
                backend_text,
                status,
            } = *fault;
            (
                Err(Box::new(problem)),
                Some(FaultFacts {
                    class,
                    backend_text,
                    status,
                }),
            )
        }
    };
    let own_secrets = own_secrets(call);
    let ended = Ended {
        call,
        checked,
        begun,
        now: shared.clock.now(),
        wall: shared.clock.wall(),
        notes,
        keeping: shared.keeping(),
        own_secrets: &own_secrets,
    };
    let (mut ending, mut reply) = ended.settle(screen(call.tool(), result), fault);
    if bytes(&ending) > RESULT_BYTES_MAX {
        (ending, reply) = cut(&ended, ending, reply);
    }
    let settlement = &mut ending.settlement;
    let (own, backend) = (shortened(call), settlement.backend_status.take());
    let parts = [own, call.status().map(str::to_owned), backend];
    settlement.backend_status = status_of_all(parts.into_iter().flatten().collect());
    let wanted = Wanted {
        operation: operation.unwrap_or(call.header().call_id),
        from: None,
        wants_json: call.tool().output.is_some(),
    };
    let (body, part) = parts::told(reply.body, bytes(&ending), wanted);
    if part.is_some() && operation.is_none() {
        let becomes = key::of_call(call.header(), call.tool(), call.effective());
        ending.becomes = Some(becomes);
    }
    (reply.body, reply.about.part) = (body, part);
    (ending, reply)
}

fn bytes(ending: &Ending) -> usize {
    ending.settlement.reply.as_ref().map_or(0, String::len)
}

/// The end of a call that gave more than is kept.
fn cut(ended: &Ended<'_>, ending: Ending, reply: Reply) -> (Ending, Reply) {
    match reply.body {
        Body::Output(output) => {
            let tool = ended.call.tool();
            let kept = parts::kept(tool, output, bytes(&ending));
            ended.settle(screen(tool, kept), None)
        }
        body => (ending, Reply { body, ..reply }),
    }
}

/// How long the call could take, where its caller wanted that to be less than usual.
fn shortened(call: &CheckedCall) -> Option<String> {
    let time = call.time();
    (time < call.tool().timeout).then(|| format!("deadline {} ms", time.as_millis()))
}

/// What is to be written down beside the end.
fn status_of_all(parts: Vec<String>) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join("; "))
}
