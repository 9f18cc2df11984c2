//! Arguments of the commands that read the ledger: `log`, `replay-log`, `audit`.

use std::{path::PathBuf, time::Duration};

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{StateDir, ToolsDir};
use crate::{
    base::{clock::Timestamp, problem::Code},
    cli::span::{self, Since},
    ledger::{
        log::{BARE_REFUSAL, CallFilter},
        record::Outcome,
    },
};

/// Arguments of `log`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LogArgs {
    /// What to do with one call.
    #[command(subcommand)]
    pub(crate) command: Option<LogCommand>,
    /// Id of one call, to show it whole
    #[arg(value_name = "CALL", conflicts_with_all = ["tool", "principal", "since"])]
    pub(crate) call: Option<String>,
    /// Which calls.
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only calls that ended so
    #[arg(long, value_name = "OUTCOME", conflicts_with = "call", value_parser = outcomes())]
    pub(crate) outcome: Option<Outcome>,
    /// Only calls with this problem
    #[arg(long, value_name = "CODE", conflicts_with = "call", value_parser = codes())]
    pub(crate) code: Option<&'static str>,
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
    /// Go on with each call that ends, in any process, until interrupted
    #[arg(long, conflicts_with_all = ["call", "oldest_first"])]
    pub(crate) follow: bool,
    /// Print one JSON object a call
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `log` does with one call.
#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Show one call whole
    Show(OneCallArgs),
    /// Say why a call fared as it did, stage by stage
    ///
    /// Goes through everything that decided about the call, in order: what passed, what was
    /// changed, which rule or limit refused and with which values, the attempts, and what reached
    /// the client.
    Why(OneCallArgs),
}

/// Which call.
#[derive(Args, Debug)]
pub(crate) struct OneCallArgs {
    /// Id of the call, or its beginning; `last` for the newest
    #[arg(value_name = "CALL")]
    pub(crate) call: String,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which calls of which ledger.
#[derive(Args, Debug, Default)]
pub(crate) struct Selection {
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
}

impl Selection {
    /// The state folder that was given, and what a ledger is asked for at the time `now`.
    pub(crate) fn resolve(self, now: Timestamp) -> (Option<PathBuf>, CallFilter) {
        let filter = CallFilter {
            tool: self.tool,
            principal: self.principal,
            since: self.since.map(|since| since.resolve(now)),
            ..CallFilter::default()
        };
        (self.state_dir.state, filter)
    }
}

/// Arguments of `replay-log`.
#[derive(Args, Debug)]
pub(crate) struct ReplayLogArgs {
    /// Where the definitions are.
    #[command(flatten)]
    pub(crate) tools_dir: ToolsDir,
    /// Which calls.
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Most calls to judge [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print one JSON object a difference, and one with the summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the calls to FILE as requests that `serve` reads, instead of judging them
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    /// Take the calls through everything, operations and limits too, at the times when they came,
    /// and answer them with what was recorded
    #[arg(long, conflicts_with = "export")]
    pub(crate) simulate: bool,
    /// Really make the calls again that were run and read; they are written to the ledger as new
    #[arg(long, conflicts_with_all = ["export", "simulate"])]
    pub(crate) execute: bool,
    /// With `--execute`, also calls of this tool, which writes; may be given several times
    #[arg(long, value_name = "TOOL", requires = "execute")]
    pub(crate) allow_writes: Vec<String>,
}

/// Arguments of `stats`.
#[derive(Args, Debug)]
pub(crate) struct StatsArgs {
    /// Which calls.
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Print one JSON object, with the calls over time in it
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `top`.
#[derive(Args, Debug)]
pub(crate) struct TopArgs {
    /// Which calls.
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// How long to show a picture before the next is made, at least 200ms
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = span::duration)]
    pub(crate) interval: Duration,
    /// Print one picture as text, and end; needs no terminal
    #[arg(long)]
    pub(crate) once: bool,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// Which calls.
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// File to write; what is there is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) html: PathBuf,
}

/// Arguments of `metrics`.
#[derive(Args, Debug)]
pub(crate) struct MetricsArgs {
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
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
    /// Follow the chain from its first event; the status is 4 when it is broken
    Verify(AuditVerifyArgs),
    /// Print the end of the chain as one line, to be kept where this machine cannot change it
    Anchor(StateDir),
    /// Write the whole trail as lines of JSON, which `verify --file` understands
    Export(StateDir),
    /// Take out the calls that ended before a time, with the events that vouch for them
    Prune(AuditPruneArgs),
}

/// Arguments of `audit prune`.
#[derive(Args, Debug)]
pub(crate) struct AuditPruneArgs {
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Calls that ended before then: how long ago, as `400d`, or a time, as `2026-11-23T14:00:00Z`
    #[arg(long, value_name = "WHEN", value_parser = span::since)]
    pub(crate) before: Since,
}

/// Arguments of `audit verify`.
#[derive(Args, Debug)]
pub(crate) struct AuditVerifyArgs {
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Verify this export instead of a ledger
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Lines that `audit anchor` printed; the chain must still contain what they were taken of
    #[arg(long, value_name = "FILE")]
    pub(crate) anchor: Option<PathBuf>,
}

fn outcomes() -> impl TypedValueParser<Value = Outcome> {
    one_of(Outcome::ALL.to_vec(), Outcome::as_str)
}

fn codes() -> impl TypedValueParser<Value = &'static str> {
    let all = Code::ALL.iter().map(|code| code.as_str());
    let all: Vec<&'static str> = all.chain([BARE_REFUSAL]).collect();
    one_of(all, |code| code)
}

/// Reads one of `all` by the word that the ledger has for it.
pub(super) fn one_of<T: Copy + Send + Sync + 'static>(
    all: Vec<T>,
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(move |one| word(*one))).try_map(move |text| {
        all.iter()
            .copied()
            .find(|one| word(*one) == text)
            .ok_or("not a known value")
    })
}
