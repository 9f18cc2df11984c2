//! One statement on a database: bound values, bounded time and size, and for what changes rows
//! a transaction that is over before anybody is told.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{Fault, Invocation};
use crate::{
    base::{
        cancel::CancelToken,
        clock::{Clock, Moment},
        id::CallId,
        problem::Problem,
    },
    catalog::{
        content::Output,
        plan::SqlPlan,
        surroundings::{Inspected, Place},
    },
    ledger::IntentReceipt,
};

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "sql/without_postgres.rs"]
mod postgres;
mod sqlite;
mod table;
mod words;

use table::{Table, marks};

/// What every statement needs of the process around it.
#[derive(Clone, Copy)]
pub(crate) struct Host<'a> {
    /// What deadlines are set on.
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// Where the ledger is: no statement reaches a file in it.
    pub(crate) state_dir: &'a Path,
}

/// When a statement has to be over.
#[derive(Clone)]
struct Bounds {
    clock: Arc<dyn Clock>,
    deadline: Moment,
    cancel: CancelToken,
}

impl Bounds {
    fn new(host: Host<'_>, invocation: &Invocation<'_>) -> Self {
        Self {
            clock: Arc::clone(host.clock),
            deadline: invocation.deadline,
            cancel: invocation.cancel.clone(),
        }
    }

    fn are_over(&self) -> bool {
        self.cancel.fired().is_some() || self.clock.now() >= self.deadline
    }
}

/// A statement with its values. Good for every attempt.
#[derive(Clone, Debug)]
pub(crate) enum Prepared {
    /// In a file.
    Sqlite(sqlite::Prepared),
    /// On a server.
    Postgres(postgres::Prepared),
}

/// Fills the parameters with the effective arguments; what is absent is null.
///
/// # Errors
/// `VALIDATION_FAILED` for a value that the database cannot hold.
pub(crate) fn prepare(plan: &Arc<SqlPlan>, arguments: &Value) -> Result<Prepared, Box<Problem>> {
    match &plan.database.place {
        Place::Sqlite(_) => sqlite::prepare(plan, arguments).map(Prepared::Sqlite),
        Place::Postgres(_) => postgres::prepare(plan, arguments).map(Prepared::Postgres),
    }
}

/// Runs the statement once, on the calling thread.
///
/// # Errors
/// A [`Fault`] for everything but a statement that was run and, where it changes something,
/// committed.
pub(crate) fn invoke(
    host: Host<'_>,
    prepared: &Prepared,
    invocation: &Invocation<'_>,
    _receipt: &IntentReceipt,
) -> Result<Output, Box<Fault>> {
    let (bounds, effect) = (Bounds::new(host, invocation), invocation.effect);
    match prepared {
        Prepared::Sqlite(prepared) => {
            sqlite::run(host, prepared, invocation.name(), effect, &bounds)
        }
        Prepared::Postgres(prepared) => postgres::run(prepared, invocation.name(), effect, &bounds),
    }
    .map(output)
}

/// As [`invoke`], for a query.
///
/// # Errors
/// As [`invoke`]; a statement that writes is not run.
pub(crate) fn look(
    host: Host<'_>,
    prepared: &Prepared,
    invocation: &Invocation<'_>,
) -> Result<Output, Box<Fault>> {
    let bounds = Bounds::new(host, invocation);
    match prepared {
        Prepared::Sqlite(prepared) => sqlite::look(host, prepared, &bounds),
        Prepared::Postgres(prepared) => postgres::look(prepared, &bounds),
    }
    .map(output)
}

/// Looks for the mark of `operation`, which ran the statement of `plan`. The rows are one for the
/// mark, with the number of rows that were changed, or none.
///
/// # Errors
/// As [`invoke`].
pub(crate) fn mark(
    host: Host<'_>,
    plan: &Arc<SqlPlan>,
    operation: CallId,
    invocation: &Invocation<'_>,
) -> Result<Output, Box<Fault>> {
    let bounds = Bounds::new(host, invocation);
    let operation = operation.to_string();
    match &plan.database.place {
        Place::Sqlite(_) => sqlite::mark(host, plan, &bounds, &operation),
        Place::Postgres(_) => postgres::mark(plan, &bounds, operation),
    }
    .map(output)
}

fn output(table: Table) -> Output {
    super::output::structured(json!({
        "rows": table.rows,
        "row_count": table.row_count,
        "truncated": table.truncated,
    }))
}

/// Holds statements against their databases while definitions are loaded: opens each for
/// reading, prepares the statement under the same guards as in a call, runs nothing.
pub(crate) fn inspector(
    clock: Arc<dyn Clock>,
    state_dir: PathBuf,
) -> impl Fn(&Arc<SqlPlan>) -> Inspected + Send + Sync {
    let servers = postgres::Inspector::new(Arc::clone(&clock));
    move |plan| match &plan.database.place {
        Place::Sqlite(_) => sqlite::inspect(&clock, &state_dir, plan),
        Place::Postgres(_) => servers.inspect(plan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_told_with_its_counts() {
        let told = output(marks(Some(3))).structured;
        let expected = json!({"rows": [{"row_count": 3}], "row_count": 1, "truncated": false});
        assert_eq!(told.as_deref(), Some(&expected));
        assert_eq!(marks(None), Table::default());
    }
}
