//! What `tools.d` declares: read, checked, compiled once, kept as an immutable snapshot.

pub(crate) mod catalog;
pub(crate) mod content;
pub(crate) mod diagnostic;
pub(crate) mod schema;
pub(crate) mod source;
pub(crate) mod template;
pub(crate) mod tool;
