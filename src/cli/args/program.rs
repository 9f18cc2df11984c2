//! Arguments of the commands about the program itself: `explain`, `install`, `completions`, `man`.

use std::path::PathBuf;

use clap::Args;

use super::{StateDir, ToolsDir};
use crate::cli::install::client::Client;

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The code, as VALIDATION_FAILED
    pub(crate) code: Option<String>,
    /// Print the whole catalogue as Markdown
    #[arg(long, conflicts_with = "code")]
    pub(crate) markdown: bool,
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
