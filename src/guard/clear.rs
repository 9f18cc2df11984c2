//! The operator's rules: the last check, after which a call may be admitted.

use std::sync::Arc;

use serde_json::Value;

use super::{
    authorize::AuthorizedCall,
    call::{Header, Refused},
    normalize::{Parts, bring},
    rules::{self, Facts},
};
use crate::{
    base::problem::{Code, Problem},
    catalog::tool::Tool,
};

/// A call that passed every check of the guard.
#[derive(Debug)]
pub(crate) struct ClearedCall {
    parts: Box<Parts>,
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

    /// The arguments that will be run, but for the answers of people.
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
    let secrets = parts.tool.input.secrets(&parts.effective);
    match rules::check(&parts.tool.rules, parts.facts(&secrets)) {
        Ok(()) => Ok(ClearedCall { parts }),
        Err(refusal) => {
            let mut problem = refusal.problem;
            if secrets.is_empty() {
                problem.corrected_arguments = amended(&parts);
            }
            Err(parts.refuse("rules", problem, refusal.log))
        }
    }
}

/// The arguments as the operator's own corrections would have them, if the whole call would
/// then pass.
fn amended(parts: &Parts) -> Option<Value> {
    let tool = &parts.tool;
    let mut corrected = parts.effective.clone();
    for rule in &tool.rules {
        let Some(correction) = &rule.correct else {
            continue;
        };
        let alone = std::slice::from_ref(rule);
        let violated = rules::check(alone, facts(parts, &corrected))
            .is_err_and(|refusal| refusal.problem.code == Code::RuleViolation);
        if let (true, Value::Object(members)) = (violated, correction.fill(&corrected)) {
            corrected.as_object_mut()?.extend(members);
        }
    }
    let passes = corrected != parts.effective
        && tool.input.is_valid(&corrected)
        && bring(&tool.input, &mut corrected).is_ok()
        && rules::allowed(&tool.allow, facts(parts, &corrected)).is_ok()
        && rules::check(&tool.rules, facts(parts, &corrected)).is_ok();
    passes.then_some(corrected)
}

/// What the operator's expressions would judge if `args` were the arguments.
fn facts<'a>(parts: &'a Parts, args: &'a Value) -> Facts<'a> {
    Facts {
        args,
        ..parts.facts(&[])
    }
}
