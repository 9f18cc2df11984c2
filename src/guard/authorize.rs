//! Whether this principal may make this call: judged on exactly the values that will be run.

use serde_json::Value;

use super::{
    call::{Header, Refused},
    normalize::Parts,
    rules::{allowed, forbidden},
    validate::ValidCall,
};
use crate::{
    base::{problem::Problem, text::list},
    catalog::tool::Tool,
};

/// A call that its principal may make.
#[derive(Debug)]
pub(crate) struct AuthorizedCall {
    parts: Box<Parts>,
}

impl AuthorizedCall {
    /// What is known of the call.
    pub(crate) fn header(&self) -> &Header {
        &self.parts.header
    }

    /// The tool it is for.
    pub(crate) fn tool(&self) -> &Tool {
        &self.parts.tool
    }

    /// The arguments that will be judged by the rules and run.
    pub(crate) fn effective(&self) -> &Value {
        &self.parts.effective
    }

    /// Refuses the call for a reason found outside the guard. Nothing was touched.
    pub(crate) fn refuse(self, stage: &'static str, problem: Problem) -> Box<Refused> {
        self.parts.refuse(stage, problem, Vec::new())
    }

    pub(super) fn into_parts(self) -> Box<Parts> {
        self.parts
    }
}

/// Decides whether the call may be made: the principal has every permission that the tool
/// wants, and every condition of the tool's `allow` is true. Both are refused in the same words.
///
/// # Errors
/// `FORBIDDEN`, also where a condition cannot be evaluated.
pub(crate) fn authorize(call: ValidCall) -> Result<AuthorizedCall, Box<Refused>> {
    let parts = call.into_parts();
    let missing: Vec<&str> = parts.client.missing(&parts.tool).collect();
    if !missing.is_empty() {
        let log = format!("{} misses {}", parts.client.id, list(missing));
        let problem = forbidden(parts.tool.name.as_str());
        return Err(parts.refuse("authorize", problem, vec![log]));
    }
    if parts.tool.allow.is_empty() {
        return Ok(AuthorizedCall { parts });
    }
    match allowed(&parts.tool.allow, parts.facts(&[])) {
        Ok(()) => Ok(AuthorizedCall { parts }),
        Err(refusal) => Err(parts.refuse("authorize", refusal.problem, refusal.log)),
    }
}
