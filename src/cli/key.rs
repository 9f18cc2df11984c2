//! The key by which this process says as whom it acts, and where secrets are: files and the
//! environment, never the command line, which every process of the machine can read.

use std::{path::Path, sync::Arc};

use super::{args::KeyFile, exit::CommandError};
use crate::{
    base::{limits::KEY_BYTES_MAX, redact::Redactor},
    catalog::{
        principal::{Claim, KeyHash},
        secret::{self, Secrets},
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

/// The secrets that definitions refer to: of this process's environment and of files, hidden by
/// `redactor`.
pub(super) fn secrets(redactor: Arc<Redactor>) -> Secrets {
    #[expect(
        clippy::disallowed_methods,
        reason = "definitions name the entry, so clap cannot know it"
    )]
    let environment = |name: &str| std::env::var_os(name);
    Secrets::new(Box::new(environment), redactor)
}

fn read(file: &Path) -> Result<Vec<u8>, CommandError> {
    secret::read_private(file, KEY_BYTES_MAX).map_err(|(message, help)| {
        let message = format!(
            "the key file `{}` cannot be used: {message}; {help}",
            file.display()
        );
        CommandError::Unusable(message)
    })
}
