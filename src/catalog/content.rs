//! What a call can give back: MCP content blocks, as our own closed type.

use serde_json::Value;

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
    ResourceLink(serde_json::Map<String, Value>),
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
