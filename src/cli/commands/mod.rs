//! One file for each command.

pub(crate) mod completions;
pub(crate) mod man;

use super::exit::{CommandError, ExitStatus};

/// Says that this build lacks the command `name`.
///
/// # Errors
/// Always.
pub(crate) fn absent(name: &str) -> Result<ExitStatus, CommandError> {
    Err(CommandError::Internal(anyhow::anyhow!(
        "the command `{name}` is not part of this build"
    )))
}
