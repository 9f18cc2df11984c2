//! One try at the world, reported precisely: did not start, ran and failed, may have
//! happened, succeeded.

pub(crate) mod exec;
mod failure;
mod output;
mod plain;
mod process;
pub(crate) mod reply;

use serde_json::Value;

use crate::{
    base::{cancel::CancelToken, clock::Moment, id::CallId, problem::Problem},
    catalog::tool::Tool,
};

/// One try, fully described.
pub(crate) struct Invocation<'a> {
    /// The call it is for; handed to the backend as the operation's name.
    pub(crate) call_id: CallId,
    /// What to run.
    pub(crate) tool: &'a Tool,
    /// With which arguments.
    pub(crate) arguments: &'a Value,
    /// When it must be over.
    pub(crate) deadline: Moment,
    /// When it should stop before that.
    pub(crate) cancel: &'a CancelToken,
    /// Called for each step of progress that the backend reports, on the calling thread.
    pub(crate) progress: &'a dyn Fn(Progress),
}

/// How far a running call has come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Progress {
    /// Rises with every report.
    pub(crate) done: f64,
    /// Where it will end, if known.
    pub(crate) total: Option<f64>,
    /// In words, if any.
    pub(crate) message: Option<String>,
}

/// How a try ended without success.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What can be said of its effect.
    pub(crate) class: FaultClass,
    /// In words for the caller.
    pub(crate) problem: Problem,
    /// The end of what the backend itself said: untrusted, shown apart from our own words.
    pub(crate) backend_text: Option<String>,
    /// Exit code or the like, for the ledger.
    pub(crate) status: Option<String>,
}

/// What can be said of the effect of a try that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultClass {
    /// It had no effect: it did not start, or stopped before it did anything.
    Clean,
    /// The backend says that it failed; it may have had effects before it did.
    Definite,
    /// It may have happened.
    Ambiguous,
}
