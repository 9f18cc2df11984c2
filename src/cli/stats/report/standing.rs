//! How the ledger stands when a report is made: what waits for a person, budgets, breakers.

use std::fmt::Write as _;

use super::{
    Occasion, chart, dash,
    tables::{begin, end, number},
    words::{name, sentence, thousands, time},
};
use crate::{
    base::{clock::Timestamp, limits::BUDGET_NEAR_PERCENT},
    cli::standing::{in_period, matters},
    ledger::sqlite::{
        health::Health,
        restraint::{BreakerView, BudgetView},
    },
};

/// Budgets and breakers that are shown.
const ROWS_SHOWN: usize = 50;

/// What waits for a person; nothing where all is well.
pub(super) fn waiting(page: &mut String, health: &Health) {
    let waiting = matters(health);
    if waiting.is_empty() {
        return;
    }
    let _infallible = writeln!(
        page,
        "<section>\n<h2>Waits for a person</h2>\n<div class=\"panel rows {}\"><ul class=\"matters\">",
        health.verdict().as_str()
    );
    for matter in waiting {
        let _infallible = writeln!(page, "<li>{}</li>", sentence(&matter));
    }
    page.push_str("</ul></div>\n</section>\n");
}

/// Budgets and breakers, where there are any.
pub(super) fn restraints(page: &mut String, occasion: &Occasion<'_>) {
    budgets(page, &occasion.health.budgets, occasion.made);
    breakers(page, &occasion.health.breakers);
}

fn budgets(page: &mut String, budgets: &[BudgetView], now: Timestamp) {
    if budgets.is_empty() {
        return;
    }
    let columns = [
        "budget",
        "used",
        "spent#",
        "set aside#",
        "limit#",
        "anew at",
    ];
    begin(page, "Budgets", &columns);
    for budget in budgets.iter().take(ROWS_SHOWN) {
        let account = budget.account_at(now);
        let used = budget.used_percent(now);
        let colour = match used {
            100.. => "failed",
            BUDGET_NEAR_PERCENT.. => "refused",
            _ => "running",
        };
        let _infallible = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"share wide\">{}</td>",
            sentence(&format!("{} {}", budget.scope, in_period(budget.period))),
            chart::filled(used, colour),
        );
        let limit = budget.limit();
        number(page, "spent", &account.spent.to_string());
        number(page, "set aside", &account.reserved.to_string());
        number(
            page,
            "limit",
            &limit.map_or_else(dash, |limit| limit.to_string()),
        );
        let anew = budget.period.end(budget.period.number(now));
        let _infallible = writeln!(
            page,
            "<td data-name=\"anew at\">{}</td></tr>",
            anew.map_or_else(dash, time)
        );
    }
    end(page, budgets.len().min(ROWS_SHOWN), budgets.len());
}

fn breakers(page: &mut String, breakers: &[BreakerView]) {
    if breakers.is_empty() {
        return;
    }
    let columns = ["backend", "breaker", "opened#", "failed of the last calls#"];
    begin(page, "Breakers", &columns);
    let mut sorted: Vec<&BreakerView> = breakers.iter().collect();
    sorted.sort_by_key(|breaker| (breaker.is_closed(), breaker.backend.as_str()));
    for breaker in sorted.into_iter().take(ROWS_SHOWN) {
        let class = if breaker.is_closed() {
            "fine"
        } else {
            "degraded"
        };
        let wait = breaker.remaining.map_or_else(String::new, |wait| {
            format!(", for {} s more", wait.as_secs())
        });
        let _infallible = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td><span class=\"state {class}\">{}</span>{wait}</td>",
            name(&breaker.backend),
            breaker.phase,
        );
        let (failures, calls) = breaker.failures;
        // It begins to count anew when it opens.
        let failed = match calls {
            0 => dash(),
            _ => format!("{failures} of {calls}"),
        };
        number(page, "opened", &thousands(breaker.openings.into()));
        number(page, "failed of the last calls", &failed);
        page.push_str("</tr>\n");
    }
    end(page, breakers.len().min(ROWS_SHOWN), breakers.len());
}
