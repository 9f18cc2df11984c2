//! The command line: parsing it touches nothing.
//!
//! The doc comments are the help texts, the manual pages and the completions.

mod definitions;
mod ledger;
mod ops;
mod program;
mod restraint;
mod serve;
#[cfg(test)]
mod tests;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, FromArgMatches as _, Parser, Subcommand};

pub(crate) use definitions::{
    CallArgs, LockArgs, LockCommand, Locked, ReportFormat, SchemaArgs, SchemaOf, ToolsArgs,
    ValidateConfigArgs,
};
pub(crate) use ledger::{
    AuditArgs, AuditCommand, AuditPruneArgs, AuditVerifyArgs, LogArgs, LogCommand, MetricsArgs,
    OneCallArgs, ReplayLogArgs, ReportArgs, Selection, StatsArgs, TopArgs,
};
pub(crate) use ops::{
    OpsArgs, OpsCommand, OpsListArgs, OpsResolveArgs, OpsResumeArgs, OpsShowArgs, OpsVerifyArgs,
};
pub(crate) use program::{
    CompletionsArgs, DoctorArgs, ExplainArgs, InitArgs, InstallArgs, ManArgs, NewArgs, NewEffect,
};
pub(crate) use restraint::{
    BreakerArgs, BreakerCommand, BudgetArgs, BudgetCommand, BudgetOf, ListArgs,
};
pub(crate) use serve::{AuditSync, ServeArgs};

use super::help;

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

