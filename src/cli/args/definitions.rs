//! Arguments of the commands about definitions: `call`, `tools`, `validate-config`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{KeyFile, StateDir, ToolsDir};

/// Arguments of `call`.
#[derive(Args, Debug)]
pub(crate) struct CallArgs {
    /// Tool to call
    pub(crate) tool: String,
    /// Arguments as a JSON object; `-` reads them from standard input
    #[arg(value_name = "JSON", default_value = "{}")]
    pub(crate) arguments: String,
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// As whom to act.
    #[command(flatten)]
    pub(crate) key_file: KeyFile,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Agree to whatever the tool wants confirmed, without being asked
    #[arg(long)]
    pub(crate) yes: bool,
    /// Answers to the tool's questions: a JSON file, an object of forms by their keys
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// Print the whole result as a client would get it
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `tools`.
#[derive(Args, Debug)]
pub(crate) struct ToolsArgs {
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// As whom to act.
    #[command(flatten)]
    pub(crate) key_file: KeyFile,
    /// Show what this principal sees, without its key
    #[arg(long, value_name = "ID", conflicts_with = "key_file")]
    pub(crate) principal: Option<String>,
    /// Print the tool objects as a client would get them
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `validate-config`.
#[derive(Args, Debug)]
pub(crate) struct ValidateConfigArgs {
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// How the findings are written
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub(crate) format: ReportFormat,
    /// Let warnings count as errors
    #[arg(long)]
    pub(crate) strict: bool,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// With the lines in question, for people
    #[default]
    Human,
    /// One line each, as `FILE:LINE:COLUMN: error: TEXT`
    Plain,
    /// One JSON object each
    Json,
}
