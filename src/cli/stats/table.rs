//! Statistics as text for a terminal.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Counts, Met, OTHERS, Places, Stats, ToolStats, UNKNOWN_TOOLS};
use crate::{
    base::{clock::Timestamp, text},
    cli::{
        panels::{self, Panel},
        standing,
    },
    ledger::{record::Outcome, sqlite::health::Health},
};

/// Problems, rules, budgets and breakers that a text shows; JSON has them all.
const ROWS_SHOWN: usize = 20;
/// Stretches of time that a text shows; JSON has more.
const STRETCHES_SHOWN: usize = 12;

/// What the columns of [`tool_row`] are.
pub(crate) const HEADER: [&str; 10] = [
    "tool", "calls", "ok", "refused", "other", "success", "p50", "p95", "p99", "retries",
];

/// The statistics as a person reads them, with how the ledger stands at the time `now`.
pub(crate) fn text(stats: &Stats, health: &Health, now: Timestamp) -> String {
    let mut told = match stats.span {
        None => "no calls\n".to_owned(),
        Some((first, last)) => format!(
            "{} from {} to {}\n",
            calls(stats.all.counts.total()),
            first.rfc3339(),
            last.rfc3339()
        ),
    };
    let lines = notes(stats).into_iter();
    for line in lines.chain(standing::troubles(health)) {
        told.push_str(&line);
        told.push('\n');
    }
    if stats.span.is_some() {
        add(&mut told, &tools(stats), 0);
        over_time(&mut told, stats);
        let more = stats.problems.len().saturating_sub(ROWS_SHOWN);
        add(&mut told, &problem_rows(stats, ROWS_SHOWN), more);
        let more = stats.rules.len().saturating_sub(ROWS_SHOWN);
        add(&mut told, &rule_rows(stats, ROWS_SHOWN), more);
    }
    for panel in [
        panels::budgets(&health.budgets, now, ROWS_SHOWN),
        panels::breakers(&health.breakers, ROWS_SHOWN),
    ] {
        let Panel { cells, more, .. } = panel;
        add(&mut told, &cells, more);
    }
    told
}

/// A table below an empty line, where it has rows, and that there are `more` rows.
fn add(told: &mut String, rows: &[Vec<String>], more: usize) {
    if rows.len() < 2 {
        return;
    }
    let _infallible = write!(told, "\n{}", columns(rows));
    if more > 0 {
        let _infallible = writeln!(told, "{more} more; `--json` has them all");
    }
}

/// What is worth a line beside the table, without what there is none of.
pub(crate) fn notes(stats: &Stats) -> Vec<String> {
    let tries = stats.all.tries;
    let retries = format!(
        "{} attempts, {} of them retries in {}",
        tries.attempts,
        tries.retries,
        calls(tries.retried)
    );
    let notes = [
        (tries.retries, retries),
        (
            stats.replays,
            format!("{} repeated and answered from the ledger", stats.replays),
        ),
        (stats.loops, format!("{} stopped as a loop", stats.loops)),
        (
            stats.altered,
            format!("{} run with a value put into its form", stats.altered),
        ),
        (
            stats.unknown_effects,
            format!("{} ended with effects unknown", stats.unknown_effects),
        ),
    ];
    let there = notes.into_iter().filter(|(count, _)| *count > 0);
    there.map(|(_, note)| note).collect()
}

fn calls(count: u64) -> String {
    text::count(usize::try_from(count).unwrap_or(usize::MAX), "call")
}

/// A row for each tool, and one for all of them, below their heading.
fn tools(stats: &Stats) -> Vec<Vec<String>> {
    let mut tools: Vec<_> = stats.tools.iter().collect();
    tools.sort_by_key(|(name, _)| ([UNKNOWN_TOOLS, OTHERS].contains(&name.as_str()), *name));
    let mut rows = vec![HEADER.map(str::to_owned).to_vec()];
    rows.extend(tools.iter().map(|(name, tool)| tool_row(name, tool)));
    rows.push(tool_row("all", &stats.all));
    rows
}

