//! Reading what the operator wrote, and only if nobody else could have written it.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use super::{
    diagnostic::{Diagnostic, Severity},
    permission::{self, Writable},
};
use crate::base::limits::DEFINITION_BYTES_MAX;

/// Why a file or folder is not used.
pub(super) type Refusal = Box<Diagnostic>;

/// The refusal of the file or folder at `path`.
pub(super) fn refuse(
    code: &'static str,
    path: &Path,
    message: impl Into<String>,
    help: &str,
) -> Refusal {
    let severity = Severity::Error;
    Box::new(Diagnostic::about_path(severity, code, path, message, help))
}

/// What others may write to is refused; what the group may write to is a warning.
pub(super) fn check_owner_and_mode(
    path: &Path,
    facts: &fs::Metadata,
) -> Result<Option<Diagnostic>, Refusal> {
    if !permission::is_trusted_owner(facts) {
        let message = "it belongs neither to you nor to root";
        return Err(refuse(
            "owner",
            path,
            message,
            "change its owner with `chown`",
        ));
    }
    match permission::writable(facts) {
        Writable::Everyone => {
            let message = "anybody may write to it";
            let help = "take that right away: `chmod o-w`";
            Err(refuse("world-writable", path, message, help))
        }
        Writable::Group => Ok(Some(Diagnostic::about_path(
            Severity::Warning,
            "group-writable",
            path,
            "its group may write to it",
            "take that right away: `chmod g-w`",
        ))),
        Writable::OwnerOnly => Ok(None),
    }
}

/// The text of one file. What is checked is what is read: the open file, not its name. A link
/// may not lead out of `real_dir`.
pub(super) fn read(file: &Path, real_dir: &Path) -> Result<(String, Option<Diagnostic>), Refusal> {
    let unreadable = |error: std::io::Error| {
        let message = format!("the file cannot be read: {error}");
        refuse(
            "unreadable",
            file,
            message,
            "correct its mode, or take it away",
        )
    };
    let mut named = fs::symlink_metadata(file).map_err(unreadable)?;
    if named.is_symlink() {
        let target = file.canonicalize().map_err(unreadable)?;
        if !target.starts_with(real_dir) {
            let message = "this link leads out of the folder";
            return Err(refuse("link", file, message, "put the file itself here"));
        }
        named = fs::metadata(file).map_err(unreadable)?;
    }
    // A pipe would keep the one who opens it waiting; only the open file is trusted below.
    if !named.is_file() {
        return Err(refuse(
            "unreadable",
            file,
            "this is not a file",
            "take it away",
        ));
    }
    let open = File::open(file).map_err(unreadable)?;
    let facts = open.metadata().map_err(unreadable)?;
    let warning = check_owner_and_mode(file, &facts)?;
    // Room for all of it, so that it is read at once and not in pieces that grow.
    let bytes = facts.len().min(DEFINITION_BYTES_MAX);
    let mut text = String::with_capacity(usize::try_from(bytes).unwrap_or(0) + 1);
    let mut bounded = open.take(DEFINITION_BYTES_MAX + 1);
    bounded
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => {
                refuse("syntax", file, "this file is not UTF-8", "save it as UTF-8")
            }
            _ => unreadable(error),
        })?;
    if bounded.limit() == 0 {
        let message = format!("longer than {} KiB", DEFINITION_BYTES_MAX / 1024);
        return Err(refuse(
            "too-large",
            file,
            message,
            "split it into several files",
        ));
    }
    Ok((text, warning))
}
