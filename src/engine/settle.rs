//! From what happened to what is written: rows, settlements, outcomes. Values in, values out.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    answer::{About, Body, Reply},
    demands::{self, End},
    kept::Keeping,
};
use crate::{
    backend::{Fault, FaultClass},
    base::{
        clock::{Moment, Timestamp},
        problem::{Code, Effects, Problem},
        redact::Redactor,
    },
    catalog::{
        content::Output,
        tool::{Effect, Run, Tool},
    },
    guard::{
        agree::{AgreedCall, AskingCall},
        call::{Change, Header, Refusal, Refused},
        screen::ScreenedOutcome,
    },
    ledger::{
        admission::{Admission, Demands, Ending, Notes},
        operation::{Operation, OperationState},
        record::{CallRow, Intent, Outcome, Settlement},
    },
};

/// What is known when a call has ended.
pub(super) struct Ended<'a> {
    pub(super) call: &'a AgreedCall,
    /// When the guard had decided.
    pub(super) checked: Moment,
    /// When the backend was asked.
    pub(super) begun: Moment,
    pub(super) now: Moment,
    pub(super) wall: Timestamp,
    /// What the ledger said when the call was admitted.
    pub(super) notes: Notes,
    /// What hides the operator's secrets.
    pub(super) keeping: Keeping<'a>,
    /// What hides those that the caller gave.
    pub(super) own_secrets: &'a Redactor,
}

/// What is kept of a fault beside its problem.
pub(super) struct FaultFacts {
    pub(super) class: FaultClass,
    pub(super) backend_text: Option<String>,
    pub(super) status: Option<String>,
}

impl FaultFacts {
    /// All three, where there was a fault.
    fn parts(fault: Option<Self>) -> (Option<FaultClass>, Option<String>, Option<String>) {
        fault.map_or((None, None, None), |fault| {
            (Some(fault.class), fault.backend_text, fault.status)
        })
    }
}

impl Ended<'_> {
    /// The settlement for the ledger and the reply that it covers.
    pub(super) fn settle(
        &self,
        screened: ScreenedOutcome,
        fault: Option<FaultFacts>,
    ) -> (Ending, Reply) {
        let (class, backend_text, backend_status) = FaultFacts::parts(fault);
        let tool = self.call.tool();
        let (mut stage, mut backend_status) = (backend_name(tool), backend_status);
        let (outcome, state, code, effects, body) = match screened.into_result() {
            Ok(mut output) => {
                if let Some(witness) = output.witness.take() {
                    (stage, backend_status) = ("verify", Some(witness));
                }
                let state = OperationState::Succeeded;
                let body = self.without_secrets(Body::Output(output));
                (Outcome::Succeeded, state, None, ran(tool), body)
            }
            Err(mut problem) => {
                let outcome = outcome(class, &problem);
                let way = demands::way(tool, class, Some(&problem), backend_status.as_deref());
                problem.going_round = self.notes.going_round(&way);
                let (code, effects) = (problem.code, problem.effects);
                let body = Body::Problem {
                    problem,
                    backend_text,
                };
                let body = self.without_secrets(body);
                let stands = state(class, code, effects);
                (outcome, stands, Some(code), effects, body)
            }
        };
        let most = tool.restraint.cost.most(self.call.effective());
        let end = End {
            tool,
            most: most.unwrap_or_else(|most| most),
            structured: body.structured(),
            class,
            problem: body.problem(),
            status: backend_status.as_deref(),
        };
        let dues = end.dues();
        let received = self.call.header().received;
        let settlement = Settlement {
            outcome,
            stage,
            code,
            effects,
            reply: Some(body.to_text()),
            backend_status,
            guard_us: micros(self.checked, received),
            wait_us: micros(self.begun, self.checked),
            run_us: micros(self.now, self.begun),
            finished: self.wall,
        };
        let call_id = self.call.header().call_id;
        let ending = Ending {
            settlement,
            state,
            dues,
            becomes: None,
        };
        let reply = Reply {
            call_id,
            body,
            changes: self.keeping.changes(self.call.changes()),
            about: About {
                similar: self.notes.similar,
                ..About::default()
            },
        };
        (ending, reply)
    }

    /// The same without what the backend should not have told.
    fn without_secrets(&self, body: Body) -> Body {
        self.keeping.body(body).without_secrets(self.own_secrets)
    }
}

