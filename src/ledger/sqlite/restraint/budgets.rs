//! Budgets: what is spent and what is set aside, per scope and period.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Demands, Restraints, mark};
use crate::{
    base::{
        amount::Amount,
        clock::Timestamp,
        problem::{Advice, Code, Problem},
        quota::{Budget, Period, Scope},
    },
    ledger::{
        policy::{
            budget::{self, Account},
            time::Believed,
        },
        record::CallRow,
        sqlite::operations::word,
    },
};

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BudgetView {
    pub(super) row: i64,
    /// By whom and on what.
    pub(crate) scope: Scope,
    /// In which time.
    pub(crate) period: Period,
    /// What was spent and set aside.
    pub(crate) account: Account,
    /// What the configuration said when it was used last.
    pub(crate) declared: Option<Amount>,
    /// What an operator said, which counts instead.
    pub(crate) chosen: Option<Amount>,
}

impl BudgetView {
    /// One that was spent of, for tests.
    #[cfg(test)]
    pub(crate) fn of(scope: Scope, period: Period, account: Account, limit: Amount) -> Self {
        Self {
            row: 1,
            scope,
            period,
            account,
            declared: Some(limit),
            chosen: None,
        }
    }

    /// The limit that counts.
    pub(crate) fn limit(&self) -> Option<Amount> {
        self.chosen.or(self.declared)
    }

    /// The account at the time `now`.
    pub(crate) fn account_at(&self, now: Timestamp) -> Account {
        self.account.in_period(self.period.number(now))
    }

    /// How much of it is spent or set aside, in percent of the limit.
    pub(crate) fn used_percent(&self, now: Timestamp) -> u64 {
        let account = self.account_at(now);
        let used = account.spent.plus(account.reserved).as_micros();
        match self.limit().map(Amount::as_micros) {
            None => 0,
            Some(0) => 100,
            Some(limit) => {
                let percent = i128::from(used) * 100 / i128::from(limit);
                u64::try_from(percent).unwrap_or(u64::MAX)
            }
        }
    }

    /// Reads the columns of [`COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let name = |column| -> rusqlite::Result<Option<String>> {
            let name: String = row.get(column)?;
            Ok((!name.is_empty()).then_some(name))
        };
        let amount = |column| -> rusqlite::Result<Option<Amount>> {
            Ok(row.get::<_, Option<i64>>(column)?.map(Amount::from_stored))
        };
        Ok(Self {
            row: row.get(0)?,
            scope: Scope {
                principal: name(1)?,
                tool: name(2)?,
            },
            period: word(row, 3, Period::parse)?,
            account: Account {
                number: row.get(4)?,
                spent: amount(5)?.unwrap_or_default(),
                reserved: amount(6)?.unwrap_or_default(),
            },
            declared: amount(7)?,
            chosen: amount(8)?,
        })
    }
}

/// What [`BudgetView::read`] reads.
pub(super) const COLUMNS: &str =
    "row, principal, tool, period, number, spent, reserved, declared, chosen";

/// Decides by every budget that the call draws on; gives their rows.
pub(super) fn check(
    restraints: &Restraints<'_>,
    call: &CallRow,
    demands: &Demands,
) -> rusqlite::Result<Result<Vec<i64>, Box<Problem>>> {
    if demands.cost == Amount::ZERO {
        return Ok(Ok(Vec::new()));
    }
    let (principal, tool) = (call.principal.as_str(), call.tool.as_str());
    let mut known = known(restraints.connection, principal, tool)?;
    for budget in budget::drawn_on(&demands.budgets, principal, tool) {
        declare(restraints.connection, &mut known, budget)?;
    }
    if known.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let wall = believe(restraints)?;
    let mut rows = Vec::new();
    for view in known {
        let is_declared = demands
            .budgets
            .iter()
            .any(|budget| budget.scope == view.scope && budget.period == view.period);
        let declared = view.declared.filter(|_| is_declared);
        let Some(limit) = view.chosen.or(declared) else {
            continue;
        };
        let account = view.account.in_period(view.period.number(wall));
        if account != view.account {
            keep(restraints.connection, view.row, account)?;
        }
        if account.reserve(demands.cost, limit).is_none() {
            return Ok(Err(exceeded(&view, account, limit, demands.cost, wall)));
        }
        rows.push(view.row);
    }
    Ok(Ok(rows))
}

