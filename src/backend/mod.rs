//! One try at the world, reported precisely: did not start, ran and failed, may have
//! happened, succeeded.

pub(crate) mod exec;
mod failure;
mod files;
pub(crate) mod http;
mod output;
mod plain;
pub(crate) mod process;
pub(crate) mod reply;
mod resolve;
pub(crate) mod sql;
mod still_running;
mod threshold;
mod unfit;

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::Value;

use self::process::Keeper;
use crate::{
    base::{
        cancel::CancelToken,
        clock::{Clock, Moment},
        id::CallId,
        limits::{HTTP_IDLE_MAX, KILL_GRACE, STILL_RUNNING_INTERVAL},
        problem::{Code, Problem},
    },
    catalog::{
        content::{Output, Progress},
        look::Look,
        plan::SqlPlan,
        tool::{Effect, Run},
    },
    ledger::IntentReceipt,
};

/// What a backend will do for one call: templates filled, values checked, nothing done yet.
#[derive(Debug)]
pub(crate) enum Work {
    /// The answer is here already; nothing outside this process is touched.
    Immediate(Output),
    /// What a program will be given.
    Exec(exec::Prepared),
    /// The same, with files that are not open yet.
    Files(exec::Unopened),
    /// What a database will be asked.
    Sql(sql::Prepared),
    /// What a service will be asked.
    Http(http::Prepared),
}

impl Work {
    /// Whether it waits for nothing.
    pub(crate) fn is_immediate(&self) -> bool {
        match self {
            Self::Immediate(_) => true,
            Self::Exec(_) | Self::Files(_) | Self::Sql(_) | Self::Http(_) => false,
        }
    }

    /// Whether there are files to be opened.
    pub(crate) fn names_files(&self) -> bool {
        match self {
            Self::Files(_) => true,
            Self::Immediate(_) | Self::Exec(_) | Self::Sql(_) | Self::Http(_) => false,
        }
    }

    /// The same with its files open, which may wait for the disk: from now on it is about these
    /// and no others. What is asked to do work with files to be opened opens them itself.
    ///
    /// # Errors
    /// When a name is none of a file that may be opened: a refusal, nothing was touched.
    pub(crate) fn open(self) -> Result<Self, Box<Problem>> {
        match self {
            Self::Files(unopened) => unopened.open().map(Self::Exec),
            Self::Immediate(_) | Self::Exec(_) | Self::Sql(_) | Self::Http(_) => Ok(self),
        }
    }
}

/// The world. One implementation runs real programs; tests script another.
pub(crate) trait Backend: Send + Sync {
    /// Does `work` once. The receipt proves that the intent is in the ledger.
    ///
    /// # Errors
    /// A [`Fault`] that says what is known of the effect.
    fn invoke(
        &self,
        work: &Work,
        invocation: &Invocation<'_>,
        receipt: &IntentReceipt,
    ) -> Result<Output, Box<Fault>>;

    /// Looks something up. Nothing is changed, so there is no intent to prove.
    ///
    /// # Errors
    /// As [`Backend::invoke`].
    fn look(&self, work: LookWork, invocation: &Invocation<'_>) -> Result<Output, Box<Fault>>;

    /// Waits, at most until `deadline`, for the end of programs that a process which is dead now
    /// had started under `name`, see [`Invocation::name`]. Whether there certainly is none.
    fn is_over(&self, name: &str, deadline: Moment) -> bool;
}

/// What a backend will look up.
#[derive(Debug)]
pub(crate) struct LookWork(Looking);

#[derive(Debug)]
enum Looking {
    /// What a [`Look`] says.
    Work(Work),
    /// Whether an operation left its mark where this statement runs.
    Mark(Arc<SqlPlan>, CallId),
}

impl LookWork {
    /// Looks for the mark of `operation`, a call of a tool that does what `plan` says. What is
    /// found is like the rows of a query: one, or none.
    pub(crate) fn mark(plan: &Arc<SqlPlan>, operation: CallId) -> Self {
        Self(Looking::Mark(Arc::clone(plan), operation))
    }

    /// For backends that a test scripts.
    #[cfg(test)]
    pub(crate) fn into_work(self) -> Work {
        match self.0 {
            Looking::Work(work) => work,
            Looking::Mark(..) => unreachable!("no scripted backend has a database"),
        }
    }
}

/// The real world: starts programs, asks databases and services.
pub(crate) struct Programs {
    /// What deadlines are set on.
    pub(crate) clock: Arc<dyn Clock>,
    /// A directory of ours, for this user alone; made when a program first needs it.
    pub(crate) runtime_dir: PathBuf,
    /// Knows what is running.
    pub(crate) keeper: Arc<Keeper>,
    /// Where the ledger is: no database of a tool may be one of its files.
    pub(crate) state_dir: PathBuf,
    /// Knows how many requests are under way.
    pub(crate) under_way: http::UnderWay,
}

impl Backend for Programs {
    fn invoke(
        &self,
        work: &Work,
        invocation: &Invocation<'_>,
        receipt: &IntentReceipt,
    ) -> Result<Output, Box<Fault>> {
        match work {
            Work::Immediate(output) => Ok(output.clone()),
            Work::Exec(prepared) => exec::invoke(&self.exec_host(), prepared, invocation, receipt),
            Work::Files(unopened) => {
                let prepared = opened(unopened)?;
                exec::invoke(&self.exec_host(), &prepared, invocation, receipt)
            }
            Work::Sql(prepared) => sql::invoke(self.sql_host(), prepared, invocation, receipt),
            Work::Http(prepared) => http::invoke(&self.http_host(), prepared, invocation, receipt),
        }
    }

