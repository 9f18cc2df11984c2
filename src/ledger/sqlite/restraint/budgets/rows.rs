//! The rows of the table of budgets, and what an operator does to them.

use rusqlite::{Connection, Row, params};

use crate::{
    base::{
        amount::Amount,
        clock::Timestamp,
        quota::{Period, Scope},
    },
    ledger::{policy::budget::Account, sqlite::operations::word},
};

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BudgetView {
    pub(in super::super) row: i64,
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

pub(super) fn insert(
    connection: &Connection,
    scope: &Scope,
    period: Period,
) -> rusqlite::Result<i64> {
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

pub(super) fn find(
    connection: &Connection,
    scope: &Scope,
    period: Period,
) -> rusqlite::Result<BudgetView> {
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
