//! Runs a tool's program: fills its argument list, starts it, judges how it ended.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    Fault, Invocation, Work, failure,
    files::{self, ConfinedFile},
    output::{self, Printed},
    process::{self, Keeper, Program, Watch},
    unfit::{refused, too_long},
};
use crate::{
    base::{
        clock::Clock,
        limits::{ARGV_BYTES_MAX, ARGV_ELEMENT_BYTES_MAX, STILL_RUNNING_INTERVAL},
        problem::Problem,
        secret::Secret,
    },
    catalog::{
        content::Output,
        template::{SlotRefused, Why, argument_list},
        tool::{Effect, ExecPlan, Stdin},
    },
    ledger::IntentReceipt,
};

/// Where programs are looked for, by us when a definition is loaded and by the programs
/// themselves. Fixed, so that a tool does not depend on who started the server.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a value is given to, in words.
const PROGRAM: &str = "program";

/// The environment entry that tells a program how many milliseconds it has left.
const DEADLINE_MS: &str = "TOLLGATE_DEADLINE_MS";

/// What every run needs of the process around it.
#[derive(Clone, Copy)]
pub(crate) struct Host<'a> {
    /// What deadlines are set on.
    pub(crate) clock: &'a dyn Clock,
    /// A directory of ours, for this user alone; made when a program first needs it.
    pub(crate) runtime_dir: &'a Path,
    /// From the polite signal to the final one, as `KILL_GRACE`.
    pub(crate) kill_grace: Duration,
    /// Knows what is running.
    pub(crate) keeper: &'a Keeper,
}

/// What a program will be given. Made before the intent is written, so that a value that may
/// not be an argument is refused while nothing has happened; good for every attempt.
#[derive(Debug)]
pub(crate) struct Prepared {
    plan: Arc<ExecPlan>,
    args: Vec<String>,
    env: Vec<(String, Secret)>,
    stdin: Option<Vec<u8>>,
    files: Vec<ConfinedFile>,
}

/// A program whose arguments name files that are not open yet.
#[derive(Debug)]
pub(crate) struct Unopened {
    plan: Arc<ExecPlan>,
    arguments: Value,
}

impl Unopened {
    /// Opens the files, which may wait for the disk.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a name that is not opened, `BACKEND_UNAVAILABLE` where it could
    /// not be tried.
    pub(crate) fn open(&self) -> Result<Prepared, Box<Problem>> {
        let (files, arguments) = files::open(&self.plan.files, &self.arguments)?;
        fill(&self.plan, &arguments, files)
    }
}

/// Fills the templates of `plan` with the effective arguments. A variable whose text lacks an
/// argument is left out.
///
/// # Errors
/// `NORMALIZATION_REFUSED` for a value that may not stand there, `VALIDATION_FAILED` for one
/// that is too long for the system.
pub(super) fn prepare(plan: &Arc<ExecPlan>, arguments: &Value) -> Result<Work, Box<Problem>> {
    if plan.files.is_empty() {
        return fill(plan, arguments, Vec::new()).map(Work::Exec);
    }
    fill(plan, &files::stand_in(&plan.files, arguments)?, Vec::new())?;
    Ok(Work::Files(Unopened {
        plan: Arc::clone(plan),
        arguments: arguments.clone(),
    }))
}

fn fill(
    plan: &Arc<ExecPlan>,
    arguments: &Value,
    files: Vec<ConfinedFile>,
) -> Result<Prepared, Box<Problem>> {
    let args = argument_list(&plan.args, arguments).map_err(|slot| told(&slot))?;
    let mut env = Vec::new();
    for (name, text) in &plan.env {
        if let Some(value) = text.fill(arguments) {
            let at = text.pointer();
            let bytes = name.len() + 1 + value.reveal().len();
            if value.reveal().contains('\0') {
                return Err(refused(&at, PROGRAM, "it holds a NUL character"));
            }
            if bytes > ARGV_ELEMENT_BYTES_MAX {
                return Err(too_long(&at, PROGRAM, ARGV_ELEMENT_BYTES_MAX));
            }
            env.push((name.clone(), value));
        }
    }
    let stdin = match plan.stdin {
        Stdin::Empty => None,
        Stdin::Json => Some(format!("{arguments}\n").into_bytes()),
    };
    Ok(Prepared {
        plan: Arc::clone(plan),
        args,
        env,
        stdin,
        files,
    })
}

