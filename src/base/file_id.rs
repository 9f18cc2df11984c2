//! Which file it is that a name leads to, or that is open.

use std::{fs::File, io, path::Path};

/// A file, by whatever name. To be compared and dropped: a number may pass to another file, and where
/// it cannot, the file is held open for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileId(platform::Number);

impl FileId {
    /// What `path` leads to, through links.
    ///
    /// # Errors
    /// When there is nothing, or it cannot be looked at.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        platform::at(path).map(Self)
    }

    /// What `path` is itself: a link is not what it leads to.
    ///
    /// # Errors
    /// When there is nothing, or it cannot be looked at.
    pub(crate) fn named(path: &Path) -> io::Result<Self> {
        platform::named(path).map(Self)
    }

    /// What is open.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        platform::of(file).map(Self)
    }
}

#[cfg(unix)]
mod platform {
    //! A device, and a number on it.
    use std::{
        fs::{self, File, Metadata},
        io,
        os::unix::fs::MetadataExt as _,
        path::Path,
    };

    pub(super) type Number = (u64, u64);

    pub(super) fn at(path: &Path) -> io::Result<Number> {
        fs::metadata(path).map(|facts| number(&facts))
    }

    pub(super) fn named(path: &Path) -> io::Result<Number> {
        fs::symlink_metadata(path).map(|facts| number(&facts))
    }

    pub(super) fn of(file: &File) -> io::Result<Number> {
        file.metadata().map(|facts| number(&facts))
    }

    fn number(facts: &Metadata) -> Number {
        (facts.dev(), facts.ino())
    }
}

#[cfg(not(unix))]
mod platform {
    //! A volume's serial number and a file's index, which only an open file tells.
    use std::{
        fs::{self, File},
        io,
        path::Path,
    };

    pub(super) type Number = same_file::Handle;

    pub(super) fn at(path: &Path) -> io::Result<Number> {
        Number::from_path(path)
    }

    pub(super) fn named(path: &Path) -> io::Result<Number> {
        if fs::symlink_metadata(path)?.is_symlink() {
            return Err(io::Error::other("it is a link"));
        }
        at(path)
    }

    pub(super) fn of(file: &File) -> io::Result<Number> {
        Number::from_file(file.try_clone()?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_itself_by_another_name_and_its_copy_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        fs::write(path("one"), "x").unwrap();
        fs::hard_link(path("one"), path("linked")).unwrap();
        fs::copy(path("one"), path("copied")).unwrap();
        let one = FileId::at(&path("one")).unwrap();
        assert_eq!(FileId::at(&path("linked")).unwrap(), one);
        assert_ne!(FileId::at(&path("copied")).unwrap(), one);
        let open = File::open(path("one")).unwrap();
        fs::rename(path("one"), path("moved")).unwrap();
        fs::rename(path("copied"), path("one")).unwrap();
        let of_open = FileId::of(&open).unwrap();
        assert_eq!(of_open, FileId::at(&path("moved")).unwrap());
        assert_ne!(of_open, FileId::at(&path("one")).unwrap());
        assert_eq!(of_open, FileId::named(&path("moved")).unwrap());
        assert!(FileId::at(&path("nothing")).is_err());
        assert!(FileId::named(&path("nothing")).is_err());
    }
}
