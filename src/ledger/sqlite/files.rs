//! The state directory: who may own it, who may write to it, on which file systems it works.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    path::Path,
};

use super::super::LedgerError;

/// The main database file.
pub(super) const DATABASE: &str = "ledger.db";
/// Holds the database's own id, to notice that the database was swapped while nobody looked.
pub(super) const MARKER: &str = "state.id";
/// Held while a process opens the ledger.
pub(super) const INIT_LOCK: &str = "init.lock";
/// One lock file for each living process.
pub(super) const INSTANCES: &str = "instances";

/// What a path is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A directory, perhaps through a link.
    Directory,
    /// A file, not a link.
    File,
}

/// What decides whether a path may hold state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    kind: Option<Kind>,
    owner: u32,
    mode: u32,
}

/// Makes `dir` with mode 0700 unless it is there, and checks that only we can write in it.
///
/// # Errors
/// When it is not a directory, belongs to somebody else, others may write in it, or it lies on
/// a network file system.
pub(super) fn prepare_directory(dir: &Path) -> Result<(), LedgerError> {
    match platform::create_directory(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(cannot("create", dir, &error));
        }
        Ok(()) | Err(_) => {}
    }
    let found = fs::metadata(dir).map_err(|error| cannot("use", dir, &error))?;
    judge(dir, Kind::Directory, platform::facts(&found))?;
    platform::check_file_system(dir)
}

/// Why `dir` could not hold state; nothing where it is not there yet.
pub(super) fn directory_trouble(dir: &Path) -> Option<String> {
    let found = match fs::metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        found => found.map_err(|error| cannot("use", dir, &error)),
    };
    let judged = found
        .and_then(|found| judge(dir, Kind::Directory, platform::facts(&found)))
        .and_then(|()| platform::check_file_system(dir));
    judged.err().map(|error| error.to_string())
}

/// The file at `path`, which must be ours, or `None` where there is none. It is not opened:
/// closing a descriptor of a database would drop the locks that SQLite holds on it.
///
/// # Errors
/// When it is no plain file, belongs to somebody else, or others may write to it.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>, LedgerError> {
    match fs::symlink_metadata(path) {
        Ok(found) => {
            judge(path, Kind::File, platform::facts(&found))?;
            Ok(Some(found))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

/// Creates an empty file of mode 0600 that must not exist yet.
///
/// # Errors
/// When it exists or cannot be created.
pub(super) fn create(path: &Path) -> Result<File, LedgerError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    platform::make_private(&mut options);
    options
        .open(path)
        .map_err(|error| cannot("create", path, &error))
}

/// Opens a file, made with mode 0600 unless it is there. Not for databases, see [`look`].
///
/// # Errors
/// When it can be neither opened nor created.
pub(super) fn open_or_create(path: &Path) -> Result<File, LedgerError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    platform::make_private(&mut options);
    options
        .open(path)
        .map_err(|error| cannot("open", path, &error))
}

/// Makes what `options` create readable and writable for us alone.
pub(super) fn make_private(options: &mut OpenOptions) {
    platform::make_private(options);
}

/// "cannot VERB `path`: why", for people.
pub(super) fn cannot(verb: &str, path: &Path, error: &io::Error) -> LedgerError {
    let path = path.display();
    LedgerError::Unavailable(format!(
        "cannot {verb} `{path}`: {error}; choose another state directory with `--state`"
    ))
}

fn judge(path: &Path, wanted: Kind, found: Facts) -> Result<(), LedgerError> {
    let path = path.display();
    let text = if found.kind != Some(wanted) {
        let wanted = match wanted {
            Kind::Directory => "a directory",
            Kind::File => "a plain file",
        };
        format!("`{path}` is not {wanted}; choose another state directory with `--state`")
    } else if found.owner != platform::user() {
        format!(
            "`{path}` belongs to another user (uid {}); choose a state directory of your own with `--state`",
            found.owner
        )
    } else if found.mode & 0o022 != 0 {
        format!("others may write to `{path}`; take that away with `chmod go-w '{path}'`")
    } else {
        return Ok(());
    };
    Err(LedgerError::Unavailable(text))
}

/// Why the ledger in `dir`, if there is one, could not be written, as far as a look can tell.
pub(super) fn trouble(dir: &Path) -> Option<String> {
    let database = dir.join(DATABASE);
    if look(&database).ok().flatten().is_none() {
        return dir
            .join(MARKER)
            .exists()
            .then(|| format!("the ledger `{}` is missing", database.display()));
    }
    platform::trouble(&database)
}

/// Which file an open path was, to notice when another takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity(u64, u64);

impl FileIdentity {
    /// What is at `path` now; `None` where there is nothing, or an empty file.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let found = fs::symlink_metadata(path).ok()?;
        (found.len() > 0).then(|| platform::identity(&found))
    }

    /// What `open` is; `None` where that cannot be told.
    #[cfg(unix)]
    pub(super) fn of(open: &File) -> Option<Self> {
        open.metadata().ok().map(|found| platform::identity(&found))
    }
}

#[cfg(unix)]
mod platform {
    //! Owners and modes as Unix has them.
    use std::{
        fs::{DirBuilder, Metadata, OpenOptions},
        io,
        os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
        path::Path,
    };