/// The outcome that a problem stands for.
fn outcome(class: Option<FaultClass>, problem: &Problem) -> Outcome {
    match (problem.code, class) {
        (Code::RolledBack, _) => Outcome::RolledBack,
        (Code::NeedsAttention, _) => Outcome::NeedsAttention,
        (Code::Cancelled, _) => Outcome::Cancelled,
        (Code::Timeout, _) => Outcome::TimedOut,
        (Code::Overloaded, Some(FaultClass::Clean)) => Outcome::Refused,
        (_, Some(FaultClass::Ambiguous)) if problem.effects == Effects::Unknown => Outcome::Unknown,
        (_, Some(FaultClass::Clean | FaultClass::Definite | FaultClass::Ambiguous) | None) => {
            Outcome::Failed
        }
    }
}

/// Where the operation of a call stands that did not succeed.
fn state(class: Option<FaultClass>, code: Code, effects: Effects) -> OperationState {
    match (class, code, effects) {
        (_, Code::RolledBack, _) => OperationState::RolledBack,
        (_, Code::NeedsAttention, _) => OperationState::Attention,
        (Some(FaultClass::Clean), ..) | (Some(FaultClass::Ambiguous), _, Effects::None) => {
            OperationState::FailedClean
        }
        (Some(FaultClass::Ambiguous), ..) => OperationState::Unknown,
        (Some(FaultClass::Definite) | None, ..) => OperationState::Failed,
    }
}

/// What a call did whose tool ran to its end.
pub(super) fn ran(tool: &Tool) -> Effects {
    match tool.effect {
        Effect::Read => Effects::None,
        Effect::Write | Effect::Destroy => Effects::Applied,
    }
}

/// What a call may have done, for an answer that has to be given without a record.
pub(super) fn effects_of(tool: &Tool, result: &Result<Output, Box<Fault>>) -> Effects {
    match result {
        Ok(_) => ran(tool),
        Err(fault) => fault.problem.effects,
    }
}

fn backend_name(tool: &Tool) -> &'static str {
    match tool.run {
        Run::Exec(_) => "exec",
        Run::Reply(_) => "reply",
        Run::Sql(_) => "sql",
        Run::Http(_) => "http",
        Run::Steps(_) => "steps",
        Run::Fetch => "operation",
    }
}

pub(super) fn micros(later: Moment, earlier: Moment) -> u64 {
    micros_of(later.since(earlier))
}

