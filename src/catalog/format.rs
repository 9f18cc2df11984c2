//! The formats of definitions and of the configuration as JSON Schemas, for editors.
//!
//! The files are written by hand, and the readers in `definition.rs` and `config.rs` know
//! nothing of them. What holds the two together is a test: it feeds a reader everything that
//! the schema describes and compares the keys and words that the reader asked for with those
//! that the schema names. So a key that is added here or there only does not pass.

/// JSON Schema 2020-12 of one definition.
pub(crate) const DEFINITION_SCHEMA: &str = include_str!("../../docs/tool.schema.json");

/// JSON Schema 2020-12 of `tollgate.yaml`.
pub(crate) const CONFIG_SCHEMA: &str = include_str!("../../docs/tollgate.schema.json");

#[cfg(test)]
pub(crate) mod tests;
