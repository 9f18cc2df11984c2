//! Statistics in the text format of Prometheus (version 0.0.4).

use std::fmt::{Display, Write as _};

use super::{Stats, Tries, table::most};
use crate::{
    base::{amount::Amount, clock::Timestamp},
    ledger::{record::Outcome, sqlite::health::Health},
};

/// Everything that the ledger counts, as counters and summaries, and how it stands at the time
/// `now`, as gauges.
pub(crate) fn metrics(stats: &Stats, health: &Health, now: Timestamp) -> String {
    let mut page = Page::default();
    calls(&mut page, stats);
    problems(&mut page, stats);
    durations(&mut page, stats);
    of_note(&mut page, stats);
    standing(&mut page, health, now);
    page.0
}

fn calls(page: &mut Page, stats: &Stats) {
    let (name, help) = (
        "tollgate_calls_total",
        "Calls in the ledger by tool and outcome.",
    );
    page.head(name, "counter", help);
    for (tool, one) in &stats.tools {
        for outcome in Outcome::ALL {
            let labels = [("tool", tool.as_str()), ("outcome", outcome.as_str())];
            page.value(name, &labels, one.counts.of(*outcome));
        }
    }
    let mut by_tool = |name, help, count: fn(&Tries) -> u64| {
        page.head(name, "counter", help);
        for (tool, one) in &stats.tools {
            page.value(name, &[("tool", tool)], count(&one.tries));
        }
    };
    let help = "How often a backend was asked, by tool.";
    by_tool("tollgate_attempts_total", help, |tries| tries.attempts);
    let help = "Attempts that were not the first of their call, by tool.";
    by_tool("tollgate_retries_total", help, |tries| tries.retries);
}

fn problems(page: &mut Page, stats: &Stats) {
    let (name, help) = (
        "tollgate_problems_total",
        "Calls that ended with a problem, by tool, error code and stage.",
    );
    page.head(name, "counter", help);
    for ((tool, code, stage), met) in most(&stats.problems) {
        let labels = [("tool", tool.as_str()), ("code", code), ("stage", stage)];
        page.value(name, &labels, met.calls);
    }
    let (name, help) = (
        "tollgate_rule_refusals_total",
        "Calls that a rule of the operator's refused, by rule and tool.",
    );
    page.head(name, "counter", help);
    for ((rule, tool), met) in most(&stats.rules) {
        page.value(name, &[("rule", rule), ("tool", tool)], met.calls);
    }
}

fn durations(page: &mut Page, stats: &Stats) {
    let (name, help) = (
        "tollgate_call_duration_seconds",
        "From reading the line of a call to its end; calls that were not refused.",
    );
    page.head(name, "summary", help);
    for (tool, one) in &stats.tools {
        for (quantile, percent) in [("0.5", 50), ("0.95", 95), ("0.99", 99)] {
            if let Some(micros) = one.micros.percentile(percent) {
                let labels = [("tool", tool.as_str()), ("quantile", quantile)];
                page.value(name, &labels, seconds(micros));
            }
        }
        let labels = [("tool", tool.as_str())];
        page.value(&format!("{name}_sum"), &labels, seconds(one.micros.sum()));
        page.value(&format!("{name}_count"), &labels, one.micros.total());
    }
}

/// What is worth a number of its own.
fn of_note(page: &mut Page, stats: &Stats) {
    for (name, help, count) in [
        (
            "tollgate_replays_total",
            "Calls that were repeated and answered from the ledger.",
            stats.replays,
        ),
        (
            "tollgate_loops_total",
            "Calls that were stopped because nearly the same had failed time and again.",
            stats.loops,
        ),
        (
            "tollgate_altered_total",
            "Calls that were run with a value put into its form.",
            stats.altered,
        ),
        (
            "tollgate_unknown_effects_total",
            "Calls of which nobody could tell what they did.",
            stats.unknown_effects,
        ),
    ] {
        page.head(name, "counter", help);
        page.value(name, &[], count);
    }
    let (name, help) = (
        "tollgate_calls_running",
        "Calls that have begun and not ended.",
    );
    page.head(name, "gauge", help);
    page.value(name, &[], stats.all.counts.running());
}

/// What waits for a person, budgets and breakers.
fn standing(page: &mut Page, health: &Health, now: Timestamp) {
    let (name, help) = (
        "tollgate_operations_open",
        "Operations that wait for a person, by state.",
    );
    page.head(name, "gauge", help);
    page.value(name, &[("state", "unknown")], health.unknown);
    page.value(name, &[("state", "attention")], health.attention);
    let (name, help) = (
        "tollgate_calls_abandoned",
        "Calls whose process died, and which nobody has settled yet.",
    );
    page.head(name, "gauge", help);
    page.value(name, &[], health.abandoned);
    let (name, help) = (
        "tollgate_budget_amount",
        "Budgets: what is spent and set aside in this period, and the limit.",
    );
    page.head(name, "gauge", help);
    for budget in &health.budgets {
        let account = budget.account_at(now);
        let scope = budget.scope.to_string();
        let mut value = |part, amount: Amount| {
            let period = budget.period.as_str();
            let labels = [
                ("scope", scope.as_str()),
                ("period", period),
                ("part", part),
            ];
            page.value(name, &labels, amount);
        };
        value("spent", account.spent);
        value("reserved", account.reserved);
        if let Some(limit) = budget.limit() {
            value("limit", limit);
        }
    }
    let (name, help) = (
        "tollgate_breaker_open",
        "Whether a backend is left alone, wholly or but for one probe.",
    );
    page.head(name, "gauge", help);
    for breaker in &health.breakers {
        let is_open = u64::from(!breaker.is_closed());
        page.value(name, &[("backend", &breaker.backend)], is_open);
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _infallible = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", label(value)))
            .collect();
        let _infallible = if labels.is_empty() {
            writeln!(self.0, "{name} {value}")
        } else {
            writeln!(self.0, "{name}{{{}}} {value}", labels.join(","))
        };
    }
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
