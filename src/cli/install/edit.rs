//! Adding an entry to the text of a client's file, and taking it out again.

use super::{Entry, Shape, json, toml, yaml};

/// Why a text was not edited; it is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    /// The file is not what its client could read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It can be read, and an edit could damage it.
    #[error("{0}")]
    Unusual(String),
    /// The name is taken by something else.
    #[error("it has an entry `{0}` already; take another name with `--name`, or `--replace` it")]
    Taken(String),
    /// There is nothing to take out.
    #[error("it has no entry `{0}`")]
    Absent(String),
}

/// The text with the entry in it. Everything else stays, comments and order too; an empty text
/// becomes a whole file.
///
/// # Errors
/// When the text cannot be read, or the name is taken by another entry and `replace` is not
/// given. An entry that is there already, the same, is left alone.
pub(crate) fn add(
    text: &str,
    shape: Shape,
    entry: &Entry,
    replace: bool,
) -> Result<String, EditError> {
    match shape {
        Shape::Json(key, style) => json::add(text, key, &entry.name, &entry.json(style), replace),
        Shape::Toml => toml::add(text, entry, replace),
        Shape::Yaml(kind) => yaml::add(text, kind, entry, replace),
    }
}

/// The text without the entry of this name.
///
/// # Errors
/// When the text cannot be read, or has no such entry.
pub(crate) fn remove(text: &str, shape: Shape, name: &str) -> Result<String, EditError> {
    match shape {
        Shape::Json(key, _) => json::remove(text, key, name),
        Shape::Toml => toml::remove(text, name),
        Shape::Yaml(kind) => yaml::remove(text, kind, name),
    }
}
