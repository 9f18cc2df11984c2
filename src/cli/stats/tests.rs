//! What is counted, and how it is told.

mod eventful;

use eventful::{eventful, restrained};

use super::{
    OTHERS, Stats,
    metrics::metrics,
    report::{Occasion, report},
    table,
};
use crate::{
    base::{
        clock::Timestamp,
        limits::{STATS_BUCKETS_MAX, STATS_NAMES_MAX},
    },
    ledger::{log::CallFact, record::Outcome, sqlite::health::Health},
};

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;

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
        is_tool_known: true,
        principal: "local",
        outcome: Some(outcome),
        stage: Some(stage),
        code,
        effects: Some("none"),
        micros: Some(1000),
        is_altered: false,
        attempts: None,
        by_rule: None,
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
        text(&three(), &Health::default()),
        "\
3 calls from 1970-01-01T00:00:00.000Z to 1970-01-01T00:02:00.000Z

tool  calls  ok  refused  other  success     p50     p95     p99  retries
a         2   1        1      0    100 %  992 us  992 us  992 us        -
b         1   0        0      1      0 %  992 us  992 us  992 us        -
all       3   1        1      1     50 %  992 us  992 us  992 us        -

from                 calls  ok  refused  other  success
1970-01-01 00:00:00      2   1        1      0    100 %
1970-01-01 00:00:30      0   0        0      0        -
1970-01-01 00:01:00      0   0        0      0        -
1970-01-01 00:01:30      0   0        0      0        -
1970-01-01 00:02:00      1   0        0      1      0 %

problem            tool  decided by  calls
VALIDATION_FAILED  a     validate        1
BACKEND_FAILED     b     exec            1
"
    );
    assert_eq!(text(&Stats::default(), &Health::default()), "no calls\n");
}

