//! Threads that have a name and are joined.

use std::{
    cell::Cell,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{self, Builder, JoinHandle},
};

thread_local! {
    /// How much stack [`with_stack`] may count on in this thread, in bytes.
    static ROOM_BYTES: Cell<usize> = const { Cell::new(0) };
}

/// What a thread of [`side_by_side`] needs beside the room that it promises.
const OWN_STACK_BYTES: usize = 2 * 1024 * 1024;

/// Starts a named thread.
///
/// # Errors
/// When the system has no thread to give; nothing has run then.
pub(crate) fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.into()).spawn(body)
}

/// Starts a named thread with a stack of `stack_bytes`, for work that recurses.
///
/// # Errors
/// As [`spawn`].
pub(crate) fn spawn_with_stack<T: Send + 'static>(
    name: impl Into<String>,
    stack_bytes: usize,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let builder = Builder::new().name(name.into());
    builder.stack_size(stack_bytes).spawn(body)
}

/// Runs `body` with a stack of `stack_bytes` and waits for its end: on this thread, where it is
/// one of [`side_by_side`] with as much room, else on one of its own. A panic in it ends there.
///
/// # Errors
/// As [`spawn`].
pub(crate) fn with_stack<T: Send>(
    name: &str,
    stack_bytes: usize,
    body: impl FnOnce() -> T + Send,
) -> io::Result<thread::Result<T>> {
    if ROOM_BYTES.get() >= stack_bytes {
        return Ok(catch_unwind(AssertUnwindSafe(body)));
    }
    thread::scope(|scope| {
        let builder = Builder::new().name(name.to_owned());
        let started = builder.stack_size(stack_bytes).spawn_scoped(scope, body)?;
        Ok(started.join())
    })
}

/// Runs `body` on as many named threads at once as `count` says, or the system gives, and waits
/// for their ends. Each has room for [`with_stack`] of `stack_bytes`. Gives what they gave; of one
/// that panicked, its panic.
///
/// # Errors
/// When not even one thread could be started; nothing has run then.
pub(crate) fn side_by_side<T: Send>(
    name: &str,
    count: usize,
    stack_bytes: usize,
    body: impl Fn() -> T + Sync,
) -> io::Result<Vec<thread::Result<T>>> {
    let run = || {
        ROOM_BYTES.set(stack_bytes);
        body()
    };
    thread::scope(|scope| {
        let mut started = Vec::with_capacity(count);
        for number in 0..count {
            let builder = Builder::new().name(format!("{name}-{number}"));
            let builder = builder.stack_size(stack_bytes.saturating_add(OWN_STACK_BYTES));
            match builder.spawn_scoped(scope, run) {
                Ok(one) => started.push(one),
                Err(error) if started.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(started.into_iter().map(|one| one.join()).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK_BYTES: usize = 256 * 1024;

    fn name() -> Option<String> {
        thread::current().name().map(str::to_owned)
    }

    #[test]
    fn what_needs_room_runs_where_there_is_room() {
        let deep = |bytes| with_stack("deep", bytes, name).unwrap().unwrap();
        assert_eq!(deep(STACK_BYTES).as_deref(), Some("deep"));
        let all = side_by_side("wide", 2, STACK_BYTES, || {
            (deep(STACK_BYTES), deep(STACK_BYTES + 1))
        });
        let of = |number: u8| {
            let (here, elsewhere) = (format!("wide-{number}"), "deep".to_owned());
            (Some(here), Some(elsewhere))
        };
        let found: Vec<_> = all.unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(found, [of(0), of(1)]);
    }

    #[test]
    fn a_panic_ends_where_it_began() {
        let fail = || -> u8 { panic!("planted") };
        assert!(with_stack("deep", STACK_BYTES, fail).unwrap().is_err());
        let all = side_by_side("wide", 1, STACK_BYTES, || {
            let first = with_stack("deep", STACK_BYTES, fail).unwrap();
            let second = with_stack("deep", STACK_BYTES, || 7).unwrap();
            (first.is_err(), second.ok())
        });
        let found: Vec<_> = all.unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(found, [(true, Some(7))]);
    }
}
