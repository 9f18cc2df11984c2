//! What the log is told of calls: names, places and sizes, never what a caller or a backend said.

use serde_json::Value;
use tracing::Level;

use super::{
    Shared,
    answer::{Answer, Body},
    settle,
};
use crate::{
    base::{
        event::{self, Event},
        id::CallId,
        problem::Problem,
        text,
    },
    catalog::content::{Content, Output},
    guard::{call::Header, clear::ClearedCall, normalize::flagged},
    ledger::IntentReceipt,
};

/// Arguments of a call hold characters that nobody sees.
pub(super) fn hidden_characters(call: &ClearedCall) {
    for at in flagged(call.effective()) {
        let call_id = &call.header().call_id.to_string();
        Event::HiddenCharacters { call_id, at: &at }.emit();
    }
}

/// A call has begun.
pub(super) fn begun(header: &Header, receipt: &IntentReceipt) {
    if !event::is_heard(Level::DEBUG) {
        return;
    }
    let id = receipt.operation().map(|_| header.call_id.to_string());
    Event::CallBegun {
        call_id: &header.call_id.to_string(),
        request_id: &header.request_id,
        operation_id: id.as_deref(),
        tool_name: &header.tool_name,
        principal: header.principal.as_str(),
        trace_id: header.trace.as_ref().map(|trace| trace.id.as_str()),
        span_id: header.trace.as_ref().map(|trace| trace.span.as_str()),
    }
    .emit();
}

/// A call is answered so; it was for the operation `id`, where it was for one, and `status` is
/// what its backend left.
pub(super) fn ended(
    shared: &Shared,
    header: &Header,
    answer: &Answer,
    (id, status): (Option<CallId>, Option<&str>),
) {
    if !event::is_heard(Level::DEBUG) {
        return;
    }
    let reply = answer.reply();
    let replayed = reply.about.replayed.as_ref().map(|replayed| replayed.id);
    let id = replayed.or(id).map(|id| id.to_string());
    let problem = reply.body.problem();
    let violated = |problem: &Problem| -> Vec<String> {
        let details = problem.details.iter();
        details
            .map(|detail| format!("{}: {}", detail.at, detail.constraint))
            .collect()
    };
    Event::CallEnded {
        call_id: &header.call_id.to_string(),
        request_id: &header.request_id,
        operation_id: id.as_deref(),
        tool_name: &header.tool_name,
        principal: header.principal.as_str(),
        protocol_version: header.protocol_version,
        trace_id: header.trace.as_ref().map(|trace| trace.id.as_str()),
        span_id: header.trace.as_ref().map(|trace| trace.span.as_str()),
        kind: kind(&reply.body, replayed.is_some()),
        code: problem.map(|problem| problem.code.as_str()),
        effects: problem.map(|problem| problem.effects.as_str()),
        execution_time_ms: settle::micros(shared.clock.now(), header.received) / 1000,
        validation_errors: &problem.map(violated).unwrap_or_default(),
        backend_status: status,
        result_summary: &summary(&reply.body),
        ledger_row: answer.row().and_then(|row| u64::try_from(row).ok()),
    }
    .emit();
}

fn kind(body: &Body, is_replay: bool) -> &'static str {
    match body {
        _ if is_replay => "replay",
        Body::Output(_) => "result",
        Body::Problem { .. } | Body::Incapable { .. } => "problem",
        Body::Protocol { .. } => "protocol_error",
        Body::Asks { .. } => "question",
    }
}

/// What an answer is made of.
fn summary(body: &Body) -> String {
    match body {
        Body::Output(output) => of_output(output),
        Body::Problem { problem, .. } | Body::Incapable { problem, .. } => {
            let violated = text::count(problem.details.len(), "violation");
            let suggested = text::count(problem.suggestions.len(), "suggestion");
            format!("{violated}, {suggested}")
        }
        Body::Protocol { .. } => "1 message".to_owned(),
        Body::Asks { questions, .. } => text::count(questions.len(), "question"),
    }
}

fn of_output(output: &Output) -> String {
    let texts = output.content.iter().filter_map(|content| match content {
        Content::Text(text) => Some(text.len()),
        Content::Image { .. }
        | Content::Audio { .. }
        | Content::TextResource { .. }
        | Content::BlobResource { .. }
        | Content::ResourceLink(_) => None,
    });
    let (count, bytes) = texts.fold((0, 0), |(count, bytes), one| (count + 1, bytes + one));
    let mut told = vec![text::count(count, "text"), text::count(bytes, "byte")];
    if output.content.len() > count {
        told.push(text::count(output.content.len() - count, "other block"));
    }
    match output.structured.as_deref() {
        Some(Value::Object(members)) => {
            told.push(text::count(members.len(), "structured member"));
        }
        Some(_) => told.push("a structured value".to_owned()),
        None => {}
    }
    told.join(", ")
}
