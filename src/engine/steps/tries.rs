//! One step, or its undo: asked of the backend, and asked again where that is allowed.

use std::{borrow::Cow, time::Duration};

use serde_json::Value;

use super::{Halt, Walk, clean};
use crate::{
    backend::{self, Fault, FaultClass, Invocation, Work},
    base::{
        cancel::{CancelToken, Cancelled},
        clock::Moment,
        failpoint::{self, Point},
        limits::steps::STEP_OUTPUT_BYTES_MAX,
        problem::{Code, Effects, Problem},
        redact::Redactor,
    },
    catalog::{
        content::Output,
        steps::{Act, Step},
        tool::Effect,
    },
    engine::{
        attempt,
        attempts::{self, Failed},
        prepare::{contained, stopped},
        settle, stored,
    },
    ledger::steps::{Side, StepEntry, StepEvent},
};

/// Something that is about to be done.
pub(super) struct Try<'a> {
    pub(super) at: usize,
    pub(super) step: &'a Step,
    pub(super) side: Side,
    pub(super) act: &'a Act,
    /// It has to be done: nobody can stop it, and it is tried longer.
    pub(super) insists: bool,
    /// It does no harm if it is done twice.
    pub(super) is_repeatable: bool,
}

/// By what name the backend knows the step `name`, or its undo.
pub(super) fn part(name: &str, side: Side) -> String {
    match side {
        Side::Act => name.to_owned(),
        Side::Undo => format!("{name}.undo"),
    }
}

impl Try<'_> {
    fn effect(&self) -> Effect {
        match self.side {
            Side::Act => self.step.effect,
            Side::Undo => Effect::Write,
        }
    }
}

impl Walk<'_> {
    /// Tries it as often as may be; the fault of the last attempt, if none succeeded.
    pub(super) fn try_until_it_is_decided(
        &mut self,
        what: &Try<'_>,
    ) -> Result<Option<Box<Fault>>, Halt> {
        let context = self.course.context(self.steps, self.arguments);
        let work = match prepared(what.act, &context) {
            Ok(work) => work,
            Err(problem) => {
                // What an earlier process may have done is no less done for that.
                let event = match self.course.is_in_doubt(what.at, what.side) {
                    true => StepEvent::Unknown,
                    false => StepEvent::Nothing,
                };
                self.note(what, 1, event, (None, None));
                return Ok(Some(clean(*problem)));
            }
        };
        let mut may_have_happened = self.course.is_in_doubt(what.at, what.side);
        let mut attempt = 1;
        loop {
            self.write(Some(entry(what, attempt, StepEvent::Begun)))?;
            let begun = self.shared.clock.now();
            let result = self.once(&work, what);
            let (mut event, fault, gave) = judge(what, result);
            let kept = gave.and_then(|(output, json)| self.kept(what.at, output, json));
            if may_have_happened && matches!(event, StepEvent::Nothing | StepEvent::Failed) {
                event = StepEvent::Unknown;
            }
            may_have_happened |= event == StepEvent::Unknown;
            let status = fault.as_ref().and_then(|fault| fault.status.clone());
            self.note(what, attempt, event, (status, kept));
            let Some(fault) = fault else {
                return Ok(None);
            };
            if event == StepEvent::Done {
                return Ok(Some(fault));
            }
            let Some(wait) = self.wait_before_next(what, attempt, &fault, begun) else {
                return Ok(Some(fault));
            };
            if !wait.is_zero() {
                self.write(None)?;
            }
            self.pause(wait, what)?;
            attempt += 1;
        }
    }

    /// Takes in what the step of place `at` gave; as it is kept, which is not at all where a secret
    /// is in it.
    fn kept(&mut self, at: usize, output: Output, json: String) -> Option<String> {
        self.course.gave(at, output);
        let redactors = [&*self.shared.redactor, &self.own_secrets];
        let is_clean = |redactor: &&Redactor| matches!(redactor.json(&json), Cow::Borrowed(_));
        redactors.iter().all(is_clean).then_some(json)
    }

    /// Asks the backend once. What has to be done ends only with the process.
    fn once(&self, work: &Work, what: &Try<'_>) -> Result<Output, Box<Fault>> {
        let cancel = CancelToken::default();
        if let Some(client) = self.client.as_ref().filter(|_| self.may_be_stopped(what)) {
            let stop = cancel.clone();
            client
                .ticket
                .cancel
                .on_fire(move || stop.fire(Cancelled::ByClient));
        }
        let _registered = self.shared.register(self.call_id, &cancel);
        let part = part(&what.step.name, what.side);
        let invocation = Invocation {
            operation: self.call_id,
            part: Some(&part),
            effect: what.effect(),
            deadline: self.deadline(what),
            cancel: &cancel,
            progress: &|_| {},
        };
        let (backend, receipt) = (&self.shared.backend, &self.receipt);
        let own = &&self.own_secrets;
        let done = contained(|| backend.invoke(work, &invocation, receipt, own))
            .unwrap_or_else(|problem| Err(settle::backend_fault(what.effect(), *problem)));
        failpoint::pass(Point::StepDone);
        done
    }

    fn may_be_stopped(&self, what: &Try<'_>) -> bool {
        !what.insists && self.tool.stops_when_cancelled()
    }

    /// When an attempt must be over.
    fn deadline(&self, what: &Try<'_>) -> Moment {
        let most = what.act.timeout.unwrap_or(self.tool.timeout);
        let own = self.shared.clock.now().plus(most);
        match &self.client {
            Some(client) if !what.insists => own.min(client.deadline),
            Some(_) | None => own,
        }
    }

    fn wait_before_next(
        &self,
        what: &Try<'_>,
        attempt: u32,
        fault: &Fault,
        begun: Moment,
    ) -> Option<Duration> {
        let chance = self.shared.random.unit();
        if what.insists {
            let may = fault.class != FaultClass::Ambiguous || what.is_repeatable;
            return attempts::wait_before_insisting(attempt, chance).filter(|_| may);
        }
        let client = self.client.as_ref()?;
        let now = self.shared.clock.now();
        let failed = Failed {
            attempts_max: self.tool.attempts_max,
            is_retry_safe: what.is_repeatable,
            attempt,
            fault,
            took: now.since(begun),
            left: client.deadline.since(now),
        };
        attempts::wait_before_next(&failed, chance)
            .filter(|_| stopped(self.shared, client.ticket).is_none())
            .filter(|_| self.shared.tokens().take(&self.tool.name))
    }

    /// Waits before the next attempt.
    fn pause(&self, wait: Duration, what: &Try<'_>) -> Result<(), Halt> {
        let ending = CancelToken::default();
        let _registered = self.shared.register(self.call_id, &ending);
        match self.client.as_ref().filter(|_| self.may_be_stopped(what)) {
            Some(client) => attempt::pause(wait, &[&ending, &client.ticket.cancel]),
            None => attempt::pause(wait, &[&ending]),
        }
        match self.shared.queue.is_stopping() {
            true => Err(Halt::Shutdown),
            false => Ok(()),
        }
    }
}

