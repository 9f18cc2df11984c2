//! Our ends of a program's three pipes: nothing here ever blocks.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    buffer::spare_capacity,
    io::{Errno, ioctl_fionbio},
};

use crate::base::later;

/// Which bytes are kept of what is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keep {
    /// At most this many from the beginning.
    First(usize),
    /// At most this many before the end.
    Last(usize),
}

/// Reads a pipe to its end.
#[derive(Debug)]
pub(super) struct Inlet {
    fd: Option<OwnedFd>,
    keep: Keep,
    kept: Vec<u8>,
    bytes: u64,
}

impl Inlet {
    /// Takes over our end of a pipe; without one the pipe counts as read to its end.
    ///
    /// # Errors
    /// When the descriptor cannot be made non-blocking.
    pub(super) fn new(fd: Option<impl Into<OwnedFd>>, keep: Keep) -> io::Result<Self> {
        Ok(Self {
            fd: unblock(fd)?,
            keep,
            kept: Vec::new(),
            bytes: 0,
        })
    }

    /// What to poll; `None` after the end of file.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }

    /// Reads no more; whoever goes on writing is told so by the system.
    pub(super) fn close(&mut self) {
        self.fd = None;
    }

    /// How many bytes were read, kept or not.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads once, if there is something to read, by way of `buffer`. Whether there may be more
    /// to read now. A pipe that cannot be read is at its end.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>) -> bool {
        let Some(fd) = &self.fd else { return false };
        match read_into(fd, buffer) {
            Ok(1..) => self.take(buffer),
            Err(Errno::AGAIN | Errno::INTR) => return false,
            Ok(0) | Err(_) => later::leave(self.fd.take()),
        }
        self.fd.is_some()
    }

    fn take(&mut self, read: &[u8]) {
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(read.len()).unwrap_or(u64::MAX));
        match self.keep {
            Keep::First(bytes_max) => {
                let room = bytes_max.saturating_sub(self.kept.len()).min(read.len());
                self.kept
                    .extend_from_slice(read.get(..room).unwrap_or_default());
            }
            Keep::Last(bytes_max) => {
                self.kept.extend_from_slice(read);
                // Trimmed at twice the size, so that each byte moves once at most.
                if self.kept.len() > bytes_max.saturating_mul(2) {
                    trim(&mut self.kept, bytes_max);
                }
            }
        }
    }

    /// What was kept.
    pub(super) fn into_kept(mut self) -> Vec<u8> {
        if let Keep::Last(bytes_max) = self.keep {
            trim(&mut self.kept, bytes_max);
        }
        self.kept
    }
}

/// Reads once from `fd`: what is in `buffer` then, which has room for it.
pub(super) fn read_into(fd: impl AsFd, buffer: &mut Vec<u8>) -> Result<usize, Errno> {
    buffer.clear();
    rustix::io::read(fd, spare_capacity(buffer))
}

fn trim(bytes: &mut Vec<u8>, bytes_max: usize) {
    bytes.drain(..bytes.len().saturating_sub(bytes_max));
}

/// Writes bytes into a pipe as fast as they are read, then closes it.
#[derive(Debug)]
pub(super) struct Outlet<'a> {
    fd: Option<OwnedFd>,
    left: &'a [u8],
}

impl<'a> Outlet<'a> {
    /// Takes over our end of a pipe.
    ///
    /// # Errors
    /// When the descriptor cannot be made non-blocking.
    pub(super) fn new(fd: Option<impl Into<OwnedFd>>, bytes: &'a [u8]) -> io::Result<Self> {
        let fd = unblock(fd)?.filter(|_| !bytes.is_empty());
        Ok(Self { fd, left: bytes })
    }

    /// What to poll; `None` when there is nothing more to write.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }

    /// Writes once. A program need not read what it is given: a closed pipe is no failure.
    pub(super) fn write(&mut self) {
        let Some(fd) = &self.fd else { return };
        match rustix::io::write(fd, self.left) {
            Ok(count) => self.left = self.left.get(count..).unwrap_or_default(),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => self.left = &[],
        }
        if self.left.is_empty() {
            self.fd = None;
        }
    }
}

fn unblock(fd: Option<impl Into<OwnedFd>>) -> io::Result<Option<OwnedFd>> {
    let Some(fd) = fd.map(Into::into) else {
        return Ok(None);
    };
    ioctl_fionbio(&fd, true)?;
    Ok(Some(fd))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    use rustix::event::{PollFd, PollFlags, poll};

    #[track_caller]
    fn check(keep: Keep, written: &[&[u8]], kept: &[u8]) {
        let (ours, mut theirs) = io::pipe().unwrap();
        let mut inlet = Inlet::new(Some(ours), keep).unwrap();
        for part in written {
            theirs.write_all(part).unwrap();
            inlet.read(&mut Vec::with_capacity(64));
        }
        inlet.read(&mut Vec::with_capacity(64));
        assert!(inlet.fd().is_some(), "an open pipe without bytes is no end");
        drop(theirs);
        // A program that another test starts just now has it, too, until it has begun.
        let mut ended = [PollFd::from_borrowed_fd(inlet.fd().unwrap(), PollFlags::IN)];
        poll(&mut ended, None).unwrap();
        inlet.read(&mut Vec::with_capacity(64));
        assert!(inlet.fd().is_none());
        let bytes: usize = written.iter().map(|part| part.len()).sum();
        assert_eq!(inlet.bytes(), u64::try_from(bytes).unwrap());
        assert_eq!(inlet.into_kept(), kept);
    }

    #[test]
    fn x7_the_first_or_the_last_bytes_are_kept_and_all_are_counted() {
        check(Keep::First(4), &[b"ab", b"cde", b"f"], b"abcd");
        check(Keep::First(4), &[b"ab"], b"ab");
        check(Keep::Last(3), &[b"ab", b"cde", b"fg", b"h"], b"fgh");
        check(Keep::Last(3), &[b"ab"], b"ab");
        check(Keep::Last(0), &[b"ab"], b"");
    }
}
