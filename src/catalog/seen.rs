//! Whether the definitions are those that nothing was left out of at the last start.
//!
//! A client's first message asks for the server's instructions, and they tell which tools were left out, so
//! the answer waits for the definitions. Where the same files were read before and all of their tools were
//! there, it has nothing to wait for.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use super::load;
use crate::base::{hex, limits::CATALOG_PATIENCE};
use platform::changed;

/// The files of a set of definitions, as they were when this was made.
///
/// By their number and the latest change, not by what they say: a note that is wrong costs one start's
/// sentence about what was left out, which is in the log and on standard error all the same. Nor does it
/// know what else a definition needs: a program that is gone, a secret that is not set.
#[derive(Debug)]
pub(crate) struct Seen {
    note: PathBuf,
    /// `None` where they cannot be looked at.
    stamp: Option<String>,
    /// These very files were read at the last start, and nothing was left out.
    was_clean: bool,
}

impl Seen {
    /// Looks at the folder `tools` with its files, and at those of `others` that are there. What became of
    /// them is noted in the folder `state`, which need not exist, in a file for each folder of tools.
    pub(crate) fn now<'p>(
        state: &Path,
        tools: &Path,
        others: impl IntoIterator<Item = &'p Path>,
    ) -> Self {
        let note = state.join(note_of(tools));
        let stamp = stamp(tools, others);
        let noted = fs::read_to_string(&note).ok();
        let was_clean = noted.is_some() && noted == stamp;
        Self {
            note,
            stamp,
            was_clean,
        }
    }

    /// How long a first message waits for them, to tell what is left out.
    pub(crate) fn patience(&self) -> Duration {
        match self.was_clean {
            true => Duration::ZERO,
            false => CATALOG_PATIENCE,
        }
    }

    /// Notes for the next start whether something was left out of them. Where that cannot be written, the
    /// next start waits as this one did.
    pub(crate) fn conclude(&self, is_clean: bool) {
        let _unwritten = match &self.stamp {
            Some(_) if is_clean && self.was_clean => Ok(()),
            Some(stamp) if is_clean => fs::write(&self.note, stamp),
            Some(_) | None => fs::remove_file(&self.note),
        };
    }
}

fn note_of(tools: &Path) -> String {
    let digest = Sha256::digest(tools.as_os_str().as_encoded_bytes());
    let (name, _) = digest.split_at(8);
    format!("definitions-{}.seen", hex::encode(name))
}

fn stamp<'p>(tools: &Path, others: impl IntoIterator<Item = &'p Path>) -> Option<String> {
    let definitions = load::definition_files(tools, &mut Vec::new()).ok()?;
    let mut latest = changed(tools).ok()?;
    for file in &definitions {
        latest = latest.max(changed(file).ok()?);
    }
    let mut files = definitions.len();
    for other in others {
        match changed(other) {
            Ok(change) => {
                latest = latest.max(change);
                files += 1;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return None,
        }
    }
    let (version, tools) = (env!("CARGO_PKG_VERSION"), tools.display());
    Some(format!("{version} {files} {latest:?} {tools}\n"))
}

#[cfg(unix)]
mod platform {
    use std::{fs, io, os::unix::fs::MetadataExt as _, path::Path};

    /// When what `path` leads to, or its mode, was last changed, which nobody can set back.
    pub(super) fn changed(path: &Path) -> io::Result<(i64, i64)> {
        fs::metadata(path).map(|facts| (facts.ctime(), facts.ctime_nsec()))
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{fs, io, path::Path, time::SystemTime};

    /// When what `path` leads to was last written to. Whoever sets that back is not found out.
    pub(super) fn changed(path: &Path) -> io::Result<SystemTime> {
        fs::metadata(path)?.modified()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, path::PathBuf};

    use super::*;

    struct Folders(tempfile::TempDir);

    impl Folders {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a folder");
            for name in ["state", "tools.d"] {
                fs::create_dir(dir.path().join(name)).expect("made");
            }
            let folders = Self(dir);
            File::create(folders.tools().join("a.yaml")).expect("made");
            folders
        }

        fn tools(&self) -> PathBuf {
            self.0.path().join("tools.d")
        }

        fn config(&self) -> PathBuf {
            self.0.path().join("tollgate.yaml")
        }

        fn seen(&self) -> Seen {
            let config = self.config();
            Seen::now(
                &self.0.path().join("state"),
                &self.tools(),
                [config.as_path()],
            )
        }
    }

    /// Writes to the file until the system's clock for files has gone on.
    fn change(file: &Path) {
        let before = changed(file).expect("a time");
        while changed(file).expect("a time") == before {
            fs::write(file, "changed").expect("written");
        }
    }

    #[test]
    fn what_was_clean_is_so_until_something_changes() {
        let folders = Folders::new();
        assert!(!folders.seen().was_clean, "never read");
        folders.seen().conclude(true);
        assert!(folders.seen().was_clean);
        change(&folders.tools().join("a.yaml"));
        assert!(!folders.seen().was_clean, "another text");
        folders.seen().conclude(true);
        File::create(folders.tools().join("b.yaml")).expect("made");
        assert!(!folders.seen().was_clean, "one more");
        folders.seen().conclude(true);
        File::create(folders.config()).expect("made");
        assert!(!folders.seen().was_clean, "a configuration");
        folders.seen().conclude(true);
        assert!(folders.seen().was_clean);
        fs::remove_file(folders.tools().join("b.yaml")).expect("removed");
        assert!(!folders.seen().was_clean, "one less");
    }

    #[test]
    fn what_changes_while_it_is_read_is_not_what_was_read() {
        let folders = Folders::new();
        let seen = folders.seen();
        change(&folders.tools().join("a.yaml"));
        seen.conclude(true);
        assert!(!folders.seen().was_clean);
    }

    #[test]
    fn what_was_left_out_of_is_waited_for() {
        let folders = Folders::new();
        folders.seen().conclude(true);
        // The same files, but what they need has gone.
        folders.seen().conclude(false);
        assert!(!folders.seen().was_clean);
        folders.seen().conclude(false);
        assert!(!folders.seen().was_clean);
    }

    #[test]
    fn a_note_is_of_one_folder_and_makes_none() {
        let folders = Folders::new();
        folders.seen().conclude(true);
        let state = folders.0.path().join("state");
        let other = folders.0.path().join("others.d");
        fs::rename(folders.tools(), &other).expect("renamed");
        assert!(!Seen::now(&state, &other, []).was_clean);
        Seen::now(&state, &other, []).conclude(true);
        fs::create_dir(folders.tools()).expect("made");
        Seen::now(&state, &folders.tools(), []).conclude(true);
        assert!(Seen::now(&state, &other, []).was_clean, "each has its own");
        let nowhere = folders.0.path().join("nowhere");
        Seen::now(&nowhere, &other, []).conclude(true);
        assert!(!Seen::now(&nowhere, &other, []).was_clean && !nowhere.exists());
        fs::remove_dir(folders.tools()).expect("removed");
        assert!(!Seen::now(&state, &folders.tools(), []).was_clean);
    }
}
