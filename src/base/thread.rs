//! Threads that have a name and are joined.

use std::{io, thread};

/// Starts a named thread.
///
/// # Errors
/// When the system has no thread to give; nothing has run then.
pub(crate) fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<thread::JoinHandle<T>> {
    thread::Builder::new().name(name.into()).spawn(body)
}
