//! The streams of a server: standard output belongs to the protocol alone.

use std::io;

use crate::server::AtOnce;

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

/// What writes to `output` as much as the system takes without waiting for whoever reads it, where it can be
/// asked so (pwritev2(2), `RWF_NOWAIT`: Linux, for pipes since 6.5).
///
/// # Errors
/// When the system gives no descriptor.
#[cfg(target_os = "linux")]
pub(crate) fn at_once(output: &std::fs::File) -> io::Result<Option<AtOnce>> {
    use rustix::io::{ReadWriteFlags, pwritev2};
    /// Where the output is, as each write goes on there.
    const HERE: u64 = u64::MAX;
    let output = output.try_clone()?;
    Ok(Some(Box::new(move |bytes| {
        let bytes = [io::IoSlice::new(bytes)];
        Ok(pwritev2(&output, &bytes, HERE, ReadWriteFlags::NOWAIT)?)
    })))
}

/// Nothing does so here: one thread writes everything.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub(crate) fn at_once(_output: &impl io::Write) -> io::Result<Option<AtOnce>> {
    Ok(None)
}
