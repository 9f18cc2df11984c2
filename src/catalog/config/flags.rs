//! The section `flags`: switches that definitions name with `enabled: {flag: NAME}`.

use std::collections::BTreeMap;

use super::super::{
    diagnostic::{Findings, Span, did_you_mean, tick},
    fields::{Fields, truth},
    source::Node,
};
use crate::base::text::list;

/// Every flag, on or off.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    by_name: BTreeMap<String, bool>,
}

impl Flags {
    /// Reads the section: a name and `true` or `false` for each.
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Self {
        if Fields::open(node, "flags", findings).is_none() {
            return Self::default();
        }
        // One that cannot be read stands as off, so that no definition is blamed for naming it.
        let by_name = node.entries().iter().map(|entry| {
            let on = truth(&entry.value, &entry.key, findings).unwrap_or(false);
            (entry.key.clone(), on)
        });
        Self {
            by_name: by_name.collect(),
        }
    }

    /// Whether the flag `name`, which a definition names at `span`, is on. One that is not
    /// declared is an error of the definition.
    pub(crate) fn resolve(&self, name: &str, span: Span, findings: &mut Findings) -> bool {
        if let Some(on) = self.by_name.get(name) {
            return *on;
        }
        let known = || self.by_name.keys().map(String::as_str);
        let message = format!("`tollgate.yaml` declares no flag {}", tick(name));
        let help = match did_you_mean(name, known()) {
            Some(help) => help,
            None if self.by_name.is_empty() => "declare it there under `flags`".to_owned(),
            None => format!("declared are {}", list(known())),
        };
        findings.error("unknown-flag", span, message, &help);
        false
    }
}
