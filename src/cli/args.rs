//! The command line: parsing it touches nothing.
//!
//! The doc comments are the help texts, the manual pages and the completions.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{
    help,
    install::client::Client,
    span::{self, Since},
};
use crate::{base::problem::Code, ledger::record::Outcome};

/// The trust boundary between a language model and real systems
///
/// Tollgate is an MCP server. A client starts it and speaks JSON-RPC with it on standard input
/// and output. The tools it offers are declared in a folder, one file each. Every call is
/// checked, run and written to a ledger before it is answered, and the ledger can always say
/// what was asked for, what was done, and whether the two differ. Without a command it serves,
/// unless standard input is a terminal.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, max_term_width = 100, after_long_help = help::overview())]
pub(crate) struct Cli {
    /// What to do; `None` where nothing was typed.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer an MCP client on standard input and output
    ///
    /// Reads one JSON-RPC message a line until standard input ends, answers what was accepted,
    /// and exits. Speaks every released revision of MCP. A definition that is broken takes out
    /// its own tool only, and is reported on standard error. Desktop clients hand on hardly any
    /// environment variables, so put what matters into the arguments.
    #[command(after_long_help = help::SERVE)]
    Serve(ServeArgs),
    /// Make one call from the shell
    ///
    /// The call takes the same path as one from a client: same checks, same limits, same row in
    /// the ledger. Prints what the tool returned. The status is 1 when the result is an error.
    #[command(after_long_help = help::CALL)]
    Call(CallArgs),
    /// List the tools that a client would see
    ///
    /// Loads the definitions as `serve` does and prints the name, effect and title of each tool
    /// that would be offered. Broken definitions are named on standard error.
    #[command(after_long_help = help::TOOLS)]
    Tools(ToolsArgs),
    /// Check the definitions and say everything that is wrong with them
    ///
    /// Reads every file of the tools folder, reports all errors and warnings at once with file,
    /// line and column, and runs the tests that the definitions contain. Starts no backend and
    /// writes nothing. The status is 1 when there is an error.
    #[command(after_long_help = help::VALIDATE_CONFIG)]
    ValidateConfig(ValidateConfigArgs),
    /// Show what was called and what became of it
    ///
    /// Prints calls from the ledger, newest first. With the id of a call it shows that call
    /// whole: the arguments as received, the arguments that were run, every change between the
    /// two, the attempts, and the reply. Only reads; a server may be running on the same ledger.
    #[command(after_long_help = help::LOG)]
    Log(LogArgs),
    /// Judge recorded calls by the definitions of today
    ///
    /// Takes each call of the ledger, in order of arrival, through the guard with the definitions
    /// as they are now, at the time when it came in, and says which would now be refused,
    /// admitted, refused for another reason, or run with other arguments. Runs nothing and writes
    /// nothing. The status is 1 when any call differs.
    #[command(after_long_help = help::REPLAY_LOG)]
    ReplayLog(ReplayLogArgs),
    /// Say whether the ledger is as it was written
    ///
    /// Every call stands in a chain of events, each of which holds the hash of the one before.
    /// `audit verify` follows the chain and names the first event that does not fit. It cannot
    /// see that the end of the chain was cut off, nor that all of it was written anew.
    #[command(after_long_help = help::AUDIT)]
    Audit(AuditArgs),
    /// Say what an error code means and who should do what about it
    ///
    /// Without a code, lists them all. Needs no tools folder and no ledger.
    #[command(after_long_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Put Tollgate into the configuration of a client
    ///
    /// Finds the client's own file, shows what will change, keeps a copy, and adds one entry with
    /// absolute paths. Comments and everything else in the file stay as they are. Nothing is
    /// changed when the file cannot be understood.
    #[command(after_long_help = help::INSTALL)]
    Install(InstallArgs),
    /// Print a completion script for a shell
    ///
    /// Writes the script to standard output. Needs no tools folder and no ledger.
    #[command(after_long_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print or write the manual pages
    ///
    /// Prints the main page, or writes one page for each command into a folder. Needs no tools
    /// folder and no ledger.
    #[command(after_long_help = help::MAN)]
    Man(ManArgs),
}

/// Where the definitions are.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ToolsDir {
    /// Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d
    /// in the user's configuration directory]
    #[arg(long, value_name = "DIR", env = "TOLLGATE_TOOLS", hide_env = true)]
    pub(crate) tools: Option<PathBuf>,
}

/// Where the ledger is.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct StateDir {
    /// Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user's state directory]
    #[arg(long, value_name = "DIR", env = "TOLLGATE_STATE", hide_env = true)]
    pub(crate) state: Option<PathBuf>,
}

/// Arguments of `serve`. The defaults are those of a bare `tollgate`.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
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
    /// Name that the server gives itself towards clients
    #[arg(long, default_value = "tollgate")]
    pub(crate) name: String,
    /// Text that clients may show the model about this server [default: none]
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
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
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

/// Arguments of `log`.
#[derive(Args, Debug)]
pub(crate) struct LogArgs {
    /// Id of one call, to show it whole
    #[arg(value_name = "CALL")]
    pub(crate) call: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Only calls of this tool
    #[arg(long, value_name = "NAME", conflicts_with = "call")]
    pub(crate) tool: Option<String>,
    /// Only calls that ended so
    #[arg(long, value_name = "OUTCOME", conflicts_with = "call", value_parser = outcomes())]
    pub(crate) outcome: Option<Outcome>,
    /// Only calls with this problem
    #[arg(long, value_name = "CODE", conflicts_with = "call", value_parser = codes())]
    pub(crate) code: Option<Code>,
    /// Only calls made for this principal
    #[arg(long, value_name = "NAME", conflicts_with = "call")]
    pub(crate) principal: Option<String>,
    /// Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`
    #[arg(long, value_name = "WHEN", conflicts_with = "call", value_parser = span::since)]
    pub(crate) since: Option<Since>,
    /// Most calls to show
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "call",
        default_value = "20",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) limit: u32,
    /// Print the calls in order of arrival, the first first
    #[arg(long, conflicts_with = "call")]
    pub(crate) oldest_first: bool,
    /// Print one JSON object a call
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `replay-log`.
#[derive(Args, Debug)]
pub(crate) struct ReplayLogArgs {
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Only calls of this tool
    #[arg(long, value_name = "NAME")]
    pub(crate) tool: Option<String>,
    /// Only calls made for this principal
    #[arg(long, value_name = "NAME")]
    pub(crate) principal: Option<String>,
    /// Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`
    #[arg(long, value_name = "WHEN", value_parser = span::since)]
    pub(crate) since: Option<Since>,
    /// Most calls to judge [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print one JSON object a difference, and one with the summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the calls to FILE as requests that `serve` reads, instead of judging them
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
}

/// Arguments of `audit`.
#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

/// The commands of `audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Follow the chain from its first event; the status is 1 when it is broken
    Verify(StateDir),
}

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

fn outcomes() -> impl TypedValueParser<Value = Outcome> {
    one_of(Outcome::ALL, Outcome::as_str)
}

fn codes() -> impl TypedValueParser<Value = Code> {
    one_of(Code::ALL, Code::as_str)
}

/// Reads one of `all` by the word that the ledger has for it.
fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(move |one| word(*one))).try_map(move |text| {
        all.iter()
            .copied()
            .find(|one| word(*one) == text)
            .ok_or("not a known value")
    })
}

#[cfg(test)]
mod tests;
