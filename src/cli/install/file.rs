//! A client's file on the disk: changed all at once, with a way back.
//!
//! Beside the file stands a copy of what was there before, whose name holds the digest of what
//! was written. So an undo knows whether anybody changed the file since: if nobody did, it puts
//! back every byte; if somebody did, only the entry is taken out.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::base::{hex, limits::CLIENT_FILE_BYTES_MAX};

/// What stands at a path.
pub(crate) struct ClientFile {
    /// The path, links followed: a linked settings file stays a link.
    path: PathBuf,
    /// The text; `None` where there is no file.
    pub(crate) text: Option<String>,
}

/// What an undo did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restored {
    /// The bytes from before the installation are back.
    Before,
    /// There was no file before, and there is none now.
    NoFile,
    /// The file was changed since; it holds what was given now.
    Edited,
}

impl ClientFile {
    /// Reads the file at `path`; it need not exist.
    ///
    /// # Errors
    /// When it cannot be read, is no text, or is larger than any client's.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let text = match fs::metadata(&path) {
            Ok(facts) if facts.len() > CLIENT_FILE_BYTES_MAX => {
                return Err(io::Error::other(
                    "it is too large to be a client's settings",
                ));
            }
            Ok(_) => Some(fs::read_to_string(&path)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { path, text })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file by `text` in one step and keeps what was there; gives the copy's path,
    /// if there was something to copy.
    ///
    /// # Errors
    /// When the folder cannot be written; the file is as it was then.
    pub(crate) fn write(&self, text: &str) -> io::Result<Option<PathBuf>> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let kept = self.kept(text);
        let copy = match &self.text {
            Some(before) => {
                self.put(&kept, before)?;
                Some(kept)
            }
            None => {
                fs::write(self.marker(text), "")?;
                None
            }
        };
        self.put(&self.path, text)?;
        Ok(copy)
    }

    /// Goes back to before the installation, or, where the file was changed since, writes
    /// `edited`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn restore(&self, edited: &str) -> io::Result<Restored> {
        let now = self.text.as_deref().unwrap_or_default();
        let (kept, marker) = (self.kept(now), self.marker(now));
        if kept.exists() {
            fs::rename(&kept, &self.path)?;
            return Ok(Restored::Before);
        }
        if marker.exists() {
            fs::remove_file(&self.path)?;
            fs::remove_file(&marker)?;
            return Ok(Restored::NoFile);
        }
        self.put(&self.path, edited)?;
        Ok(Restored::Edited)
    }

    /// The copy that belongs to the written text `text`.
    fn kept(&self, text: &str) -> PathBuf {
        self.beside(text, "bak")
    }

    /// Says that there was no file before `text` was written.
    fn marker(&self, text: &str) -> PathBuf {
        self.beside(text, "none")
    }

    fn beside(&self, text: &str, ending: &str) -> PathBuf {
        let digest = Sha256::digest(text.as_bytes());
        let short = hex::encode(digest.get(..6).unwrap_or_default());
        let mut name = self.path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".tollgate-{short}.{ending}"));
        self.path.with_file_name(name)
    }

    /// Writes `text` to `path` in one step, with the mode of the client's file.
    fn put(&self, path: &Path, text: &str) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        if let Ok(facts) = fs::metadata(&self.path) {
            file.as_file().set_permissions(facts.permissions())?;
        }
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}
