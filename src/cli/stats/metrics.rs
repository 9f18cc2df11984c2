//! Statistics in the text format of Prometheus (version 0.0.4).

use std::fmt::Write as _;

use super::{Stats, table::most};
use crate::ledger::record::Outcome;

/// Everything that the ledger counts, as counters and summaries.
pub(crate) fn metrics(stats: &Stats) -> String {
    let mut text = String::new();
    let head = |text: &mut String, name: &str, kind: &str, help: &str| {
        let _infallible = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    };
    head(
        &mut text,
        "tollgate_calls_total",
        "counter",
        "Calls in the ledger by tool and outcome.",
    );
    for (tool, one) in &stats.tools {
        for outcome in Outcome::ALL {
            let (tool, outcome, count) = (label(tool), outcome.as_str(), one.counts.of(*outcome));
            let _infallible = writeln!(
                text,
                "tollgate_calls_total{{tool=\"{tool}\",outcome=\"{outcome}\"}} {count}"
            );
        }
    }
    let help = "Calls that ended with a problem, by tool, error code and stage.";
    head(&mut text, "tollgate_problems_total", "counter", help);
    for ((tool, code, stage), met) in most(stats) {
        let (tool, code, stage) = (label(tool), label(code), label(stage));
        let count = met.calls;
        let _infallible = writeln!(
            text,
            "tollgate_problems_total{{tool=\"{tool}\",code=\"{code}\",stage=\"{stage}\"}} {count}"
        );
    }
    let help = "From reading the line of a call to its end; calls that were not refused.";
    head(&mut text, "tollgate_call_duration_seconds", "summary", help);
    for (tool, one) in &stats.tools {
        let tool = label(tool);
        for (quantile, percent) in [("0.5", 50), ("0.95", 95), ("0.99", 99)] {
            if let Some(micros) = one.micros.percentile(percent) {
                let seconds = seconds(micros);
                let _infallible = writeln!(
                    text,
                    "tollgate_call_duration_seconds{{tool=\"{tool}\",quantile=\"{quantile}\"}} {seconds}"
                );
            }
        }
        let (sum, count) = (seconds(one.micros.sum()), one.micros.total());
        let _infallible = writeln!(
            text,
            "tollgate_call_duration_seconds_sum{{tool=\"{tool}\"}} {sum}\ntollgate_call_duration_seconds_count{{tool=\"{tool}\"}} {count}"
        );
    }
    let help = "Calls that have begun and not ended.";
    head(&mut text, "tollgate_calls_running", "gauge", help);
    let _infallible = writeln!(
        text,
        "tollgate_calls_running {}",
        stats.all.counts.running()
    );
    let help = "Calls of which nobody can tell what they did.";
    head(&mut text, "tollgate_unknown_effects_total", "counter", help);
    let _infallible = writeln!(
        text,
        "tollgate_unknown_effects_total {}",
        stats.unknown_effects
    );
    text
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A label's value, escaped as the format says.
fn label(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
