//! The text of `tools.lock`: read strictly, written the same for the same approvals.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Lock, Pin};
use crate::{
    base::{canonical, hex},
    catalog::permission::{self, Writable},
};

/// The form of the file that is understood.
const VERSION: u32 = 1;

/// Why a lock cannot be used. It is never taken for an empty one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// There is no such file, or it cannot be read.
    #[error("`{path}` cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// Anybody may write to it, so it approves nothing.
    #[error("anybody may write to `{0}`; take that right away: `chmod o-w`")]
    Writable(String),
    /// It is not what `tollgate lock` writes.
    #[error(
        "`{path}` is broken: {why}; make it anew with `tollgate lock` after a look at the definitions"
    )]
    Broken {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    tools: BTreeMap<String, WrittenPin>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenPin {
    approved: String,
    by: String,
    definition_sha256: String,
    description_chars: usize,
    programs: BTreeMap<String, String>,
    definition: Value,
}

impl Lock {
    /// Where the lock of the definitions in `dir` is: `tools.lock` beside `tools.d`.
    pub(crate) fn path(dir: &Path) -> PathBuf {
        let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
        let whole: PathBuf = whole.components().collect();
        let name = whole.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".d").unwrap_or(&name);
        whole.with_file_name(format!("{stem}.lock"))
    }

    /// Reads the lock at `path`.
    ///
    /// # Errors
    /// [`LockError`]; a lock that is not whole is no lock.
    pub(crate) fn read(path: &Path) -> Result<Self, LockError> {
        let shown = || path.display().to_string();
        let unreadable = |error| LockError::Unreadable {
            path: shown(),
            error,
        };
        let facts = fs::metadata(path).map_err(unreadable)?;
        if permission::writable(&facts) == Writable::Everyone {
            return Err(LockError::Writable(shown()));
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&text).map_err(|why| LockError::Broken { path: shown(), why })
    }

    /// Reads the text of a lock.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if written.version != VERSION {
            return Err(format!("version {} is not known here", written.version));
        }
        let mut pins = BTreeMap::new();
        for (name, pin) in written.tools {
            if hex::encode(&canonical::digest(&pin.definition)) != pin.definition_sha256 {
                return Err(format!(
                    "the definition of `{name}` does not have its digest"
                ));
            }
            let pin = Pin {
                definition: pin.definition,
                programs: pin.programs,
                approved: pin.approved,
                by: pin.by,
            };
            pins.insert(name, pin);
        }
        Ok(Self { pins })
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        let tools = self.pins.iter().map(|(name, pin)| {
            let description = pin.definition.get("description").and_then(Value::as_str);
            let written = WrittenPin {
                approved: pin.approved.clone(),
                by: pin.by.clone(),
                definition_sha256: hex::encode(&canonical::digest(&pin.definition)),
                description_chars: description.map_or(0, |text| text.chars().count()),
                programs: pin.programs.clone(),
                definition: sorted(&pin.definition),
            };
            (name.clone(), written)
        });
        let written = Written {
            version: VERSION,
            tools: tools.collect(),
        };
        // A tree of strings and numbers has a text.
        serde_json::to_string_pretty(&written).unwrap_or_default() + "\n"
    }

    /// Writes the lock to `path`, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension(format!("lock.{}", std::process::id()));
        let write = || {
            let mut file = fs::File::create(&draft)?;
            file.write_all(self.text().as_bytes())?;
            // Through a file that was opened to be written: nowhere else may one be synced on Windows.
            file.sync_all()
        };
        let written = write().and_then(|()| fs::rename(&draft, path));
        if written.is_err() {
            drop(fs::remove_file(&draft));
        }
        written
    }
}

/// The same value, its members in canonical order.
fn sorted(value: &Value) -> Value {
    serde_json::from_str(&canonical::canonical(value)).unwrap_or_else(|_| value.clone())
}
