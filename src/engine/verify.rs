//! Whether an operation took effect of which nobody knows: asked of what its tool declares for
//! that, which only reads. What gives no clear answer changes nothing, so nothing is guessed.

use std::{cell::LazyCell, sync::Arc};

use serde_json::{Value, json};

use super::{
    Shared,
    discreet::Discreet,
    kept,
    pipeline::{self, Prepared},
    prepare::{contained, stopped},
    queue::{Place, WorkJob},
};
use crate::{
    backend::{self, Fault, FaultClass, Invocation, LookWork},
    base::{
        cancel::{CancelToken, Cancelled},
        clock::{Clock, Moment, Timestamp},
        event::Event,
        failpoint::{self, Point},
        id::CallId,
        problem::{Code, Effects, Problem},
    },
    catalog::{
        content::{Content, Output},
        look::Probe,
        rule::Bindings,
        tool::{Effect, Evidence, Run, Tool},
    },
    ledger::{
        self,
        admission::{Admission, Doubt},
        resolution::{Finding, Resolution},
    },
};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It took effect.
    Applied,
    /// It did not.
    NotApplied,
    /// Nobody can tell, for this reason.
    Unclear(String),
}

impl Found {
    /// What is to be written down of it; `None` where there is nothing new.
    pub(crate) fn finding(&self) -> Option<Finding> {
        match self {
            Self::Applied => Some(Finding::Succeeded),
            Self::NotApplied => Some(Finding::NotApplied),
            Self::Unclear(_) => None,
        }
    }
}

/// An operation that is asked about, and the world that is asked.
pub(crate) struct Inquiry<'a> {
    /// Where it is looked up.
    pub(crate) backend: &'a Discreet,
    /// What deadlines are set on.
    pub(crate) clock: &'a dyn Clock,
    /// The tool that it is of.
    pub(crate) tool: &'a Tool,
    /// The effective arguments.
    pub(crate) arguments: &'a Value,
    /// The call that began it.
    pub(crate) operation: CallId,
    /// Ends the look-up early.
    pub(crate) cancel: &'a CancelToken,
    /// When the look-up has to be over, whatever time it has of its own.
    pub(crate) end: Option<Moment>,
}

