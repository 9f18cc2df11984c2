//! Why a call fared as it did: everything that decided about it, in order, from what the ledger
//! has. Values in, values out.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    base::{hex, text},
    cli::stats::table::duration,
    ledger::{
        log::{CallEnd, CallRecord, IntentRecord},
        record::Outcome,
        sqlite::inquiry::OperationRecord,
    },
};

/// The checks in the order in which they are made, each with what it means that a call passed.
const CHECKS: &[(&str, &str)] = &[
    ("params", "the arguments are one JSON object"),
    ("resolve", "there is such a tool for this principal"),
    ("normalize", "every value has a normal form"),
    ("validate", "the arguments fit the input schema"),
    ("authorize", "the principal may make this call"),
    ("rules", "no rule of the operator's is against it"),
    ("key", "its operation has a usable name"),
    ("ask", "nobody has to be asked any more"),
    ("cost", "it costs no more than a call of its tool may"),
    ("prepare", "every value can go where the tool puts it"),
    ("queue", "there was a place for it"),
    ("checks", "whatever the tool looks up beforehand holds"),
    (FILES, "every file that it names could be opened"),
    ("operation", "no other call of its operation is in the way"),
    ("breaker", "its backend is not left alone"),
    ("loop_guard", "it does not go round in circles"),
    ("rate", "it does not come too fast"),
    ("budget", "it can be paid for"),
];

/// The check that only tools with such arguments have; no row says whether this one does, so it
/// is told only where it stopped a call.
const FILES: &str = "files";

/// What one stage decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    /// The stage, as the ledger names it.
    pub(super) stage: String,
    /// What it decided, in a word.
    pub(super) decision: &'static str,
    /// Why, with the values that counted.
    pub(super) because: Vec<String>,
}

impl Decision {
    fn new(stage: &str, decision: &'static str, because: Vec<String>) -> Self {
        Self {
            stage: stage.to_owned(),
            decision,
            because,
        }
    }
}

/// Every decision about a call, in order.
pub(super) fn decisions(
    call: &CallRecord,
    intents: &[IntentRecord],
    operation: Option<&OperationRecord>,
) -> Vec<Decision> {
    let passed = call.end.as_ref().and_then(checks_passed);
    let checks = CHECKS.iter().take(passed.unwrap_or(CHECKS.len()));
    let mut chain: Vec<Decision> = checks
        .filter(|(stage, _)| *stage != FILES)
        .map(|(stage, meaning)| passed_check(call, stage, meaning))
        .collect();
    if passed.is_none() {
        chain.extend(operation.map(of_operation));
        chain.extend(intents.iter().map(attempt));
    }
    match &call.end {
        Some(end) => {
            chain.push(Decision::new(
                &end.stage,
                end.outcome.as_str(),
                reasons(end),
            ));
            chain.extend(delivery(end));
        }
        None => {
            let because = "it runs, or its process died and nobody has opened the ledger since";
            chain.push(Decision::new("end", "running", vec![because.to_owned()]));
        }
    }
    chain
}

/// How many of [`CHECKS`] a call had passed that was not begun; `None` for one that was.
fn checks_passed(end: &CallEnd) -> Option<usize> {
    let before = |stage: &str| CHECKS.iter().position(|(check, _)| *check == stage);
    match (end.stage.as_str(), end.outcome) {
        ("replay", _) => before("operation"),
        // Stopped before the checks, by an end of the server or a cancellation.
        ("queue", Outcome::Refused | Outcome::Cancelled) => match end.code.as_deref() {
            Some("OVERLOADED") => before("queue"),
            Some(_) | None => before("normalize"),
        },
        // A check that broke down: nobody knows which.
        ("guard", _) => Some(0),
        (stage, Outcome::Refused | Outcome::Asked | Outcome::Cancelled) => before(stage),
        (
            _,
            Outcome::Succeeded
            | Outcome::Failed
            | Outcome::TimedOut
            | Outcome::Unknown
            | Outcome::RolledBack
            | Outcome::NeedsAttention,
        ) => None,
    }
}

