//! What a call can give back: MCP content blocks, as our own closed type.

use serde_json::{Map, Value, json};

/// One content block of a result (MCP 2026-07-28, server/tools, "Tool Result").
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// Plain text.
    Text(String),
    /// A picture; `data` is base64 (RFC 4648 section 4).
    Image {
        /// Base64.
        data: String,
        /// As `image/png`.
        mime_type: String,
    },
    /// A sound; since MCP 2025-03-26.
    Audio {
        /// Base64.
        data: String,
        /// As `audio/wav`.
        mime_type: String,
    },
    /// An embedded resource with text.
    TextResource {
        /// Names the resource.
        uri: String,
        /// Its type, if declared.
        mime_type: Option<String>,
        /// The text itself.
        text: String,
    },
    /// An embedded resource with bytes.
    BlobResource {
        /// Names the resource.
        uri: String,
        /// Its type, if declared.
        mime_type: Option<String>,
        /// Base64.
        blob: String,
    },
    /// A link to a resource, as the backend gave it (checked: `uri` and `name` are strings);
    /// since MCP 2025-06-18.
    ResourceLink(Map<String, Value>),
}

impl Content {
    /// The block under MCP's names.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::Image { data, mime_type } => {
                json!({"type": "image", "data": data, "mimeType": mime_type})
            }
            Self::Audio { data, mime_type } => {
                json!({"type": "audio", "data": data, "mimeType": mime_type})
            }
            Self::TextResource {
                uri,
                mime_type,
                text,
            } => resource_json(uri, mime_type.as_deref(), "text", text),
            Self::BlobResource {
                uri,
                mime_type,
                blob,
            } => resource_json(uri, mime_type.as_deref(), "blob", blob),
            Self::ResourceLink(link) => {
                let mut link = link.clone();
                link.insert("type".to_owned(), Value::from("resource_link"));
                Value::Object(link)
            }
        }
    }

    /// The block that [`Self::to_json`] wrote; `None` for anything else.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let block = json.as_object()?;
        match text(block, "type")?.as_str() {
            "text" => Some(Self::Text(text(block, "text")?)),
            "image" => Some(Self::Image {
                data: text(block, "data")?,
                mime_type: text(block, "mimeType")?,
            }),
            "audio" => Some(Self::Audio {
                data: text(block, "data")?,
                mime_type: text(block, "mimeType")?,
            }),
            "resource" => {
                let resource = block.get("resource")?.as_object()?;
                let (uri, mime_type) = (text(resource, "uri")?, text(resource, "mimeType"));
                Some(match (text(resource, "text"), text(resource, "blob")) {
                    (Some(text), _) => Self::TextResource {
                        uri,
                        mime_type,
                        text,
                    },
                    (None, blob) => Self::BlobResource {
                        uri,
                        mime_type,
                        blob: blob?,
                    },
                })
            }
            "resource_link" => Some(Self::ResourceLink(block.clone())),
            _ => None,
        }
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    Some(members.get(name)?.as_str()?.to_owned())
}

fn resource_json(uri: &str, mime_type: Option<&str>, member: &str, data: &str) -> Value {
    let resource = match mime_type {
        Some(mime_type) => json!({"uri": uri, "mimeType": mime_type, member: data}),
        None => json!({"uri": uri, member: data}),
    };
    json!({"type": "resource", "resource": resource})
}

/// What a backend gave for a call that succeeded.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Output {
    /// The content blocks, in order.
    pub(crate) content: Vec<Content>,
    /// The same as JSON, where the tool gives JSON (`structuredContent`).
    pub(crate) structured: Option<Value>,
    /// More was printed than is kept; how many bytes there were in all.
    pub(crate) truncated_from: Option<u64>,
    /// The text is not exactly what was printed: invalid UTF-8 was replaced, or escape
    /// sequences and control characters were taken out.
    pub(crate) cleaned: bool,
    /// Where the answer of the backend was lost: how, and what found that it was done.
    pub(crate) witness: Option<String>,
}

impl Output {
    /// What was looked up, as an expression sees it: its JSON, or else its text, if it is all
    /// there.
    pub(crate) fn into_looked_up(self) -> Option<Value> {
        if self.structured.is_some() {
            return self.structured;
        }
        match self.content.as_slice() {
            [Content::Text(text)] if self.truncated_from.is_none() => {
                Some(Value::String(text.clone()))
            }
            _ => None,
        }
    }
}

/// How far a running call has come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Progress {
    /// Rises with every report.
    pub(crate) done: f64,
    /// Where it will end, if known.
    pub(crate) total: Option<f64>,
    /// In words, if any.
    pub(crate) message: Option<String>,
}
