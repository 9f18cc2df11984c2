//! Arguments of the commands about definitions: `call`, `tools`, `validate-config`,
//! `lock`, `schema`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
    /// Name of the operation: a call with the same name is known as a repetition, one with a new
    /// name is run again
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
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
    /// Let warnings count as errors, notes never; `--deny-warnings` is the same
    #[arg(long, alias = "deny-warnings")]
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
    /// One SARIF 2.1.0 log, for code scanning
    Sarif,
}

/// Arguments of `schema`.
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// What to print the schema of
    #[arg(value_enum, value_name = "OF", default_value_t = SchemaOf::Definition)]
    pub(crate) of: SchemaOf,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// One tool in a folder `tools.d`
    Definition,
    /// `tollgate.yaml`
    Config,
    /// A line of the log as JSON
    Events,
}

/// Arguments of `lock`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LockArgs {
    /// What to do instead of approving.
    #[command(subcommand)]
    pub(crate) command: Option<LockCommand>,
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// Approve this tool only, as it is now; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub(crate) update: Vec<String>,
}

/// The commands of `lock`.
#[derive(Debug, Subcommand)]
pub(crate) enum LockCommand {
    /// Show what differs from what was approved; the status is 1 when anything does
    Diff(ToolsDir),
}

/// Whether the definitions are held to their lock.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Locked {
    /// Refuse to start without `tools.lock`, and serve only what it approves [default where the file
    /// is there]
    #[arg(long, conflicts_with = "no_lock")]
    pub(crate) locked: bool,
    /// Serve the definitions as they are, whatever was approved
    #[arg(long)]
    pub(crate) no_lock: bool,
}
