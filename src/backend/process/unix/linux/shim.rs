//! The same binary in the place of a program, for a moment: it shuts itself in and becomes the
//! program.
//!
//! The limits of a process can be set by itself alone, and between `fork` and `execve` only
//! with `unsafe`. So the gate starts itself, hidden, with the program's argument list,
//! environment and folder; its orders come first on standard input, and the rest of that is
//! the program's. When it cannot become the program it says so under a word from its orders,
//! which no program ever sees.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use rustix::{
    io::Errno,
    process::{
        Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit, setsid,
    },
};
use serde::{Deserialize, Serialize};

use super::confine;
use crate::{
    backend::{
        files::ConfinedFile,
        process::{Ended, Ending, SHIM, StartFailure},
    },
    base::event::Event,
    catalog::{
        plan::FileAccess,
        sandbox::{ProgramLimits, Sandbox},
    },
};

/// The status of a shim that did not become its program.
const NOT_STARTED: u8 = 125;
/// No orders are longer.
const ORDERS_BYTES_MAX: usize = 1024 * 1024;

/// What a shim is told.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::backend::process::unix) struct Orders {
    /// Under which it says that it failed.
    word: String,
    /// Who started it.
    parent: i32,
    sandbox: Sandbox,
    /// The file named by `$PROGRESS`.
    progress: Option<PathBuf>,
    /// The files that were handed to it, open.
    files: Vec<Handed>,
}

/// A file that the program has inherited, as it names it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Handed {
    pub(super) path: PathBuf,
    pub(super) writable: bool,
}

impl Orders {
    /// Orders for one program.
    pub(in crate::backend::process::unix) fn new(
        sandbox: &Sandbox,
        progress: Option<&Path>,
        files: &[ConfinedFile],
    ) -> Self {
        let handed = |file: &ConfinedFile| Handed {
            path: file.path().into(),
            writable: file.access() == FileAccess::Write,
        };
        let zero = uuid::Timestamp::from_unix(uuid::NoContext, 0, 0);
        Self {
            word: uuid::Uuid::new_v7(zero).to_string(),
            parent: rustix::process::getpid().as_raw_nonzero().get(),
            sandbox: sandbox.clone(),
            progress: progress.map(Path::to_path_buf),
            files: files.iter().map(handed).collect(),
        }
    }

    /// What goes to standard input: the orders, then what the program reads.
    ///
    /// # Errors
    /// When a path is not UTF-8.
    pub(in crate::backend::process::unix) fn before(&self, input: &[u8]) -> io::Result<Vec<u8>> {
        let orders = serde_json::to_vec(self)?;
        let length = u32::try_from(orders.len()).unwrap_or(u32::MAX);
        Ok([&length.to_be_bytes(), orders.as_slice(), input].concat())
    }

    /// Tells the end of a program from that of a shim that did not become it.
    ///
    /// # Errors
    /// When the program did not start.
    pub(in crate::backend::process::unix) fn judge(
        &self,
        ended: Ended,
    ) -> Result<Ended, StartFailure> {
        if ended.ending != Ending::Exited(i32::from(NOT_STARTED)) {
            return Ok(ended);
        }
        let printed = std::str::from_utf8(&ended.stdout).unwrap_or_default();
        let Some(told) = printed.strip_prefix(&self.word) else {
            return Ok(ended);
        };
        let told = told.trim();
        Err(match told.split_once(' ') {
            Some((number, why)) => {
                Event::ProgramNotStarted { error: why }.emit();
                let number = number.parse().unwrap_or(0);
                super::super::leash::classify(io::Error::from_raw_os_error(number))
            }
            None => StartFailure::Lasting(io::Error::other(told.to_owned())),
        })
    }
}

/// The command that becomes `program` once it has its orders.
#[expect(
    clippy::disallowed_methods,
    reason = "a step of the one place that starts programs"
)]
pub(in crate::backend::process::unix) fn command(program: &Path) -> Command {
    let mut command = Command::new(super::keeper::OURSELVES);
    command.arg(SHIM).arg(program);
    command
}

/// The shim's side: `arguments` are the program and its argument list. Returns only when the
/// program could not be started.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    let orders = match read_orders() {
        Ok(orders) => orders,
        // Not started by a gate: there is nobody to tell.
        Err(_) => return ExitCode::from(NOT_STARTED),
    };
    let (error, what) = become_program(&orders, arguments);
    let number = error.raw_os_error().unwrap_or(Errno::PERM.raw_os_error());
    let told = format!("{} {number} {what}: {error}", orders.word);
    // The status tells as well.
    let _told = io::stdout().write_all(told.as_bytes());
    ExitCode::from(NOT_STARTED)
}

/// Reads not a byte more than the orders: the rest is the program's.
fn read_orders() -> io::Result<Orders> {
    let mut length = [0; 4];
    read_exactly(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > ORDERS_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut orders = vec![0; length];
    read_exactly(&mut orders)?;
    Ok(serde_json::from_slice(&orders)?)
}

fn read_exactly(mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match rustix::io::read(rustix::stdio::stdin(), &mut *buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => buffer = buffer.get_mut(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

type NotStarted = (io::Error, &'static str);

fn become_program(orders: &Orders, arguments: &[OsString]) -> NotStarted {
    match shut_in(orders, arguments) {
        Ok((program, rest)) => (start(program, rest), "it cannot be run"),
        Err(failed) => failed,
    }
}

/// Everything before `execve`. The process that is left can do only what the orders allow.
fn shut_in<'a>(
    orders: &Orders,
    arguments: &'a [OsString],
) -> Result<(&'a OsString, &'a [OsString]), NotStarted> {
    let at = |what: &'static str| move |error: Errno| (io::Error::from(error), what);
    let Some((program, rest)) = arguments.split_first() else {
        return Err((io::ErrorKind::InvalidInput.into(), "no program was named"));
    };
    setsid().map_err(at("it gets no session"))?;
    // Bound to the thread that started us, which waits for us.
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(at("its end is not bound"))?;
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get());
    if parent != Some(orders.parent) {
        return Err((io::ErrorKind::BrokenPipe.into(), "the gate is gone"));
    }
    limit(&orders.sandbox.limits).map_err(at("its limits cannot be set"))?;
    confine::confine(
        &orders.sandbox,
        Path::new(program),
        orders.progress.as_deref(),
        &orders.files,
    )
    .map_err(|error| (error, "it cannot be shut in"))?;
    Ok((program, rest))
}

fn limit(limits: &ProgramLimits) -> Result<(), Errno> {
    let all = [
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::As, limits.memory_bytes),
        (Resource::Nofile, Some(limits.open_files)),
        (Resource::Nproc, limits.processes),
        (Resource::Fsize, limits.file_size_bytes),
    ];
    for (resource, most) in all {
        if let Some(most) = most {
            let same = Some(most);
            let both = Rlimit {
                current: same,
                maximum: same,
            };
            setrlimit(resource, both)?;
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a step of the one place that starts programs"
)]
fn start(program: &OsString, arguments: &[OsString]) -> io::Error {
    Command::new(program).args(arguments).exec()
}