    fn look(&self, work: LookWork, invocation: &Invocation<'_>) -> Result<Output, Box<Fault>> {
        match work.0 {
            Looking::Work(Work::Immediate(output)) => Ok(output),
            Looking::Work(Work::Exec(prepared)) => {
                exec::run(&self.exec_host(), &prepared, invocation)
            }
            Looking::Work(Work::Files(unopened)) => {
                exec::run(&self.exec_host(), &opened(&unopened)?, invocation)
            }
            Looking::Work(Work::Http(prepared)) => {
                http::request(&self.http_host(), &prepared, invocation)
            }
            Looking::Work(Work::Sql(prepared)) => sql::look(self.sql_host(), &prepared, invocation),
            Looking::Mark(plan, operation) => {
                sql::mark(self.sql_host(), &plan, operation, invocation)
            }
        }
    }

    fn is_over(&self, name: &str, deadline: Moment) -> bool {
        process::outlast(name, &*self.clock, deadline)
    }
}

/// The files of a try, opened for it alone.
fn opened(unopened: &exec::Unopened) -> Result<exec::Prepared, Box<Fault>> {
    unopened
        .open()
        .map_err(|problem| Box::new(failure::refused(*problem)))
}

impl Programs {
    fn exec_host(&self) -> exec::Host<'_> {
        exec::Host {
            clock: &*self.clock,
            runtime_dir: &self.runtime_dir,
            kill_grace: KILL_GRACE,
            keeper: &self.keeper,
        }
    }

    fn http_host(&self) -> http::Host<'_> {
        http::Host {
            clock: &*self.clock,
            under_way: &self.under_way,
            look_up: http::look_up,
            idle_max: HTTP_IDLE_MAX,
            still_running: STILL_RUNNING_INTERVAL,
        }
    }

    fn sql_host(&self) -> sql::Host<'_> {
        sql::Host {
            clock: &self.clock,
            state_dir: &self.state_dir,
        }
    }
}

/// One try, fully described.
pub(crate) struct Invocation<'a> {
    /// The operation that it is for, by the call that began it; the world knows it by this name.
    pub(crate) operation: CallId,
    /// Which part of it, where it does several things that are each done once.
    pub(crate) part: Option<&'a str>,
    /// What it may do to the world.
    pub(crate) effect: Effect,
    /// When it must be over.
    pub(crate) deadline: Moment,
    /// When it should stop before that.
    pub(crate) cancel: &'a CancelToken,
    /// Called for each step of progress that the backend reports, on the calling thread.
    pub(crate) progress: &'a dyn Fn(Progress),
}

impl Invocation<'_> {
    /// The name under which a backend can know again what it was asked to do once: the same for
    /// every attempt, another for each part of a call.
    pub(crate) fn name(&self) -> String {
        name(self.operation, self.part)
    }
}

/// See [`Invocation::name`].
pub(crate) fn name(operation: CallId, part: Option<&str>) -> String {
    match part {
        None => operation.to_string(),
        Some(part) => format!("{operation}.{part}"),
    }
}

/// How a try ended without success.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What can be said of its effect.
    pub(crate) class: FaultClass,
    /// In words for the caller.
    pub(crate) problem: Problem,
    /// How long the backend wants to be left alone, where it says so.
    pub(crate) retry_after: Option<Duration>,
    /// What the backend itself said: untrusted, its end shown apart from our own words; it may be
    /// long and hold secrets yet.
    pub(crate) backend_text: Option<String>,
    /// Exit code or the like, for the ledger; it may be long and hold secrets yet.
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

/// Fills the templates of what is done once with `arguments`. Nothing is done yet.
///
/// # Errors
/// When a value cannot go where the template puts it: a refusal, nothing was touched.
pub(crate) fn prepare(run: &Run, arguments: &Value) -> Result<Work, Box<Problem>> {
    let not_ours = |message| Err(Box::new(Problem::new(Code::Internal, message)));
    match run {
        Run::Exec(plan) => exec::prepare(plan, arguments),
        Run::Sql(plan) => sql::prepare(plan, arguments).map(Work::Sql),
        Run::Http(plan) => http::prepare(plan, arguments).map(Work::Http),
        Run::Reply(plan) => Ok(Work::Immediate(reply::render(plan, arguments))),
        Run::Steps(_) => not_ours("steps are done by the gate, one by one, not by a backend"),
        Run::Fetch => not_ours("what became of an operation is told by the gate, not by a backend"),
    }
}

/// Whether `arguments` can go where the templates of everything that `run` does put them, as far
/// as no output of another step goes there too.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn fits(run: &Run, arguments: &Value) -> Result<(), Box<Problem>> {
    let mut parts = run.parts().into_iter();
    parts.try_for_each(|part| prepare(part, arguments).map(drop))
}

/// As [`prepare`], for something that is only looked up, with its files open.
///
/// # Errors
/// As [`prepare`] and [`Work::open`].
pub(crate) fn prepare_look(look: &Look, arguments: &Value) -> Result<LookWork, Box<Problem>> {
    let work = prepare(look.run(), arguments)?.open()?;
    Ok(LookWork(Looking::Work(work)))
}
