//! What restrains calls beside their operations: breakers, the loop guard, rates and budgets.
//! One small table each, shared by every process on the file; the rules are in `policy`.
//!
//! A call that demands nothing costs nothing here but the look whether any tool is going round
//! in circles, and that once per batch.

mod breakers;
mod budgets;
mod loops;
mod rates;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, Row};

use super::{
    super::{
        admission::{Demands, Dues, Failure, Health, SoFar},
        policy::time::{Boot, Mark, Now},
        record::CallRow,
    },
    instance,
};
use crate::base::{
    amount::Amount,
    clock::{Clock, Moment, Timestamp},
    limits::{LEDGER_STATEMENTS_MAX, flow::LEDGER_HELD_MAX},
    problem::{Code, Problem},
    quota::Rate,
};

pub(crate) use super::super::policy::budget::Account;
pub(crate) use breakers::{BreakerView, Verdict as BreakerVerdict};
pub(super) use breakers::{all as breakers, judge};
pub(crate) use budgets::BudgetView;
pub(super) use budgets::{
    all as budgets, choose,
    reserved::{RESERVED, Reserved},
    reset,
};

/// The third migration. An empty principal or tool stands for all of them together.
pub(super) const TABLES: &str = "
CREATE TABLE rates (
    principal TEXT NOT NULL,
    tool TEXT NOT NULL,
    used BLOB NOT NULL,
    PRIMARY KEY (principal, tool)
) STRICT, WITHOUT ROWID;

CREATE TABLE budgets (
    row INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    tool TEXT NOT NULL,
    period TEXT NOT NULL,
    number INTEGER NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL DEFAULT 0,
    declared INTEGER,
    chosen INTEGER,
    UNIQUE (principal, tool, period)
) STRICT;

CREATE TABLE reservations (
    call INTEGER NOT NULL REFERENCES calls,
    budget INTEGER NOT NULL REFERENCES budgets,
    amount INTEGER NOT NULL,
    PRIMARY KEY (call, budget)
) STRICT, WITHOUT ROWID;

CREATE TABLE believed_time (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    at BLOB NOT NULL,
    doubted BLOB
) STRICT;

CREATE TABLE breakers (
    backend TEXT PRIMARY KEY NOT NULL,
    phase TEXT NOT NULL,
    until BLOB,
    successes INTEGER NOT NULL,
    openings INTEGER NOT NULL,
    probe INTEGER,
    written BLOB NOT NULL,
    ends BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE loops (
    row INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    tool TEXT NOT NULL,
    runs INTEGER NOT NULL,
    signature BLOB NOT NULL,
    count INTEGER NOT NULL,
    stops INTEGER NOT NULL,
    at BLOB NOT NULL,
    until BLOB,
    wall INTEGER NOT NULL,
    leaves TEXT NOT NULL,
    UNIQUE (principal, tool, runs, signature)
) STRICT;
";

/// The tables, for one process.
pub(super) struct Restraints<'c> {
    connection: &'c Connection,
    state: PathBuf,
    me: i64,
    boot: Option<Boot>,
    now: Now,
    loops: loops::Presence,
    marks: rates::Marks,
    accounts: budgets::accounts::Accounts,
    /// What calls that run have set aside, by their rows; the file says it of all of them.
    reserved: BTreeMap<i64, Reserved>,
    believed: Option<Timestamp>,
}

/// That a call may go on, and what it takes when it does.
pub(super) struct Grant {
    rates: rates::Taken,
    budgets: Vec<i64>,
    is_probe: bool,
    /// What is told to the caller if the call fails like the ones before.
    pub(super) so_far: Vec<SoFar>,
}

impl Grant {
    /// What it sets aside of its budgets.
    pub(super) fn reserved(&self, demands: &Demands) -> Reserved {
        Reserved::of(&self.budgets, demands.cost)
    }
}

