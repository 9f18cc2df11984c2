//! The key by which this process says as whom it acts: from a file or the environment, never
//! from the command line, where every process of the machine could read it.

use std::{fs::File, io::Read as _, path::Path};

use super::{args::KeyFile, exit::CommandError};
use crate::{
    base::limits::KEY_BYTES_MAX,
    catalog::{
        permission,
        principal::{Claim, KeyHash},
    },
};

/// The claim of this process: the key of the file that was named, else of `TOLLGATE_KEY`. Of
/// the key only its hash stays.
///
/// # Errors
/// When the file cannot be read, or others can read it too.
pub(crate) fn claim(given: &KeyFile) -> Result<Claim, CommandError> {
    let key = match &given.key_file {
        Some(file) => Some(read(file)?),
        None => from_environment(),
    };
    let key = key.map(|key| key.trim_ascii_end().to_vec());
    let key = key.filter(|key| !key.is_empty());
    Ok(Claim::Key(key.map(|key| KeyHash::of(&key))))
}

#[expect(
    clippy::disallowed_methods,
    reason = "clap would take the key from the command line as well"
)]
fn from_environment() -> Option<Vec<u8>> {
    std::env::var_os("TOLLGATE_KEY").map(std::ffi::OsString::into_encoded_bytes)
}

fn read(file: &Path) -> Result<Vec<u8>, CommandError> {
    let wrong = |why: &str| {
        let message = format!("the key file `{}` {why}", file.display());
        CommandError::Unusable(message)
    };
    let unreadable = |error: std::io::Error| wrong(&format!("cannot be read: {error}"));
    let open = File::open(file).map_err(unreadable)?;
    let facts = open.metadata().map_err(unreadable)?;
    if !facts.is_file() {
        return Err(wrong("is not a file"));
    }
    if !permission::is_private(&facts) {
        return Err(wrong(
            "can be read by others or belongs to another user; `chmod 600` it",
        ));
    }
    let mut key = Vec::new();
    let mut bounded = open.take(KEY_BYTES_MAX + 1);
    bounded.read_to_end(&mut key).map_err(unreadable)?;
    if bounded.limit() == 0 {
        return Err(wrong("is too long for a key"));
    }
    Ok(key)
}
