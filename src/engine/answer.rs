//! The end of a call: an answer exists only where its record does.

use serde_json::{Value, json};

use crate::{
    base::{
        id::CallId,
        problem::{Code, Effects, Problem},
    },
    catalog::content::{Content, Output, Progress},
    guard::call::{Change, Refusal},
    ledger::AuditReceipt,
};

/// Takes what a call has to tell its client.
pub(crate) trait Respondent: Send {
    /// How far the call has come. May drop what comes too fast or too late.
    fn progress(&self, progress: Progress);

    /// The one answer. Runs on the ledger's thread: must not block.
    fn answer(self: Box<Self>, answer: Answer);
}

/// What a client is told, in our own terms; the server floor puts it on the wire.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Our name for the call.
    pub(crate) call_id: CallId,
    /// What is told.
    pub(crate) body: Body,
    /// What was changed in the arguments before they were run.
    pub(crate) changes: Vec<Change>,
}

/// The three kinds of reply.
#[derive(Debug)]
pub(crate) enum Body {
    /// The tool's output.
    Output(Output),
    /// Something that a model can act on: a result with `isError`.
    Problem {
        /// In our own words.
        problem: Box<Problem>,
        /// The end of what the backend said: untrusted, shown apart.
        backend_text: Option<String>,
    },
    /// Something that a model cannot repair: a JSON-RPC error -32602.
    Protocol {
        /// One sentence.
        message: String,
    },
}

/// A reply that may leave: its record is in the ledger, or it says that there is none.
#[derive(Debug)]
pub(crate) struct Answer {
    reply: Reply,
}

impl Answer {
    /// The answer to a call whose end is written down.
    pub(super) fn recorded(reply: Reply, _proof: AuditReceipt) -> Self {
        Self { reply }
    }

    /// The only answer without a record: that there can be none. `effects` is what the call
    /// did before the ledger failed.
    pub(super) fn unrecorded(call_id: CallId, effects: Effects, why: &str) -> Self {
        let message = match effects {
            Effects::None => format!("the ledger cannot be written, so nothing was started: {why}"),
            Effects::Applied | Effects::RolledBack | Effects::Unknown => {
                format!("the call was run but its end could not be written to the ledger: {why}")
            }
        };
        let problem = Problem::new(Code::StateUnavailable, message).with_effects(effects);
        let body = Body::Problem {
            problem: Box::new(problem),
            backend_text: None,
        };
        Self {
            reply: Reply {
                call_id,
                body,
                changes: Vec::new(),
            },
        }
    }

    /// What is told.
    pub(crate) fn into_reply(self) -> Reply {
        self.reply
    }
}

impl Body {
    /// The reply to a refusal.
    pub(super) fn refused(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Protocol { message } => Self::Protocol { message },
            Refusal::Tool(problem) => Self::Problem {
                problem,
                backend_text: None,
            },
        }
    }

    /// The same as JSON, as the ledger keeps it: independent of any MCP revision.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Output(output) => {
                let mut json =
                    json!({"content": output.content.iter().map(content_json).collect::<Vec<_>>()});
                if let (Some(structured), Some(json)) = (&output.structured, json.as_object_mut()) {
                    json.insert("structuredContent".to_owned(), structured.clone());
                }
                json
            }
            Self::Problem {
                problem,
                backend_text,
            } => {
                let mut json = json!({"error": problem_json(problem)});
                if let (Some(text), Some(json)) = (backend_text, json.as_object_mut()) {
                    json.insert("backendText".to_owned(), Value::String(text.clone()));
                }
                json
            }
            Self::Protocol { message } => json!({"protocolError": message}),
        }
    }
}

/// A content block under MCP's names.
pub(crate) fn content_json(content: &Content) -> Value {
    match content {
        Content::Text(text) => json!({"type": "text", "text": text}),
        Content::Image { data, mime_type } => {
            json!({"type": "image", "data": data, "mimeType": mime_type})
        }
        Content::Audio { data, mime_type } => {
            json!({"type": "audio", "data": data, "mimeType": mime_type})
        }
        Content::TextResource {
            uri,
            mime_type,
            text,
        } => {
            json!({"type": "resource", "resource": resource_json(uri, mime_type.as_deref(), "text", text)})
        }
        Content::BlobResource {
            uri,
            mime_type,
            blob,
        } => {
            json!({"type": "resource", "resource": resource_json(uri, mime_type.as_deref(), "blob", blob)})
        }
        Content::ResourceLink(link) => {
            let mut link = link.clone();
            link.insert("type".to_owned(), Value::from("resource_link"));
            Value::Object(link)
        }
    }
}

fn resource_json(uri: &str, mime_type: Option<&str>, member: &str, data: &str) -> Value {
    match mime_type {
        Some(mime_type) => json!({"uri": uri, "mimeType": mime_type, member: data}),
        None => json!({"uri": uri, member: data}),
    }
}

/// A problem under the names that the docs promise.
pub(crate) fn problem_json(problem: &Problem) -> Value {
    let details: Vec<Value> = problem
        .details
        .iter()
        .map(|detail| {
            let mut json = json!({
                "at": detail.at, "constraint": detail.constraint, "expected": detail.expected,
            });
            if let (Some(got), Some(json)) = (&detail.got, json.as_object_mut()) {
                json.insert("got".to_owned(), Value::String(got.clone()));
            }
            json
        })
        .collect();
    let mut json = json!({
        "code": problem.code.as_str(),
        "message": problem.message,
        "effects": problem.effects.as_str(),
        "retry": {"advice": problem.advice.as_str()},
    });
    let Some(object) = json.as_object_mut() else {
        return json;
    };
    if let Some(reason) = &problem.reason {
        object.insert("reason".to_owned(), Value::from(reason.as_str()));
    }
    if let (Some(after), Some(retry)) = (
        problem.after_ms,
        object.get_mut("retry").and_then(Value::as_object_mut),
    ) {
        retry.insert("after_ms".to_owned(), Value::from(after));
    }
    if !details.is_empty() {
        object.insert("details".to_owned(), Value::Array(details));
    }
    if !problem.suggestions.is_empty() {
        object.insert("suggestions".to_owned(), json!(problem.suggestions));
    }
    if let Some(corrected) = &problem.corrected_arguments {
        object.insert("corrected_arguments".to_owned(), corrected.clone());
    }
    json
}
