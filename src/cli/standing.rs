//! How a ledger stands, in words for people.

use crate::{
    base::{limits::BUDGET_NEAR_PERCENT, quota::Period, text},
    ledger::sqlite::health::Health,
};

/// What waits for a person, one thing a line; nothing where all is well.
pub(crate) fn matters(health: &Health) -> Vec<String> {
    let mut lines = troubles(health);
    lines.extend(health.breakers_open().map(|breaker| {
        format!(
            "the backend `{}` is left alone ({})",
            breaker.backend, breaker.phase
        )
    }));
    lines.extend(health.budgets_near().map(|budget| {
        format!(
            "more than {BUDGET_NEAR_PERCENT} % of the budget for {} ({}) are spent",
            budget.scope,
            budget.period.as_str()
        )
    }));
    lines
}

/// The same without breakers and budgets, for where those are shown.
pub(crate) fn troubles(health: &Health) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(trouble) = &health.trouble {
        lines.push(format!("the ledger cannot be used: {trouble}"));
    }
    if health.emergency_rows > 0 {
        lines.push(format!(
            "{} of calls {} in the emergency journal",
            text::count(health.emergency_rows, "end"),
            if health.emergency_rows == 1 {
                "waits"
            } else {
                "wait"
            }
        ));
    }
    if health.abandoned > 0 {
        lines.push(format!(
            "{} began in a process that has died; the next start of `tollgate serve` settles {}",
            text::count(count(health.abandoned), "call"),
            if health.abandoned == 1 { "it" } else { "them" }
        ));
    }
    if health.unknown + health.attention > 0 {
        lines.push(format!(
            "{} whose outcome is unknown, {} that {} attention; `tollgate ops list` shows them",
            text::count(count(health.unknown), "operation"),
            health.attention,
            if health.attention == 1 {
                "needs"
            } else {
                "need"
            }
        ));
    }
    lines
}

/// How many calls are under way.
pub(crate) fn running(health: &Health) -> String {
    let are = if health.running == 1 { "is" } else { "are" };
    format!(
        "{} {are} running",
        text::count(count(health.running), "call")
    )
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// `in a day`, as it follows whom a budget is for.
pub(crate) fn in_period(period: Period) -> &'static str {
    match period {
        Period::Day => "in a day",
        Period::Month => "in a month",
        Period::Total => "in all",
    }
}
