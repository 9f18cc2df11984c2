//! Arguments of the commands that set things up or tell about the program itself.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{StateDir, ToolsDir};
use crate::cli::install::client::Client;

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The code, as VALIDATION_FAILED or unknown-key
    pub(crate) code: Option<String>,
    /// Print the whole catalogue as Markdown
    #[arg(long, conflicts_with = "code")]
    pub(crate) markdown: bool,
    /// The findings of `validate-config` instead of the errors of calls
    #[arg(long, conflicts_with = "code")]
    pub(crate) findings: bool,
}

/// Arguments of `init`.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// Folder to put the files in; made if it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
}

/// Arguments of `new`.
#[derive(Args, Debug)]
pub(crate) struct NewArgs {
    /// Name of the tool
    #[arg(value_parser = entry_name)]
    pub(crate) name: String,
    /// Program and arguments, after `--`; `{name}` stands for an argument of the call
    #[arg(value_name = "COMMAND", required = true, last = true)]
    pub(crate) command: Vec<String>,
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// What the tool does, for the model [default: asks]
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// What the tool does to the world
    #[arg(long, value_enum, value_name = "EFFECT", default_value_t)]
    pub(crate) effect: NewEffect,
    /// It may simply be run again
    #[arg(long)]
    pub(crate) idempotent: bool,
}

/// What a tool does to the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewEffect {
    /// It changes nothing
    Read,
    /// It changes something
    #[default]
    Write,
    /// It takes something away
    Destroy,
}

/// Arguments of `install`.
#[derive(Args, Debug)]
pub(crate) struct InstallArgs {
    /// Which client
    #[arg(value_enum)]
    pub(crate) client: Client,
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Name of the entry
    #[arg(long, default_value = "tollgate", value_parser = entry_name)]
    pub(crate) name: String,
    /// Program that the client starts [default: this one]
    #[arg(long, value_name = "FILE")]
    pub(crate) command: Option<PathBuf>,
    /// The client's file [default: the one that the client reads for this user]
    #[arg(long, value_name = "FILE", conflicts_with = "project")]
    pub(crate) file: Option<PathBuf>,
    /// Use the client's file of the project in the current folder
    #[arg(long)]
    pub(crate) project: bool,
    /// Replace an entry of this name that says something else
    #[arg(long, conflicts_with = "undo")]
    pub(crate) replace: bool,
    /// Show what would change and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take the entry out again; byte for byte, where nobody changed the file since
    #[arg(long)]
    pub(crate) undo: bool,
}

/// Arguments of `doctor`.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Print the findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Write all pages into this folder, which must exist, instead of printing the main one
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// A name that needs no quotes in any client's file.
fn entry_name(text: &str) -> Result<String, &'static str> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    if (1..=64).contains(&text.len()) && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("a name has 1 to 64 letters, digits, `-` and `_`")
    }
}
