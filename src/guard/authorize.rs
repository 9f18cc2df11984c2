//! Whether this principal may make this call: judged on exactly the values that will be run.

use std::sync::Arc;

use serde_json::Value;

use super::{
    call::{Change, Header, Refusal, Refused},
    normalize::Parts,
    validate::ValidCall,
};
use crate::{base::problem::Problem, catalog::tool::Tool};

/// A call that passed every check of the guard.
#[derive(Debug)]
pub(crate) struct ClearedCall {
    parts: Parts,
}

impl ClearedCall {
    /// What is known of the call.
    pub(crate) fn header(&self) -> &Arc<Header> {
        &self.parts.header
    }

    /// The tool it is for.
    pub(crate) fn tool(&self) -> &Arc<Tool> {
        &self.parts.tool
    }

    /// The arguments byte for byte as received.
    pub(crate) fn raw_arguments(&self) -> &Arc<str> {
        &self.parts.raw_arguments
    }

    /// The arguments that will be run.
    pub(crate) fn effective(&self) -> &Value {
        &self.parts.effective
    }

    /// Every difference between the two.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.parts.changes
    }

    /// Refuses the call for a reason found outside the guard (no place in the queue, a value
    /// that its backend cannot take). Nothing was touched.
    pub(crate) fn refuse(self, stage: &'static str, problem: Problem) -> Refused {
        Refused {
            header: self.parts.header,
            raw_arguments: self.parts.raw_arguments,
            stage,
            refusal: Refusal::Tool(Box::new(problem)),
        }
    }
}

/// Decides whether the call may be made. Until principals can be configured, the one who
/// started the process may use every tool it was given.
///
/// # Errors
/// `FORBIDDEN`, once there is something that forbids.
pub(crate) fn authorize(call: ValidCall) -> Result<ClearedCall, Box<Refused>> {
    Ok(ClearedCall {
        parts: call.into_parts(),
    })
}
