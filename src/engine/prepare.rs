//! What is found out about a call before the ledger is asked, and what may go wrong in ways that
//! nobody foresaw.

use std::{panic::AssertUnwindSafe, sync::Arc};

use super::{
    Shared, Ticket, demands,
    queue::{NoPlace, Place},
    schedule::{Claim, Full},
    settle, unstarted,
};
use crate::{
    backend::{self, Work},
    base::{
        cancel::Cancelled,
        limits::CONCURRENT_DEFAULT,
        problem::{Code, Problem},
    },
    catalog::tool::Effect,
    guard::{
        agree::AgreedCall,
        call::{Header, Refused},
    },
    ledger::admission::Demands,
};

/// Runs a part of the guard; a panic in it is the refusal of this call alone.
pub(super) fn judged<T>(
    header: &Arc<Header>,
    raw: &Arc<str>,
    part: impl FnOnce() -> Result<T, Box<Refused>>,
) -> Result<T, Box<Refused>> {
    contained(part).unwrap_or_else(|problem| {
        let (header, raw) = (Arc::clone(header), Arc::clone(raw));
        Err(settle::refused_by_fault(header, raw, *problem))
    })
}

/// The stage that said no, and why.
pub(super) type Unprepared = (&'static str, Box<Problem>);

/// What the backend will do, a place to wait in for one that needs a worker, and what the ledger
/// is asked.
pub(super) fn prepare(
    shared: &Shared,
    call: &AgreedCall,
) -> Result<(Work, Option<Place>, Demands), Unprepared> {
    let demands = demands::demands(call).map_err(|problem| ("cost", problem))?;
    let work = match contained(|| backend::prepare(call.tool(), call.effective())) {
        Ok(Ok(work)) => work,
        Ok(Err(problem)) | Err(problem) => return Err(("prepare", problem)),
    };
    if work.is_immediate() && call.tool().checks.is_empty() {
        return Ok((work, None, demands));
    }
    let problem = match shared.queue.reserve(claim(call)) {
        Ok(place) => return Ok((work, Some(place), demands)),
        Err(NoPlace::Stopping) => unstarted::not_started(Cancelled::Shutdown),
        Err(NoPlace::Full(Full { waiting, after })) => {
            let message = format!("{waiting} calls are waiting already; nothing was started");
            let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            Problem::new(Code::Overloaded, message).after_ms(after_ms)
        }
    };
    Err(("queue", Box::new(problem)))
}

/// What decides about a call's place in the queue.
fn claim(call: &AgreedCall) -> Claim {
    let tool = call.tool();
    Claim {
        tool: tool.name.clone(),
        principal: call.header().principal.clone(),
        bytes: call.raw_arguments().len(),
        reads: tool.effect == Effect::Read,
        concurrent: tool.restraint.concurrent.unwrap_or(CONCURRENT_DEFAULT),
    }
}

/// Why nothing more is to be started for a call, if so.
pub(super) fn stopped(shared: &Shared, ticket: &Ticket) -> Option<Cancelled> {
    let ending = || shared.queue.is_stopping().then_some(Cancelled::Shutdown);
    ticket.cancel.fired().or_else(ending)
}

/// Gives a place back, where there is one.
pub(super) fn release(shared: &Shared, place: Option<Place>) {
    if let Some(place) = place {
        shared.queue.release(place);
    }
}

/// Runs something that may fail in ways nobody foresaw: a panic becomes a problem of this call
/// alone.
pub(super) fn contained<T>(body: impl FnOnce() -> T) -> Result<T, Box<Problem>> {
    std::panic::catch_unwind(AssertUnwindSafe(body)).map_err(|_| {
        let message = "a fault in the gate itself; the operator's log has more";
        Box::new(Problem::new(Code::Internal, message))
    })
}
