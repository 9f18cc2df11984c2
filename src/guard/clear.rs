//! The operator's rules: the last check, after which a call may be admitted.

use std::sync::Arc;

use serde_json::Value;

use super::{
    authorize::AuthorizedCall,
    call::{Change, Header, Refusal, Refused},
    normalize::Parts,
    rules::{self, Facts},
};
use crate::{
    base::problem::Problem,
    catalog::{principal, tool::Tool},
};

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
    pub(crate) fn refuse(self, stage: &'static str, problem: Problem) -> Box<Refused> {
        Box::new(Refused {
            header: self.parts.header,
            raw_arguments: self.parts.raw_arguments,
            stage,
            refusal: Refusal::Tool(Box::new(problem)),
            log: Vec::new(),
        })
    }
}

/// Checks the operator's rules on exactly the values that will be run. Rules take the time of
/// arrival for `now`, so that a recorded call is judged the same again.
///
/// # Errors
/// `RULE_VIOLATION` with everything that is violated, or `RULE_ERROR` where a rule cannot be
/// evaluated.
pub(crate) fn clear(call: AuthorizedCall) -> Result<ClearedCall, Box<Refused>> {
    let parts = call.into_parts();
    if parts.tool.rules.is_empty() {
        return Ok(ClearedCall { parts });
    }
    let client = principal::client(&parts.header.principal);
    let facts = Facts {
        args: &parts.effective,
        client: &client,
        tool: parts.tool.name.as_str(),
        now: parts.header.received_wall,
        secrets: &parts.tool.input.secrets(&parts.effective),
    };
    match rules::check(&parts.tool.rules, facts) {
        Ok(()) => Ok(ClearedCall { parts }),
        Err(refusal) => Err(Box::new(Refused {
            header: parts.header,
            raw_arguments: parts.raw_arguments,
            stage: "rules",
            refusal: Refusal::Tool(Box::new(refusal.problem)),
            log: refusal.log,
        })),
    }
}
