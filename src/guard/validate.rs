//! The input schema: every violation is told, not the first. Then the defaults.

mod argv;
mod defaults;

use serde_json::Value;

use super::{
    call::{Change, Refused},
    correct::correct,
    normalize::{NormalizedCall, Parts},
};
use crate::{
    base::problem::{Code, Problem},
    catalog::tool::Tool,
};

/// A call whose arguments, defaults filled in, fit the tool's input schema.
#[derive(Debug)]
pub(crate) struct ValidCall {
    parts: Box<Parts>,
}

impl ValidCall {
    pub(super) fn into_parts(self) -> Box<Parts> {
        self.parts
    }
}

/// Checks the arguments against the tool's input schema, fills in its defaults, and checks
/// that the system can take what they make of the tool's command line.
///
/// # Errors
/// `VALIDATION_FAILED` with every violation (pointer, keyword, expected, got), what would
/// repair it, and the corrected arguments where there is one correction only.
pub(crate) fn validate(call: NormalizedCall) -> Result<ValidCall, Box<Refused>> {
    let mut parts = call.into_parts();
    match valid(&parts.tool, &mut parts.effective) {
        Ok(changes) => {
            parts.changes.extend(changes);
            Ok(ValidCall { parts })
        }
        Err(problem) => Err(parts.refuse("validate", *problem, Vec::new())),
    }
}

/// The same on bare values.
fn valid(tool: &Tool, arguments: &mut Value) -> Result<Vec<Change>, Box<Problem>> {
    let details = tool.input.violations(arguments);
    if !details.is_empty() {
        let message = format!(
            "the arguments do not fit the input schema of `{}`",
            tool.name
        );
        let problem = Problem::new(Code::ValidationFailed, message).with_details(details);
        return Err(Box::new(correct(&tool.input, arguments, problem)));
    }
    let changes = defaults::fill(&tool.input, arguments);
    if !changes.is_empty() {
        // Each default fits its own place; together they may still break a demand such as
        // `maxProperties`.
        let details = tool.input.violations(arguments);
        if !details.is_empty() {
            let message = format!(
                "with the defaults of `{}` filled in, the arguments do not fit its input schema",
                tool.name
            );
            let problem = Problem::new(Code::ValidationFailed, message).with_details(details);
            return Err(Box::new(problem));
        }
    }
    let too_long = argv::too_long(tool, arguments);
    if too_long.is_empty() {
        return Ok(changes);
    }
    let message = format!(
        "the arguments are too long for the command of `{}`",
        tool.name
    );
    Err(Box::new(
        Problem::new(Code::ValidationFailed, message).with_details(too_long),
    ))
}

#[cfg(test)]
mod tests;
