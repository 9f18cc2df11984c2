//! The only place that starts programs: one program, watched from start to end by one thread.
//!
//! Every program leads a process group of its own, and whatever is left in that group is
//! killed when its leader has ended; on Linux also what has left it. Should this process be
//! killed, a warden ends its programs there.

use std::{io, path::Path, time::Duration};

use super::files::ConfinedFile;
use crate::{
    base::{
        cancel::{CancelToken, Cancelled},
        clock::{Clock, Moment},
    },
    catalog::{content::Progress, sandbox::Sandbox},
};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{Keeper, harden, run_shim, run_warden};
#[cfg(unix)]
pub(super) use unix::{outlast, run};

#[cfg(not(unix))]
mod elsewhere;
#[cfg(not(unix))]
pub(crate) use elsewhere::{Keeper, harden, run_shim, run_warden};
#[cfg(not(unix))]
pub(super) use elsewhere::{outlast, run};

/// The hidden argument that makes this program become another, in a sandbox.
pub(crate) const SHIM: &str = "__child";
/// The hidden argument that makes this program a warden.
pub(crate) const WARDEN: &str = "__warden";
/// The environment entry that tells a program which operation it runs for. A process is known
/// by it wherever it goes.
pub(super) const OPERATION_ID: &str = "TOLLGATE_OPERATION_ID";

/// What to start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Program<'a> {
    /// Absolute: a bare name would be looked up, and would cost a slow `fork`.
    pub(super) path: &'a Path,
    /// The argument list without the program's own name; no element holds NUL.
    pub(super) args: &'a [String],
    /// The operation that it runs for; its environment says so too.
    pub(super) operation: &'a str,
    /// The whole environment, but for `$PROGRESS` and [`OPERATION_ID`].
    pub(super) env: &'a [(String, String)],
    /// Where it runs.
    pub(super) cwd: &'a Path,
    /// What it reads; `None` is the end of file at once.
    pub(super) stdin: Option<&'a [u8]>,
    /// Bytes of standard output that are kept; the rest is read, counted and dropped.
    pub(super) stdout_bytes_max: usize,
    /// Where to make the file named by `$PROGRESS`, if it is to have one. The directory is
    /// made if need be, for this user alone; the file is gone when the run is over.
    pub(super) progress: Option<&'a Path>,
    /// The files that it inherits, under the numbers that they have here.
    pub(super) files: &'a [ConfinedFile],
    /// How it is shut in, if it is. On a system that cannot, it starts only if it need not.
    pub(super) sandbox: Option<&'a Sandbox>,
}

/// How to watch over it.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    /// What the deadline is set on.
    pub(super) clock: &'a dyn Clock,
    /// When the program is told to end.
    pub(super) deadline: Moment,
    /// Or when this fires, if that is earlier.
    pub(super) cancel: &'a CancelToken,
    /// From the polite signal to the final one.
    pub(super) kill_grace: Duration,
    /// Knows what is running.
    pub(super) keeper: &'a Keeper,
    /// How often a program without a progress file is said to be running still.
    pub(super) still_running: Duration,
    /// Called for each step of progress, until the program is told to end.
    pub(super) progress: &'a dyn Fn(Progress),
}

/// A run that is over: the leader has been waited for and its group is dead.
#[derive(Debug)]
pub(super) struct Ended {
    /// How.
    pub(super) ending: Ending,
    /// The beginning of what it printed.
    pub(super) stdout: Vec<u8>,
    /// How much it printed in all.
    pub(super) stdout_bytes: u64,
    /// The last `STDERR_BYTES_MAX` bytes of its standard error.
    pub(super) stderr_tail: Vec<u8>,
}

/// How a run ended. What we did to it goes before how the program answered to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled(i32),
    /// We ended it: its time was up.
    TimedOut,
    /// We ended it: nobody wants the answer.
    Cancelled(Cancelled),
    /// We ended it: it printed more than `OUTPUT_TOTAL_BYTES_MAX`.
    Flooded,
    /// We ended it: it had started, but could not be watched.
    Lost(io::ErrorKind),
}

/// Why a program was not started: it had no effect.
#[derive(Debug)]
pub(super) enum StartFailure {
    /// It will be the same next time: no such program, no permission, no program at all.
    Lasting(io::Error),
    /// The system is out of processes, memory or descriptors.
    Passing(io::Error),
}

/// The program that misbehaves on demand (`examples/fake-tool.rs`), beside the tests.
#[cfg(test)]
#[cfg(unix)]
pub(super) fn fake_tool() -> std::path::PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(Path::parent).unwrap();
    let path = built.join("examples").join("fake-tool");
    assert!(
        path.exists(),
        "build it first: cargo build --example fake-tool"
    );
    path
}