#[test]
fn time_has_its_gaps_and_a_bound() {
    let mut stats = Stats::default();
    for second in [0, 0, 2] {
        let received = Timestamp::from_micros(second * SECOND_US);
        let fact = fact("a", 0, Outcome::Succeeded);
        stats.add(CallFact { received, ..fact });
    }
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
    let mut unknown = Stats::default();
    for number in 0..2 * STATS_NAMES_MAX {
        let name = format!("invented-{number}");
        let fact = fact(&name, 0, Outcome::Refused);
        unknown.add(CallFact {
            code: None,
            is_tool_known: false,
            ..fact
        });
    }
    assert_eq!((unknown.tools.len(), unknown.problems.len()), (1, 1));
    let reply = |number| format!(r#"{{"error":{{"reason":"RULE_{number}"}}}}"#);
    for reply in (0..2 * STATS_NAMES_MAX).map(reply) {
        unknown.add(CallFact {
            by_rule: Some(&reply),
            ..fact("a", 0, Outcome::Refused)
        });
    }
    assert_eq!(unknown.rules.len(), STATS_NAMES_MAX + 1);
}

#[test]
fn prometheus_gets_its_format() {
    let mut stats = three();
    stats.add(fact("we\"ird\n", 0, Outcome::Refused));
    let text = metrics(&stats, &restrained(), Timestamp::from_micros(0));
    let eventful = metrics(&eventful(), &Health::default(), Timestamp::from_micros(0));
    for line in [
        "tollgate_attempts_total{tool=\"a\"} 4",
        "tollgate_retries_total{tool=\"a\"} 2",
        "tollgate_rule_refusals_total{rule=\"MUCH\",tool=\"a\"} 1",
        "tollgate_problems_total{tool=\"(unknown tools)\",code=\"INVALID_PARAMS\",stage=\"resolve\"} 3",
        "tollgate_replays_total 1",
        "tollgate_loops_total 1",
        "tollgate_altered_total 1",
        "tollgate_unknown_effects_total 1",
    ] {
        assert!(
            eventful.lines().any(|own| own == line),
            "{line}\n{eventful}"
        );
    }
    for line in [
        "# TYPE tollgate_calls_total counter",
        "tollgate_calls_total{tool=\"a\",outcome=\"succeeded\"} 1",
        "tollgate_problems_total{tool=\"b\",code=\"BACKEND_FAILED\",stage=\"exec\"} 1",
        "tollgate_call_duration_seconds{tool=\"a\",quantile=\"0.5\"} 0.000992",
        "tollgate_call_duration_seconds_sum{tool=\"a\"} 0.001000",
        "tollgate_call_duration_seconds_count{tool=\"a\"} 1",
        "tollgate_calls_total{tool=\"we\\\"ird\\n\",outcome=\"refused\"} 1",
        "tollgate_operations_open{state=\"unknown\"} 2",
        "tollgate_budget_amount{scope=\"everything\",period=\"total\",part=\"spent\"} 9.5",
        "tollgate_budget_amount{scope=\"everything\",period=\"total\",part=\"limit\"} 10",
        "tollgate_breaker_open{backend=\"shop\"} 1",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
}

#[test]
fn buckets_begin_where_people_expect_it() {
    let mut stats = Stats::default();
    let mut width = 0;
    for minute in 0..20_000 {
        stats.add(fact("a", 7 * minute, Outcome::Succeeded));
        let own = stats.timeline.width_us() / SECOND_US;
        assert!(own == width || own % width.max(1) == 0, "{width} -> {own}");
        width = own;
    }
    assert_eq!(width, 43_200);
    let (first, count) = stats.timeline.span();
    assert_eq!((first.as_micros(), count), (0, 195));
    // The timeline of a tool tells the same in the buckets of all.
    let own = &stats.tools["a"].timeline;
    let told = own.within(first, 2 * stats.timeline.width_us());
    let sum: u32 = told.values().map(|fared| fared.succeeded).sum();
    assert_eq!((told.len(), sum), (98, 20_000));
}

fn text(stats: &Stats, health: &Health) -> String {
    table::text(stats, health, Timestamp::from_micros(0))
}

fn page(stats: &Stats, health: &Health, only: &[String]) -> String {
    report(&Occasion {
        stats,
        health,
        only,
        made: Timestamp::from_micros(0),
        version: "0.1.0",
    })
}

#[test]
fn the_page_is_complete_and_asks_for_nothing() {
    let whole = page(&three(), &Health::default(), &[]);
    for part in [
        "<svg",
        "VALIDATION_FAILED",
        "<code>b</code>",
        "100 %",
        "1 January 1970, 00:00:00",
        "default-src 'none'",
        "</html>",
    ] {
        assert!(whole.contains(part), "{part}");
    }
    for part in ["http:", "https:", "src=", "<script", "@import", "url("] {
        assert!(!whole.contains(part), "{part}");
    }
    let empty = page(&Stats::default(), &Health::default(), &[]);
    assert!(empty.contains("No calls yet"));
    let other = ["of the tool <b>".to_owned()];
    let none = page(&Stats::default(), &Health::default(), &other);
    assert!(none.contains("No such calls") && none.contains("Only calls of the tool &lt;b&gt;."));
}

#[test]
fn the_page_says_what_waits_for_a_person() {
    let told = page(&eventful(), &restrained(), &[]);
    for part in [
        "Waits for a person",
        "2 operations whose outcome is unknown",
        "the backend <code>shop</code> is left alone (open)",
        ">open</span>, for 7 s more",
        "Rules that refused",
        "<code>MUCH</code>",
        "<div class=\"figure\"><dd>6</dd><dt>attempts",
        "<div class=\"figure\"><dd>2</dd><dt>of those were retries",
        "<div class=\"figure\"><dd>1</dd><dt>stopped",
        "<div class=\"figure alarm\"><dd>2</dd><dt>operations",
        "<code>INVALID_PARAMS</code>",
        "<code>(unknown tools)</code>",
    ] {
        assert!(told.contains(part), "{part}");
    }
    assert!(!page(&three(), &Health::default(), &[]).contains("Waits for a person"));
}

#[test]
fn who_was_asked_has_not_failed() {
    let mut stats = three();
    stats.add(fact("a", 1, Outcome::Asked));
    assert_eq!(stats.tools["a"].counts.success_percent(), Some(100));
}
