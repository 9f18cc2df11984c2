//! Hearing that a program has ended, on Linux: a pidfd (pidfd_open(2)) is readable then.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Becomes readable when a child of ours has ended. Does not reap it.
#[derive(Debug)]
pub(super) struct ExitWatch(OwnedFd);

impl ExitWatch {
    /// Watches `pid`, which must be a child of ours that was not waited for.
    ///
    /// # Errors
    /// When there is no descriptor to be had.
    pub(super) fn new(pid: Pid) -> io::Result<Self> {
        Ok(Self(pidfd_open(pid, PidfdFlags::empty())?))
    }
}

impl AsFd for ExitWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
