//! Drawings: bars of calls over time, and one bar of how calls ended.

use std::fmt::Write as _;

use super::super::{Counts, Timeline};
use crate::ledger::record::Outcome;

const WIDTH: u64 = 1000;
const HEIGHT: u64 = 180;
/// Room for the numbers at the left and the times below.
const LEFT: u64 = 44;
const BELOW: u64 = 22;

/// The colour's name in the style sheet.
pub(super) fn colour(word: &str) -> &str {
    match word {
        "succeeded" | "refused" | "failed" | "cancelled" | "timed_out" | "unknown" | "running" => {
            word
        }
        _ => "other",
    }
}

/// What there is of each outcome, in a fixed order; what there is none of is left out.
pub(super) fn parts(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> + '_ {
    let ended = Outcome::ALL
        .iter()
        .map(|outcome| (outcome.as_str(), counts.of(*outcome)));
    let running = std::iter::once(("running", counts.running()));
    ended.chain(running).filter(|(_, count)| *count > 0)
}

/// One bar whose parts are as long as their shares.
pub(super) fn bar(counts: &Counts) -> String {
    let total = counts.total().max(1);
    let mut bar = String::from("<div class=\"bar\">");
    for (word, count) in parts(counts) {
        let mille = count * 1000 / total;
        let _infallible = write!(
            bar,
            "<i style=\"width:{}.{}%;background:var(--{})\" title=\"{} {count}\"></i>",
            mille / 10,
            mille % 10,
            colour(word),
            word.replace('_', " ")
        );
    }
    bar.push_str("</div>");
    bar
}

/// Calls over time, one stacked bar for each stretch.
pub(super) fn timeline(timeline: &Timeline) -> String {
    let buckets: Vec<_> = timeline.buckets().collect();
    let highest = buckets
        .iter()
        .map(|(_, counts)| counts.total())
        .max()
        .unwrap_or(0)
        .max(1);
    let stretch = (WIDTH - LEFT) * 1000 / (buckets.len() as u64).max(1);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"calls over time\">\n",
        HEIGHT + BELOW
    );
    for (label, y) in [(highest, 10), (highest / 2, HEIGHT / 2 + 5), (0, HEIGHT)] {
        let _infallible = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{label}</text>",
            LEFT - 6,
            y + 4
        );
    }
    for (at, (begins, counts)) in buckets.iter().enumerate() {
        let x = LEFT * 1000 + at as u64 * stretch;
        column(&mut svg, x, stretch, highest, &begins.rfc3339(), counts);
    }
    times(&mut svg, &buckets);
    svg.push_str("</svg>\n");
    svg
}

/// One stacked bar; lengths in thousandths.
fn column(svg: &mut String, x: u64, stretch: u64, highest: u64, begins: &str, counts: &Counts) {
    let mut y = HEIGHT * 1000;
    for (word, count) in parts(counts) {
        let height = count * (HEIGHT - 10) * 1000 / highest;
        y = y.saturating_sub(height);
        let _infallible = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"var(--{})\"><title>{begins}: {count} {}</title></rect>",
            decimal(x),
            decimal(y),
            decimal(stretch * 9 / 10),
            decimal(height),
            colour(word),
            word.replace('_', " ")
        );
    }
}

/// The first and the last time.
fn times<T>(svg: &mut String, buckets: &[(crate::base::clock::Timestamp, T)]) {
    let y = HEIGHT + BELOW - 6;
    let ends = [
        (buckets.first(), LEFT, "start"),
        (buckets.last(), WIDTH, "end"),
    ];
    for (bucket, x, anchor) in ends {
        if let Some((begins, _)) = bucket {
            let _infallible = writeln!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>",
                begins.rfc3339()
            );
        }
    }
}

/// Thousandths as a decimal number.
fn decimal(thousandths: u64) -> String {
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}
