//! The backend is asked, and asked again where that is allowed. Each attempt after the first
//! has its own intent in the ledger before it starts.
//!
//! A call that waits for its next attempt keeps its worker: it does so for half a minute at most,
//! the cap of its tool bounds how many do, and so neither its deadline nor its place needs another
//! keeper.

use std::{cell::LazyCell, sync::mpsc::sync_channel, time::Duration};

use tracing::Level;

use super::{
    Shared, Ticket,
    attempts::{self, Failed},
    demands, kept,
    prepare::{contained, stopped},
    settle, unstarted,
    verify::{self, Inquiry},
};
use crate::{
    backend::{Fault, FaultClass, Invocation, Work},
    base::{
        cancel::{CancelToken, Cancelled},
        clock::Moment,
        event::{self, Event},
        failpoint::{self, Point},
        problem::Effects,
        redact::Redactor,
    },
    catalog::{
        content::{Output, Progress},
        tool::{Effect, Tool},
    },
    guard::agree::AgreedCall,
    ledger::{self, IntentReceipt},
};

/// What a call's time is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// When it began.
    pub(super) since: Moment,
    /// How long it may take.
    pub(super) most: Duration,
    /// How long it has waited for a worker.
    pub(super) waited: Duration,
}

impl Times {
    /// That of `call`.
    pub(super) fn of(call: &AgreedCall, since: Moment, waited: Duration) -> Self {
        Self {
            since,
            most: call.time(),
            waited,
        }
    }

    /// When it must be over.
    pub(super) fn deadline(&self) -> Moment {
        self.since.plus(self.most)
    }

    /// From when on [`worth_starting`] sees no use in a call that waits for a worker from `now` on.
    pub(super) fn overdue(&self, now: Moment) -> Moment {
        self.deadline().min(now.plus(self.most / 2))
    }
}

/// Runs `work` to its end, unless there is no use in starting any more.
///
/// # Errors
/// The fault of the last attempt.
pub(super) fn run(
    shared: &Shared,
    call: &AgreedCall,
    work: &Work,
    ticket: &Ticket,
    (receipt, times): (&IntentReceipt, Times),
) -> Result<Output, Box<Fault>> {
    let (header, tool) = (call.header(), call.tool());
    let deadline = times.deadline();
    worth_starting(shared, ticket, times)?;
    let cancel = CancelToken::default();
    if tool.stops_when_cancelled() {
        let stop = cancel.clone();
        ticket
            .cancel
            .on_fire(move || stop.fire(Cancelled::ByClient));
    }
    let _registered = shared.register(header.call_id, &cancel);
    // Few calls have progress to tell.
    let own_secrets = LazyCell::new(|| kept::own_secrets(call));
    let progress = |progress| {
        let progress = without_secrets([&shared.redactor, &own_secrets], progress);
        ticket.respondent.progress(progress);
    };
    let invocation = Invocation {
        operation: receipt.operation_id().unwrap_or(header.call_id),
        part: None,
        effect: tool.effect,
        deadline,
        cancel: &cancel,
        progress: &progress,
    };
    let asking = Asking {
        shared,
        call,
        tool,
        ticket,
        invocation: &invocation,
    };
    asking.until_it_is_decided(work, receipt)
}

fn without_secrets(redactors: [&Redactor; 2], progress: Progress) -> Progress {
    let hide = |message: String, redactor: &Redactor| redactor.text(&message).into_owned();
    let message = progress.message;
    Progress {
        message: message.map(|message| redactors.into_iter().fold(message, hide)),
        ..progress
    }
}

/// Whether there is any use in starting.
///
/// # Errors
/// Why there is none.
pub(super) fn worth_starting(
    shared: &Shared,
    ticket: &Ticket,
    times: Times,
) -> Result<(), Box<Fault>> {
    if let Some(why) = stopped(shared, ticket) {
        return Err(unstarted::stopped_before_start(why));
    }
    if shared.clock.now() >= times.deadline() {
        return Err(unstarted::late_before_start());
    }
    if times.waited >= times.most / 2 {
        return Err(unstarted::waited_too_long());
    }
    Ok(())
}

/// Waits so long, or until one of `tokens` fires.
pub(super) fn pause(wait: Duration, tokens: &[&CancelToken]) {
    if wait.is_zero() {
        return;
    }
    let (tell, told) = sync_channel(2);
    for token in tokens {
        let tell = tell.clone();
        // There is room for both; nobody listens once the wait is over.
        token.on_fire(move || {
            let _full = tell.try_send(());
        });
    }
    // The time was up, or one has fired: the caller looks which.
    let _either = told.recv_timeout(wait);
}

struct Asking<'a> {
    shared: &'a Shared,
    call: &'a AgreedCall,
    tool: &'a Tool,
    ticket: &'a Ticket,
    invocation: &'a Invocation<'a>,
}

