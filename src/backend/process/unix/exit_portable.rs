//! Hearing that a program has ended where there is no pidfd: a thread waits and hangs up.

use std::{
    io::{self, PipeReader},
    os::fd::{AsFd, BorrowedFd},
    thread::JoinHandle,
};

use rustix::{
    io::Errno,
    process::{Pid, WaitId, WaitIdOptions, waitid},
};

use crate::base::thread;

/// Becomes readable when a child of ours has ended. Does not reap it. Dropping it waits for
/// its thread, so the child must have been waited for, or be about to end, by then.
#[derive(Debug)]
pub(super) struct ExitWatch {
    ended: PipeReader,
    waiting: Option<JoinHandle<()>>,
}

impl ExitWatch {
    /// Watches `pid`, which must be a child of ours that was not waited for.
    ///
    /// # Errors
    /// When there is no descriptor or no thread to be had.
    pub(super) fn new(pid: Pid) -> io::Result<Self> {
        let (ended, hang_up) = io::pipe()?;
        let waiting = thread::spawn("exit-watch", move || {
            // Left unreaped: its id must not pass to another process before its group is dead.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
            drop(hang_up);
        })?;
        Ok(Self {
            ended,
            waiting: Some(waiting),
        })
    }
}

impl AsFd for ExitWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ended.as_fd()
    }
}

impl Drop for ExitWatch {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            // The thread cannot panic, and nothing hangs on its result.
            let _nothing = waiting.join();
        }
    }
}
