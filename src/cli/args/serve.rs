//! Arguments of `serve`.

use std::{num::NonZeroUsize, time::Duration};

use clap::{Args, ValueEnum};

use super::{KeyFile, Locked, StateDir, ToolsDir};
use crate::cli::span;

/// Arguments of `serve`. The defaults are those of a bare `tollgate`.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// As whom to act.
    #[command(flatten)]
    pub(crate) key_file: KeyFile,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Whether what was approved counts.
    #[command(flatten)]
    pub(crate) locked: Locked,
    /// Refuse to start when any definition has an error
    #[arg(long)]
    pub(crate) strict: bool,
    /// Time that running calls get to end when standard input has ended
    #[arg(long, value_name = "DURATION", value_parser = span::duration, default_value = "4s")]
    pub(crate) drain: Duration,
    /// Calls that run at the same time
    #[arg(long, value_name = "N", default_value = "8")]
    pub(crate) workers: NonZeroUsize,
    /// Tools in one page of the tool list [default: all on one page]
    #[arg(long, value_name = "N")]
    pub(crate) page_size: Option<NonZeroUsize>,
    /// Which rows of the ledger are on the disk before the reply leaves
    #[arg(long, value_enum, value_name = "WHICH", default_value_t)]
    pub(crate) audit_sync: AuditSync,
    /// Do not reload the definitions when their files change
    #[arg(long)]
    pub(crate) no_watch: bool,
    /// Name that the server gives itself towards clients [default: that of the configuration, else
    /// tollgate]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Text that clients may show the model about this server [default: that of the configuration]
    #[arg(long, value_name = "TEXT")]
    pub(crate) instructions: Option<String>,
    /// Least important event that is written to standard error
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t)]
    pub(crate) log_level: LogLevel,
}

/// What must survive a loss of power, not only the death of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditSync {
    /// Calls that change something, and their refusals
    #[default]
    Writes,
    /// Every call, reads too
    All,
}

/// How important an event must be to be logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Nothing
    Off,
    /// What needs a person
    Error,
    /// What may need one
    Warn,
    /// Start, end, reloads
    #[default]
    Info,
    /// Each call
    Debug,
    /// Each line
    Trace,
}
