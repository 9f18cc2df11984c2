//! Statistics as JSON for a program.

use serde_json::{Map, Value, json};

use super::{Counts, Fared, Met, Stats, Tally, Timeline, ToolStats, table::most};
use crate::{base::clock::Timestamp, ledger::record::Outcome};

/// The statistics for a program. Everything that is told over time has the stretches of all calls,
/// and leaves out those in which there was nothing of it.
pub(crate) fn json(stats: &Stats) -> Value {
    let tool = |tool: &ToolStats| {
        let mut json = tool_json(tool);
        let timeline = over_time(stats, &tool.timeline, |fared: Fared| {
            json!({
                "succeeded": fared.succeeded, "refused": fared.refused,
                "failed": fared.failed, "waiting": fared.waiting,
                "success_percent": fared.success_percent(),
            })
        });
        if let Some(json) = json.as_object_mut() {
            json.insert("timeline".to_owned(), timeline);
        }
        json
    };
    let tools: Map<String, Value> = stats
        .tools
        .iter()
        .map(|(name, one)| (name.clone(), tool(one)))
        .collect();
    let principals: Map<String, Value> = stats
        .principals
        .iter()
        .map(|(name, counts)| (name.clone(), counts_json(counts)))
        .collect();
    let met = |met: &Met| over_time(stats, &met.timeline, |calls| json!({"calls": calls}));
    let problems: Vec<Value> = most(&stats.problems)
        .into_iter()
        .map(|((tool, code, stage), one)| {
            json!({"tool": tool, "code": code, "stage": stage, "calls": one.calls, "timeline": met(one)})
        })
        .collect();
    let rules: Vec<Value> = most(&stats.rules)
        .into_iter()
        .map(|((rule, tool), one)| {
            json!({"rule": rule, "tool": tool, "calls": one.calls, "timeline": met(one)})
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
        "replays": stats.replays, "loops": stats.loops, "altered": stats.altered,
        "tools": tools, "principals": principals, "problems": problems, "rules": rules,
        "bucket_seconds": stats.timeline.width_us() / 1_000_000, "timeline": timeline,
    })
}

/// What is told of each stretch of `timeline` that is not empty, and when it begins.
fn over_time<T: Tally>(stats: &Stats, timeline: &Timeline<T>, told: impl Fn(T) -> Value) -> Value {
    let (from, width_us) = (
        stats.timeline.span().0.as_micros(),
        stats.timeline.width_us(),
    );
    let tallies = timeline.within(Timestamp::from_micros(from), width_us);
    let told = tallies.into_iter().map(|(place, tally)| {
        let begins = from + i64::try_from(place).unwrap_or(0) * width_us;
        let mut json = told(tally);
        if let Some(json) = json.as_object_mut() {
            let begins = Timestamp::from_micros(begins).rfc3339();
            json.insert("begins".to_owned(), Value::String(begins));
        }
        json
    });
    told.collect()
}

fn tool_json(tool: &ToolStats) -> Value {
    json!({
        "calls": counts_json(&tool.counts),
        "success_percent": tool.counts.success_percent(),
        "attempts": tool.tries.attempts,
        "retries": tool.tries.retries,
        "retried_calls": tool.tries.retried,
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