pub(super) fn entry(what: &Try<'_>, attempt: u32, event: StepEvent) -> StepEntry {
    StepEntry {
        step: what.at,
        name: what.step.name.clone(),
        side: what.side,
        event,
        attempt,
        status: None,
        output: None,
    }
}

/// What the backend will do, with the outputs of the steps that it uses.
fn prepared(act: &Act, context: &Value) -> Result<Work, Box<Problem>> {
    let is_missing = |value: Option<&Value>| value.is_none_or(Value::is_null);
    let mut uses = act.uses.iter();
    if let Some(missing) = uses.find(|path| is_missing(path.find(context))) {
        let message = format!("there is no `{{{}}}`", missing.0.join("."));
        let problem = Problem::new(Code::OutputInvalid, message);
        return Err(Box::new(problem.with_effects(Effects::None)));
    }
    contained(|| backend::prepare(&act.run, context)).and_then(|prepared| prepared)
}

/// What a try came to: for the ledger, for the caller, and what it gave, with its JSON.
fn judge(
    what: &Try<'_>,
    result: Result<Output, Box<Fault>>,
) -> (StepEvent, Option<Box<Fault>>, Option<(Output, String)>) {
    match result {
        Ok(output) if what.side == Side::Act => {
            let json = stored::output_text(&output);
            let bytes = json.len();
            if bytes <= STEP_OUTPUT_BYTES_MAX {
                return (StepEvent::Done, None, Some((output, json)));
            }
            let message = format!("it gave {bytes} bytes, and {STEP_OUTPUT_BYTES_MAX} can be kept");
            let problem = Problem::new(Code::OutputInvalid, message);
            let fault = Fault {
                class: FaultClass::Definite,
                ..*clean(problem)
            };
            (StepEvent::Done, Some(Box::new(fault)), None)
        }
        Ok(_) => (StepEvent::Done, None, None),
        Err(fault) => {
            let event = match (fault.class, fault.problem.effects) {
                (FaultClass::Clean, _) | (FaultClass::Ambiguous, Effects::None) => {
                    StepEvent::Nothing
                }
                (FaultClass::Definite, Effects::Applied) => StepEvent::Done,
                (FaultClass::Definite, _) => StepEvent::Failed,
                (FaultClass::Ambiguous, _) => StepEvent::Unknown,
            };
            (event, Some(fault), None)
        }
    }
}
