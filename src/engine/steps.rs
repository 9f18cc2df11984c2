//! Steps, one after the other, and back again. What is about to be done is on the disk before it
//! begins, and what became of it before the next begins; so whoever finds the ledger knows what
//! was done, and goes on from there.

mod course;
mod ends;
pub(crate) mod recovery;
mod tries;

use std::sync::Arc;

use serde_json::Value;

use self::{
    course::{Course, Next},
    tries::{Try, entry},
};
use super::{
    Shared, Ticket,
    answer::{About, Body, Reply},
    attempt::{self, Times},
    kept,
};
use crate::{
    backend::{Fault, FaultClass},
    base::{
        clock::Moment,
        event::Event,
        failpoint::{self, Point},
        id::CallId,
        problem::{Code, Effects, Problem},
        redact::Redactor,
    },
    catalog::{
        content::{Output, Progress},
        steps::{Step, Steps},
        tool::Tool,
    },
    guard::agree::AgreedCall,
    ledger::{
        self, IntentReceipt, LedgerError,
        steps::{Side, StepEntry, StepEvent, Stepped},
    },
};

/// How steps ended.
pub(super) enum End {
    /// So.
    Told(Result<Output, Box<Fault>>),
    /// The process ends in the middle of them; another goes on.
    Interrupted,
}

/// Who waits for the steps of a call.
struct Client<'a> {
    ticket: &'a Ticket,
    /// When no further step is begun.
    deadline: Moment,
}

/// Steps on their way.
struct Walk<'a> {
    shared: &'a Shared,
    tool: &'a Tool,
    steps: &'a Steps,
    call_id: CallId,
    arguments: &'a Value,
    /// What hides the secrets among the arguments.
    own_secrets: Redactor,
    client: Option<Client<'a>>,
    course: Course,
    receipt: IntentReceipt,
    /// The definition, until it is written.
    definition: Option<Arc<str>>,
    /// What is not written yet.
    pending: Vec<StepEntry>,
    /// Why what was begun is not brought to its end.
    why: Option<Box<Fault>>,
}

/// Why a walk cannot go on.
enum Halt {
    /// The process ends.
    Shutdown,
    /// What is about to be done cannot be written.
    Unwritten(LedgerError),
}

/// Does the steps of a call whose beginning `receipt` proves, or undoes what it did of them.
pub(super) fn run(
    shared: &Shared,
    call: &AgreedCall,
    steps: &Steps,
    ticket: &Ticket,
    (receipt, times): (&IntentReceipt, Times),
) -> End {
    let tool = call.tool();
    if let Err(fault) = attempt::worth_starting(shared, ticket, times) {
        return End::Told(Err(fault));
    }
    shared.tokens().earn(&tool.name);
    let walk = Walk {
        shared,
        tool,
        steps,
        call_id: call.header().call_id,
        arguments: call.effective(),
        own_secrets: kept::own_secrets(call),
        client: Some(Client {
            ticket,
            deadline: times.deadline(),
        }),
        course: Course::new(steps),
        receipt: receipt.again(),
        definition: Some(Arc::clone(&steps.definition)),
        pending: Vec::new(),
        why: None,
    };
    walk.go().0
}

/// What is told of a call whose process ends in the middle of its steps.
pub(super) fn left(call: &AgreedCall) -> Reply {
    let call_id = call.header().call_id;
    let message = "the server is ending in the middle of the steps; the next one goes on with them";
    let problem = Problem::new(Code::ShuttingDown, message)
        .with_effects(Effects::Unknown)
        .suggest("make the same call again to learn how they ended");
    Reply {
        call_id,
        body: Body::Problem {
            problem: Box::new(problem),
            backend_text: None,
        },
        changes: call.changes().to_vec(),
        about: About::default(),
    }
}