/// The stage that said no, and why.
pub(super) type Refused = (&'static str, Box<Problem>);

impl<'c> Restraints<'c> {
    /// For the process of row `me`, which shares the state directory `state`.
    pub(super) fn new(connection: &'c Connection, state: &Path, me: i64) -> Self {
        // Some twenty statements, each prepared when it is first needed.
        connection.set_prepared_statement_cache_capacity(LEDGER_STATEMENTS_MAX);
        let boot = instance::boot();
        Self {
            connection,
            state: state.to_owned(),
            me,
            boot,
            now: Now {
                moment: Moment::from_micros(0),
                wall: Timestamp::from_micros(0),
                boot,
            },
            loops: loops::Presence::default(),
            marks: rates::Marks::default(),
            accounts: budgets::accounts::Accounts::default(),
            reserved: BTreeMap::new(),
            believed: None,
        }
    }

    /// Begins a transaction: the time stands still in it.
    pub(super) fn begin(&mut self, clock: &dyn Clock) {
        self.now = Now {
            moment: clock.now(),
            wall: clock.wall(),
            boot: self.boot,
        };
        self.loops.forget();
        self.believed = None;
        if self.marks.len() + self.accounts.len() + self.reserved.len() > LEDGER_HELD_MAX {
            self.forget();
        }
    }

    /// Knows nothing of rates and budgets any more; what this transaction has taken of them is
    /// not written. To be called when somebody else has written to the file, or this transaction
    /// is taken back.
    pub(super) fn forget(&mut self) {
        self.marks.forget();
        self.accounts.forget();
        self.reserved.clear();
    }

    /// Writes what this transaction has taken of rates and budgets. They are drawn on by nearly
    /// every call, so they are kept in memory; nothing is committed without this.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn write(&mut self) -> rusqlite::Result<()> {
        self.marks.write(self.connection)?;
        self.accounts.write(self.connection)
    }

    /// Has what it knows written, and knows it no more: for somebody else who writes to the tables
    /// of rates and budgets in this transaction.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn hand_over(&mut self) -> rusqlite::Result<()> {
        self.write()?;
        self.forget();
        Ok(())
    }

    /// The time of this transaction.
    pub(super) fn now(&self) -> &Now {
        &self.now
    }

    /// Decides in this order: breaker, loop guard, rate, budget. Takes nothing yet.
    pub(super) fn check(
        &mut self,
        row: &CallRow,
        demands: &Demands,
    ) -> rusqlite::Result<Result<Grant, Refused>> {
        let is_probe = match &demands.breaker {
            None => false,
            Some(backend) => match breakers::check(self, backend)? {
                Ok(is_probe) => is_probe,
                Err(problem) => return Ok(Err(("breaker", problem))),
            },
        };
        let so_far = match loops::check(self, row, demands)? {
            Ok(so_far) => so_far,
            Err(problem) => return Ok(Err(("loop_guard", problem))),
        };
        let rates = match rates::check(self, row, demands)? {
            Ok(rates) => rates,
            Err(problem) => return Ok(Err(("rate", problem))),
        };
        let budgets = match budgets::check(self, row, demands)? {
            Ok(budgets) => budgets,
            Err(problem) => return Ok(Err(("budget", problem))),
        };
        Ok(Ok(Grant {
            rates,
            budgets,
            is_probe,
            so_far,
        }))
    }

    /// Takes what the admitted call of row `call` needs; that row says what is `reserved`.
    pub(super) fn take(
        &mut self,
        grant: &Grant,
        (call, reserved): (i64, &Reserved),
        demands: &Demands,
    ) -> rusqlite::Result<()> {
        rates::take(self, &grant.rates);
        budgets::reserve(self, reserved)?;
        if !reserved.is_empty() {
            self.reserved.insert(call, reserved.clone());
        }
        match &demands.breaker {
            Some(backend) if grant.is_probe => breakers::probe(self, backend, call),
            Some(_) | None => Ok(()),
        }
    }

    /// Takes one call out of `rate`, for a call that needs nothing else; the problem where nothing
    /// is left.
    pub(super) fn take_rate(
        &mut self,
        row: &CallRow,
        rate: Option<Rate>,
    ) -> rusqlite::Result<Option<Box<Problem>>> {
        let demands = Demands {
            rate,
            ..Demands::default()
        };
        match rates::check(self, row, &demands)? {
            Ok(taken) => {
                rates::take(self, &taken);
                Ok(None)
            }
            Err(problem) => Ok(Some(problem)),
        }
    }

    /// Whether the call of row `call` may try its backend once more; the failed attempt counts
    /// for the breaker then. Where it may not, that attempt is the last one and counts as the
    /// end of the call.
    pub(super) fn attempt_again(
        &mut self,
        call: i64,
        breaker: Option<&(Arc<str>, Option<Health>)>,
    ) -> rusqlite::Result<bool> {
        match breaker {
            Some((backend, health)) => breakers::attempt_again(self, backend, call, *health),
            None => Ok(true),
        }
    }

    /// Settles what the call of row `call` took, now that it has ended.
    pub(super) fn settle(&mut self, call: i64, dues: &Dues) -> rusqlite::Result<()> {
        if let Some((backend, health)) = &dues.breaker {
            breakers::ended(self, backend, call, *health)?;
        }
        if dues.holds_reservations {
            self.settle_cost(call, dues.cost)?;
        }
        loops::ended(self, call, &dues.way)
    }

    /// Turns what the call of row `call` had set aside into what it has cost.
    pub(super) fn settle_cost(&mut self, call: i64, cost: Amount) -> rusqlite::Result<()> {
        let reserved = match self.reserved.remove(&call) {
            Some(reserved) => reserved,
            None => Reserved::by(self.connection, call)?,
        };
        budgets::settle(&mut self.accounts, self.connection, &reserved, Some(cost))
    }

    /// Takes and settles in one step, for a call that is over already.
    pub(super) fn take_settled(
        &mut self,
        grant: &Grant,
        row: &CallRow,
        dues: &Dues,
    ) -> rusqlite::Result<()> {
        rates::take(self, &grant.rates);
        budgets::spend(self, &grant.budgets, dues.cost)?;
        loops::ended_at_once(self, row, &dues.way)
    }

    /// The wall-clock time that is believed, as of the last transaction.
    pub(super) fn believed(&mut self) -> rusqlite::Result<Timestamp> {
        budgets::believe(self)
    }

    /// Counts a refusal that the caller can repair; the problem to tell instead where it has
    /// come too often.
    pub(super) fn refused(
        &mut self,
        row: &CallRow,
        failure: &Failure,
    ) -> rusqlite::Result<Option<Box<Problem>>> {
        loops::refused(self, row, failure)
    }
}

/// Settles in full what the call of row `call` had reserved, whose process is dead: nobody knows
/// what it cost.
///
/// # Errors
/// What SQLite says.
pub(super) fn settle_in_full(connection: &Connection, call: i64) -> rusqlite::Result<()> {
    let mut accounts = budgets::accounts::Accounts::default();
    let reserved = Reserved::by(connection, call)?;
    budgets::settle(&mut accounts, connection, &reserved, None)?;
    accounts.write(connection)
}

/// The mark in a column; `None` where there is none, or none that can be read.
pub(super) fn mark(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Mark>> {
    let bytes = row.get_ref(column)?.as_blob_or_null()?;
    Ok(bytes.and_then(Mark::from_bytes))
}

/// A refusal that says how long to wait, rounded up to whole milliseconds.
fn later(code: Code, message: String, wait: std::time::Duration) -> Box<Problem> {
    let millis = wait.as_micros().div_ceil(1000);
    Box::new(Problem::new(code, message).after_ms(u64::try_from(millis).unwrap_or(u64::MAX)))
}
