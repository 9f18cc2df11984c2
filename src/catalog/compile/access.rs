//! Who may know of a tool, and what is said about it: names that only we may use.

use super::super::{
    config::principals::texts,
    definition::Definition,
    diagnostic::{Findings, tick},
};

/// The permissions that the definition wants.
pub(super) fn permissions(definition: &Definition<'_>, findings: &mut Findings) -> Vec<String> {
    texts(definition.permissions, "permissions", findings)
}

/// Reports keys of `_meta` that could contradict what we say there ourselves.
pub(super) fn own_names(definition: &Definition<'_>, findings: &mut Findings) {
    let metas = definition
        .listing
        .iter()
        .filter(|entry| entry.key == "_meta");
    for entry in metas.flat_map(|meta| meta.value.entries()) {
        if entry.key.starts_with("tollgate/") {
            let message = format!("{} cannot be written, it is derived", tick(&entry.key));
            let help = "what the definition declares is published there";
            findings.error("derived-key", entry.key_span, message, help);
        }
    }
}
