//! Which programs are running, in memory that outlives this process: its warden reads it.

use std::{io, os::fd::OwnedFd};

use rustix::{
    fs::{MemfdFlags, memfd_create},
    io::{pread, pwrite},
    process::Pid,
};

const SLOT_BYTES: usize = 128;

/// One slot for each program that runs. Written without any lock on the reader's side: it reads
/// only when the writer is dead.
#[derive(Debug)]
pub(super) struct Journal(OwnedFd);

/// What a slot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Noted {
    /// Whose program it is.
    pub(super) operation: String,
    /// The process group that it leads; `None` while it is being started.
    pub(super) group: Option<Pid>,
}

impl Journal {
    /// An empty one.
    ///
    /// # Errors
    /// When there is no memory or descriptor to be had.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(memfd_create(
            "tollgate-programs",
            MemfdFlags::CLOEXEC,
        )?))
    }

    /// The memory, to be handed to the warden.
    ///
    /// # Errors
    /// When there is no descriptor to be had.
    pub(super) fn share(&self) -> io::Result<OwnedFd> {
        self.0.try_clone()
    }

    /// Writes what runs in a slot; `None` frees it.
    ///
    /// # Errors
    /// When memory is short.
    pub(super) fn note(&self, slot: usize, noted: Option<&Noted>) -> io::Result<()> {
        let text = noted.map_or_else(String::new, |noted| {
            let group = noted.group.map_or(0, |group| group.as_raw_nonzero().get());
            format!("{group} {}", noted.operation)
        });
        let mut bytes = [b' '; SLOT_BYTES];
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        let at = u64::try_from(slot * SLOT_BYTES).unwrap_or(u64::MAX);
        pwrite(&self.0, &bytes, at)?;
        Ok(())
    }
}

/// What was running, as the slots behind `fd` say.
pub(super) fn read(fd: impl std::os::fd::AsFd) -> Vec<Noted> {
    let mut all = Vec::new();
    let mut buffer = [0; SLOT_BYTES * 64];
    while let Ok(count @ 1..) = pread(
        &fd,
        &mut buffer,
        u64::try_from(all.len()).unwrap_or(u64::MAX),
    ) {
        all.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
    all.chunks(SLOT_BYTES).filter_map(noted).collect()
}

fn noted(slot: &[u8]) -> Option<Noted> {
    let (group, operation) = std::str::from_utf8(slot).ok()?.trim_end().split_once(' ')?;
    Some(Noted {
        operation: operation.to_owned(),
        group: Pid::from_raw(group.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_says_what_runs_and_forgets_what_has_ended() {
        let journal = Journal::new().unwrap();
        let one = |operation: &str, group| Noted {
            operation: operation.to_owned(),
            group: Pid::from_raw(group),
        };
        let id = "0190a5a0-0000-7000-8000-000000000000";
        for slot in 0..200 {
            journal.note(slot, Some(&one(id, 77))).unwrap();
        }
        journal.note(0, Some(&one("starting", 0))).unwrap();
        for slot in 1..199 {
            journal.note(slot, None).unwrap();
        }
        let read = read(journal.share().unwrap());
        assert_eq!(read, [one("starting", 0), one(id, 77)]);
    }
}
