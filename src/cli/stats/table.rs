//! Statistics as text for a terminal and as JSON for a program.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Counts, Stats, ToolStats};
use crate::{base::text, ledger::record::Outcome};

/// Problems that a text shows; JSON has them all.
const PROBLEMS_SHOWN: usize = 20;

/// What the columns of [`tool_row`] are.
pub(crate) const HEADER: [&str; 9] = [
    "tool", "calls", "ok", "refused", "other", "success", "p50", "p95", "p99",
];

/// The statistics as a person reads them.
pub(crate) fn text(stats: &Stats) -> String {
    let Some((first, last)) = stats.span else {
        return "no calls\n".to_owned();
    };
    let calls = usize::try_from(stats.all.counts.total()).unwrap_or(usize::MAX);
    let mut told = format!(
        "{} from {} to {}\n",
        text::count(calls, "call"),
        first.rfc3339(),
        last.rfc3339()
    );
    if stats.unknown_effects > 0 {
        let unknown = usize::try_from(stats.unknown_effects).unwrap_or(usize::MAX);
        let line = format!("{} with effects unknown\n", text::count(unknown, "call"));
        told.push_str(&line);
    }
    let mut rows = vec![HEADER.map(str::to_owned).to_vec()];
    rows.extend(stats.tools.iter().map(|(name, tool)| tool_row(name, tool)));
    rows.push(tool_row("all", &stats.all));
    told.push('\n');
    told.push_str(&columns(&rows));
    told.push_str(&problems(stats));
    told
}

/// One tool, or all of them, under [`HEADER`].
pub(crate) fn tool_row(name: &str, tool: &ToolStats) -> Vec<String> {
    let counts = &tool.counts;
    let (succeeded, refused) = (counts.of(Outcome::Succeeded), counts.of(Outcome::Refused));
    let percentile = |percent| tool.micros.percentile(percent).map_or_else(dash, duration);
    vec![
        text::clip(name, 40).to_owned(),
        counts.total().to_string(),
        succeeded.to_string(),
        refused.to_string(),
        (counts.total() - succeeded - refused).to_string(),
        counts
            .success_percent()
            .map_or_else(dash, |percent| format!("{percent} %")),
        percentile(50),
        percentile(95),
        percentile(99),
    ]
}

fn problems(stats: &Stats) -> String {
    let rows = problem_rows(stats, PROBLEMS_SHOWN);
    if rows.len() == 1 {
        return String::new();
    }
    let mut told = format!("\n{}", columns(&rows));
    let found = stats.problems.len();
    if found > PROBLEMS_SHOWN {
        let more = found - PROBLEMS_SHOWN;
        let _infallible = writeln!(told, "{more} more; `--json` has them all");
    }
    told
}

/// The most frequent problems, at most so many, below their heading.
pub(crate) fn problem_rows(stats: &Stats, shown: usize) -> Vec<Vec<String>> {
    let header = ["problem", "tool", "decided by", "calls"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let found = most(stats).into_iter().take(shown);
    rows.extend(found.map(|((tool, code, stage), met)| {
        let tool = text::clip(tool, 40).to_owned();
        vec![code.clone(), tool, stage.clone(), met.calls.to_string()]
    }));
    rows
}

/// The problems, the most frequent first.
pub(super) fn most(stats: &Stats) -> Vec<(&super::ProblemKey, &super::Met)> {
    let mut found: Vec<_> = stats.problems.iter().collect();
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
        let cells = rows.iter().skip(1).filter_map(|row| row.get(column));
        cells
            .clone()
            .any(|cell| cell.starts_with(|char: char| char.is_alphabetic()))
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

/// The statistics for a program.
pub(crate) fn json(stats: &Stats) -> Value {
    let tools: Map<String, Value> = stats
        .tools
        .iter()
        .map(|(name, tool)| (name.clone(), tool_json(tool)))
        .collect();
    let principals: Map<String, Value> = stats
        .principals
        .iter()
        .map(|(name, counts)| (name.clone(), counts_json(counts)))
        .collect();
    let problems: Vec<Value> = most(stats)
        .into_iter()
        .map(|((tool, code, stage), met)| {
            json!({"tool": tool, "code": code, "stage": stage, "calls": met.calls})
        })
        .collect();
    let timeline: Vec<Value> = stats
        .timeline
        .buckets()
        .map(|(begins, counts)| json!({"begins": begins.rfc3339(), "calls": counts_json(&counts)}))
        .collect();
    json!({
        "from": stats.span.map(|(first, _)| first.rfc3339()),
        "to": stats.span.map(|(_, last)| last.rfc3339()),
        "all": tool_json(&stats.all),
        "unknown_effects": stats.unknown_effects,
        "replays": stats.replays, "altered": stats.altered,
        "tools": tools, "principals": principals, "problems": problems,
        "bucket_seconds": stats.timeline.width_us() / 1_000_000, "timeline": timeline,
    })
}

fn tool_json(tool: &ToolStats) -> Value {
    json!({
        "calls": counts_json(&tool.counts),
        "success_percent": tool.counts.success_percent(),
        "us": {
            "p50": tool.micros.percentile(50),
            "p95": tool.micros.percentile(95),
            "p99": tool.micros.percentile(99),
        },
    })
}

fn counts_json(counts: &Counts) -> Value {
    let ended = Outcome::ALL.iter().map(|outcome| {
        let count = Value::from(counts.of(*outcome));
        (outcome.as_str().to_owned(), count)
    });
    let mut json: Map<String, Value> = ended.collect();
    json.insert("running".to_owned(), Value::from(counts.running()));
    json.insert("total".to_owned(), Value::from(counts.total()));
    Value::Object(json)
}
