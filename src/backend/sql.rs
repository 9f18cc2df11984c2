//! One statement on an SQLite database: bound values, bounded time and size, and for what
//! changes rows a transaction that is over before anybody is told.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::types::Value as Bound;
use serde_json::{Value, json};

use super::{Fault, Invocation};
use crate::{
    base::{
        cancel::CancelToken,
        clock::{Clock, Moment},
        id::CallId,
        problem::{Code, Detail, Problem},
    },
    catalog::{
        content::Output,
        plan::{SqlAccess, SqlPlan},
        surroundings::Inspected,
        template::JsonTemplate,
        tool::Effect,
    },
    ledger::IntentReceipt,
};

mod change;
mod connection;
mod rows;
#[cfg(test)]
mod tests;
mod trouble;

use rows::Table;
use trouble::Trouble;

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
pub(crate) struct Prepared {
    plan: Arc<SqlPlan>,
    values: Vec<(String, Bound)>,
}

/// Fills the parameters with the effective arguments: texts, numbers and null as they are,
/// truth as 0 and 1, lists and objects as JSON text; what is absent is null.
///
/// # Errors
/// `VALIDATION_FAILED` for a whole number that SQLite cannot hold.
pub(crate) fn prepare(plan: &Arc<SqlPlan>, arguments: &Value) -> Result<Prepared, Box<Problem>> {
    let mut values = Vec::with_capacity(plan.params.len());
    for (name, template) in &plan.params {
        let value = bound(template.fill(arguments)).ok_or_else(|| too_large(template))?;
        values.push((name.clone(), value));
    }
    Ok(Prepared {
        plan: Arc::clone(plan),
        values,
    })
}

fn bound(value: Value) -> Option<Bound> {
    Some(match value {
        Value::Null => Bound::Null,
        Value::Bool(truth) => Bound::Integer(i64::from(truth)),
        Value::Number(number) if number.is_u64() => Bound::Integer(number.as_i64()?),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Bound::Integer(whole),
            None => Bound::Real(number.as_f64()?),
        },
        Value::String(text) => Bound::Text(text),
        other @ (Value::Array(_) | Value::Object(_)) => Bound::Text(other.to_string()),
    })
}

fn too_large(template: &JsonTemplate) -> Box<Problem> {
    let at = match template {
        JsonTemplate::Slot(path) => path.pointer(),
        JsonTemplate::Text(text) => text.pointer(),
        JsonTemplate::Literal(_) | JsonTemplate::Array(_) | JsonTemplate::Object(_) => {
            String::new()
        }
    };
    let message = format!("the number at `{at}` is too large for the database");
    let detail = Detail {
        at,
        constraint: "sql".to_owned(),
        expected: format!("at most {}", i64::MAX),
        got: None,
        limit: Some(Value::from(i64::MAX)),
    };
    Box::new(Problem::new(Code::ValidationFailed, message).with_details(vec![detail]))
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
    let bounds = Bounds::new(host, invocation);
    run(host, prepared, invocation.name(), &bounds)
        .map(output)
        .map_err(|trouble| Box::new(trouble.fault(invocation.effect, &bounds)))
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
    let found = match prepared.plan.access {
        SqlAccess::Read => query(host, prepared, &bounds),
        SqlAccess::Write { .. } => Err(Trouble::Writes),
    };
    found
        .map(output)
        .map_err(|trouble| Box::new(trouble.fault(Effect::Read, &bounds)))
}

/// Looks for the mark of `operation`, which ran the statement of `plan`. The rows are one for the
/// mark, with the number of rows that were changed, or none.
///
/// # Errors
/// As [`invoke`].
pub(crate) fn mark(
    host: Host<'_>,
    plan: &SqlPlan,
    operation: CallId,
    invocation: &Invocation<'_>,
) -> Result<Output, Box<Fault>> {
    let bounds = Bounds::new(host, invocation);
    change::mark(host, plan, &bounds, &operation.to_string())
        .map(output)
        .map_err(|trouble| Box::new(trouble.fault(Effect::Read, &bounds)))
}

/// Reads, or changes in the name of `operation`.
fn run(
    host: Host<'_>,
    prepared: &Prepared,
    operation: String,
    bounds: &Bounds,
) -> Result<Table, Trouble> {
    match &prepared.plan.access {
        SqlAccess::Read => query(host, prepared, bounds),
        SqlAccess::Write {
            expect_rows,
            marker,
        } => change::run(&change::Change {
            host,
            prepared,
            bounds,
            expect_rows: *expect_rows,
            operation: marker.then_some(operation),
        }),
    }
}

fn query(host: Host<'_>, prepared: &Prepared, bounds: &Bounds) -> Result<Table, Trouble> {
    let plan = &prepared.plan;
    let opened = connection::open(host.state_dir, plan, bounds)?;
    let mut statement = connection::statement(&opened.connection, plan)?;
    rows::read(&mut statement, &prepared.values, plan.rows_max)
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
) -> impl Fn(&SqlPlan) -> Inspected + Send + Sync {
    move |plan| {
        let bounds = Bounds {
            clock: Arc::clone(&clock),
            deadline: clock.now().plus(crate::base::limits::SQL_INSPECT_MAX),
            cancel: CancelToken::default(),
        };
        let prepared = connection::open_to_inspect(&state_dir, plan, &bounds)
            .and_then(|opened| connection::statement(&opened.connection, plan).map(drop));
        match prepared {
            Ok(()) => Inspected::Sound,
            Err(trouble) => trouble.inspected(&plan.database.name),
        }
    }
}
