//! Opens a file beneath a folder so that no link, no `..` and no swap on the way leads out.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::{
    fs::{
        AtFlags, FileType, Mode, OFlags, SeekFrom, Stat, fstat, open as open_path, openat, seek,
        statat,
    },
    io::{Errno, FdFlags, fcntl_setfd},
};

use super::Why;
use crate::{base::limits::FILES_OPEN_MAX, catalog::plan::FileAccess};

/// Where the system lists the descriptors of whoever looks, by their numbers.
#[cfg(target_os = "linux")]
const DESCRIPTORS: &str = "/proc/self/fd";
#[cfg(not(target_os = "linux"))]
const DESCRIPTORS: &str = "/dev/fd";

/// A regular file, opened beneath its root.
#[derive(Debug)]
pub(in crate::backend) struct Opened {
    fd: OwnedFd,
    access: FileAccess,
    _room: Room,
}

impl Opened {
    /// What stands for it in a program that has inherited it.
    pub(in crate::backend) fn path(&self) -> String {
        format!("{DESCRIPTORS}/{}", self.fd.as_raw_fd())
    }

    /// What it was opened for.
    pub(in crate::backend) fn access(&self) -> FileAccess {
        self.access
    }

    /// Lets the programs that start from now on inherit it, from its beginning.
    ///
    /// # Errors
    /// When the system refuses.
    pub(in crate::backend) fn lend(&self) -> io::Result<()> {
        seek(&self.fd, SeekFrom::Start(0))?;
        Ok(fcntl_setfd(&self.fd, FdFlags::empty())?)
    }

    /// Lets no further program inherit it.
    pub(in crate::backend) fn take_back(&self) {
        // It is a descriptor of ours, so this cannot fail.
        let _always = fcntl_setfd(&self.fd, FdFlags::CLOEXEC);
    }
}

/// How many are open in this process.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Room for one more of those that are counted here: descriptors that they take, everything else
/// in this process lacks.
#[derive(Debug)]
struct Room(&'static AtomicUsize);

impl Room {
    fn take(open: &'static AtomicUsize) -> Option<Self> {
        let more = |open| (open < FILES_OPEN_MAX).then_some(open + 1);
        let taken = open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.is_ok().then_some(Self(open))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Opens the regular file `name` beneath the folder `root`. No link is followed beneath it, and
/// nothing is opened that is not a regular file.
///
/// # Errors
/// Why not. What a link points to makes no difference to it.
pub(super) fn open(root: &Path, name: &str, access: FileAccess) -> Result<Opened, Why> {
    open_by(beneath, root, name, access)
}

/// How `name` is opened beneath `root`.
type Way = fn(root: BorrowedFd<'_>, name: &str, access: FileAccess) -> Result<OwnedFd, Why>;

fn open_by(way: Way, root: &Path, name: &str, access: FileAccess) -> Result<Opened, Why> {
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return Err(Why::Outside);
    }
    let room = Room::take(&OPEN).ok_or(Why::Full)?;
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let root = open_path(root, flags, Mode::empty()).map_err(|errno| {
        // Whatever else it is, other arguments do not help.
        let is_passing = Why::of(errno) == Why::Full;
        if is_passing { Why::Full } else { Why::Broken }
    })?;
    Ok(Opened {
        fd: way(root.as_fd(), name, access)?,
        access,
        _room: room,
    })
}

/// The kernel goes the whole way in one step, where it can. What it finds is looked at before it
/// is opened, through a descriptor that cannot read: to open a device may be to use it.
#[cfg(target_os = "linux")]
fn beneath(root: BorrowedFd<'_>, name: &str, access: FileAccess) -> Result<OwnedFd, Why> {
    use rustix::fs::{ResolveFlags, openat2};
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV;
    let found = match openat2(root, name, flags, Mode::empty(), resolve) {
        // A kernel before 5.6, or a filter of system calls that does not know it.
        Err(Errno::NOSYS | Errno::PERM) => return step_by_step(root, name, access),
        found => found.map_err(Why::of)?,
    };
    check(&fstat(&found).map_err(Why::of)?, access)?;
    let itself = format!("{DESCRIPTORS}/{}", found.as_raw_fd());
    open_path(itself, mode(access) | OFlags::CLOEXEC, Mode::empty()).map_err(Why::of)
}

#[cfg(not(target_os = "linux"))]
fn beneath(root: BorrowedFd<'_>, name: &str, access: FileAccess) -> Result<OwnedFd, Why> {
    step_by_step(root, name, access)
}

/// One component after the other, each from the folder before and none of them a link.
fn step_by_step(root: BorrowedFd<'_>, name: &str, access: FileAccess) -> Result<OwnedFd, Why> {
    let device = fstat(root).map_err(Why::of)?.st_dev;
    let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
    if matches!(file, "" | ".") {
        return Err(Why::Irregular);
    }
    let mut folder: Option<OwnedFd> = None;
    for part in folders.split('/').filter(|part| !matches!(*part, "" | ".")) {
        let from = folder.as_ref().map_or(root, AsFd::as_fd);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let next = openat(from, part, flags, Mode::empty());
        folder = Some(next.map_err(|errno| link_or(errno, from, part))?);
    }
    let from = folder.as_ref().map_or(root, AsFd::as_fd);
    // Nothing hangs, whatever it turns out to be.
    let flags =
        mode(access) | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let found = openat(from, file, flags, Mode::empty());
    let found = found.map_err(|errno| link_or(errno, from, file))?;
    let facts = fstat(&found).map_err(Why::of)?;
    if facts.st_dev != device {
        return Err(Why::Detour);
    }
    check(&facts, access)?;
    Ok(found)
}

/// Systems differ in what they say of a link that is not followed.
fn link_or(errno: Errno, folder: BorrowedFd<'_>, part: &str) -> Why {
    let facts = statat(folder, part, AtFlags::SYMLINK_NOFOLLOW);
    match facts.map(|facts| FileType::from_raw_mode(facts.st_mode)) {
        Ok(FileType::Symlink) => Why::Detour,
        Ok(_) | Err(_) => Why::of(errno),
    }
}

fn mode(access: FileAccess) -> OFlags {
    match access {
        FileAccess::Read => OFlags::RDONLY,
        FileAccess::Write => OFlags::RDWR,
    }
}

fn check(facts: &Stat, access: FileAccess) -> Result<(), Why> {
    if FileType::from_raw_mode(facts.st_mode) != FileType::RegularFile {
        return Err(Why::Irregular);
    }
    match access {
        FileAccess::Write if facts.st_nlink > 1 => Err(Why::Linked),
        FileAccess::Read | FileAccess::Write => Ok(()),
    }
}

impl Why {
    fn of(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => Self::Missing,
            Errno::LOOP | Errno::XDEV | Errno::MLINK => Self::Detour,
            Errno::ISDIR | Errno::NXIO | Errno::NODEV => Self::Irregular,
            Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::TXTBSY => Self::Denied,
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN | Errno::INTR => Self::Full,
            _ => Self::Broken,
        }
    }
}

#[cfg(test)]
mod tests;
