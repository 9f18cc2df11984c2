//! Budgets: what is spent and what is set aside, per scope and period.

pub(super) mod accounts;
pub(super) mod reserved;
mod rows;

use rusqlite::{Connection, OptionalExtension as _, params};

use self::{accounts::Accounts, reserved::Reserved};
use super::{Demands, Restraints, mark};
use crate::{
    base::{
        amount::Amount,
        clock::Timestamp,
        problem::{Advice, Code, Problem},
    },
    ledger::{
        policy::{
            budget::{self, Account},
            time::Believed,
        },
        record::CallRow,
    },
};

pub(crate) use rows::BudgetView;
pub(in crate::ledger::sqlite) use rows::{all, choose, reset};

/// Decides by every budget that the call draws on; gives their rows.
pub(super) fn check(
    restraints: &mut Restraints<'_>,
    call: &CallRow,
    demands: &Demands,
) -> rusqlite::Result<Result<Vec<i64>, Box<Problem>>> {
    if demands.cost == Amount::ZERO {
        return Ok(Ok(Vec::new()));
    }
    let connection = restraints.connection;
    let (principal, tool) = (call.principal.as_str(), &*call.tool);
    let mut rows = restraints.accounts.drawn_on(connection, principal, tool)?;
    for budget in budget::drawn_on(&demands.budgets, principal, tool) {
        restraints.accounts.declare(connection, &mut rows, budget)?;
    }
    if rows.is_empty() {
        return Ok(Ok(rows));
    }
    let wall = believe(restraints)?;
    let mut drawn = Vec::with_capacity(rows.len());
    for row in rows {
        let view = restraints.accounts.view(connection, row)?;
        let Some(limit) = limit(view, demands) else {
            continue;
        };
        let number = view.period.number(wall);
        let in_period = |account: Account| account.in_period(number);
        let account = restraints.accounts.change(connection, row, in_period)?;
        if account.reserve(demands.cost, limit).is_none() {
            let view = restraints.accounts.view(connection, row)?;
            return Ok(Err(exceeded(view, limit, demands.cost, wall)));
        }
        drawn.push(row);
    }
    Ok(Ok(drawn))
}

/// What counts for a call: what the operator said, or else what is declared for it now.
fn limit(view: &BudgetView, demands: &Demands) -> Option<Amount> {
    let is_declared = || {
        let mut budgets = demands.budgets.iter();
        budgets.any(|budget| budget.scope == view.scope && budget.period == view.period)
    };
    view.chosen
        .or_else(|| view.declared.filter(|_| is_declared()))
}

fn exceeded(view: &BudgetView, limit: Amount, cost: Amount, wall: Timestamp) -> Box<Problem> {
    let account = view.account;
    let message = format!(
        "the call can cost {cost}, and {} of {limit} is left of the budget for {} ({}); it was not started",
        account.left(limit),
        view.scope,
        view.period.as_str()
    );
    let problem = Problem::new(Code::BudgetExceeded, message);
    Box::new(
        match budget::reset_after_ms(view.period, account.number, wall.as_micros()) {
            Some(wait) if cost <= limit => problem.after_ms(wait),
            Some(_) | None => problem
                .with_advice(Advice::AskOperator)
                .suggest("ask the operator to raise the budget with `tollgate budget set`"),
        },
    )
}

/// Sets aside what the row of a call says that it has.
pub(super) fn reserve(
    restraints: &mut Restraints<'_>,
    reserved: &Reserved,
) -> rusqlite::Result<()> {
    for (row, most) in reserved.iter() {
        let reserve = |account: Account| Account {
            reserved: account.reserved.plus(most),
            ..account
        };
        let (accounts, connection) = (&mut restraints.accounts, restraints.connection);
        accounts.change(connection, row, reserve)?;
    }
    Ok(())
}

/// Counts `actual` as spent in each of the budgets `rows`.
pub(super) fn spend(
    restraints: &mut Restraints<'_>,
    rows: &[i64],
    actual: Amount,
) -> rusqlite::Result<()> {
    for row in rows {
        let spend = |account: Account| account.settle(Amount::ZERO, actual);
        restraints
            .accounts
            .change(restraints.connection, *row, spend)?;
    }
    Ok(())
}

/// Turns what a call had set aside into `actual`; `None` is all of it. Whoever ends the call does it,
/// in the same transaction and once.
pub(super) fn settle(
    accounts: &mut Accounts,
    connection: &Connection,
    reserved: &Reserved,
    actual: Option<Amount>,
) -> rusqlite::Result<()> {
    for (row, most) in reserved.iter() {
        let settle = |account: Account| account.settle(most, actual.unwrap_or(most));
        accounts.change(connection, row, settle)?;
    }
    Ok(())
}

/// The wall-clock time that is believed now; what was seen is kept.
pub(super) fn believe(restraints: &mut Restraints<'_>) -> rusqlite::Result<Timestamp> {
    if let Some(believed) = restraints.believed {
        return Ok(believed);
    }
    let sql = "SELECT at, doubted FROM believed_time";
    let before = restraints
        .connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok((mark(row, 0)?, mark(row, 1)?)))
        .optional()?
        .and_then(|(at, doubted)| Some(Believed { at: at?, doubted }));
    let next = Believed::see(before, &restraints.now);
    if before.is_none_or(|before| next.is_worth_keeping(&before)) {
        let sql = "INSERT INTO believed_time (row, at, doubted) VALUES (1, ?1, ?2)
            ON CONFLICT DO UPDATE SET at = excluded.at, doubted = excluded.doubted";
        let values = params![next.at.to_bytes(), next.doubted.map(|mark| mark.to_bytes())];
        restraints.connection.prepare_cached(sql)?.execute(values)?;
    }
    restraints.believed = Some(next.wall());
    Ok(next.wall())
}
