//! What `tools.d` declares: read, checked, compiled once, kept as an immutable snapshot.

pub(crate) mod ask;
pub(crate) mod compile;
pub(crate) mod config;
pub(crate) mod content;
pub(crate) mod definition;
pub(crate) mod diagnostic;
mod fields;
mod file;
pub(crate) mod in_force;
pub(crate) mod load;
pub(crate) mod look;
pub(crate) mod permission;
pub(crate) mod plan;
pub(crate) mod principal;
pub(crate) mod quantity;
pub(crate) mod restraint;
pub(crate) mod rule;
pub(crate) mod schema;
pub(crate) mod snapshot;
pub(crate) mod source;
pub(crate) mod sql;
pub(crate) mod surroundings;
pub(crate) mod template;
pub(crate) mod tool;
mod units;
pub(crate) mod watch;
