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

/// Starts a named thread with a stack of `stack_bytes`, for work that recurses.
///
/// # Errors
/// As [`spawn`].
pub(crate) fn spawn_with_stack<T: Send + 'static>(
    name: impl Into<String>,
    stack_bytes: usize,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<thread::JoinHandle<T>> {
    thread::Builder::new()
        .name(name.into())
        .stack_size(stack_bytes)
        .spawn(body)
}
