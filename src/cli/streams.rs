//! The streams of a server: standard output belongs to the protocol alone.

use std::io;

/// Takes standard output for the protocol. Whatever else writes to it from now on, a library's
/// stray line say, goes to standard error.
///
/// # Errors
/// When the system gives no descriptor.
#[cfg(unix)]
pub(crate) fn take_stdout() -> io::Result<std::fs::File> {
    let taken = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(taken.into())
}

/// Takes standard output for the protocol. Stray lines are not kept from it here.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub(crate) fn take_stdout() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}