/// Runs the program once, on the calling thread, until it is over or the deadline has passed
/// (and with it the grace of the kill). Its environment is what is declared, a fixed `PATH` and
/// `LANG`, `TOLLGATE_OPERATION_ID` (the name of the operation) and `TOLLGATE_DEADLINE_MS` (milliseconds
/// left).
///
/// # Errors
/// A [`Fault`] for everything but exit code 0 with output as declared.
pub(crate) fn invoke(
    host: &Host<'_>,
    prepared: &Prepared,
    invocation: &Invocation<'_>,
    _receipt: &IntentReceipt,
) -> Result<Output, Box<Fault>> {
    run(host, prepared, invocation)
}

/// As [`invoke`], for a program that changes nothing.
///
/// # Errors
/// As [`invoke`].
pub(super) fn run(
    host: &Host<'_>,
    prepared: &Prepared,
    invocation: &Invocation<'_>,
) -> Result<Output, Box<Fault>> {
    let watch = Watch {
        clock: host.clock,
        deadline: invocation.deadline,
        cancel: invocation.cancel,
        kill_grace: host.kill_grace,
        keeper: host.keeper,
        still_running: STILL_RUNNING_INTERVAL,
        progress: invocation.progress,
    };
    let attempt = Attempt {
        plan: &prepared.plan,
        prepared,
        operation: invocation.name(),
        effect: invocation.effect,
        runtime_dir: host.runtime_dir,
    };
    attempt.run(&watch)
}

struct Attempt<'a> {
    plan: &'a ExecPlan,
    prepared: &'a Prepared,
    operation: String,
    effect: Effect,
    runtime_dir: &'a Path,
}

impl Attempt<'_> {
    fn run(&self, watch: &Watch<'_>) -> Result<Output, Box<Fault>> {
        let left = watch.deadline.since(watch.clock.now());
        let cancelled = watch.cancel.fired();
        if cancelled.is_some() || left.is_zero() {
            return Err(Box::new(failure::too_late(
                cancelled,
                "the program was started",
            )));
        }
        let env = self.environment(left);
        let fifo = self.plan.progress.then(|| {
            self.runtime_dir
                .join(format!("progress-{}", self.operation))
        });
        let program = Program {
            path: &self.plan.program,
            operation: &self.operation,
            args: &self.prepared.args,
            env: &env,
            cwd: self.plan.cwd.as_deref().unwrap_or(Path::new("/")),
            stdin: self.prepared.stdin.as_deref(),
            stdout_bytes_max: self.plan.stdout_bytes_max,
            progress: fifo.as_deref(),
            files: &self.prepared.files,
            sandbox: self.plan.sandbox.as_ref(),
        };
        let ended = process::run(&program, watch)
            .map_err(|failure| Box::new(failure::not_started(&failure)))?;
        if let Some(fault) = failure::unsuccessful(&ended, self.effect, &self.plan.exit_codes) {
            return Err(Box::new(fault));
        }
        let printed = Printed {
            kept: &ended.stdout,
            bytes: ended.stdout_bytes,
        };
        output::read(&self.plan.output, printed).map_err(|why| {
            let fault = failure::bad_output(why, &ended.stderr_tail, self.effect);
            Box::new(fault)
        })
    }

    /// A later entry of a name goes before an earlier one: a definition may set `PATH`, but
    /// not pass itself off as another call.
    fn environment(&self, left: Duration) -> Vec<(String, String)> {
        let fixed = [("PATH", PATH), ("LANG", "C.UTF-8")];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let declared = self.prepared.env.iter();
        let declared = declared.map(|(name, value)| (name.clone(), value.reveal().to_owned()));
        let ours = (DEADLINE_MS.to_owned(), left.as_millis().to_string());
        fixed.into_iter().chain(declared).chain([ours]).collect()
    }
}

/// A length is not a question of form: each has its own code.
fn told(slot: &SlotRefused) -> Box<Problem> {
    match slot.why {
        Why::Prefix(char) => refused(&slot.pointer, PROGRAM, &format!("it begins with `{char}`")),
        Why::Nul => refused(&slot.pointer, PROGRAM, "it holds a NUL character"),
        Why::TooLong if slot.pointer.is_empty() => too_long("", PROGRAM, ARGV_BYTES_MAX),
        Why::TooLong => too_long(&slot.pointer, PROGRAM, ARGV_ELEMENT_BYTES_MAX),
    }
}

/// They run programs.
#[cfg(test)]
#[cfg(unix)]
mod tests;
