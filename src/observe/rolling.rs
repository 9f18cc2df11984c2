//! Files of lines that roll over: bounded in size and number, shared by every process that writes
//! to the same folder.
//!
//! Lines go to `tollgate.jsonl`. Once that is full it becomes `tollgate.1.jsonl`, and so on; the
//! oldest goes. A file that somebody moved or deleted is begun anew at the next line. A line that a
//! full disk has cut off stays as it is, and the next one is a line of its own.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

use super::Files;
use crate::base::{event::Event, file_id::FileId, lines};

/// A writer of whole lines. A line that cannot be written is lost, and that is told once until
/// one can be written again.
#[derive(Debug)]
pub(super) struct Rolling {
    files: Files,
    open: Option<File>,
    is_failing: bool,
}

impl Rolling {
    /// Opens nothing yet.
    pub(super) fn new(files: Files) -> Self {
        Self {
            files,
            open: None,
            is_failing: false,
        }
    }

    /// The file of this age; 0 is the one that is written to.
    fn path(&self, age: u32) -> PathBuf {
        let name = match age {
            0 => "tollgate.jsonl".to_owned(),
            age => format!("tollgate.{age}.jsonl"),
        };
        self.files.folder.join(name)
    }

    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        let file = match self.open.take() {
            Some(file) if self.is_current(&file)? => file,
            Some(_) | None => self.begin()?,
        };
        let file = if self.has_room(&file, line)? {
            file
        } else {
            drop(file);
            self.roll(line)?
        };
        self.open.insert(file).write_all(line)
    }

    fn has_room(&self, file: &File, line: &[u8]) -> io::Result<bool> {
        let length = file.metadata()?.len();
        Ok(length == 0 || length.saturating_add(line.len() as u64) <= self.files.bytes_max)
    }

    /// Whether `file` still is what lines are written to.
    fn is_current(&self, file: &File) -> io::Result<bool> {
        match FileId::named(&self.path(0)) {
            Ok(there) => Ok(there == FileId::of(file)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn begin(&self) -> io::Result<File> {
        fs::create_dir_all(&self.files.folder)?;
        let path = self.path(0);
        if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()) {
            let message = "it is not a plain file; move it away";
            return Err(io::Error::other(message));
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)?;
        if lines::is_torn(&file)? {
            file.write_all(b"\n")?;
        }
        Ok(file)
    }

    /// Begins another file, unless another process has done so already.
    fn roll(&self, line: &[u8]) -> io::Result<File> {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.files.folder.join("tollgate.lock"))?;
        lock.lock()?;
        let file = self.begin()?;
        if self.has_room(&file, line)? {
            return Ok(file);
        }
        for age in (1..self.files.count_max).rev() {
            match fs::rename(self.path(age - 1), self.path(age)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        if self.files.count_max == 1 {
            fs::remove_file(self.path(0))?;
        }
        self.begin()
    }
}

impl Write for Rolling {
    /// Takes every line; see [`Rolling`].
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.write_line(line) {
            Ok(()) => self.is_failing = false,
            Err(error) => {
                self.open = None;
                if !std::mem::replace(&mut self.is_failing, true) {
                    let path = &self.path(0).display().to_string();
                    let error = &error.to_string();
                    Event::LogFilesFailed { path, error }.emit();
                }
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rolling(folder: &tempfile::TempDir, bytes_max: u64, count_max: u32) -> Rolling {
        Rolling::new(Files {
            folder: folder.path().join("log"),
            bytes_max,
            count_max,
        })
    }

    #[track_caller]
    fn holds(rolling: &Rolling, age: u32, text: Option<&str>) {
        let found = fs::read_to_string(rolling.path(age)).ok();
        assert_eq!(found.as_deref(), text, "age {age}");
    }

    fn write(rolling: &mut Rolling, line: &str) {
        rolling.write_all(line.as_bytes()).expect("never fails");
    }

    #[test]
    fn files_are_bounded_in_size_and_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rolling = rolling(&folder, 8, 3);
        for line in [
            "aaa\n", "bbb\n", "ccc\n", "ddd\n", "eee\n", "fff\n", "ggg\n",
        ] {
            write(&mut rolling, line);
        }
        holds(&rolling, 0, Some("ggg\n"));
        holds(&rolling, 1, Some("eee\nfff\n"));
        holds(&rolling, 2, Some("ccc\nddd\n"));
        holds(&rolling, 3, None);
    }

    #[test]
    fn a_line_longer_than_a_file_has_one_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rolling = rolling(&folder, 4, 1);
        for line in ["a\n", "0123456789\n", "b\n"] {
            write(&mut rolling, line);
        }
        holds(&rolling, 0, Some("b\n"));
        holds(&rolling, 1, None);
    }

    /// O6: rotated or deleted by somebody else.
    #[test]
    fn o6_a_file_that_is_moved_or_deleted_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rolling = rolling(&folder, 100, 3);
        write(&mut rolling, "a\n");
        fs::rename(rolling.path(0), rolling.path(9)).expect("moved");
        write(&mut rolling, "b\n");
        holds(&rolling, 9, Some("a\n"));
        holds(&rolling, 0, Some("b\n"));
        fs::remove_dir_all(&rolling.files.folder).expect("deleted");
        write(&mut rolling, "c\n");
        holds(&rolling, 0, Some("c\n"));
    }

    #[test]
    fn two_writers_of_one_folder_lose_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut one, mut other) = (rolling(&folder, 8, 9), rolling(&folder, 8, 9));
        for _ in 0..3 {
            write(&mut one, "one\n");
            write(&mut other, "two\n");
        }
        for age in 0..3 {
            holds(&one, age, Some("one\ntwo\n"));
        }
    }

    #[test]
    fn a_line_that_was_cut_off_does_not_take_the_next_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rolling = rolling(&folder, 100, 2);
        write(&mut rolling, "a\n");
        fs::write(rolling.path(0), "a\nb").expect("written");
        rolling.open = None;
        write(&mut rolling, "c\n");
        write(&mut rolling, "d\n");
        holds(&rolling, 0, Some("a\nb\nc\nd\n"));
    }

    /// O6: the folder cannot be used. Lines are lost, and whoever writes them does not notice.
    #[test]
    fn o6_lines_that_cannot_be_written_stop_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("log"), "a file").expect("written");
        let mut rolling = rolling(&folder, 8, 2);
        write(&mut rolling, "a\n");
        assert!(rolling.is_failing);
        fs::remove_file(folder.path().join("log")).expect("removed");
        write(&mut rolling, "b\n");
        assert!(!rolling.is_failing);
        holds(&rolling, 0, Some("b\n"));
    }
}
