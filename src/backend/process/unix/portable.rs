//! Unix without what Linux alone has: programs are ended with their process group, and no more.
//!
//! Not here: an end of the programs when this process is killed (they see their pipes close),
//! the sweep of descendants that left the group, and the sandbox.

use std::{io, marker::PhantomData, process::ExitCode};

use rustix::process::Pid;

use super::shed::shed;

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

/// One program, from before its start to after its end.
#[derive(Debug)]
pub(super) struct Kept<'a>(PhantomData<&'a Keeper>);

impl Kept<'_> {
    /// The program has started.
    pub(super) fn started(&self, _group: Pid) {}

    /// Ends nothing: who left the group is not known.
    pub(super) fn sweep(&self, _group: Pid) {}
}
