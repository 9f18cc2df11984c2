//! A statement on a PostgreSQL server: a connection of its own, by the synchronous client, whose
//! runtime lives on a thread that ends with the call.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use super::{Bounds, Table, marks};
use crate::{
    backend::Fault,
    base::{
        cancel::CancelToken,
        clock::Clock,
        failpoint::{self, Point},
        limits::sql::server::INSPECT_MAX,
        problem::Problem,
    },
    catalog::{
        plan::{RowRange, SqlAccess, SqlPlan},
        surroundings::Inspected,
        tool::Effect,
    },
};

mod apart;
mod cell;
mod decimal;
mod given;
mod mark;
mod rows;
mod session;
mod tls;
mod trouble;

use apart::apart;
use given::Given;
use session::{Job, Session};
use trouble::Trouble;

/// A statement with its values, in the order of their numbers. Good for every attempt.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    plan: Arc<SqlPlan>,
    values: Vec<Given>,
}

/// Fills the parameters. Whether a value is one of the type that the statement wants there, the
/// server says.
///
/// # Errors
/// Never: as text, every value can be sent.
pub(super) fn prepare(plan: &Arc<SqlPlan>, arguments: &Value) -> Result<Prepared, Box<Problem>> {
    let params = plan.params.iter();
    Ok(Prepared {
        plan: Arc::clone(plan),
        values: params
            .map(|(_, template)| Given::from(template.fill(arguments)))
            .collect(),
    })
}

/// Reads, or changes in the name of `operation`.
///
/// # Errors
/// See [`super::invoke`].
pub(super) fn run(
    prepared: &Prepared,
    operation: String,
    effect: Effect,
    bounds: &Bounds,
) -> Result<Table, Box<Fault>> {
    let done = match &prepared.plan.access {
        SqlAccess::Read => query(prepared, bounds),
        SqlAccess::Write {
            expect_rows,
            marker,
        } => {
            let change = Change {
                prepared: prepared.clone(),
                expect_rows: *expect_rows,
                operation: marker.then_some(operation),
            };
            apart(&prepared.plan, bounds, move |job| change.make(job))
        }
    };
    done.map_err(|trouble| Box::new(trouble.fault(effect, bounds)))
}

/// Reads.
///
/// # Errors
/// See [`super::look`].
pub(super) fn look(prepared: &Prepared, bounds: &Bounds) -> Result<Table, Box<Fault>> {
    let found = match prepared.plan.access {
        SqlAccess::Read => query(prepared, bounds),
        SqlAccess::Write { .. } => Err(Trouble::Writes),
    };
    found.map_err(|trouble| Box::new(trouble.fault(Effect::Read, bounds)))
}

/// Looks for the mark of `operation`.
///
/// # Errors
/// See [`super::mark`].
pub(super) fn mark(
    plan: &Arc<SqlPlan>,
    bounds: &Bounds,
    operation: String,
) -> Result<Table, Box<Fault>> {
    apart(plan, bounds, move |job| mark::look(job, &operation))
        .map(marks)
        .map_err(|trouble| Box::new(trouble.fault(Effect::Read, bounds)))
}

fn query(prepared: &Prepared, bounds: &Bounds) -> Result<Table, Trouble> {
    let values = prepared.values.clone();
    apart(&prepared.plan, bounds, move |job| {
        let mut session = Session::open(job)?;
        let mut transaction = session.begin_reading(job)?;
        let statement = rows::statement(&mut transaction, &job.plan)?;
        rows::read(&mut transaction, &statement, &values, job)
    })
}

/// A change that is to be made.
struct Change {
    prepared: Prepared,
    expect_rows: Option<RowRange>,
    /// The name under which it is marked; `None` where it is not.
    operation: Option<String>,
}