/// Whether a call that ended with `outcome` by the word of `stage` was begun: a backend was asked.
pub(super) fn was_begun(outcome: Option<Outcome>, stage: Option<&str>) -> bool {
    match (outcome, stage) {
        (Some(Outcome::Refused | Outcome::Asked), _) | (_, Some("replay" | "guard")) => false,
        (Some(Outcome::Cancelled), Some(stage)) => CHECKS.iter().all(|(check, _)| *check != stage),
        (
            Some(
                Outcome::Succeeded
                | Outcome::Failed
                | Outcome::Cancelled
                | Outcome::TimedOut
                | Outcome::Unknown
                | Outcome::RolledBack
                | Outcome::NeedsAttention,
            )
            | None,
            _,
        ) => true,
    }
}

fn passed_check(call: &CallRecord, stage: &str, meaning: &str) -> Decision {
    let kinds: &[&str] = match stage {
        "normalize" => &["normalized", "coerced"],
        "validate" => &["default"],
        "ask" => &["answered"],
        _ => &[],
    };
    let mut because = vec![meaning.to_owned()];
    let changes = call.changes.as_deref().map(serde_json::from_str::<Value>);
    if let Some(Ok(Value::Array(changes))) = changes {
        let of_stage = changes.iter().filter(|change| {
            let kind = change.get("kind").and_then(Value::as_str);
            kind.is_some_and(|kind| kinds.contains(&kind))
        });
        because.extend(of_stage.map(changed));
    }
    if stage == "resolve"
        && let Some(digest) = &call.definition
    {
        let (begins, _) = digest.split_at(6);
        let digest = hex::encode(begins);
        because.push(format!(
            "judged by the definition whose digest begins {digest}"
        ));
    }
    Decision::new(stage, "passed", because)
}

fn changed(change: &Value) -> String {
    let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
    let value = |name: &str| match change.get(name) {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(value) => text::clip(&value.to_string(), 200).to_owned(),
    };
    format!(
        "{} at `{}`: {} became {}",
        text("kind"),
        text("at"),
        value("from"),
        value("to")
    )
}

fn of_operation(operation: &OperationRecord) -> Decision {
    let mut because = vec![format!(
        "it is for the operation `{}`, named by {}, which now is {}",
        operation.id,
        operation.source.as_str(),
        operation.state.as_str()
    )];
    if operation.deaths > 0 {
        because.push(format!(
            "its process died in the middle of it, {}",
            text::count(operation.deaths as usize, "time")
        ));
    }
    because.extend(operation.resolutions.iter().map(|found| {
        format!(
            "{} found out that it is {}: {}",
            found.by, found.became, found.note
        )
    }));
    Decision::new("operation", "begun", because)
}

fn attempt(intent: &IntentRecord) -> Decision {
    let mut because = vec![format!(
        "attempt {} with {} was written down at {}",
        intent.attempt,
        intent.backend,
        intent.at.rfc3339()
    )];
    if let Some(after) = &intent.after {
        because.push(format!("the one before ended with {after}"));
    }
    Decision::new("attempt", "begun", because)
}