/// How calls fared over time, where there is more than one stretch of it.
fn over_time(told: &mut String, stats: &Stats) {
    let Some((_, last)) = stats.span else {
        return;
    };
    let header = ["from", "calls", "ok", "refused", "other", "success"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let places = Places::of(&stats.timeline, last, STRETCHES_SHOWN);
    for (begins, counts) in places.tallies(&stats.timeline) {
        let begins = begins.written("%Y-%m-%d %H:%M:%S");
        rows.push([vec![begins], counted(&counts)].concat());
    }
    if rows.len() > 2 {
        add(told, &rows, 0);
    }
}

/// How many calls there are, how many of them ended so or so, and the share that succeeded.
fn counted(counts: &Counts) -> Vec<String> {
    let (succeeded, refused) = (counts.of(Outcome::Succeeded), counts.of(Outcome::Refused));
    vec![
        counts.total().to_string(),
        succeeded.to_string(),
        refused.to_string(),
        (counts.total() - succeeded - refused).to_string(),
        counts
            .success_percent()
            .map_or_else(dash, |percent| format!("{percent} %")),
    ]
}

/// One tool, or all of them, under [`HEADER`].
pub(crate) fn tool_row(name: &str, tool: &ToolStats) -> Vec<String> {
    let percentile = |percent| tool.micros.percentile(percent).map_or_else(dash, duration);
    let mut row = vec![text::clip(name, 40).to_owned()];
    row.extend(counted(&tool.counts));
    row.extend([percentile(50), percentile(95), percentile(99)]);
    row.push(match tool.tries.retries {
        0 => dash(),
        retries => retries.to_string(),
    });
    row
}

/// The most frequent problems, at most so many, below their heading.
pub(crate) fn problem_rows(stats: &Stats, shown: usize) -> Vec<Vec<String>> {
    let header = ["problem", "tool", "decided by", "calls"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let found = most(&stats.problems).into_iter().take(shown);
    rows.extend(found.map(|((tool, code, stage), met)| {
        let tool = text::clip(tool, 40).to_owned();
        vec![code.clone(), tool, stage.clone(), met.calls.to_string()]
    }));
    rows
}

/// The operator's rules that refused most often, at most so many, below their heading.
pub(crate) fn rule_rows(stats: &Stats, shown: usize) -> Vec<Vec<String>> {
    let mut rows = vec![["rule", "tool", "refused"].map(str::to_owned).to_vec()];
    let found = most(&stats.rules).into_iter().take(shown);
    rows.extend(found.map(|((rule, tool), met)| {
        let names = [rule, tool].map(|name| text::clip(name, 40).to_owned());
        [names.to_vec(), vec![met.calls.to_string()]].concat()
    }));
    rows
}

/// What was met, the most frequent first.
pub(crate) fn most<K: Ord>(met: &BTreeMap<K, Met>) -> Vec<(&K, &Met)> {
    let mut found: Vec<_> = met.iter().collect();
    found.sort_by(|a, b| b.1.calls.cmp(&a.1.calls).then(a.0.cmp(b.0)));
    found
}

/// Columns that are as wide as their widest cell; the first to the left, numbers to the right.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let is_words = |column: usize| {
        let mut cells = rows.iter().skip(1).filter_map(|row| row.get(column));
        column == 0 || cells.any(|cell| cell.starts_with(|char: char| char.is_alphabetic()))
    };
    let widths: Vec<(usize, bool)> = (0..count).map(|at| (width(at), is_words(at))).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, (width, is_words)) in row.iter().zip(&widths) {
            let _infallible = if *is_words {
                write!(line, "{cell:<width$}  ")
            } else {
                write!(line, "{cell:>width$}  ")
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn dash() -> String {
    "-".to_owned()
}

/// Microseconds in the largest unit that leaves three digits.
pub(crate) fn duration(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..10_000_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        _ => format!("{} s", micros / 1_000_000),
    }
}