    use super::{super::super::LedgerError, Facts, FileIdentity, Kind};
    use crate::base::limits::LEDGER_FREE_BYTES_MIN;

    pub(super) fn create_directory(dir: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)
    }

    pub(super) fn make_private(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn user() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    pub(super) fn facts(found: &Metadata) -> Facts {
        let kind = if found.is_dir() {
            Some(Kind::Directory)
        } else {
            found.is_file().then_some(Kind::File)
        };
        Facts {
            kind,
            owner: found.uid(),
            mode: found.mode(),
        }
    }

    pub(super) fn identity(found: &Metadata) -> FileIdentity {
        FileIdentity(found.dev(), found.ino())
    }

    pub(super) fn trouble(database: &Path) -> Option<String> {
        if rustix::fs::access(database, rustix::fs::Access::WRITE_OK).is_err() {
            return Some(format!("`{}` cannot be written", database.display()));
        }
        let found = rustix::fs::statvfs(database).ok()?;
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        (free < LEDGER_FREE_BYTES_MIN)
            .then(|| format!("the disk of `{}` is full", database.display()))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn check_file_system(_dir: &Path) -> Result<(), LedgerError> {
        Ok(())
    }

    #[cfg(target_os = "linux")]
    pub(super) fn check_file_system(dir: &Path) -> Result<(), LedgerError> {
        let found =
            rustix::fs::statfs(dir).map_err(|error| super::cannot("use", dir, &error.into()))?;
        match network_name(i128::from(found.f_type)) {
            None => Ok(()),
            Some(name) => Err(LedgerError::Unavailable(format!(
                "`{}` is on a network file system ({name}), where locks cannot be relied on; choose a local state directory with `--state`",
                dir.display()
            ))),
        }
    }

    /// What `magic` of statfs(2) stands for, where SQLite's locks or shared memory may fail.
    #[cfg(target_os = "linux")]
    pub(super) fn network_name(magic: i128) -> Option<&'static str> {
        // Some of these have the top bit set, which a signed word extends.
        match magic & 0xffff_ffff {
            0x6969 => Some("NFS"),
            0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
            0x0102_1997 => Some("9p"),
            0x6573_5546 => Some("FUSE"),
            _ => None,
        }
    }
}

#[cfg(not(unix))]
mod platform {
    //! Elsewhere the directory's own access list decides.
    use std::{
        fs::{DirBuilder, Metadata, OpenOptions},
        io,
        path::Path,
    };

    use super::{super::super::LedgerError, Facts, FileIdentity, Kind};

    pub(super) fn create_directory(dir: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).create(dir)
    }

    pub(super) fn make_private(_options: &mut OpenOptions) {}

    pub(super) fn user() -> u32 {
        0
    }

    pub(super) fn facts(found: &Metadata) -> Facts {
        let kind = if found.is_dir() {
            Some(Kind::Directory)
        } else {
            found.is_file().then_some(Kind::File)
        };
        Facts {
            kind,
            owner: 0,
            mode: 0,
        }
    }

    pub(super) fn identity(_found: &Metadata) -> FileIdentity {
        FileIdentity(0, 0)
    }

    pub(super) fn check_file_system(_dir: &Path) -> Result<(), LedgerError> {
        Ok(())
    }

    pub(super) fn trouble(_database: &Path) -> Option<String> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: Kind, found: Facts, expected: &str) {
        let told = judge(Path::new("/s"), wanted, found).map_err(|error| error.to_string());
        let expected = match expected {
            "" => Ok(()),
            text => Err(text.to_owned()),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn s21_a_state_directory_that_others_own_or_write_is_refused_with_a_way_out() {
        let ours = Facts {
            kind: Some(Kind::Directory),
            owner: platform::user(),
            mode: 0o700,
        };
        check(Kind::Directory, ours, "");
        check(
            Kind::Directory,
            Facts {
                mode: 0o755,
                ..ours
            },
            "",
        );
        let text = "others may write to `/s`; take that away with `chmod go-w '/s'`";
        check(
            Kind::Directory,
            Facts {
                mode: 0o720,
                ..ours
            },
            text,
        );
        check(
            Kind::Directory,
            Facts {
                mode: 0o702,
                ..ours
            },
            text,
        );
        check(
            Kind::Directory,
            Facts {
                owner: ours.owner + 1,
                ..ours
            },
            &format!(
                "`/s` belongs to another user (uid {}); choose a state directory of your own with `--state`",
                ours.owner + 1
            ),
        );
        let text = "`/s` is not a directory; choose another state directory with `--state`";
        check(
            Kind::Directory,
            Facts {
                kind: Some(Kind::File),
                ..ours
            },
            text,
        );
        check(Kind::Directory, Facts { kind: None, ..ours }, text);
        let text = "`/s` is not a plain file; choose another state directory with `--state`";
        check(Kind::File, ours, text);
    }

    #[test]
    fn c13_network_file_systems_are_known_by_their_magic() {
        let names = [
            0x6969,
            0x517b,
            -11_317_950,
            0x0102_1997,
            0x6573_5546,
            0xef53,
        ]
        .map(platform::network_name);
        assert_eq!(
            names,
            [
                Some("NFS"),
                Some("SMB"),
                Some("SMB"),
                Some("9p"),
                Some("FUSE"),
                None
            ]
        );
    }
}
