//! The input schema: every violation is told, not the first.

use super::{
    call::{Refusal, Refused},
    normalize::{NormalizedCall, Parts},
};
use crate::base::problem::{Code, Problem};

/// A call whose arguments fit the tool's input schema.
#[derive(Debug)]
pub(crate) struct ValidCall {
    parts: Parts,
}

impl ValidCall {
    pub(super) fn into_parts(self) -> Parts {
        self.parts
    }
}

/// Checks the arguments against the tool's input schema.
///
/// # Errors
/// `VALIDATION_FAILED` with every violation (pointer, keyword, expected, got).
pub(crate) fn validate(call: NormalizedCall) -> Result<ValidCall, Box<Refused>> {
    let parts = call.into_parts();
    let details = parts.tool.input.violations(&parts.effective);
    if details.is_empty() {
        return Ok(ValidCall { parts });
    }
    let message = format!(
        "the arguments do not fit the input schema of `{}`",
        parts.tool.name
    );
    let problem = Problem::new(Code::ValidationFailed, message).with_details(details);
    Err(Box::new(Refused {
        header: parts.header,
        raw_arguments: parts.raw_arguments,
        stage: "validate",
        refusal: Refusal::Tool(Box::new(problem)),
    }))
}
