//! What is counted, and how it is told.

use super::{OTHERS, Stats, metrics::metrics, report::report, table};
use crate::{
    base::{
        clock::Timestamp,
        limits::{STATS_BUCKETS_MAX, STATS_NAMES_MAX},
    },
    ledger::{log::CallFact, record::Outcome},
};

const MINUTE_US: i64 = 60_000_000;

/// A call of this tool that came in this minute of 1970, took a millisecond and ended so.
pub(crate) fn fact(tool: &str, minute: i64, outcome: Outcome) -> CallFact<'_> {
    let (stage, code) = match outcome {
        Outcome::Succeeded => ("reply", None),
        Outcome::Refused => ("validate", Some("VALIDATION_FAILED")),
        _ => ("exec", Some("BACKEND_FAILED")),
    };
    CallFact {
        received: Timestamp::from_micros(minute * MINUTE_US),
        tool,
        principal: "local",
        outcome: Some(outcome),
        stage: Some(stage),
        code,
        effects: Some("none"),
        micros: Some(1000),
    }
}

fn three() -> Stats {
    let mut stats = Stats::default();
    stats.add(fact("a", 0, Outcome::Succeeded));
    stats.add(fact("a", 0, Outcome::Refused));
    stats.add(fact("b", 2, Outcome::Failed));
    stats
}

#[test]
fn refused_calls_count_as_calls_and_not_as_runs() {
    let stats = three();
    let a = &stats.tools["a"];
    assert_eq!(
        (a.counts.total(), a.counts.success_percent()),
        (2, Some(100))
    );
    assert_eq!(a.micros.total(), 1);
    assert_eq!(stats.tools["b"].counts.success_percent(), Some(0));
    assert_eq!(stats.all.counts.success_percent(), Some(50));
}

#[test]
fn a_person_reads_columns() {
    assert_eq!(
        table::text(&three()),
        "\
3 calls from 1970-01-01T00:00:00.000Z to 1970-01-01T00:02:00.000Z

tool  calls  ok  refused  other  success     p50     p95     p99
a         2   1        1      0    100 %  992 us  992 us  992 us
b         1   0        0      1      0 %  992 us  992 us  992 us
all       3   1        1      1     50 %  992 us  992 us  992 us

problem            tool  decided by  calls
VALIDATION_FAILED  a     validate        1
BACKEND_FAILED     b     exec            1
"
    );
    assert_eq!(table::text(&Stats::default()), "no calls\n");
}

#[test]
fn time_has_its_gaps_and_a_bound() {
    let stats = three();
    let totals: Vec<u64> = stats
        .timeline
        .buckets()
        .map(|(_, counts)| counts.total())
        .collect();
    assert_eq!(totals, [2, 0, 1]);
    let mut long = Stats::default();
    for minute in 0..10_000 {
        long.add(fact("a", minute, Outcome::Succeeded));
    }
    let buckets: Vec<_> = long.timeline.buckets().collect();
    assert!(buckets.len() <= STATS_BUCKETS_MAX);
    let counted: u64 = buckets.iter().map(|(_, counts)| counts.total()).sum();
    assert_eq!(counted, 10_000);
}

#[test]
fn names_that_clients_invent_do_not_fill_the_memory() {
    let mut stats = Stats::default();
    for number in 0..2 * STATS_NAMES_MAX {
        stats.add(fact(&format!("invented-{number}"), 0, Outcome::Refused));
    }
    assert_eq!(stats.tools.len(), STATS_NAMES_MAX + 1);
    assert_eq!(stats.tools[OTHERS].counts.total(), STATS_NAMES_MAX as u64);
    assert_eq!(stats.problems.len(), STATS_NAMES_MAX + 1);
}

#[test]
fn prometheus_gets_its_format() {
    let mut stats = three();
    stats.add(fact("we\"ird\n", 0, Outcome::Refused));
    let text = metrics(&stats);
    for line in [
        "# TYPE tollgate_calls_total counter",
        "tollgate_calls_total{tool=\"a\",outcome=\"succeeded\"} 1",
        "tollgate_problems_total{tool=\"b\",code=\"BACKEND_FAILED\",stage=\"exec\"} 1",
        "tollgate_call_duration_seconds{tool=\"a\",quantile=\"0.5\"} 0.000992",
        "tollgate_call_duration_seconds_sum{tool=\"a\"} 0.001000",
        "tollgate_call_duration_seconds_count{tool=\"a\"} 1",
        "tollgate_calls_total{tool=\"we\\\"ird\\n\",outcome=\"refused\"} 1",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
}

#[test]
fn the_page_is_complete_and_asks_for_nothing() {
    let page = report(&three(), "2026-11-25T00:00:00.000Z", "0.1.0");
    for part in [
        "<svg",
        "VALIDATION_FAILED",
        "<code>b</code>",
        "100 %",
        "</html>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for part in ["http:", "https:", "src=", "<script", "@import", "url("] {
        assert!(!page.contains(part), "{part}");
    }
    let empty = report(&Stats::default(), "2026-11-25T00:00:00.000Z", "0.1.0");
    assert!(empty.contains("no calls yet"));
}
