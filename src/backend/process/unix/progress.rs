//! The file named by `$PROGRESS`: a FIFO that a program writes its progress to.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::{DirBuilderExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags, open};

use super::pipe::read_into;
use crate::{
    backend::plain::plain, base::limits::PROGRESS_LINE_BYTES_MAX, catalog::content::Progress,
};

/// A FIFO for one run; it is taken away when this is dropped.
#[derive(Debug)]
pub(super) struct Fifo {
    path: PathBuf,
    fd: OwnedFd,
    lines: Lines,
}

impl Fifo {
    /// Makes the FIFO and, if need be, its directory.
    ///
    /// # Errors
    /// When it cannot be made, or when others could reach into its directory.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            make_private(directory)?;
        }
        make_fifo(path)?;
        // Opened for writing too: it then has a writer at all times and never ends.
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match open(path, flags, Mode::empty()) {
            Ok(fd) => Ok(Self {
                path: path.to_owned(),
                fd,
                lines: Lines::default(),
            }),
            Err(error) => {
                // The first error is the one to tell.
                let _second = fs::remove_file(path);
                Err(error.into())
            }
        }
    }

    /// What the program is told.
    pub(super) fn path(&self) -> &OsStr {
        self.path.as_os_str()
    }

    /// Reads once, if there is something to read, and tells each report in it.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>, tell: &dyn Fn(Progress)) {
        if read_into(&self.fd, buffer).is_ok() {
            self.lines.feed(buffer, tell);
        }
    }
}

impl AsFd for Fifo {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        // The program may have taken it away itself.
        let _already_gone = fs::remove_file(&self.path);
    }
}

/// Makes `directory`, or finds it, such that only this user can reach into it.
fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let found = fs::symlink_metadata(directory)?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if found.is_dir() && ours && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "the runtime directory is open to others",
    ))
}

#[cfg(not(target_vendor = "apple"))]
fn make_fifo(path: &Path) -> io::Result<()> {
    let mode = Mode::RUSR | Mode::WUSR;
    Ok(rustix::fs::mkfifoat(rustix::fs::CWD, path, mode)?)
}

#[cfg(target_vendor = "apple")]
fn make_fifo(path: &Path) -> io::Result<()> {
    use nix::{sys::stat::Mode, unistd::mkfifo};
    Ok(mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?)
}

/// Cuts bytes into lines of `progress N TOTAL [message]` and lets through what makes sense.
#[derive(Debug, Default)]
struct Lines {
    line: Vec<u8>,
    /// Whether the line outgrew its bound and is ignored up to its newline.
    too_long: bool,
    last: Option<f64>,
}

impl Lines {
    fn feed(&mut self, mut bytes: &[u8], tell: &dyn Fn(Progress)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let (head, tail) = bytes.split_at(end);
            self.append(head);
            self.finish_line(tell);
            bytes = tail.get(1..).unwrap_or_default();
        }
        self.append(bytes);
    }

    fn append(&mut self, bytes: &[u8]) {
        self.too_long |= self.line.len() + bytes.len() > PROGRESS_LINE_BYTES_MAX;
        if self.too_long {
            self.line.clear();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn finish_line(&mut self, tell: &dyn Fn(Progress)) {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.too_long) {
            return;
        }
        let Some(progress) = read_line(&line) else {
            return;
        };
        if self.last.is_none_or(|last| progress.done > last) {
            self.last = Some(progress.done);
            tell(progress);
        }
    }
}

/// One report, or `None` where the line is something else.
fn read_line(line: &[u8]) -> Option<Progress> {
    let line = plain(line).text;
    let mut words = line.strip_prefix("progress ")?.splitn(3, ' ');
    let done = read_number(words.next()?)?;
    let total = match words.next()? {
        "-" => None,
        total => Some(read_number(total)?),
    };
    let message = words.next().map(str::trim).filter(|text| !text.is_empty());
    Some(Progress {
        done,
        total,
        message: message.map(str::to_owned),
    })
}

fn read_number(word: &str) -> Option<f64> {
    word.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[track_caller]
    fn check(parts: &[&str], expected: &[(f64, Option<f64>, Option<&str>)]) {
        let told = RefCell::new(Vec::new());
        let mut lines = Lines::default();
        for part in parts {
            lines.feed(part.as_bytes(), &|progress| {
                told.borrow_mut().push(progress);
            });
        }
        let expected: Vec<_> = expected
            .iter()
            .map(|&(done, total, message)| Progress {
                done,
                total,
                message: message.map(str::to_owned),
            })
            .collect();
        assert_eq!(told.into_inner(), expected, "{parts:?}");
    }

    #[test]
    fn a_line_is_a_report_however_it_is_cut() {
        check(&["progress 1 4\n"], &[(1.0, Some(4.0), None)]);
        check(
            &["progr", "ess 0.5 - half ", "way\nprogress 2"],
            &[(0.5, None, Some("half way"))],
        );
        check(
            &["progress 1 2 \x1b[1mbold\x1b[0m\n"],
            &[(1.0, Some(2.0), Some("bold"))],
        );
    }

    #[test]
    fn what_does_not_rise_or_is_not_a_report_is_ignored() {
        check(
            &["progress 2 -\nprogress 2 -\nprogress 1 -\nprogress 3 -\n"],
            &[(2.0, None, None), (3.0, None, None)],
        );
        let odd = "\nprogress\nprogress 1\nprogress x 2\nprogress inf -\nprogress NaN -\n";
        check(&[odd, "Progress 1 2\nprogress 1 nan\n"], &[]);
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let long = "x".repeat(PROGRESS_LINE_BYTES_MAX);
        check(
            &["progress 1 - ", &long, &long, "\nprogress 2 -\n"],
            &[(2.0, None, None)],
        );
    }

    #[test]
    fn a_directory_that_others_can_reach_into_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let error = Fifo::create(&directory.path().join("fifo")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        let inner = directory.path().join("made");
        let fifo = Fifo::create(&inner.join("fifo")).unwrap();
        assert_eq!(fs::metadata(&inner).unwrap().mode() & 0o777, 0o700);
        drop(fifo);
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 0);
    }
}