impl Change {
    /// Makes the change, or finds that this very operation has made it before.
    ///
    /// # Errors
    /// Nothing is changed then, except where the trouble is [`Trouble::Committing`].
    fn make(&self, job: &Job) -> Result<Table, Trouble> {
        match self.within(job)? {
            Within::Before(table) => Ok(table),
            Within::Committed(table, Ok(())) => Ok(table),
            // The connection is gone, and so is the transaction, if it was not committed.
            Within::Committed(table, Err(error)) => {
                let found = self.operation.as_ref();
                let found = found.map(|operation| mark::look(job, operation));
                after_commit(error, found).map(|()| table)
            }
        }
    }

    fn within(&self, job: &Job) -> Result<Within, Trouble> {
        let mut session = Session::open(job)?;
        if self.operation.is_some() {
            mark::make_table(&mut session)?;
        }
        let mut transaction = session.begin_writing(job)?;
        if let Some(operation) = &self.operation
            && let Some(row_count) = mark::claim(&mut transaction, operation)?
        {
            return Ok(Within::Before(Table {
                row_count,
                ..Table::default()
            }));
        }
        let statement = rows::statement(&mut transaction, &job.plan)?;
        let values = &self.prepared.values;
        let table = rows::change(&mut transaction, &statement, values, job)?;
        let is_unexpected = |expected: &RowRange| !expected.contains(table.row_count);
        if let Some(expected) = self.expect_rows.filter(is_unexpected) {
            return Err(Trouble::Rows {
                changed: table.row_count,
                expected,
            });
        }
        if let Some(operation) = &self.operation {
            let finished = job.bounds.clock.wall().rfc3339();
            mark::leave(&mut transaction, operation, table.row_count, &finished)?;
        }
        if !job.threshold.pass() {
            return Err(Trouble::Stopped);
        }
        let committed = match failpoint::fails(Point::StatementRun) {
            true => Err(None),
            false => transaction.commit().map_err(Some),
        };
        let committed = match failpoint::fails(Point::StatementCommitted) {
            true => Err(None),
            false => committed,
        };
        Ok(Within::Committed(table, committed))
    }
}

enum Within {
    /// The operation was marked already.
    Before(Table),
    /// It was told to be committed, with what came of that; a test knows no error.
    Committed(Table, Result<(), Option<postgres::Error>>),
}

/// What can be said after a commit that failed; `found` is the marked operation, if one was
/// looked for.
fn after_commit(
    error: Option<postgres::Error>,
    found: Option<Result<Option<u64>, Trouble>>,
) -> Result<(), Trouble> {
    match (error, found) {
        (Some(error), _) if trouble::is_rolled_back(&error) => Err(Trouble::Running(error)),
        (_, Some(Ok(Some(_)))) => Ok(()),
        (error, Some(Ok(None))) => Err(Trouble::RolledBack(error)),
        (error, Some(Err(_)) | None) => Err(Trouble::Committing(error)),
    }
}

/// Holds statements against their servers, and asks none twice that cannot be reached.
pub(super) struct Inspector {
    clock: Arc<dyn Clock>,
    /// Why, by the name of the database.
    unreachable: Mutex<BTreeMap<String, Inspected>>,
}

impl Inspector {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            unreachable: Mutex::default(),
        }
    }

    pub(super) fn inspect(&self, plan: &Arc<SqlPlan>) -> Inspected {
        let name = &plan.database.name;
        let lock = || {
            self.unreachable
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(Inspected::Open(why)) = lock().get(name) {
            return Inspected::Open(why.clone());
        }
        let bounds = Bounds {
            clock: Arc::clone(&self.clock),
            deadline: self.clock.now().plus(INSPECT_MAX),
            cancel: CancelToken::default(),
        };
        match apart(plan, &bounds, session::inspect) {
            Ok(()) => Inspected::Sound,
            Err(trouble) => {
                let is_unreachable = trouble.is_of_the_connection();
                let inspected = trouble.inspected(name);
                if let (true, Inspected::Open(why)) = (is_unreachable, &inspected) {
                    lock().insert(name.clone(), Inspected::Open(why.clone()));
                }
                inspected
            }
        }
    }
}