pub(super) fn micros_of(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What the ledger is asked for a call that the guard cleared at `checked`.
pub(super) fn admission(
    call: &AgreedCall,
    keeping: Keeping<'_>,
    checked: Moment,
    (demands, operation): (Demands, Option<Box<Operation>>),
) -> Admission {
    Admission {
        row: call_row(call, keeping),
        backend: backend_name(call.tool()),
        guard_us: micros(checked, call.header().received),
        operation,
        demands,
    }
}

/// Whose an ending is, and what the backend left.
pub(super) fn whose(call: &AgreedCall, ending: &Ending) -> (Arc<Header>, Option<String>) {
    let status = ending.settlement.backend_status.clone();
    (Arc::clone(call.header()), status)
}

/// The row of a call that may begin.
pub(super) fn call_row(call: &AgreedCall, keeping: Keeping<'_>) -> CallRow {
    let arguments = (call.raw_arguments(), call.effective(), call.changes());
    CallRow {
        asking: call.asking(),
        ..cleared_row(call.header(), call.tool(), arguments, keeping)
    }
}

/// The row of a call that is answered with a question.
pub(super) fn asking_row(call: &AskingCall, keeping: Keeping<'_>) -> CallRow {
    let arguments = (call.raw_arguments(), call.effective(), call.changes());
    cleared_row(call.header(), call.tool(), arguments, keeping)
}

fn cleared_row(
    header: &Header,
    tool: &Tool,
    (raw, effective, changes): (&Arc<str>, &Value, &[Change]),
    keeping: Keeping<'_>,
) -> CallRow {
    CallRow {
        effective_arguments: Some(keeping.effective(tool, effective)),
        changes: changes_json(&keeping.changes(changes)),
        effect: Some(tool.effect.as_str()),
        definition: Some(tool.digest),
        ..bare_row(header, keeping.given(tool, raw))
    }
}

/// The settlement of a call that is answered with a question.
pub(super) fn asked(call: &AskingCall, body: &Body, now: Moment, wall: Timestamp) -> Settlement {
    told(call.header(), (Outcome::Asked, "ask"), body, (now, wall))
}

/// The settlement of a call that is told something by the gate itself: nothing was touched.
pub(super) fn told(
    header: &Header,
    (outcome, stage): (Outcome, &'static str),
    body: &Body,
    (now, wall): (Moment, Timestamp),
) -> Settlement {
    Settlement {
        outcome,
        stage,
        code: None,
        effects: Effects::None,
        reply: Some(body.to_text()),
        backend_status: None,
        guard_us: micros(now, header.received),
        wait_us: 0,
        run_us: 0,
        finished: wall,
    }
}

/// The row of a call of `tool` that was refused.
pub(super) fn refused_row(refused: &Refused, tool: Option<&Tool>, keeping: Keeping<'_>) -> CallRow {
    CallRow {
        effect: tool.map(|tool| tool.effect.as_str()),
        definition: tool.map(|tool| tool.digest),
        asking: refused.asking,
        ..bare_row(
            &refused.header,
            keeping.refused(tool, &refused.raw_arguments),
        )
    }
}

fn bare_row(header: &Header, raw_arguments: Arc<str>) -> CallRow {
    CallRow {
        call_id: header.call_id,
        received: header.received_wall,
        tool: Arc::clone(&header.tool_name),
        effect: None,
        definition: None,
        principal: header.principal.clone(),
        client: header.client.clone(),
        protocol_version: header.protocol_version,
        request_id: Arc::clone(&header.request_id),
        trace_id: header.trace.as_ref().map(|trace| trace.id.clone()),
        raw_arguments,
        effective_arguments: None,
        changes: None,
        asking: None,
    }
}

/// The settlement of a refusal that is told as `body`.
pub(super) fn refusal(
    refused: &Refused,
    body: &Body,
    (now, wall): (Moment, Timestamp),
) -> Settlement {
    let (outcome, code, effects) = match &refused.refusal {
        Refusal::Protocol { .. } => (Outcome::Refused, None, Effects::None),
        Refusal::Tool(problem) if problem.code == Code::Cancelled => {
            (Outcome::Cancelled, Some(problem.code), problem.effects)
        }
        Refusal::Tool(problem) | Refusal::Incapable { problem, .. } => {
            (Outcome::Refused, Some(problem.code), problem.effects)
        }
    };
    Settlement {
        outcome,
        stage: refused.stage,
        code,
        effects,
        reply: Some(body.to_text()),
        backend_status: None,
        guard_us: micros(now, refused.header.received),
        wait_us: 0,
        run_us: 0,
        finished: wall,
    }
}

/// The refusal of a call whose check broke down.
pub(super) fn refused_by_fault(
    header: Arc<Header>,
    raw_arguments: Arc<str>,
    problem: Problem,
) -> Box<Refused> {
    let problem = problem.with_effects(Effects::None);
    Box::new(Refused {
        header,
        raw_arguments,
        stage: "guard",
        refusal: Refusal::Tool(Box::new(problem)),
        log: Vec::new(),
        asking: None,
    })
}

/// The intent of a further attempt; they count from 1.
pub(super) fn intent(tool: &Tool, attempt: u32) -> Intent {
    Intent {
        attempt,
        backend: backend_name(tool),
    }
}

fn changes_json(changes: &[Change]) -> Option<String> {
    let list: Vec<Value> = changes
        .iter()
        .map(|change| {
            json!({"at": change.at, "kind": change.kind.as_str(), "from": change.from, "to": change.to})
        })
        .collect();
    (!list.is_empty()).then(|| Value::Array(list).to_string())
}

/// A backend that broke down in a way nobody foresaw.
pub(super) fn backend_fault(effect: Effect, problem: Problem) -> Box<Fault> {
    let effects = match effect {
        Effect::Read => Effects::None,
        Effect::Write | Effect::Destroy => Effects::Unknown,
    };
    Box::new(Fault {
        class: FaultClass::Ambiguous,
        problem: problem.with_effects(effects),
        retry_after: None,
        backend_text: None,
        status: None,
    })
}
