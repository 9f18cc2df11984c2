//! `tollgate budget`: what may be spent, and what was.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::status::list;
use crate::{
    base::{
        amount::Amount,
        clock::{Clock as _, SystemClock},
        quota::{Period, Scope},
    },
    cli::{
        args::{BudgetArgs, BudgetCommand, BudgetOf},
        exit::{CommandError, ExitStatus},
    },
    ledger::sqlite::{
        operator::Order,
        read::LogReader,
        restraint::{Account, BudgetView},
    },
};

/// Lists budgets, or changes one.
///
/// # Errors
/// When the ledger cannot be used.
pub(crate) fn budget(args: BudgetArgs) -> Result<ExitStatus, CommandError> {
    match args.command {
        BudgetCommand::List(args) => list(args, "budgets", LogReader::budgets, table, budget_json),
        BudgetCommand::Set(args) => {
            let limit = args.limit.0;
            change(args.of, |scope, period| {
                Order::SetBudget(scope, period, limit)
            })
        }
        BudgetCommand::Reset(of) => change(of, Order::ResetBudget),
    }
}

fn change(
    of: BudgetOf,
    order: impl FnOnce(Scope, Period) -> Order,
) -> Result<ExitStatus, CommandError> {
    let scope = Scope {
        principal: of.principal,
        tool: of.tool,
    };
    super::status::give(of.state_dir, &order(scope, of.period))
}

fn table(budgets: &[BudgetView]) -> String {
    let mut table = String::new();
    if budgets.is_empty() {
        table.push_str("no budget has been used yet\n");
    }
    for budget in budgets {
        let account = current(budget);
        let limit = budget
            .limit()
            .map_or("none".to_owned(), |limit| limit.to_string());
        let _infallible = writeln!(
            table,
            "{:5}  {:32}  spent {}, set aside {}, of {limit}{}",
            budget.period.as_str(),
            budget.scope.to_string(),
            account.spent,
            account.reserved,
            reset(budget).map_or(String::new(), |at| format!(", anew at {at}")),
        );
    }
    table
}

/// The account as it is now: what was spent in a period that is over is gone.
fn current(budget: &BudgetView) -> Account {
    budget.account_at(SystemClock.wall())
}

fn reset(budget: &BudgetView) -> Option<String> {
    let number = budget.period.number(SystemClock.wall());
    Some(budget.period.end(number)?.rfc3339())
}

/// A budget under the names that the docs promise; amounts are numbers.
pub(super) fn budget_json(budget: &BudgetView) -> Value {
    let account = current(budget);
    let number = |amount: Amount| amount.to_string().parse::<serde_json::Number>().ok();
    json!({
        "principal": budget.scope.principal,
        "tool": budget.scope.tool,
        "period": budget.period.as_str(),
        "limit": budget.limit().and_then(number),
        "configured": budget.declared.and_then(number),
        "set": budget.chosen.and_then(number),
        "spent": number(account.spent),
        "reserved": number(account.reserved),
        "resets": reset(budget),
    })
}
