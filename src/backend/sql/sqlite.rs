//! A statement on an SQLite file.

use std::{path::Path, sync::Arc};

use rusqlite::types::Value as Bound;
use serde_json::Value;

use super::{Bounds, Host, Table, marks};
use crate::{
    backend::Fault,
    base::{
        cancel::CancelToken,
        clock::Clock,
        problem::{Code, Detail, Problem},
    },
    catalog::{
        plan::{SqlAccess, SqlPlan},
        surroundings::{Inspected, Place},
        template::JsonTemplate,
        tool::Effect,
    },
};

mod change;
mod connection;
mod rows;
#[cfg(test)]
mod tests;
mod trouble;

use trouble::Trouble;

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
pub(super) fn prepare(plan: &Arc<SqlPlan>, arguments: &Value) -> Result<Prepared, Box<Problem>> {
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

/// What is done, and where.
#[derive(Clone, Copy)]
struct Task<'a> {
    host: Host<'a>,
    plan: &'a SqlPlan,
    bounds: &'a Bounds,
}

impl Task<'_> {
    /// The file of the database; a database that is none has no file that is there.
    fn file(&self) -> &Path {
        match &self.plan.database.place {
            Place::Sqlite(path) => path,
            Place::Postgres(_) => Path::new(""),
        }
    }
}

/// Reads, or changes in the name of `operation`.
///
/// # Errors
/// See [`super::invoke`].
pub(super) fn run(
    host: Host<'_>,
    prepared: &Prepared,
    operation: String,
    effect: Effect,
    bounds: &Bounds,
) -> Result<Table, Box<Fault>> {
    let plan = &prepared.plan;
    let task = Task { host, plan, bounds };
    let done = match &plan.access {
        SqlAccess::Read => query(task, prepared),
        SqlAccess::Write {
            expect_rows,
            marker,
        } => change::run(&change::Change {
            task,
            prepared,
            expect_rows: *expect_rows,
            operation: marker.then_some(operation),
        }),
    };
    done.map_err(|trouble| Box::new(trouble.fault(effect, bounds)))
}

/// Reads.
///
/// # Errors
/// See [`super::look`].
pub(super) fn look(
    host: Host<'_>,
    prepared: &Prepared,
    bounds: &Bounds,
) -> Result<Table, Box<Fault>> {
    let plan = &prepared.plan;
    let found = match plan.access {
        SqlAccess::Read => query(Task { host, plan, bounds }, prepared),
        SqlAccess::Write { .. } => Err(Trouble::Writes),
    };
    found.map_err(|trouble| Box::new(trouble.fault(Effect::Read, bounds)))
}

/// Looks for the mark of `operation`.
///
/// # Errors
/// See [`super::mark`].
pub(super) fn mark(
    host: Host<'_>,
    plan: &SqlPlan,
    bounds: &Bounds,
    operation: &str,
) -> Result<Table, Box<Fault>> {
    change::mark(Task { host, plan, bounds }, operation)
        .map(marks)
        .map_err(|trouble| Box::new(trouble.fault(Effect::Read, bounds)))
}

fn query(task: Task<'_>, prepared: &Prepared) -> Result<Table, Trouble> {
    let opened = connection::open(task)?;
    let mut statement = connection::statement(&opened.connection, task.plan)?;
    rows::read(&mut statement, &prepared.values, task.plan.rows_max)
}

/// Holds the statement of `plan` against its file.
pub(super) fn inspect(clock: &Arc<dyn Clock>, state_dir: &Path, plan: &SqlPlan) -> Inspected {
    let bounds = Bounds {
        clock: Arc::clone(clock),
        deadline: clock.now().plus(crate::base::limits::sql::INSPECT_MAX),
        cancel: CancelToken::default(),
    };
    let host = Host { clock, state_dir };
    let bounds = &bounds;
    let prepared = connection::open_to_inspect(Task { host, plan, bounds })
        .and_then(|opened| connection::statement(&opened.connection, plan).map(drop));
    match prepared {
        Ok(()) => Inspected::Sound,
        Err(trouble) => trouble.inspected(&plan.database.name),
    }
}