impl Asking<'_> {
    fn until_it_is_decided(
        &self,
        work: &Work,
        first: &IntentReceipt,
    ) -> Result<Output, Box<Fault>> {
        let tool = self.tool;
        self.shared.tokens().earn(&tool.name);
        let mut further = None;
        let mut may_have_happened = false;
        let mut attempt = 1;
        loop {
            let receipt = further.as_ref().unwrap_or(first);
            let begun = self.shared.clock.now();
            let fault = match self.once(work, receipt) {
                Ok(output) => return Ok(output),
                Err(fault) => attempts::in_the_light_of(may_have_happened, fault),
            };
            let Some(wait) = self.wait_before_next(attempt, &fault, begun) else {
                return Err(fault);
            };
            may_have_happened |=
                fault.class == FaultClass::Ambiguous && tool.effect != Effect::Read;
            self.tell_failed(attempt, wait);
            if self.stopped_while_waiting(wait) {
                return Err(fault);
            }
            attempt += 1;
            failpoint::pass(Point::RetryAsked);
            further = self.intend(first, attempt, &fault);
            failpoint::pass(Point::RetryIntended);
            if further.is_none() {
                return Err(fault);
            }
        }
    }

    /// Runs the backend once for this attempt, whose intent `receipt` says is in the ledger.
    /// Where that leaves open whether it happened, the tool's own evidence is asked.
    fn once(&self, work: &Work, receipt: &IntentReceipt) -> Result<Output, Box<Fault>> {
        let own = LazyCell::new(|| kept::own_secrets(self.call));
        let backend = &self.shared.backend;
        let fault = contained(|| backend.invoke(work, self.invocation, receipt, &own))
            .unwrap_or_else(|problem| Err(settle::backend_fault(self.tool.effect, *problem)));
        failpoint::pass(Point::EffectDone);
        match fault {
            Err(fault) if self.is_doubtful(&fault) => {
                // Whoever cancelled the call did not cancel finding out.
                let cancel = match self.invocation.cancel.fired() {
                    None => self.invocation.cancel.clone(),
                    Some(_) => CancelToken::default(),
                };
                let inquiry = Inquiry {
                    backend,
                    clock: &*self.shared.clock,
                    tool: self.tool,
                    arguments: self.call.effective(),
                    operation: self.invocation.operation,
                    cancel: &cancel,
                    end: None,
                };
                verify::after(&inquiry, fault)
            }
            told => told,
        }
    }

    fn is_doubtful(&self, fault: &Fault) -> bool {
        fault.class == FaultClass::Ambiguous
            && fault.problem.effects == Effects::Unknown
            && self.tool.evidence().is_some()
            && !self.shared.queue.is_stopping()
    }

    fn tell_failed(&self, attempt: u32, wait: Duration) {
        if event::is_heard(Level::DEBUG) {
            let call_id = &self.invocation.operation.to_string();
            let (attempt, wait_ms) = (u64::from(attempt), settle::micros_of(wait) / 1000);
            Event::AttemptFailed {
                call_id,
                attempt,
                wait_ms,
            }
            .emit();
        }
    }

    fn wait_before_next(&self, attempt: u32, fault: &Fault, begun: Moment) -> Option<Duration> {
        let (tool, now) = (self.tool, self.shared.clock.now());
        let failed = Failed {
            attempts_max: tool.attempts_max,
            is_retry_safe: tool.bears_another_attempt(),
            attempt,
            fault,
            took: now.since(begun),
            left: self.invocation.deadline.since(now),
        };
        let chance = self.shared.random.unit();
        attempts::wait_before_next(&failed, chance)
            .filter(|_| !self.is_stopped())
            .filter(|_| self.shared.tokens().take(&tool.name))
    }

    /// Nothing is tried again for a client that has cancelled, whatever becomes of the attempt
    /// that runs.
    fn is_stopped(&self) -> bool {
        stopped(self.shared, self.ticket).is_some() || self.invocation.cancel.fired().is_some()
    }

    fn stopped_while_waiting(&self, wait: Duration) -> bool {
        pause(wait, &[&self.ticket.cancel, self.invocation.cancel]);
        self.is_stopped()
    }

    /// The intent of a further attempt, written and committed; `None` where it could not be, or
    /// the backend's breaker lets nothing through.
    fn intend(&self, first: &IntentReceipt, attempt: u32, fault: &Fault) -> Option<IntentReceipt> {
        let further = demands::further(self.tool, attempt, fault);
        ledger::wait(|then| self.shared.ledger.intend(first, further, then)).unwrap_or_else(
            |error| {
                let call_id = &self.invocation.operation.to_string();
                let error = &error.to_string();
                Event::RetryNotBegun { call_id, error }.emit();
                None
            },
        )
    }
}
