//! `tollgate stats`, `report` and `metrics`: what the calls of a ledger amount to.

use std::{fs::File, io::Write as _};

use anyhow::Context as _;

use super::log::unusable;
use crate::{
    base::clock::{Clock as _, SystemClock},
    cli::{
        args::{MetricsArgs, ReportArgs, Selection, StatsArgs},
        compose,
        exit::{CommandError, ExitStatus},
        print,
        stats::{Stats, metrics, report, table},
    },
    ledger::{
        log::CallFilter,
        sqlite::{health, read::LogReader},
    },
};

/// Prints success rates, problems and durations.
///
/// # Errors
/// When there is no ledger, or it cannot be read.
pub(crate) fn stats(args: StatsArgs) -> Result<ExitStatus, CommandError> {
    let stats = gather(args.selection)?;
    let told = if args.json {
        format!("{}\n", table::json(&stats))
    } else {
        table::text(&stats)
    };
    print(told.as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// Writes the page.
///
/// # Errors
/// When there is no ledger, it cannot be read, or the file cannot be written.
pub(crate) fn report(args: ReportArgs) -> Result<ExitStatus, CommandError> {
    let made = SystemClock.wall();
    let (state, filter) = args.selection.resolve(made);
    let dir = compose::state_dir(state)?;
    let stats = count(&LogReader::open(&dir).map_err(unusable)?, &filter)?;
    let page = report::report(&report::Occasion {
        stats: &stats,
        health: &health::look(&dir),
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
    let stats = gather(Selection {
        state_dir: args.state_dir,
        ..Selection::default()
    })?;
    print(metrics::metrics(&stats).as_bytes())?;
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

fn gather(selection: Selection) -> Result<Stats, CommandError> {
    let (state, filter) = selection.resolve(SystemClock.wall());
    let reader = LogReader::open(&compose::state_dir(state)?).map_err(unusable)?;
    count(&reader, &filter)
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