impl Cli {
    /// Reads `arguments`, the program's name first.
    ///
    /// A client waits for `serve`: where nothing is wrong with its options, those of thirty other commands
    /// need not be made ready first.
    ///
    /// # Errors
    /// What is wrong with them, or the text that they ask for.
    pub(crate) fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let serve = match arguments {
            [_, command, options @ ..] if command == "serve" => Self::serve_alone(options),
            _ => None,
        };
        serve.map_or_else(|| Self::try_parse_from(arguments), Ok)
    }

    fn serve_alone(options: &[OsString]) -> Option<Self> {
        let alone = ServeArgs::augment_args(clap::Command::new("serve").no_binary_name(true));
        let read = alone.try_get_matches_from(options).ok()?;
        let args = ServeArgs::from_arg_matches(&read).ok()?;
        let command = Some(Command::Serve(args));
        Some(Self { command })
    }
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
    /// Approve the definitions as they are now
    ///
    /// Writes each definition, its digest and the digest of each program it starts to `tools.lock`
    /// beside the folder. Where that file is, `serve` and `call` offer only what is in it,
    /// unchanged. `lock diff` says what differs, field by field.
    #[command(after_long_help = help::LOCK)]
    Lock(LockArgs),
    /// Print the JSON Schema of a definition, of the configuration or of the log
    ///
    /// An editor that knows it completes the keys and marks mistakes while they are made; that of
    /// the log says what each event holds. Needs no tools folder and no ledger.
    #[command(after_long_help = help::SCHEMA)]
    Schema(SchemaArgs),
    /// Show what was called and what became of it
    ///
    /// Prints calls from the ledger, newest first, and with `--follow` those that come. With the
    /// id of a call it shows that call whole: the arguments as received, the arguments that were
    /// run, every change between the two, the attempts, and the reply; `log why` says which stage
    /// decided what about it. Only reads; a server may be running on the same ledger.
    #[command(after_long_help = help::LOG)]
    Log(LogArgs),
    /// Judge recorded calls by the definitions of today
    ///
    /// Takes each call of the ledger, in order of arrival, through the guard with the definitions
    /// as they are now, at the time when it came in, and says which would now be refused,
    /// admitted, refused for another reason, or run with other arguments. Runs nothing and writes
    /// nothing. `--simulate` takes them through operations and limits too and answers them with
    /// what was recorded; `--execute` really makes them again. The status is 1 when any call
    /// differs.
    #[command(after_long_help = help::REPLAY_LOG)]
    ReplayLog(ReplayLogArgs),
    /// Say how often calls succeed, why they do not, and how long they take
    ///
    /// Counts the calls of the ledger by tool, error code and principal. Reads every call once and
    /// holds none; a server may be running on the same ledger.
    #[command(after_long_help = help::STATS)]
    Stats(StatsArgs),
    /// Watch how calls fare, on a terminal
    ///
    /// Shows what `stats` and `status` tell of the calls of the last hour, or since `--since`,
    /// and makes the picture anew every second. `q` ends it. Only reads; servers may be running
    /// on the same ledger.
    #[command(after_long_help = help::TOP)]
    Top(TopArgs),
    /// Write the statistics as one HTML page
    ///
    /// The page has the calls over time, the tools, the problems and the principals. It needs no
    /// network and no script.
    #[command(after_long_help = help::REPORT)]
    Report(ReportArgs),
    /// Print the statistics in the text format of Prometheus
    ///
    /// For a collector that reads files or runs commands; Tollgate itself opens no socket.
    #[command(after_long_help = help::METRICS)]
    Metrics(MetricsArgs),
    /// Say whether the ledger is as it was written
    ///
    /// Every call stands in a chain of events, each of which holds the hash of the one before.
    /// `audit verify` follows the chain and names the first event that does not fit. That the end
    /// was cut off, or all of it written anew, shows only with an anchor: a line that
    /// `audit anchor` printed before, kept where whoever can write the ledger cannot.
    #[command(after_long_help = help::AUDIT)]
    Audit(AuditArgs),
    /// Show and change what may be spent
    ///
    /// Budgets are declared in `tollgate.yaml` and spent by calls whose definition has a cost.
    /// What an operator sets here counts instead of what is declared. Every change stands in the
    /// ledger under the name of the user who made it.
    #[command(after_long_help = help::BUDGET)]
    Budget(BudgetArgs),
    /// Show and change which backends are left alone
    ///
    /// A backend that fails too often is left alone for a while, then tried by one call at a
    /// time. Every change made here stands in the ledger under the name of the user who made it.
    #[command(after_long_help = help::BREAKER)]
    Breaker(BreakerArgs),
    /// Look for everything that could be wrong, and say the way out
    ///
    /// Looks at the definitions, the lock, the state folder, the ledger and its audit trail, the
    /// clock, what the kernel can do, and the entries in the files of clients. Only reads, and
    /// starts no program. The status is 1 when something does not work, 3 when something needs
    /// a look.
    #[command(after_long_help = help::DOCTOR)]
    Doctor(DoctorArgs),
    /// Say whether anything needs a person
    ///
    /// Looks at the ledger: whether it can be used, operations whose outcome is unknown, backends
    /// that are left alone, budgets that are nearly spent. Only reads.
    #[command(after_long_help = help::STATUS)]
    Status(ListArgs),
    /// Find operations whose outcome nobody knows, and write down what was found out
    ///
    /// When a process dies in the middle of a write, or a write fails in a way that leaves open
    /// whether it happened, its operation is `unknown`: repetitions under its key are refused until
    /// its tool can tell what happened, or somebody looks and says so.
    #[command(after_long_help = help::OPS)]
    Ops(OpsArgs),
    /// Say what an error code means and who should do what about it
    ///
    /// Without a code, lists them all. Needs no tools folder and no ledger.
    #[command(after_long_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Make a folder with two tools that work
    ///
    /// Writes `tollgate.yaml`, a tool that reads and a tool that writes. Nothing is written where
    /// one of the files is there already.
    #[command(after_long_help = help::INIT)]
    Init(InitArgs),
    /// Write the definition of one more tool
    ///
    /// The tool runs a program. Each `{name}` in its command becomes an argument that a call must
    /// give, and exactly one element of the program's argument list. The definition is checked
    /// with all the others; one with an error is not left behind.
    #[command(after_long_help = help::NEW)]
    New(NewArgs),
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

/// Where the definitions and the configuration are.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ToolsDir {
    /// Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d
    /// in the user's configuration directory]
    #[arg(long, value_name = "DIR", env = "TOLLGATE_TOOLS", hide_env = true)]
    pub(crate) tools: Option<PathBuf>,
    /// Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is
    /// there]
    #[arg(long, value_name = "FILE", env = "TOLLGATE_CONFIG", hide_env = true)]
    pub(crate) config: Option<PathBuf>,
}

/// As whom to act where the configuration declares principals.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct KeyFile {
    /// File with the key of the principal to act as, readable by its owner only [default: the key
    /// in $TOLLGATE_KEY]
    #[arg(long, value_name = "FILE", env = "TOLLGATE_KEY_FILE", hide_env = true)]
    pub(crate) key_file: Option<PathBuf>,
}

/// Where the ledger is.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct StateDir {
    /// Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user's state directory]
    #[arg(long, value_name = "DIR", env = "TOLLGATE_STATE", hide_env = true)]
    pub(crate) state: Option<PathBuf>,
}
