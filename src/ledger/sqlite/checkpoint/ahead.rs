//! Syncing a ledger's file ahead of SQLite, so that little is left when it syncs the file by itself.
//!
//! SQLite's locks on the file are those of fcntl(2), and a process gives up all that it has on a file as
//! soon as it closes any descriptor of it. So a descriptor that was opened here is never closed: there is
//! one for each file, of so many files. Those beyond are synced by SQLite alone.

use std::{
    fs::File,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::FileIdentity;
use crate::base::limits::flow::LEDGER_FILES_SYNCED_AHEAD_MAX;

/// The descriptors of this process.
static HELD: Held = Held(Mutex::new(Vec::new()));

/// Each with the file that it is of.
struct Held(Mutex<Vec<(FileIdentity, &'static File)>>);

/// What `file` can be synced by, if that is what is at `path`. A disk that fails then tells SQLite, too,
/// through the descriptor that it has (fsync(2)).
pub(super) fn never_closed(path: &Path, file: FileIdentity) -> Option<&'static File> {
    HELD.get(path, file)
}

impl Held {
    fn get(&self, path: &Path, file: FileIdentity) -> Option<&'static File> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = held.iter().find(|(known, _)| *known == file) {
            return Some(known);
        }
        if held.len() >= LEDGER_FILES_SYNCED_AHEAD_MAX || FileIdentity::at(path) != Some(file) {
            return None;
        }
        let opened: &'static File = Box::leak(Box::new(File::open(path).ok()?));
        let identity = FileIdentity::of(opened)?;
        held.push((identity, opened));
        (identity == file).then_some(opened)
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;

    use super::{super::open, *};
    use crate::base::clock::SystemClock;

    /// How many locks of fcntl(2) this process has on the file at `path`: each is shown with the
    /// descriptor that it was taken by (proc_pid_fdinfo(5)). A list of all locks, as there is one, may
    /// leave some out while others come and go.
    fn locks(path: &Path) -> usize {
        let path = path.canonicalize().unwrap();
        let open = fs::read_dir("/proc/self/fd").unwrap().map(Result::unwrap);
        let of_it = open.filter(|one| fs::read_link(one.path()).is_ok_and(|file| file == path));
        let shown = of_it.map(|one| {
            let facts = Path::new("/proc/self/fdinfo").join(one.file_name());
            let facts = fs::read_to_string(facts).unwrap();
            facts
                .lines()
                .filter(|line| line.starts_with("lock:"))
                .count()
        });
        shown.sum()
    }

    fn nothing_held() -> Held {
        Held(Mutex::new(Vec::new()))
    }

    #[test]
    fn the_locks_of_sqlite_stay() {
        let dir = tempfile::tempdir().unwrap();
        let opened = open::open(dir.path(), &SystemClock).unwrap();
        let (path, file) = (&opened.path, opened.file);
        let held = locks(path);
        assert!(held > 0);
        let descriptors = nothing_held();
        let twice = [(); 2].map(|()| descriptors.get(path, file).unwrap());
        assert!(std::ptr::eq(twice[0], twice[1]));
        twice[0].sync_data().unwrap();
        drop(descriptors);
        assert_eq!(locks(path), held);
        // What would become of them.
        drop(File::open(path));
        assert_eq!(locks(path), 0);
    }

    #[test]
    fn another_file_at_the_path_is_not_it() {
        let dir = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| dir.path().join(name));
        fs::write(&one, "1").unwrap();
        fs::write(&other, "2").unwrap();
        let file = FileIdentity::at(&one).unwrap();
        assert!(nothing_held().get(&other, file).is_none());
        fs::rename(&other, &one).unwrap();
        assert!(nothing_held().get(&one, file).is_none());
    }
}
