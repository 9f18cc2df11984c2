//! References to secrets, `${secret:env:NAME}` and `${secret:file:PATH}`: a definition names a
//! secret and never holds it.

use std::{
    ffi::OsString,
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::permission;
use crate::base::{limits::SECRET_BYTES_MAX, redact::Redactor, secret::Secret};

#[cfg(test)]
mod tests;

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// In this entry of the environment that the gate was started with.
    Env(String),
    /// In this file, which is for the gate's user alone; one line feed at its end is not part
    /// of the secret.
    File(PathBuf),
}

impl Reference {
    /// Reads what stands between `${secret:` and `}`; `None` for anything else than `env:NAME`
    /// and `file:` with an absolute path.
    pub(crate) fn parse(inside: &str) -> Option<Self> {
        match inside.split_once(':')? {
            ("env", name) => {
                let is_name = !name.is_empty() && !name.contains(['=', '\0']);
                is_name.then(|| Self::Env(name.to_owned()))
            }
            ("file", path) => {
                let path = PathBuf::from(path);
                path.is_absolute().then_some(Self::File(path))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "${{secret:env:{name}}}"),
            Self::File(path) => write!(f, "${{secret:file:{}}}", path.display()),
        }
    }
}

/// Why a secret cannot be had, and what to do. Its value is in neither.
pub(crate) type Told = (String, &'static str);

/// An entry of the environment that the gate was started with.
pub(crate) type Environment = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// Where references are followed to. What was read is hidden from then on.
pub(crate) struct Secrets {
    environment: Box<Environment>,
    redactor: Arc<Redactor>,
}

impl Secrets {
    /// Secrets of `environment` and of files, hidden by `redactor`.
    pub(crate) fn new(environment: Box<Environment>, redactor: Arc<Redactor>) -> Self {
        Self {
            environment,
            redactor,
        }
    }

    /// What hides the secrets that were read.
    pub(crate) fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// The secret that `reference` stands for.
    ///
    /// # Errors
    /// When it is not there, others can read it, or it could not be used or hidden.
    pub(crate) fn read(&self, reference: &Reference) -> Result<Secret, Told> {
        let value = match reference {
            Reference::Env(name) => (self.environment)(name)
                .map(OsString::into_encoded_bytes)
                .ok_or_else(|| {
                    let message = format!("the environment has no `{name}`");
                    (message, "set it for the process that starts the gate")
                }),
            Reference::File(path) => read_private(path, SECRET_BYTES_MAX).map(without_line_feed),
        };
        let of = |(message, help)| (format!("`{reference}` cannot be used: {message}"), help);
        let secret = value.and_then(usable).map_err(of)?;
        self.redactor.learn(&secret).map_err(|_| {
            let message = "there are more secrets than can be hidden".to_owned();
            of((message, "start the gate anew, or serve from several gates"))
        })?;
        Ok(secret)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// An environment without entries; files can be read.
impl Default for Secrets {
    fn default() -> Self {
        Self::new(Box::new(|_| None), Arc::default())
    }
}

fn without_line_feed(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    bytes
}

fn usable(bytes: Vec<u8>) -> Result<Secret, Told> {
    let text = String::from_utf8(bytes).map_err(|_| {
        (
            "it is not UTF-8".to_owned(),
            "encode it, for example in base64",
        )
    })?;
    if text.is_empty() {
        return Err(("it is empty".to_owned(), "give it a value"));
    }
    if text.len() as u64 > SECRET_BYTES_MAX {
        return Err(too_long(SECRET_BYTES_MAX));
    }
    if text.contains('\0') {
        let message = "it holds a NUL character".to_owned();
        return Err((message, "encode it, for example in base64"));
    }
    Ok(Secret::new(text))
}

fn too_long(bytes_max: u64) -> Told {
    let message = format!("it is longer than {bytes_max} bytes");
    (message, "let the program read it from a file of its own")
}

/// The bytes of a file that only this user can read, at most `bytes_max`.
///
/// # Errors
/// When it is none, or longer.
pub(crate) fn read_private(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Told> {
    let unreadable = |error: io::Error| {
        let message = format!("it cannot be read: {error}");
        (message, "make it, for the gate's own user")
    };
    let not_a_file = || ("it is not a file".to_owned(), "name a file");
    // A pipe would keep the one who opens it waiting; only the open file is trusted below.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(not_a_file());
    }
    let open = File::open(path).map_err(unreadable)?;
    let facts = open.metadata().map_err(unreadable)?;
    if !facts.is_file() {
        return Err(not_a_file());
    }
    if !permission::is_private(&facts) {
        let message = "others can read it, or it belongs to another user".to_owned();
        return Err((message, "`chmod 600` it, and `chown` it to the gate's user"));
    }
    let mut bytes = Vec::new();
    let mut bounded = open.take(bytes_max + 1);
    bounded.read_to_end(&mut bytes).map_err(unreadable)?;
    if bounded.limit() == 0 {
        return Err(too_long(bytes_max));
    }
    Ok(bytes)
}
