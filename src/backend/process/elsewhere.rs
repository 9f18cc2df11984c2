//! Systems without process groups and pipes as Unix has them: programs are not started yet.

use std::{io, process::ExitCode};

use super::{Ended, Program, StartFailure, Watch};
use crate::base::clock::{Clock, Moment};

/// Knows every program that is running: none.
#[derive(Debug)]
pub(crate) struct Keeper(());

/// Takes nothing upon this process.
///
/// # Errors
/// Never.
pub(crate) fn harden() -> io::Result<Keeper> {
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

/// Starts nothing.
///
/// # Errors
/// Always: killing a whole tree of processes needs job objects here.
pub(in crate::backend) fn run(
    _program: &Program<'_>,
    _watch: &Watch<'_>,
) -> Result<Ended, StartFailure> {
    let why = "starting programs is not supported on this system yet";
    Err(StartFailure::Lasting(io::Error::new(
        io::ErrorKind::Unsupported,
        why,
    )))
}

/// Whether no process lives that was started for this operation: none ever was.
pub(in crate::backend) fn outlast(_operation: &str, _: &dyn Clock, _: Moment) -> bool {
    true
}
