//! `tollgate completions`: a completion script for a shell.

use clap::CommandFactory as _;

use crate::cli::{
    args::{Cli, CompletionsArgs},
    exit::{CommandError, ExitStatus},
    print,
};

/// Prints the script.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<ExitStatus, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tollgate", &mut script);
    print(&script)?;
    Ok(ExitStatus::Fine)
}