/// What the end says of itself: the problem with everything that is known of it, or what the
/// backend left.
fn reasons(end: &CallEnd) -> Vec<String> {
    let mut because = Vec::new();
    let reply = end.reply.as_deref().map(serde_json::from_str::<Value>);
    let error = match &reply {
        Some(Ok(reply)) => reply.get("error"),
        Some(Err(_)) | None => None,
    };
    let code = end.code.as_deref();
    if let Some(error) = error {
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        let message = text("message").unwrap_or_default();
        because.push(code.map_or_else(|| message.to_owned(), |code| format!("{code}: {message}")));
        if let Some(reason) = text("reason") {
            because.push(format!("the operator's own code is {reason}"));
        }
        let details = error.get("details").and_then(Value::as_array);
        because.extend(details.into_iter().flatten().map(violation));
        if let Some(going_round) = error.get("loop") {
            because.push(format!("calls like it have failed before: {going_round}"));
        }
        if let Some(retry) = error.get("retry") {
            because.push(advice(retry));
        }
    } else if let Some(code) = code {
        because.push(code.to_owned());
    } else if end.outcome == Outcome::Refused {
        // Told as an error of the protocol, which the row does not have.
        let meaning = CHECKS.iter().find(|(stage, _)| *stage == end.stage);
        because.extend(meaning.map(|(_, meaning)| format!("it is not so that {meaning}")));
    }
    if let Some(status) = &end.backend_status {
        because.push(match end.stage.as_str() {
            "replay" => format!("nothing was run: it is a {status}"),
            "verify" => status.clone(),
            _ => format!("the backend left: {status}"),
        });
    }
    because.push(format!(
        "effects: {}; guard {}, waiting {}, running {}",
        end.effects,
        duration(end.guard_us),
        duration(end.wait_us),
        duration(end.run_us)
    ));
    because
}

fn violation(detail: &Value) -> String {
    let text = |name: &str| detail.get(name).and_then(Value::as_str);
    let mut told = format!(
        "`{}` breaks {}",
        text("at").unwrap_or_default(),
        text("constraint").unwrap_or("a constraint")
    );
    if let Some(limit) = detail.get("limit") {
        // Writing to a text cannot fail.
        let _written = write!(told, " {limit}");
    }
    if let Some(got) = text("got") {
        let _written = write!(told, ": got {got}");
    }
    if let Some(expected) = text("expected") {
        let _written = write!(told, ", expected {expected}");
    }
    told
}

fn advice(retry: &Value) -> String {
    let advice = retry.get("advice").and_then(Value::as_str);
    let told = match advice {
        Some("changed_args") => "the caller was told to try other arguments",
        Some("after") => "the caller was told to try again later",
        Some("ask_operator") => "the caller was told that a person has to do something first",
        Some(_) | None => "the caller was told not to try again",
    };
    match retry.get("after_ms").and_then(Value::as_u64) {
        Some(after) => format!("{told}, after {after} ms"),
        None => told.to_owned(),
    }
}

fn delivery(end: &CallEnd) -> Option<Decision> {
    let at = end.delivered?;
    let because = vec![format!(
        "the answer was written to the client at {}",
        at.rfc3339()
    )];
    Some(Decision::new("delivery", "delivered", because))
}

/// The chain in sentences.
pub(super) fn told(call: &CallRecord, decisions: &[Decision]) -> String {
    let how = call
        .end
        .as_ref()
        .map_or("running", |end| end.outcome.as_str());
    let mut told = format!(
        "the call {} of {}, received {} for {}: {how}\n",
        call.call_id,
        text::quote(&call.tool),
        call.received.rfc3339(),
        call.principal.as_str(),
    );
    for one in decisions {
        // Of whom the client says that it is, what it sent, what a program said.
        let mut because = one.because.iter().map(|reason| text::harmless(reason));
        let first = because.next().unwrap_or_default();
        // Writing to a text cannot fail.
        let _written = writeln!(told, "  {:<10} {:<10} {first}", one.stage, one.decision);
        for line in because {
            let _written = writeln!(told, "  {:<10} {:<10} {line}", "", "");
        }
    }
    told
}

/// The chain for programs.
pub(super) fn json(call: &CallRecord, decisions: &[Decision]) -> Value {
    let chain = decisions
        .iter()
        .map(|one| json!({"stage": one.stage, "decision": one.decision, "because": one.because}));
    json!({
        "call_id": call.call_id.to_string(),
        "tool": call.tool,
        "principal": call.principal.as_str(),
        "received": call.received.rfc3339(),
        "outcome": call.end.as_ref().map(|end| end.outcome.as_str()),
        "decided_by": call.end.as_ref().map(|end| &end.stage),
        "chain": chain.collect::<Vec<_>>(),
    })
}
