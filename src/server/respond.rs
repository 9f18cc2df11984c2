//! The end of one request: translates, and sends if the request is still open.

use std::{cell::Cell, sync::Arc};

use serde_json::{Value, json};

use super::{asks, batch::Path, connection::Wire, in_flight::Open, outbox::Note, translate};
use crate::{
    base::{
        clock::{Clock, Moment},
        limits::PROGRESS_INTERVAL,
    },
    catalog::content::Progress,
    engine::answer::{Answer, Body, Reply, Respondent},
    guard::{agree::Posed, call::Header},
    protocol::{
        encode,
        id::RequestId,
        meta::LogLevel,
        version::{Era, Version},
    },
};

/// Everything that is needed to end one `tools/call`.
pub(super) struct Responder {
    pub(super) wire: Arc<Wire>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) id: RequestId,
    pub(super) open: Open,
    pub(super) path: Path,
    pub(super) version: Version,
    pub(super) header: Arc<Header>,
    pub(super) progress_token: Option<Value>,
    /// What the request asked to be told while it runs (modern era).
    pub(super) log_level: Option<LogLevel>,
    pub(super) told: Cell<Option<(Moment, f64)>>,
}

impl Responder {
    /// Whether this progress is news, and not too soon after the last.
    fn is_news(&self, progress: &Progress) -> bool {
        let now = self.clock.now();
        let news = self
            .told
            .get()
            .is_none_or(|(at, done)| progress.done > done && now.since(at) >= PROGRESS_INTERVAL);
        if news {
            self.told.set(Some((now, progress.done)));
        }
        news
    }

    /// What is logged to the client about a call that did not go well.
    fn log(&self, reply: &Reply) -> Option<encode::Encoded> {
        let level = match self.version.era() {
            Era::Legacy => self.wire.subscriptions.log_level(),
            Era::Modern => self.log_level,
        };
        let (Body::Problem { problem, .. } | Body::Incapable { problem, .. }) = &reply.body else {
            return None;
        };
        level.filter(|level| *level <= LogLevel::Warning)?;
        let params = json!({
            "level": LogLevel::Warning.as_str(),
            "logger": "tollgate",
            "data": {
                "tool": &*self.header.tool_name,
                "callId": reply.call_id.to_string(),
                "code": problem.code.as_str(),
                "message": problem.message,
            },
        });
        Some(encode::notification("notifications/message", Some(&params)))
    }
}

impl Respondent for Responder {
    fn progress(&self, progress: Progress) {
        let Some(token) = &self.progress_token else {
            return;
        };
        if !self.is_news(&progress) {
            return;
        }
        let mut params = json!({"progressToken": token, "progress": progress.done});
        if let (Some(total), Some(params)) = (progress.total, params.as_object_mut()) {
            params.insert("total".to_owned(), Value::from(total));
        }
        // `message` came with 2025-03-26.
        if let (Some(message), Some(params)) = (
            progress
                .message
                .filter(|_| self.version > Version::V2024_11_05),
            params.as_object_mut(),
        ) {
            params.insert("message".to_owned(), Value::from(message));
        }
        let message = encode::notification("notifications/progress", Some(&params));
        self.wire
            .in_flight
            .while_open(&self.open, || self.wire.outbox.push(&message));
    }

    fn ask(&self, number: u64, question: &Posed) {
        let params = asks::params(question);
        let request = encode::request(&asks::id(number), asks::METHOD, &params);
        self.wire
            .in_flight
            .while_open(&self.open, || self.wire.outbox.push(&request));
    }

    fn withdraw(&self, number: u64) {
        let params = json!({"requestId": asks::id(number)});
        let message = encode::notification("notifications/cancelled", Some(&params));
        self.wire.outbox.push(&message);
    }

    fn answer(self: Box<Self>, answer: Answer) {
        let (reply, delivery) = answer.into_parts();
        let note = delivery.map(|delivery| -> Note { Box::new(|| delivery.happened()) });
        let log = self.log(&reply);
        let message = translate::reply(&self.id, self.version, &self.wire.server_info, &reply);
        let Self {
            wire, open, path, ..
        } = *self;
        let sent = wire.in_flight.complete(open, || {
            if let Some(log) = &log {
                wire.outbox.push(log);
            }
            path.end_noting(Some(message), note);
        });
        if !sent {
            path.end(None);
        }
    }
}
