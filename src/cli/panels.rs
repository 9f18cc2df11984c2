//! What restrains calls, in rows for a terminal: breakers and budgets.

use std::cmp::Reverse;

use ratatui::style::Color;

use crate::{
    base::{clock::Timestamp, limits::BUDGET_NEAR_PERCENT},
    cli::standing::in_period,
    ledger::sqlite::restraint::{BreakerView, BudgetView},
};

/// Characters of a bar that shows how much is used.
const GAUGE: usize = 10;

/// A table below its heading, and the colour of each of its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Panel {
    pub(super) cells: Vec<Vec<String>>,
    pub(super) colors: Vec<Color>,
    /// How many there are that are not shown; the ones that matter most are.
    pub(super) more: usize,
}

impl Panel {
    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        self.colors.is_empty()
    }

    /// At most `shown` of `rows`.
    fn of(header: &[&str], rows: Vec<(Vec<String>, Color)>, shown: usize) -> Self {
        let mut panel = Self {
            cells: vec![header.iter().map(|name| (*name).to_owned()).collect()],
            more: rows.len().saturating_sub(shown),
            ..Self::default()
        };
        for (cells, color) in rows.into_iter().take(shown) {
            panel.cells.push(cells);
            panel.colors.push(color);
        }
        panel
    }
}

/// The breakers that have seen a failure of late, those that let nothing through first; at most
/// `shown`.
pub(super) fn breakers(breakers: &[BreakerView], shown: usize) -> Panel {
    let eventful = |breaker: &&BreakerView| !breaker.is_closed() || breaker.failures.0 > 0;
    let mut sorted: Vec<&BreakerView> = breakers.iter().filter(eventful).collect();
    sorted.sort_by_key(|breaker| (breaker.is_closed(), breaker.backend.as_str()));
    let rows = sorted.into_iter().map(|breaker| {
        let (failures, calls) = breaker.failures;
        let wait = breaker
            .remaining
            .map(|wait| format!("{} s", wait.as_secs()));
        let cells = vec![
            breaker.backend.clone(),
            breaker.phase.to_owned(),
            match calls {
                0 => "-".to_owned(),
                _ => format!("{failures} of {calls}"),
            },
            wait.unwrap_or_default(),
        ];
        let color = if breaker.is_closed() {
            Color::Reset
        } else {
            Color::Red
        };
        (cells, color)
    });
    let header = ["backend", "breaker", "failed", "tried in"];
    Panel::of(&header, rows.collect(), shown)
}

/// The budgets at the time `now`, the fullest first; at most `shown`.
pub(super) fn budgets(budgets: &[BudgetView], now: Timestamp, shown: usize) -> Panel {
    let mut sorted: Vec<(u64, &BudgetView)> = budgets
        .iter()
        .map(|budget| (budget.used_percent(now), budget))
        .collect();
    sorted.sort_by_key(|(used, budget)| (Reverse(*used), &budget.scope));
    let rows = sorted.into_iter().map(|(used, budget)| {
        let account = budget.account_at(now);
        let limit = budget.limit();
        let cells = vec![
            format!("{} {}", budget.scope, in_period(budget.period)),
            gauge(used),
            format!("{used} %"),
            account.spent.plus(account.reserved).to_string(),
            limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string()),
        ];
        let color = match used {
            100.. => Color::Red,
            BUDGET_NEAR_PERCENT.. => Color::Yellow,
            _ => Color::Reset,
        };
        (cells, color)
    });
    let header = ["budget", "", "used", "spent", "limit"];
    Panel::of(&header, rows.collect(), shown)
}

fn gauge(percent: u64) -> String {
    let full = usize::try_from(percent.min(100)).unwrap_or(0) * GAUGE / 100;
    format!(
        "{}{}",
        "\u{2588}".repeat(full),
        "\u{2591}".repeat(GAUGE - full)
    )
}
