//! The last check, on the way out: what a backend gave must be what the tool declares.

use crate::{
    base::problem::{Code, Effects, Problem},
    catalog::{
        content::Output,
        tool::{Effect, Tool},
    },
};

/// What may be told to the client and kept in the ledger: an output that fits the tool's
/// declaration, or a problem.
#[derive(Debug)]
pub(crate) struct ScreenedOutcome {
    result: Result<Output, Box<Problem>>,
}

impl ScreenedOutcome {
    /// The output or the problem.
    pub(crate) fn into_result(self) -> Result<Output, Box<Problem>> {
        self.result
    }
}

/// Checks `result` against the tool's `outputSchema`. A problem passes as it is: its words are
/// our own. An output that does not fit becomes `OUTPUT_INVALID`, with the effects that a tool
/// has which ran to its end.
pub(crate) fn screen(tool: &Tool, result: Result<Output, Box<Problem>>) -> ScreenedOutcome {
    ScreenedOutcome {
        result: result.and_then(|output| fits(tool, output)),
    }
}

fn fits(tool: &Tool, output: Output) -> Result<Output, Box<Problem>> {
    let Some(schema) = &tool.output else {
        return Ok(output);
    };
    let effects = match tool.effect {
        Effect::Read => Effects::None,
        Effect::Write | Effect::Destroy => Effects::Applied,
    };
    let problem = |message: &str| Problem::new(Code::OutputInvalid, message).with_effects(effects);
    let Some(structured) = &output.structured else {
        return Err(Box::new(problem(
            "the tool declares an `outputSchema` and gave no JSON",
        )));
    };
    let mut details = schema.violations(structured);
    if details.is_empty() {
        Ok(output)
    } else {
        // What a backend gave never stands among our own words.
        for detail in &mut details {
            detail.got = None;
        }
        Err(Box::new(
            problem("the tool's output does not fit its `outputSchema`").with_details(details),
        ))
    }
}
