//! The section `databases`: SQLite files that tools may use.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::super::{diagnostic::Findings, fields::Fields, source::Node, surroundings::Database};

/// Every database by its name.
#[derive(Debug, Default)]
pub(crate) struct Databases {
    by_name: BTreeMap<String, Arc<Database>>,
}

impl Databases {
    /// Reads the section: a name and `{sqlite: PATH}` for each. A path that is not absolute
    /// begins in `folder`, where the file stands.
    pub(super) fn read(node: &Node, folder: &Path, findings: &mut Findings) -> Self {
        if Fields::open(node, "databases", findings).is_none() {
            return Self::default();
        }
        let by_name = node.entries().iter().filter_map(|entry| {
            let name = entry.key.clone();
            let path = file(&entry.value, &name, folder, findings)?;
            Some((name.clone(), Arc::new(Database { name, path })))
        });
        Self {
            by_name: by_name.collect(),
        }
    }

    /// The database called `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Database>> {
        self.by_name.get(name)
    }

    /// All names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

#[cfg(test)]
impl From<Database> for Databases {
    fn from(database: Database) -> Self {
        let named = (database.name.clone(), Arc::new(database));
        Self {
            by_name: BTreeMap::from([named]),
        }
    }
}

/// The file of one database; absolute, whatever it is named like.
fn file(node: &Node, name: &str, folder: &Path, findings: &mut Findings) -> Option<PathBuf> {
    let mut fields = Fields::open(node, name, findings)?;
    let path = fields
        .require("sqlite", findings)
        .and_then(|node| super::super::fields::text(node, "sqlite", findings));
    fields.close(findings);
    let path = path?;
    if path.is_empty() || path == ":memory:" || path.contains('\0') {
        let help = "name a file; an empty or passing database holds nothing for a tool";
        findings.error("database", node.span, "this names no file".to_owned(), help);
        return None;
    }
    std::path::absolute(folder.join(path)).ok()
}