impl Inquiry<'_> {
    /// Asks about an attempt of another call, whose process may have died: what that left
    /// running could still take effect, and nothing counts as undone before its end.
    pub(crate) fn of_earlier(&self) -> Found {
        let name = || self.operation.to_string();
        let run = &self.tool.run;
        if run.starts_a_program() && !self.backend.is_over(&name(), self.deadline()) {
            return Found::Unclear("a program of it may still be running".to_owned());
        }
        self.find_out()
    }

    /// Asks about an attempt that is over here. A request may still be on its way to the service
    /// then, so that of one nobody can find out that it will not take effect.
    pub(crate) fn find_out(&self) -> Found {
        let found = contained(|| self.look()).unwrap_or_else(|problem| Err(problem.message));
        match found {
            Ok(true) => Found::Applied,
            Ok(false) if self.may_be_on_its_way() => {
                Found::Unclear("its request may still be on its way".to_owned())
            }
            Ok(false) => Found::NotApplied,
            Err(why) => Found::Unclear(why),
        }
    }

    fn may_be_on_its_way(&self) -> bool {
        match self.tool.run {
            Run::Http(_) => true,
            Run::Exec(_) | Run::Sql(_) | Run::Reply(_) | Run::Steps(_) | Run::Fetch => false,
        }
    }

    fn look(&self) -> Result<bool, String> {
        match self.tool.evidence() {
            None => Err("its tool declares nothing that could tell".to_owned()),
            Some(Evidence::Mark(plan)) => {
                let found = self.ask(LookWork::mark(plan, self.operation))?;
                let rows = found.pointer("/rows").and_then(Value::as_array);
                rows.map(|rows| !rows.is_empty())
                    .ok_or_else(|| "its mark cannot be read".to_owned())
            }
            Some(Evidence::Probe(probe)) => {
                let work = backend::prepare_look(&probe.look, self.arguments)
                    .map_err(|problem| problem.message)?;
                self.judge(probe, &self.ask(work)?)
            }
        }
    }

    /// What was found, whole, as the expression sees it.
    fn ask(&self, work: LookWork) -> Result<Value, String> {
        let invocation = Invocation {
            operation: self.operation,
            part: None,
            effect: Effect::Read,
            deadline: self.deadline(),
            cancel: self.cancel,
            progress: &|_| {},
        };
        let own = LazyCell::new(|| kept::secrets_of(self.tool, self.arguments));
        let output = self
            .backend
            .look(work, &invocation, &own)
            .map_err(|fault| fault.status.unwrap_or(fault.problem.message))?;
        output
            .into_looked_up()
            .filter(|found| found.get("truncated") != Some(&Value::Bool(true)))
            .ok_or_else(|| "it gave something that cannot be judged".to_owned())
    }

    fn judge(&self, probe: &Probe, found: &Value) -> Result<bool, String> {
        // None of the three can be named in such an expression.
        let (client, tool, now) = (json!({}), "", Timestamp::from_micros(0));
        let bindings =
            Bindings::new([&probe.applied], self.arguments, &client, tool, now).with_result(found);
        probe
            .applied
            .evaluate(&bindings)
            .map_err(|error| error.to_string())
    }

    fn deadline(&self) -> Moment {
        let time = match self.tool.evidence() {
            Some(Evidence::Probe(probe)) => probe.timeout,
            Some(Evidence::Mark(_)) | None => crate::base::limits::PROBE_TIMEOUT_DEFAULT,
        };
        let own = self.clock.now().plus(time);
        self.end.map_or(own, |end| own.min(end))
    }
}

/// What found it, for people.
pub(crate) fn witness(tool: &Tool) -> String {
    match tool.evidence() {
        Some(Evidence::Mark(plan)) => format!("the mark in database `{}`", plan.database.name),
        Some(Evidence::Probe(_)) | None => format!("the probe of `{}`", tool.name),
    }
}

/// What an attempt of this call comes to that failed with `fault`, once it was asked about.
///
/// # Errors
/// The fault, as it has to be seen now.
pub(super) fn after(inquiry: &Inquiry<'_>, mut fault: Box<Fault>) -> Result<Output, Box<Fault>> {
    let (tool, said) = (inquiry.tool, &fault.problem.message);
    let by = witness(tool);
    match inquiry.find_out() {
        Found::Unclear(why) => {
            tell_unclear(inquiry.operation, &by, &why);
            Err(fault)
        }
        Found::NotApplied => {
            let code = match fault.problem.code {
                code @ (Code::Timeout | Code::Cancelled) => code,
                _ => Code::BackendFailed,
            };
            let message = format!("{said}; that nothing was done was found by {by}");
            fault.class = FaultClass::Clean;
            fault.problem = Problem::new(code, message)
                .with_effects(Effects::None)
                .after_ms(1000);
            Err(fault)
        }
        Found::Applied if tool.output.is_some() => {
            let message = format!(
                "{said}; that it was done was found by {by}, and what it gave back is lost"
            );
            fault.class = FaultClass::Definite;
            fault.problem =
                Problem::new(Code::OutputInvalid, message).with_effects(Effects::Applied);
            Err(fault)
        }
        Found::Applied => {
            let text =
                format!("Done. Its own answer was lost; that it was done was found by {by}.");
            Ok(Output {
                content: vec![Content::Text(text)],
                witness: Some(format!(
                    "{}; found done by {by}",
                    fault.status.as_deref().unwrap_or(said)
                )),
                ..Output::default()
            })
        }
    }
}

