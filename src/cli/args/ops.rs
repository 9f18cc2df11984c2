//! Arguments of `ops`.

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{StateDir, ToolsDir};
use crate::ledger::{operation::OperationState, resolution::Finding};

/// Arguments of `ops`.
#[derive(Args, Debug)]
pub(crate) struct OpsArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: OpsCommand,
}

/// The commands of `ops`.
#[derive(Debug, Subcommand)]
pub(crate) enum OpsCommand {
    /// List operations that wait for somebody to find out; the status is 3 when there are any
    List(OpsListArgs),
    /// Show one operation
    Show(OpsShowArgs),
    /// Have the tool of an operation find out whether it happened; the status is 3 when it cannot
    /// tell
    Verify(OpsVerifyArgs),
    /// Go on with the steps of an operation that waits for a person
    ///
    /// Before the pivot of its steps, what was done of them is undone, in reverse and by the
    /// definition that they were begun with: also what may have been done or undone, and what could
    /// not be undone before. After the pivot the rest of them is done. Look first.
    #[command(visible_alias = "retry-undo")]
    Resume(OpsResumeArgs),
    /// Write down what was found out about an operation whose outcome nobody knew
    Resolve(OpsResolveArgs),
}

/// Arguments of `ops list`.
#[derive(Args, Debug)]
pub(crate) struct OpsListArgs {
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Operations in these states instead [default: unknown,attention]
    #[arg(long = "state-is", value_name = "STATE", value_delimiter = ',', value_parser = states())]
    pub(crate) states: Vec<OperationState>,
    /// Print one JSON object an operation
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ops show`.
#[derive(Args, Debug)]
pub(crate) struct OpsShowArgs {
    /// Id of the operation: of the call that began it, or the beginning of that
    #[arg(value_name = "OP")]
    pub(crate) operation: String,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ops verify`.
#[derive(Args, Debug)]
pub(crate) struct OpsVerifyArgs {
    /// Id of the operation: of the call that began it, or the beginning of that
    #[arg(value_name = "OP")]
    pub(crate) operation: String,
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
}

/// Arguments of `ops resume`.
#[derive(Args, Debug)]
pub(crate) struct OpsResumeArgs {
    /// Id of the operation: of the call that began it, or the beginning of that
    #[arg(value_name = "OP")]
    pub(crate) operation: String,
    /// Where the configuration stands beside.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
}

/// Arguments of `ops resolve`.
#[derive(Args, Debug)]
pub(crate) struct OpsResolveArgs {
    /// Id of the operation: of the call that began it, or the beginning of that
    #[arg(value_name = "OP")]
    pub(crate) operation: String,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// What really happened; after `not-applied` its key may be used again
    #[arg(long = "as", value_name = "WHAT", value_parser = findings())]
    pub(crate) finding: Finding,
    /// How that was found out; kept in the audit trail with the number of your user
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
}

fn states() -> impl TypedValueParser<Value = OperationState> {
    let words = OperationState::ALL.map(OperationState::as_str);
    PossibleValuesParser::new(words)
        .try_map(|text| OperationState::parse(&text).ok_or("not a known state"))
}

fn findings() -> impl TypedValueParser<Value = Finding> {
    let words = Finding::ALL.map(Finding::as_str);
    PossibleValuesParser::new(words).try_map(|text| {
        let mut all = Finding::ALL.into_iter();
        all.find(|finding| finding.as_str() == text)
            .ok_or("not a known finding")
    })
}
