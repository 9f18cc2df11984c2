//! Steps that somebody left: taken over, and undone or brought to their end, by the definition
//! that they were begun with.

#[cfg(test)]
mod tests;

use std::{
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use super::{Course, End, Walk, tries::part};
use crate::{
    backend::{self, Fault, FaultClass},
    base::{
        event::Event,
        id::CallId,
        problem::{Code, Problem},
        redact::Redactor,
        stands::{Stands, StepStands},
        text, thread,
    },
    catalog::{
        steps::Steps,
        tool::{Run, Tool},
    },
    engine::{Shared, answer::Body, kept},
    ledger::{
        self, LedgerError,
        operation::OperationState,
        steps::{Adopted, Closing, GivenUp, Left, Side, StepEvent, Wanted},
    },
};

/// Compiles the text of a definition as it was kept.
pub(crate) type Former = dyn Fn(&str) -> Result<Tool, String> + Send + Sync;

/// What became of the wish of a person to have steps gone on with.
#[derive(Debug)]
pub(crate) enum GoneOn {
    /// They were; so it stands now.
    Now(OperationState),
    /// Nothing is left to be done.
    Settled(OperationState),
    /// No operation of this name has steps.
    NotFound,
    /// A living process has them in hand.
    StillRunning,
    /// The definition that they were begun by is not kept.
    Undefined,
    /// The process was told to end before they came to an end.
    Interrupted,
}

/// Whether a thread looks after steps that were left.
#[derive(Debug, Default)]
pub(in crate::engine) struct Recovery(Mutex<Looking>);

#[derive(Debug, Default)]
struct Looking {
    is_running: bool,
    /// There may be more since it looked last.
    again: bool,
}

impl Recovery {
    fn looking(&self) -> std::sync::MutexGuard<'_, Looking> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the steps of dead processes gone on with, on a thread of their own, which ends when there
/// are none left.
pub(in crate::engine) fn wake(shared: &Arc<Shared>) {
    let mut looking = shared.recovery.looking();
    looking.again = true;
    if looking.is_running || shared.queue.is_stopping() {
        return;
    }
    let here = Arc::clone(shared);
    match thread::spawn("recovery", move || look_after(&here)) {
        Ok(_detached) => {
            looking.is_running = true;
            // Who ends the process waits for it as for a call.
            shared.opened();
        }
        Err(error) => not_seen_to(&error),
    }
}

fn look_after(shared: &Shared) {
    loop {
        {
            let mut looking = shared.recovery.looking();
            if !looking.again || shared.queue.is_stopping() {
                looking.is_running = false;
                shared.closed();
                return;
            }
            looking.again = false;
        }
        while !shared.queue.is_stopping() {
            match ledger::wait(|then| shared.ledger.adopt(Wanted::Orphaned, then)) {
                Ok(Adopted::Taken(left)) => {
                    let by = "recovery";
                    if let Err(error) = go_on(shared, *left, by, false) {
                        not_seen_to(&error);
                    }
                }
                Ok(Adopted::GivenUp(id, why)) => given_up(id, why),
                Ok(
                    Adopted::NotFound
                    | Adopted::StillRunning
                    | Adopted::Settled(_)
                    | Adopted::Undefined,
                ) => break,
                Err(error) => {
                    not_seen_to(&error);
                    break;
                }
            }
        }
    }
}

fn given_up(id: CallId, why: GivenUp) {
    let why = match why {
        GivenUp::Undefined => "the definition that they were begun by is not kept",
        GivenUp::Deaths => "too many processes died over them",
    };
    let operation_id = &id.to_string();
    Event::StepsStuck { operation_id, why }.emit();
}

fn not_seen_to(error: &dyn Display) {
    let error = &error.to_string();
    Event::StepsLeft { error }.emit();
}

/// Goes on with the steps of the operation that the call `id` began, because the person `by`
/// says so: also where nobody knows what was done of them.
///
/// # Errors
/// When the ledger cannot be written.
pub(in crate::engine) fn go_on_for(
    shared: &Shared,
    id: CallId,
    by: &str,
) -> Result<GoneOn, LedgerError> {
    match ledger::wait(|then| shared.ledger.adopt(Wanted::Named(id), then))? {
        Adopted::Taken(left) => {
            let state = go_on(shared, *left, by, true)?;
            Ok(state.map_or(GoneOn::Interrupted, GoneOn::Now))
        }
        Adopted::NotFound => Ok(GoneOn::NotFound),
        Adopted::StillRunning => Ok(GoneOn::StillRunning),
        // Only what nobody named is given up; there is no other reason to tell here.
        Adopted::Undefined | Adopted::GivenUp(..) => Ok(GoneOn::Undefined),
        Adopted::Settled(state) => Ok(GoneOn::Settled(state)),
    }
}

/// Goes on with steps that are in hand; where they stand at the end, or `None` where the process
/// ends before.
fn go_on(
    shared: &Shared,
    left: Left,
    by: &str,
    by_a_person: bool,
) -> Result<Option<OperationState>, LedgerError> {
    let operation_id = &left.id.to_string();
    Event::StepsAdopted {
        operation_id,
        tool_name: &left.tool,
    }
    .emit();
    let operation = left.receipt.operation();
    let walked = walk(shared, &left, by_a_person);
    let (state, body, note) = match walked {
        Ok((End::Interrupted, _)) => return Ok(None),
        Ok((End::Told(Ok(output)), stands)) => (
            OperationState::Succeeded,
            Body::Output(output),
            told(&stands),
        ),
        Ok((End::Told(Err(fault)), stands)) => {
            let state = comes_to(&fault, &stands);
            (state, problem(*fault), told(&stands))
        }
        Err(why) => {
            let message = format!("the steps cannot be gone on with: {why}");
            let problem = Problem::new(Code::NeedsAttention, message.clone());
            let body = Body::Problem {
                problem: Box::new(problem),
                backend_text: None,
            };
            (OperationState::Attention, body, message)
        }
    };
    let closing = Closing {
        state,
        by: by.to_owned(),
        note,
        reply: shared.redactor.json(&body.to_text()).into_owned(),
    };
    if state == OperationState::Attention {
        Event::StepsStuck {
            operation_id,
            why: &closing.note,
        }
        .emit();
    }
    ledger::wait(|then| shared.ledger.close_steps(left.receipt, closing, then))?;
    if let Some(operation) = operation {
        shared.joins.ended(operation);
    }
    Ok(Some(state))
}

/// Where an operation stands whose steps ended so: as it would if who called had still been there.
fn comes_to(fault: &Fault, stands: &[StepStands]) -> OperationState {
    let is_whole = stands.iter().all(|step| step.state == Stands::Done);
    match fault.problem.code {
        Code::RolledBack => OperationState::RolledBack,
        Code::NeedsAttention => OperationState::Attention,
        // Nothing is left to be done: only what the last step gave is of no use.
        _ if is_whole => OperationState::Failed,
        _ => OperationState::Attention,
    }
}

/// Goes on to the end.
fn walk(shared: &Shared, left: &Left, by_a_person: bool) -> Result<(End, Vec<StepStands>), String> {
    let tool = (shared.former)(&left.definition)?;
    let Run::Steps(steps) = &tool.run else {
        return Err("its definition has none".to_owned());
    };
    let arguments: Value = serde_json::from_str(&left.arguments)
        .map_err(|_| "its arguments cannot be read".to_owned())?;
    if kept::lack_a_secret(&arguments) {
        return Err("an argument of it is a secret, which is not kept".to_owned());
    }
    outlast(shared, left, &tool, steps)?;
    let walk = Walk {
        shared,
        tool: &tool,
        steps,
        call_id: left.call,
        arguments: &arguments,
        own_secrets: Redactor::default(),
        client: None,
        course: Course::resumed(steps, &left.entries, by_a_person),
        receipt: left.receipt.again(),
        definition: None,
        pending: Vec::new(),
        why: None,
    };
    let (end, course) = walk.go();
    Ok((end, course.told(steps)))
}

/// Waits for the end of what the dead process had under way, which could still take effect: nothing
/// is undone or done again before.
fn outlast(shared: &Shared, left: &Left, tool: &Tool, steps: &Steps) -> Result<(), String> {
    let last = left.entries.last();
    let Some(begun) = last.filter(|last| last.event == StepEvent::Begun) else {
        return Ok(());
    };
    let act = steps.all.get(begun.step).and_then(|step| match begun.side {
        Side::Act => Some(&step.act),
        Side::Undo => step.undo.as_ref().map(|undo| &undo.act),
    });
    let Some(act) = act.filter(|act| act.run.starts_a_program()) else {
        return Ok(());
    };
    let deadline = shared.clock.now().plus(act.timeout.unwrap_or(tool.timeout));
    let name = backend::name(left.call, Some(&part(&begun.name, begun.side)));
    match shared.backend.is_over(&name, deadline) {
        true => Ok(()),
        false => Err(format!(
            "a program of `{}` may still be running",
            begun.name
        )),
    }
}

fn problem(fault: Fault) -> Body {
    let Fault {
        problem,
        backend_text,
        class: FaultClass::Clean | FaultClass::Definite | FaultClass::Ambiguous,
        status: _,
        retry_after: _,
    } = fault;
    Body::Problem {
        problem: Box::new(problem),
        backend_text,
    }
}

/// What became of each step, in words.
fn told(stands: &[StepStands]) -> String {
    let stands: Vec<String> = stands
        .iter()
        .map(|step| format!("{}: {}", step.name, step.state.as_str()))
        .collect();
    text::clip(&stands.join(", "), 1000).to_owned()
}
