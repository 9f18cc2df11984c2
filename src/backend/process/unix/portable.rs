//! Unix without what Linux alone has: programs are ended with their process group, and no more.
//!
//! Not here: an end of the programs when this process is killed (they see their pipes close),
//! the sweep of descendants that left the group, and the sandbox.

use std::{
    io,
    marker::PhantomData,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode},
};

use rustix::process::Pid;

use super::{
    super::{Ended, StartFailure},
    shed::shed,
};
use crate::{
    backend::files::ConfinedFile,
    base::clock::{Clock, Moment},
    catalog::sandbox::Sandbox,
};

/// Knows every program that is running; here it has nothing to know.
#[derive(Debug)]
pub(crate) struct Keeper(());

/// Hardens this process, and with it every program that it will start: no descriptor that was
/// left open by whoever started us, no core dumps, files for this user alone.
///
/// To be called once, before another thread is started and before anything is opened.
///
/// # Errors
/// When the system refuses; nothing should be started then.
pub(crate) fn harden() -> io::Result<Keeper> {
    shed("/dev/fd")?;
    Ok(Keeper(()))
}

/// Nothing starts this here.
pub(crate) fn run_shim(_arguments: &[std::ffi::OsString]) -> ExitCode {
    ExitCode::FAILURE
}

/// Nothing starts this here.
pub(crate) fn run_warden() -> ExitCode {
    ExitCode::FAILURE
}

impl Keeper {
    /// For a process that is not hardened.
    #[cfg(test)]
    pub(crate) fn of_tests() -> Self {
        Self(())
    }

    /// To be called before a program is started for an operation.
    ///
    /// # Errors
    /// Never.
    pub(super) fn keep<'a>(&'a self, _operation: &'a str) -> io::Result<Kept<'a>> {
        Ok(Kept(PhantomData))
    }
}

/// Orders for a shim; there is none here.
#[derive(Debug)]
pub(super) struct Orders(());

impl Orders {
    /// Orders that say nothing.
    pub(super) fn new(_sandbox: &Sandbox, _: Option<&Path>, _: &[ConfinedFile]) -> Self {
        Self(())
    }

    /// What the program reads, and nothing before it.
    ///
    /// # Errors
    /// Never.
    pub(super) fn before(&self, input: &[u8]) -> io::Result<Vec<u8>> {
        Ok(input.to_vec())
    }

    /// The end is that of the program.
    ///
    /// # Errors
    /// Never.
    pub(super) fn judge(&self, ended: Ended) -> Result<Ended, StartFailure> {
        Ok(ended)
    }
}

/// The program itself. A definition that requires its sandbox was not loaded here.
#[expect(
    clippy::disallowed_methods,
    reason = "a step of the one place that starts programs"
)]
pub(super) fn shim_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.process_group(0);
    command
}

/// One program, from before its start to after its end.
#[derive(Debug)]
pub(super) struct Kept<'a>(PhantomData<&'a Keeper>);

impl Kept<'_> {
    /// The program has started.
    pub(super) fn started(&self, _group: Pid) {}

    /// Ends nothing: who left the group is not known.
    pub(super) fn sweep(&self, _group: Pid) {}
}

/// Whether no process lives that was started for this operation: nobody can tell here.
pub(in crate::backend) fn outlast(_operation: &str, _: &dyn Clock, _: Moment) -> bool {
    false
}
