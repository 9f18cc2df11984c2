//! What a call can give back: MCP content blocks, as our own closed type.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, Value};

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

/// The block under MCP's names.
impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut block = serializer.serialize_map(None)?;
        match self {
            Self::Text(text) => {
                block.serialize_entry("type", "text")?;
                block.serialize_entry("text", text)?;
            }
            Self::Image { data, mime_type } => {
                block.serialize_entry("type", "image")?;
                block.serialize_entry("data", data)?;
                block.serialize_entry("mimeType", mime_type)?;
            }
            Self::Audio { data, mime_type } => {
                block.serialize_entry("type", "audio")?;
                block.serialize_entry("data", data)?;
                block.serialize_entry("mimeType", mime_type)?;
            }
            Self::TextResource {
                uri,
                mime_type,
                text,
            } => {
                block.serialize_entry("type", "resource")?;
                let resource = Resource {
                    uri,
                    mime_type: mime_type.as_deref(),
                    text: Some(text),
                    blob: None,
                };
                block.serialize_entry("resource", &resource)?;
            }
            Self::BlobResource {
                uri,
                mime_type,
                blob,
            } => {
                block.serialize_entry("type", "resource")?;
                let resource = Resource {
                    uri,
                    mime_type: mime_type.as_deref(),
                    text: None,
                    blob: Some(blob),
                };
                block.serialize_entry("resource", &resource)?;
            }
            Self::ResourceLink(link) => {
                if !link.contains_key("type") {
                    block.serialize_entry("type", "resource_link")?;
                }
                for (name, member) in link {
                    match name.as_str() {
                        "type" => block.serialize_entry(name, "resource_link")?,
                        _ => block.serialize_entry(name, member)?,
                    }
                }
            }
        }
        block.end()
    }
}

#[derive(Serialize)]
struct Resource<'a> {
    uri: &'a str,
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<&'a str>,
}

impl Content {
    /// The block that was serialized so; `None` for anything else.
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

/// What a backend gave for a call that succeeded.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Output {
    /// The content blocks, in order.
    pub(crate) content: Vec<Content>,
    /// The same as JSON, where the tool gives JSON (`structuredContent`).
    pub(crate) structured: Option<Box<Value>>,
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
        if let Some(structured) = self.structured {
            return Some(*structured);
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
