//! `tollgate stats`, `report` and `metrics`: what the calls of a ledger amount to.

use std::{fs::File, io::Write as _};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{breaker::breaker_json, budget::budget_json, log::unusable};
use crate::{
    base::clock::{Clock as _, SystemClock, Timestamp},
    cli::{
        args::{MetricsArgs, ReportArgs, Selection, StatsArgs},
        compose,
        exit::{CommandError, ExitStatus},
        print,
        stats::{Stats, json, metrics, report, table},
    },
    ledger::{
        log::CallFilter,
        sqlite::{
            health::{self, Health},
            read::LogReader,
        },
    },
};

/// Prints success rates, problems and durations.
///
/// # Errors
/// When there is no ledger, or it cannot be read.
pub(crate) fn stats(args: StatsArgs) -> Result<ExitStatus, CommandError> {
    let now = SystemClock.wall();
    let (stats, health, _) = gather(args.selection, now)?;
    let told = if args.json {
        format!("{}\n", json(&stats, &health))
    } else {
        table::text(&stats, &health, now)
    };
    print(told.as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// The statistics for a program, with how the ledger stands.
fn json(stats: &Stats, health: &Health) -> Value {
    let mut json = json::json(stats);
    if let Some(json) = json.as_object_mut() {
        let open = json!({
            "unknown": health.unknown, "attention": health.attention, "running": health.running,
            "abandoned": health.abandoned,
        });
        json.insert("open".to_owned(), open);
        let budgets = health.budgets.iter().map(budget_json).collect();
        json.insert("budgets".to_owned(), budgets);
        let breakers = health.breakers.iter().map(breaker_json).collect();
        json.insert("breakers".to_owned(), breakers);
    }
    json
}

/// Writes the page.
///
/// # Errors
/// When there is no ledger, it cannot be read, or the file cannot be written.
pub(crate) fn report(args: ReportArgs) -> Result<ExitStatus, CommandError> {
    let made = SystemClock.wall();
    let (stats, health, filter) = gather(args.selection, made)?;
    let page = report::report(&report::Occasion {
        stats: &stats,
        health: &health,
        only: &only(&filter),
        made,
        version: env!("CARGO_PKG_VERSION"),
    });
    let path = args.html;
    let write = || format!("cannot write `{}`", path.display());
    let mut file = File::create(&path).with_context(write)?;
    file.write_all(page.as_bytes()).with_context(write)?;
    print(format!("written to {}\n", path.display()).as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// Prints the same in the text format of Prometheus.
///
/// # Errors
/// When there is no ledger, or it cannot be read.
pub(crate) fn metrics(args: MetricsArgs) -> Result<ExitStatus, CommandError> {
    let everything = Selection {
        state_dir: args.state_dir,
        ..Selection::default()
    };
    let now = SystemClock.wall();
    let (stats, health, _) = gather(everything, now)?;
    print(metrics::metrics(&stats, &health, now).as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// Which calls `filter` takes, in words.
fn only(filter: &CallFilter) -> Vec<String> {
    let tool = filter.tool.iter().map(|tool| format!("of the tool {tool}"));
    let whose = filter.principal.iter();
    let principal = whose.map(|principal| format!("for the principal {principal}"));
    let since = filter.since.iter();
    let since = since.map(|since| since.written("since %-d %B %Y, %H:%M:%S"));
    tool.chain(principal).chain(since).collect()
}

/// What the selected calls amount to at the time `now`, how the ledger stands, and which calls
/// were selected.
fn gather(
    selection: Selection,
    now: Timestamp,
) -> Result<(Stats, Health, CallFilter), CommandError> {
    let (state, filter) = selection.resolve(now);
    let dir = compose::state_dir(state)?;
    let stats = count(&LogReader::open(&dir).map_err(unusable)?, &filter)?;
    Ok((stats, health::look(&dir), filter))
}

/// What the calls that `filter` takes amount to.
///
/// # Errors
/// When the ledger cannot be read.
pub(super) fn count(reader: &LogReader, filter: &CallFilter) -> Result<Stats, CommandError> {
    let mut stats = Stats::default();
    reader
        .facts(filter, |fact| stats.add(fact))
        .map_err(unusable)?;
    Ok(stats)
}
