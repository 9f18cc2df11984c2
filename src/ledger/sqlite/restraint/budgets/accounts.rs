//! The accounts that calls draw on: each is read once, as long as nobody else writes, and written
//! once in a transaction.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use rusqlite::{Connection, params};

use super::rows::{self, BudgetView, COLUMNS};
use crate::{base::quota::Budget, ledger::policy::budget::Account};

/// What was seen of the table. It holds only as long as nobody else writes, and no change of it
/// is in the file before [`Accounts::write`].
#[derive(Debug, Default)]
pub(in super::super) struct Accounts {
    /// By row, of which there are few.
    held: BTreeMap<i64, Held>,
    /// By principal and by tool: the rows that such a call draws on, in order.
    drawn_on: HashMap<String, HashMap<String, Vec<i64>>>,
    /// Those that are not written yet.
    changed: Vec<i64>,
}

#[derive(Debug)]
struct Held {
    view: BudgetView,
    is_changed: bool,
}

impl Accounts {
    /// Knows nothing any more; what was not written is gone.
    pub(in super::super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// How many rows and tools are known.
    pub(in super::super) fn len(&self) -> usize {
        let tools = self.drawn_on.values().map(HashMap::len);
        self.held.len() + tools.sum::<usize>()
    }

    /// Writes what was changed.
    ///
    /// # Errors
    /// What SQLite says.
    pub(in super::super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "UPDATE budgets SET number = ?2, spent = ?3, reserved = ?4 WHERE row = ?1";
        for row in self.changed.drain(..) {
            let Some(held) = self.held.get_mut(&row) else {
                continue;
            };
            held.is_changed = false;
            let account = held.view.account;
            let values = params![
                row,
                account.number,
                account.spent.as_micros(),
                account.reserved.as_micros(),
            ];
            connection.prepare_cached(sql)?.execute(values)?;
        }
        Ok(())
    }

    /// The rows of all budgets that a call of `tool` by `principal` can draw on.
    pub(super) fn drawn_on(
        &mut self,
        connection: &Connection,
        principal: &str,
        tool: &str,
    ) -> rusqlite::Result<Vec<i64>> {
        let known = self.drawn_on.get(principal);
        if let Some(rows) = known.and_then(|tools| tools.get(tool)) {
            return Ok(rows.clone());
        }
        // Four look-ups: for `IN ('', ?1)` SQLite makes a table in memory, at ten times the cost.
        let sql = format!("SELECT {COLUMNS} FROM budgets WHERE principal = ?1 AND tool = ?2");
        let mut find = connection.prepare_cached(&sql)?;
        let mut rows = Vec::new();
        for scope in [["", ""], ["", tool], [principal, ""], [principal, tool]] {
            for view in find.query_map(scope, BudgetView::read)? {
                rows.push(self.hold(view?));
            }
        }
        rows.sort_unstable();
        let tools = self.drawn_on.entry(principal.to_owned()).or_default();
        tools.insert(tool.to_owned(), rows.clone());
        Ok(rows)
    }

    /// Takes a row of the table in hand, unless it is, because then the file is behind.
    fn hold(&mut self, view: BudgetView) -> i64 {
        let row = view.row;
        self.held.entry(row).or_insert(Held {
            view,
            is_changed: false,
        });
        row
    }

    /// The budget of `row`.
    pub(super) fn view(
        &mut self,
        connection: &Connection,
        row: i64,
    ) -> rusqlite::Result<&BudgetView> {
        self.held(connection, row).map(|held| &held.view)
    }

    fn held(&mut self, connection: &Connection, row: i64) -> rusqlite::Result<&mut Held> {
        match self.held.entry(row) {
            Entry::Occupied(held) => Ok(held.into_mut()),
            Entry::Vacant(place) => {
                let sql = format!("SELECT {COLUMNS} FROM budgets WHERE row = ?1");
                let mut find = connection.prepare_cached(&sql)?;
                Ok(place.insert(Held {
                    view: find.query_row([row], BudgetView::read)?,
                    is_changed: false,
                }))
            }
        }
    }

    /// The account of `row` becomes what `change` makes of it.
    pub(super) fn change(
        &mut self,
        connection: &Connection,
        row: i64,
        change: impl FnOnce(Account) -> Account,
    ) -> rusqlite::Result<Account> {
        let held = self.held(connection, row)?;
        let next = change(held.view.account);
        let is_new = next != held.view.account && !held.is_changed;
        held.view.account = next;
        if is_new {
            held.is_changed = true;
            self.changed.push(row);
        }
        Ok(next)
    }

    /// Sees to it that a declared budget has its row, with the limit that is declared now; `rows`
    /// are those that are drawn on.
    pub(super) fn declare(
        &mut self,
        connection: &Connection,
        rows: &mut Vec<i64>,
        budget: &Budget,
    ) -> rusqlite::Result<()> {
        let Budget { scope, period, .. } = budget;
        let is_of = |view: &BudgetView| view.scope == *scope && view.period == *period;
        let held = rows.iter().filter_map(|row| self.held.get(row));
        let found = held.map(|held| &held.view).find(|view| is_of(view));
        if found.is_some_and(|view| view.declared == Some(budget.limit)) {
            return Ok(());
        }
        let row = match found {
            Some(view) => view.row,
            None => {
                let row = rows::insert(connection, scope, *period)?;
                rows.push(row);
                // Calls of other tools may draw on it, too.
                self.drawn_on.clear();
                row
            }
        };
        let sql = "UPDATE budgets SET declared = ?2 WHERE row = ?1";
        let values = params![row, budget.limit.as_micros()];
        connection.prepare_cached(sql)?.execute(values)?;
        self.held(connection, row)?.view.declared = Some(budget.limit);
        Ok(())
    }
}
