//! A reply as the ledger keeps it, independent of any MCP revision: written and read back.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, Value, json};

use super::answer::Body;
use crate::{
    base::{
        problem::{Code, Problem},
        redact::Redactor,
    },
    catalog::content::{Content, Output},
};

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Output(output) => StoredOutput::of(output).serialize(serializer),
            Self::Problem {
                problem,
                backend_text,
            } => {
                let mut body = serializer.serialize_map(None)?;
                body.serialize_entry("error", problem)?;
                if let Some(text) = backend_text {
                    body.serialize_entry("backendText", text)?;
                }
                body.end()
            }
            Self::Protocol { message, near } => {
                let mut body = serializer.serialize_map(None)?;
                body.serialize_entry("protocolError", message)?;
                if !near.is_empty() {
                    body.serialize_entry("near", near)?;
                }
                body.end()
            }
            // Whoever holds the state could answer, so it is not written down.
            Self::Asks { questions, .. } => {
                let asked = questions.iter();
                let asked = asked.map(|one| (one.key.clone(), one.message.clone().into()));
                json!({"asked": asked.collect::<Map<String, Value>>()}).serialize(serializer)
            }
            Self::Incapable { problem, .. } => json!({"error": problem}).serialize(serializer),
        }
    }
}

/// What a tool gave, as it is kept.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredOutput<'a> {
    content: &'a [Content],
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated_from: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cleaned: bool,
}

impl<'a> StoredOutput<'a> {
    fn of(output: &'a Output) -> Self {
        Self {
            content: &output.content,
            structured_content: output.structured.as_deref(),
            truncated_from: output.truncated_from,
            cleaned: output.cleaned,
        }
    }
}

/// An output as the text of the body that it would be.
pub(super) fn output_text(output: &Output) -> String {
    // Writing our own closed types into memory cannot fail.
    serde_json::to_string(&StoredOutput::of(output)).unwrap_or_default()
}

impl Body {
    /// The body as JSON text.
    pub(super) fn to_text(&self) -> String {
        // Writing our own closed types into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same without the secrets that tools are given.
    pub(super) fn without_secrets(self, redactor: &Redactor) -> Self {
        match self {
            // Whoever holds the state could answer: that is our own and must stay whole.
            Self::Asks { .. } => self,
            Self::Output(_)
            | Self::Problem { .. }
            | Self::Protocol { .. }
            | Self::Incapable { .. } => {
                if redactor.is_idle() {
                    return self;
                }
                let mut json = serde_json::to_value(&self).unwrap_or_default();
                if !redactor.value(&mut json) {
                    return self;
                }
                Self::from_json(&json).unwrap_or_else(unshowable)
            }
        }
    }

    /// The body that this text was written from; `None` where it is none of ours.
    pub(crate) fn from_stored(text: &str) -> Option<Self> {
        Self::from_json(&serde_json::from_str(text).ok()?)
    }

    fn from_json(json: &Value) -> Option<Self> {
        let string = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(problem) = json.get("error") {
            return Some(Self::Problem {
                problem: Box::new(Problem::from_json(problem)?),
                backend_text: string("backendText"),
            });
        }
        if let Some(message) = string("protocolError") {
            let near = json.get("near").and_then(Value::as_array);
            let near = near.into_iter().flatten().filter_map(Value::as_str);
            let near = near.map(str::to_owned).collect();
            return Some(Self::Protocol { message, near });
        }
        let content = json.get("content")?.as_array()?;
        Some(Self::Output(Output {
            content: content
                .iter()
                .map(Content::from_json)
                .collect::<Option<_>>()?,
            structured: json.get("structuredContent").cloned().map(Box::new),
            truncated_from: json.get("truncatedFrom").and_then(Value::as_u64),
            cleaned: json.get("cleaned") == Some(&Value::Bool(true)),
            witness: None,
        }))
    }
}

/// For an answer that says nothing without a secret: one that is also a word of ours.
fn unshowable() -> Body {
    let message = "the answer cannot be shown without a secret of the operator's";
    Body::Problem {
        problem: Box::new(Problem::new(Code::Internal, message)),
        backend_text: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{
        problem::Detail,
        stands::{Stands, StepStands},
    };

    #[track_caller]
    fn check(body: &Body) {
        let text = body.to_text();
        let again = Body::from_stored(&text).unwrap();
        assert_eq!(format!("{again:?}"), format!("{body:?}"));
        assert_eq!(again.to_text(), text);
    }

    #[test]
    fn s1_a_reply_read_back_is_the_one_that_was_written() {
        for near in [vec![], vec!["refund".to_owned()]] {
            let message = "no".to_owned();
            check(&Body::Protocol { message, near });
        }
        check(&Body::Output(Output::default()));
        let link = json!({"uri": "file:///a", "name": "a", "type": "resource_link"});
        let (data, mime_type) = ("AA==".to_owned(), "x/y".to_owned());
        let (uri, text) = ("file:///b".to_owned(), "\u{1b}t".to_owned());
        check(&Body::Output(Output {
            content: vec![
                Content::Text(text.clone()),
                Content::Image {
                    data: data.clone(),
                    mime_type: mime_type.clone(),
                },
                Content::Audio {
                    data: data.clone(),
                    mime_type: mime_type.clone(),
                },
                Content::TextResource {
                    uri: uri.clone(),
                    mime_type: Some(mime_type),
                    text,
                },
                Content::BlobResource {
                    uri,
                    mime_type: None,
                    blob: data,
                },
                Content::ResourceLink(link.as_object().unwrap().clone()),
            ],
            structured: Some(Box::new(json!({"b": 1, "a": [null, 1.5]}))),
            truncated_from: Some(7),
            cleaned: true,
            witness: None,
        }));
        for code in Code::ALL {
            let detail = |got| Detail {
                at: "/a".to_owned(),
                constraint: "maximum".to_owned(),
                limit: Some(json!(5)),
                expected: "a number".to_owned(),
                got,
            };
            let mut problem = Problem::new(*code, "words")
                .after_ms(5)
                .suggest("one")
                .with_details(vec![detail(None), detail(Some("\"x\"".to_owned()))]);
            problem.reason = Some("THEIRS".to_owned());
            problem.corrected_arguments = Some(json!({"a": 1}));
            problem.steps = vec![StepStands {
                name: "one".to_owned(),
                state: Stands::Undone,
            }];
            for (problem, backend_text) in [
                (problem, Some("it said".to_owned())),
                (Problem::new(*code, ""), None),
            ] {
                check(&Body::Problem {
                    problem: Box::new(problem),
                    backend_text,
                });
            }
        }
        assert!(Body::from_stored("").is_none() && Body::from_stored("{}").is_none());
    }
}