/// A call that meets an operation of which nobody knows whether it happened.
pub(super) struct Doubtful {
    admission: Box<Admission>,
    prepared: Prepared,
    doubt: Doubt,
}

impl Doubtful {
    /// When the time of the call is up.
    fn end(&self) -> Moment {
        self.prepared.since.plus(self.prepared.call.time())
    }
}

/// Has a worker find out, in the place that the call has; the call asks the ledger again then.
/// Called on the ledger's thread.
pub(super) fn doubt(
    shared: &Arc<Shared>,
    admission: Box<Admission>,
    mut prepared: Prepared,
    doubt: Doubt,
) {
    let place = prepared.place.take();
    let doubtful = Doubtful {
        admission,
        prepared,
        doubt,
    };
    match place {
        Some(place) => {
            let end = doubtful.end();
            let job = WorkJob::Verify(Box::new(doubtful));
            let now = shared.clock.now();
            shared.queue.push_work(job, place, now, end);
        }
        None => shared
            .queue
            .push_go(Box::new(move |shared| go_on(shared, doubtful, None))),
    }
}

/// Finds out, writes it down, and goes on, on a worker.
pub(super) fn find_out(shared: &Arc<Shared>, doubtful: Doubtful, place: Place) {
    if let Some(resolution) = resolution(shared, &doubtful) {
        let id = doubtful.doubt.id;
        // Whatever stands in its way, the ledger is asked how it is now.
        match ledger::wait(|then| shared.ledger.resolve(id, resolution, then)) {
            Ok(resolved) => Event::OutcomeLookedInto {
                operation_id: &id.to_string(),
                resolved: &format!("{resolved:?}"),
            }
            .emit(),
            Err(error) => Event::OutcomeLookFailed {
                operation_id: &id.to_string(),
                error: &error.to_string(),
            }
            .emit(),
        }
    }
    go_on(shared, doubtful, Some(place));
}

fn tell_unclear(operation: CallId, witness: &str, why: &str) {
    let operation_id = &operation.to_string();
    Event::OutcomeUnclear {
        operation_id,
        witness,
        why,
    }
    .emit();
}

fn resolution(shared: &Arc<Shared>, doubtful: &Doubtful) -> Option<Resolution> {
    let Doubtful {
        prepared, doubt, ..
    } = doubtful;
    let (call, ticket) = (&prepared.call, &prepared.ticket);
    let tool = call.tool();
    if stopped(shared, ticket).is_some() || shared.clock.now() >= doubtful.end() {
        return None;
    }
    let cancel = CancelToken::default();
    let stop = cancel.clone();
    ticket
        .cancel
        .on_fire(move || stop.fire(Cancelled::ByClient));
    let _registered = shared.register(call.header().call_id, &cancel);
    let inquiry = Inquiry {
        backend: &shared.backend,
        clock: &*shared.clock,
        tool,
        arguments: call.effective(),
        operation: doubt.id,
        cancel: &cancel,
        end: Some(doubtful.end()),
    };
    failpoint::pass(Point::ProbeNear);
    let found = if doubt.definition == Some(tool.digest) {
        inquiry.of_earlier()
    } else {
        Found::Unclear("its definition was changed since".to_owned())
    };
    failpoint::pass(Point::ProbeDone);
    let by = witness(tool);
    if let Found::Unclear(why) = &found {
        tell_unclear(doubt.id, &by, why);
    }
    Some(Resolution {
        finding: found.finding()?,
        by,
        note: "asked before a repetition".to_owned(),
        attempt: Some(doubt.attempt),
    })
}

/// Asks the ledger again; it need not doubt any more.
fn go_on(shared: &Arc<Shared>, doubtful: Doubtful, place: Option<Place>) {
    let Doubtful {
        mut admission,
        mut prepared,
        ..
    } = doubtful;
    if let Some(operation) = &mut admission.operation {
        operation.may_verify = false;
    }
    prepared.place = place;
    pipeline::ask(shared, *admission, prepared);
}