impl Walk<'_> {
    /// Goes on until nothing is to be done any more; how it ended and how far it came.
    fn go(mut self) -> (End, Course) {
        let halt = loop {
            let next = self.course.next(self.steps);
            let done = match next {
                Next::Act(_) | Next::Undo(_) if self.shared.queue.is_stopping() => {
                    break Halt::Shutdown;
                }
                Next::Act(at) => self.act(at),
                Next::Undo(at) => self.undo(at),
                Next::Finished | Next::RolledBack | Next::Attention(_) => match self.write(None) {
                    Ok(()) => return self.ended(next),
                    Err(halt) => Err(halt),
                },
            };
            if let Err(halt) = done {
                break halt;
            }
        };
        self.halted(halt)
    }

    /// One step, unless nobody wants it any more.
    fn act(&mut self, at: usize) -> Result<(), Halt> {
        let steps = self.steps;
        let Some(step) = steps.all.get(at) else {
            return Ok(());
        };
        let insists = self.course.is_past_pivot(steps);
        if let Some(fault) = self.unwanted(step).filter(|_| !insists) {
            self.why = Some(fault);
            self.course.turn_back();
            return Ok(());
        }
        self.tell(at, step);
        let what = Try {
            at,
            step,
            side: Side::Act,
            act: &step.act,
            insists,
            is_repeatable: step.is_retry_safe(),
        };
        if let Some(fault) = self.try_until_it_is_decided(&what)? {
            self.why = Some(named(&format!("step `{}`", step.name), fault));
            if !self.course.is_past_pivot(steps) {
                self.course.turn_back();
            }
        }
        Ok(())
    }

    fn undo(&mut self, at: usize) -> Result<(), Halt> {
        let steps = self.steps;
        let step = steps.all.get(at);
        let Some((step, undo)) = step.and_then(|step| Some((step, step.undo.as_ref()?))) else {
            return Ok(());
        };
        let what = Try {
            at,
            step,
            side: Side::Undo,
            act: &undo.act,
            insists: true,
            is_repeatable: undo.tolerates_absent,
        };
        if let Some(fault) = self.try_until_it_is_decided(&what)? {
            Event::UndoFailed {
                call_id: &self.call_id.to_string(),
                step: &step.name,
                code: fault.problem.code.as_str(),
            }
            .emit();
            let fault = named(&format!("undo of `{}`", step.name), fault);
            self.why.get_or_insert(fault);
        }
        Ok(())
    }

    /// Why `step` is not begun any more, if so.
    fn unwanted(&self, step: &Step) -> Option<Box<Fault>> {
        let client = self.client.as_ref()?;
        let is_cancelled = client.ticket.cancel.fired().is_some();
        let (code, what) = if is_cancelled && self.tool.stops_when_cancelled() {
            (Code::Cancelled, "it was cancelled")
        } else if self.shared.clock.now() >= client.deadline {
            (Code::Timeout, "its time was up")
        } else {
            return None;
        };
        let problem = Problem::new(code, format!("{what} before the step `{}`", step.name));
        Some(clean(problem.with_effects(Effects::None)))
    }

    /// Tells who waits that the step of place `at` begins.
    fn tell(&self, at: usize, step: &Step) {
        let number = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
        if let Some(client) = &self.client {
            client.ticket.respondent.progress(Progress {
                done: number(at),
                total: Some(number(self.steps.all.len())),
                message: Some(step.name.clone()),
            });
        }
    }

    fn note(
        &mut self,
        what: &Try<'_>,
        attempt: u32,
        event: StepEvent,
        (status, output): (Option<String>, Option<String>),
    ) {
        let entry = StepEntry {
            status,
            output,
            ..entry(what, attempt, event)
        };
        self.course.note(&entry);
        self.pending.push(entry);
    }

    /// Writes what is not written yet and what is about to be done; on the disk when it returns.
    fn write(&mut self, begun: Option<StepEntry>) -> Result<(), Halt> {
        self.pending.extend(begun);
        if self.pending.is_empty() {
            return Ok(());
        }
        let stepped = Stepped {
            definition: self.definition.take(),
            entries: std::mem::take(&mut self.pending),
        };
        let last = stepped.entries.last().cloned();
        failpoint::pass(Point::StepNear);
        let written = ledger::wait(|then| self.shared.ledger.step(&self.receipt, stepped, then));
        self.receipt = written.map_err(Halt::Unwritten)?;
        if let Some(last) = last.filter(|last| last.event == StepEvent::Begun) {
            self.course.note(&last);
        }
        Ok(())
    }
}

fn named(what: &str, mut fault: Box<Fault>) -> Box<Fault> {
    fault.problem.message = format!("{what}: {}", fault.problem.message);
    fault
}

fn clean(problem: Problem) -> Box<Fault> {
    Box::new(Fault {
        class: FaultClass::Clean,
        problem,
        backend_text: None,
        retry_after: None,
        status: None,
    })
}
