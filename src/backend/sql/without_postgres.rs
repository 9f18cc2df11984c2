//! What a build without the feature `postgres` does about PostgreSQL: it says so. Definitions that
//! need a server are refused when they are loaded, so no call gets here.

use std::sync::Arc;

use serde_json::Value;

use super::{Bounds, Table};
use crate::{
    backend::{Fault, failure::refused},
    base::{
        clock::Clock,
        problem::{Advice, Code, Problem},
    },
    catalog::{plan::SqlPlan, surroundings::Inspected, tool::Effect},
};

const MESSAGE: &str = "this build of tollgate does not speak PostgreSQL, so nothing was done";

/// There is none.
#[derive(Clone, Debug)]
pub(crate) enum Prepared {}

fn problem() -> Box<Problem> {
    let problem = Problem::new(Code::BackendUnavailable, MESSAGE);
    Box::new(problem.with_advice(Advice::AskOperator))
}

/// # Errors
/// Always.
pub(super) fn prepare(_plan: &Arc<SqlPlan>, _arguments: &Value) -> Result<Prepared, Box<Problem>> {
    Err(problem())
}

pub(super) fn run(
    prepared: &Prepared,
    _operation: String,
    _effect: Effect,
    _bounds: &Bounds,
) -> Result<Table, Box<Fault>> {
    match *prepared {}
}

pub(super) fn look(prepared: &Prepared, _bounds: &Bounds) -> Result<Table, Box<Fault>> {
    match *prepared {}
}

/// # Errors
/// Always.
pub(super) fn mark(
    _plan: &Arc<SqlPlan>,
    _bounds: &Bounds,
    _operation: String,
) -> Result<Table, Box<Fault>> {
    Err(Box::new(refused(*problem())))
}

pub(super) struct Inspector;

impl Inspector {
    pub(super) fn new(_clock: Arc<dyn Clock>) -> Self {
        Self
    }

    pub(super) fn inspect(&self, _plan: &Arc<SqlPlan>) -> Inspected {
        Inspected::Open(MESSAGE.to_owned())
    }
}
