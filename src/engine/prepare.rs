//! What is found out about a call before the ledger is asked, and what may go wrong in ways that
//! nobody foresaw.

use std::{panic::AssertUnwindSafe, sync::Arc};

use serde_json::Value;

use super::{
    Shared, Ticket,
    attempt::{self, Times},
    demands,
    queue::{NoPlace, Place},
    schedule::{Claim, Full},
    settle,
    steps::{self, End},
    unstarted,
};
use crate::{
    backend::{self, Work},
    base::{
        cancel::Cancelled,
        limits::CONCURRENT_DEFAULT,
        problem::{Code, Problem},
    },
    catalog::{
        steps::Steps,
        tool::{Effect, Tool},
    },
    guard::{
        agree::AgreedCall,
        call::{Header, Refused},
    },
    ledger::{IntentReceipt, admission::Demands},
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

/// What a call does once it has begun.
pub(super) enum Doing {
    /// One thing.
    Once(Work),
    /// Several, see [`super::steps`].
    Steps(Arc<Steps>),
}

impl Doing {
    /// What `tool` does with `arguments`. Nothing is done yet; of steps, everything is filled that
    /// needs no output of another.
    fn of(tool: &Tool, arguments: &Value) -> Result<Self, Box<Problem>> {
        match tool.steps() {
            None => backend::prepare(&tool.run, arguments).map(Self::Once),
            Some(steps) => {
                backend::fits(&tool.run, arguments)?;
                Ok(Self::Steps(Arc::clone(steps)))
            }
        }
    }

    /// Whether there are files to be opened now. Those of steps are opened when their step begins.
    pub(super) fn names_files(&self) -> bool {
        match self {
            Self::Once(work) => work.names_files(),
            Self::Steps(_) => false,
        }
    }

    /// The same with those files open.
    ///
    /// # Errors
    /// As [`Work::open`].
    pub(super) fn open(self) -> Result<Self, Box<Problem>> {
        match self {
            Self::Once(work) => work.open().map(Self::Once),
            Self::Steps(_) => Ok(self),
        }
    }

    /// Does it, for a call whose beginning the receipt proves.
    pub(super) fn carry_out(
        &self,
        shared: &Shared,
        call: &AgreedCall,
        ticket: &Ticket,
        begun: (&IntentReceipt, Times),
    ) -> End {
        match self {
            Self::Once(work) => End::Told(attempt::run(shared, call, work, ticket, begun)),
            Self::Steps(all) => steps::run(shared, call, all, ticket, begun),
        }
    }

    /// Whether it waits for nothing.
    pub(super) fn is_immediate(&self) -> bool {
        match self {
            Self::Once(work) => work.is_immediate(),
            Self::Steps(_) => false,
        }
    }
}

/// The stage that said no, and why.
pub(super) type Unprepared = (&'static str, Box<Problem>);

/// What the backend will do, a place to wait in for one that needs a worker, and what the ledger
/// is asked.
pub(super) fn prepare(
    shared: &Shared,
    call: &AgreedCall,
) -> Result<(Doing, Option<Place>, Demands), Unprepared> {
    let demands = demands::demands(call).map_err(|problem| ("cost", problem))?;
    let work = match contained(|| Doing::of(call.tool(), call.effective())) {
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