fn exceeded(
    view: &BudgetView,
    account: Account,
    limit: Amount,
    cost: Amount,
    wall: Timestamp,
) -> Box<Problem> {
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

fn known(
    connection: &Connection,
    principal: &str,
    tool: &str,
) -> rusqlite::Result<Vec<BudgetView>> {
    // Four look-ups: for `IN ('', ?1)` SQLite makes a table in memory, at ten times the cost.
    let sql = format!("SELECT {COLUMNS} FROM budgets WHERE principal = ?1 AND tool = ?2");
    let mut find = connection.prepare_cached(&sql)?;
    let mut known = Vec::new();
    for scope in [["", ""], ["", tool], [principal, ""], [principal, tool]] {
        let found = find.query_map(scope, BudgetView::read)?;
        known.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    known.sort_unstable_by_key(|view| view.row);
    Ok(known)
}

/// Sees to it that a declared budget has its row, with the limit that is declared now.
fn declare(
    connection: &Connection,
    known: &mut Vec<BudgetView>,
    budget: &Budget,
) -> rusqlite::Result<()> {
    let found = known
        .iter_mut()
        .find(|view| view.scope == budget.scope && view.period == budget.period);
    match found {
        Some(view) if view.declared == Some(budget.limit) => Ok(()),
        Some(view) => {
            view.declared = Some(budget.limit);
            let sql = "UPDATE budgets SET declared = ?2 WHERE row = ?1";
            let mut update = connection.prepare_cached(sql)?;
            update
                .execute(params![view.row, budget.limit.as_micros()])
                .map(drop)
        }
        None => {
            let row = insert(connection, &budget.scope, budget.period)?;
            let sql = "UPDATE budgets SET declared = ?2 WHERE row = ?1";
            let mut update = connection.prepare_cached(sql)?;
            update.execute(params![row, budget.limit.as_micros()])?;
            known.push(find(connection, &budget.scope, budget.period)?);
            Ok(())
        }
    }
}

fn insert(connection: &Connection, scope: &Scope, period: Period) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO budgets (principal, tool, period, number) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO NOTHING";
    let values = params![
        scope.principal.as_deref().unwrap_or_default(),
        scope.tool.as_deref().unwrap_or_default(),
        period.as_str(),
        i64::MIN,
    ];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(find(connection, scope, period)?.row)
}

fn find(connection: &Connection, scope: &Scope, period: Period) -> rusqlite::Result<BudgetView> {
    let sql =
        format!("SELECT {COLUMNS} FROM budgets WHERE principal = ?1 AND tool = ?2 AND period = ?3");
    let values = params![
        scope.principal.as_deref().unwrap_or_default(),
        scope.tool.as_deref().unwrap_or_default(),
        period.as_str(),
    ];
    connection
        .prepare_cached(&sql)?
        .query_row(values, BudgetView::read)
}

fn keep(connection: &Connection, row: i64, account: Account) -> rusqlite::Result<()> {
    let sql = "UPDATE budgets SET number = ?2, spent = ?3, reserved = ?4 WHERE row = ?1";
    let values = params![
        row,
        account.number,
        account.spent.as_micros(),
        account.reserved.as_micros(),
    ];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

fn account(connection: &Connection, row: i64) -> rusqlite::Result<Account> {
    let sql = format!("SELECT {COLUMNS} FROM budgets WHERE row = ?1");
    connection
        .prepare_cached(&sql)?
        .query_row([row], BudgetView::read)
        .map(|view| view.account)
}

/// Sets `most` aside in each of the budgets `rows` for the call of row `call`.
pub(super) fn reserve(
    restraints: &Restraints<'_>,
    call: i64,
    rows: &[i64],
    most: Amount,
) -> rusqlite::Result<()> {
    for row in rows {
        let sql = "UPDATE budgets SET reserved = reserved + ?2 WHERE row = ?1";
        let values = params![row, most.as_micros()];
        let mut update = restraints.connection.prepare_cached(sql)?;
        update.execute(values)?;
        let sql = "INSERT INTO reservations (call, budget, amount) VALUES (?1, ?2, ?3)";
        let mut insert = restraints.connection.prepare_cached(sql)?;
        insert.execute(params![call, row, most.as_micros()])?;
    }
    Ok(())
}

/// Counts `actual` as spent in each of the budgets `rows`.
pub(super) fn spend(
    restraints: &Restraints<'_>,
    rows: &[i64],
    actual: Amount,
) -> rusqlite::Result<()> {
    for row in rows {
        let spent = account(restraints.connection, *row)?.settle(Amount::ZERO, actual);
        keep(restraints.connection, *row, spent)?;
    }
    Ok(())
}

/// Turns what the call of row `call` had set aside into `actual`; `None` is all of it.
pub(in crate::ledger::sqlite) fn settle(
    connection: &Connection,
    call: i64,
    actual: impl Into<Option<Amount>>,
) -> rusqlite::Result<()> {
    let actual = actual.into();
    let sql = "SELECT budget, amount FROM reservations WHERE call = ?1";
    let reserved: Vec<(i64, i64)> = connection
        .prepare_cached(sql)?
        .query_map([call], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (row, most) in &reserved {
        let most = Amount::from_stored(*most);
        let settled = account(connection, *row)?.settle(most, actual.unwrap_or(most));
        keep(connection, *row, settled)?;
    }
    let sql = "DELETE FROM reservations WHERE call = ?1";
    connection.prepare_cached(sql)?.execute([call]).map(drop)
}

/// See [`super::settle_orphans`].
pub(super) fn settle_orphans(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT DISTINCT r.call FROM reservations r JOIN calls c ON c.row = r.call
        WHERE c.state = 'settled'";
    let orphans: Vec<i64> = connection
        .prepare_cached(sql)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for call in orphans {
        settle(connection, call, None)?;
    }
    Ok(())
}

/// The wall-clock time that is believed now; what was seen is kept.
pub(super) fn believe(restraints: &Restraints<'_>) -> rusqlite::Result<Timestamp> {
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
    Ok(next.wall())
}

/// Every budget that has a row.
///
/// # Errors
/// What SQLite says.
pub(in crate::ledger::sqlite) fn all(connection: &Connection) -> rusqlite::Result<Vec<BudgetView>> {
    connection
        .prepare(&format!(
            "SELECT {COLUMNS} FROM budgets ORDER BY principal, tool, period"
        ))?
        .query_map([], BudgetView::read)?
        .collect()
}

/// Sets or takes away the operator's limit of a budget.
///
/// # Errors
/// What SQLite says.
pub(in crate::ledger::sqlite) fn choose(
    connection: &Connection,
    scope: &Scope,
    period: Period,
    limit: Option<Amount>,
) -> rusqlite::Result<()> {
    let row = insert(connection, scope, period)?;
    let limit = limit.map(Amount::as_micros);
    let sql = "UPDATE budgets SET chosen = ?2 WHERE row = ?1";
    connection.execute(sql, params![row, limit]).map(drop)
}

/// Begins a budget anew: nothing is spent, and time is what the clock says. What is set aside
/// for running calls stays. Whether there is such a budget.
///
/// # Errors
/// What SQLite says.
pub(in crate::ledger::sqlite) fn reset(
    connection: &Connection,
    scope: &Scope,
    period: Period,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    connection.execute("DELETE FROM believed_time", [])?;
    let sql = "UPDATE budgets SET spent = 0, number = ?4
        WHERE principal = ?1 AND tool = ?2 AND period = ?3";
    let values = params![
        scope.principal.as_deref().unwrap_or_default(),
        scope.tool.as_deref().unwrap_or_default(),
        period.as_str(),
        period.number(now),
    ];
    Ok(connection.execute(sql, values)? == 1)
}
