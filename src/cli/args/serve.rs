//! Arguments of `serve`.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use super::{KeyFile, Locked, StateDir, ToolsDir};
use crate::{
    base::limits::{LOG_FILE_BYTES_MAX, LOG_FILE_BYTES_MIN, LOG_FILES_MAX},
    cli::span,
    observe,
};

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
    /// How events are written.
    #[command(flatten)]
    pub(crate) log: LogChoices,
}

/// What is written of what happens, and where.
#[derive(Args, Debug)]
pub(crate) struct LogChoices {
    /// Least important event that is written
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t)]
    pub(crate) log_level: LogLevel,
    /// How events look on standard error
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) log_format: LogFormat,
    /// Write events as JSON into files in this folder as well
    #[arg(long, value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,
    /// Size of such a file, in bytes; beyond it another is begun
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = LOG_FILE_BYTES_MAX,
        value_parser = clap::value_parser!(u64).range(LOG_FILE_BYTES_MIN..)
    )]
    pub(crate) log_file_bytes: u64,
    /// Most such files; the oldest goes
    #[arg(
        long,
        value_name = "N",
        default_value_t = LOG_FILES_MAX,
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub(crate) log_files: u32,
}

impl LogChoices {
    /// The same for the log.
    pub(crate) fn resolve(self) -> observe::Choices {
        observe::Choices {
            level: match self.log_level {
                LogLevel::Off => LevelFilter::OFF,
                LogLevel::Error => LevelFilter::ERROR,
                LogLevel::Warn => LevelFilter::WARN,
                LogLevel::Info => LevelFilter::INFO,
                LogLevel::Debug => LevelFilter::DEBUG,
                LogLevel::Trace => LevelFilter::TRACE,
            },
            format: match self.log_format {
                LogFormat::Text => observe::Format::Text,
                LogFormat::Json => observe::Format::Json,
            },
            files: self.log_dir.map(|folder| observe::Files {
                folder,
                bytes_max: self.log_file_bytes,
                count_max: self.log_files,
            }),
        }
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line, see `tollgate schema events`
    Json,
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
