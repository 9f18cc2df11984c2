//! `tools.lock`: the definitions that a person has approved, and what differs from them now.
//!
//! The file is JSON, sorted, and the same for the same approvals. It holds each definition
//! whole, so that a difference can be told in words, with its digest, and the digest of each
//! program that the tool starts.

mod diff;
mod file;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{load, snapshot::Catalog, source::Node, tool::Tool};
use crate::base::{
    canonical::{canonical, digest},
    held::Approvals,
    hex,
};

pub(crate) use file::LockError;

/// One definition as approved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pin {
    /// All of it.
    definition: Value,
    /// The programs that it starts and the SHA-256 of each, in hexadecimal digits.
    programs: BTreeMap<String, String>,
    /// When it was approved, as RFC 3339 has it.
    approved: String,
    /// The user of the operating system who approved it.
    by: String,
}

/// The approved definitions by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lock {
    pins: BTreeMap<String, Pin>,
}

/// A definition as it is now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Current {
    definition: Value,
    programs: BTreeMap<String, String>,
}

/// The definitions as they are now, by name.
pub(crate) type Currents = BTreeMap<String, Current>;

/// The definitions of `dir` that became the tools of `catalog`.
///
/// # Errors
/// When a program cannot be read, or the files have changed since `catalog` was made of them.
pub(crate) fn currents(dir: &Path, catalog: &Catalog) -> io::Result<Currents> {
    let mut currents = Currents::new();
    for (_, documents) in load::documents(dir) {
        for node in &documents {
            let name = node.get("name").and_then(Node::as_text);
            let mut all = catalog.all();
            let Some(tool) = all.find(|tool| Some(tool.name.as_str()) == name) else {
                continue;
            };
            let definition = node.to_value();
            if digest(&definition) == tool.digest {
                let programs = programs(tool)?;
                let current = Current {
                    definition,
                    programs,
                };
                currents.insert(tool.name.to_string(), current);
            }
        }
    }
    if currents.len() == catalog.all().count() {
        Ok(currents)
    } else {
        Err(io::Error::other(
            "the definitions were changed meanwhile; try again",
        ))
    }
}

/// The digest of each program that `tool` starts.
fn programs(tool: &Tool) -> io::Result<BTreeMap<String, String>> {
    let programs = tool.programs().into_iter();
    programs
        .map(|program| {
            let shown = program.to_string_lossy().into_owned();
            let digest = file_digest(program)
                .map_err(|error| io::Error::other(format!("`{shown}` cannot be read: {error}")))?;
            Ok((shown, digest))
        })
        .collect()
}

fn file_digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        match piece.get(..read) {
            Some(some) if read > 0 => hash.update(some),
            _ => return Ok(hex::encode(&hash.finalize())),
        }
    }
}

impl Lock {
    /// What it approves, without the definitions themselves.
    pub(crate) fn approvals(&self) -> Approvals {
        let tools = self.pins.iter().map(|(name, pin)| {
            let told = json!({
                "definition": hex::encode(&digest(&pin.definition)), "programs": pin.programs,
                "approved": pin.approved, "by": pin.by,
            });
            (name.clone(), told)
        });
        let tools: Map<String, Value> = tools.collect();
        Approvals {
            digest: hex::encode(&Sha256::digest(self.text())),
            tools: Value::Object(tools).to_string(),
        }
    }

    /// The names of the tools of `catalog` that are not what was approved. A program that cannot
    /// be read is not what was approved either.
    pub(crate) fn refused(&self, catalog: &Catalog) -> BTreeSet<String> {
        let holds = |tool: &Tool| {
            let pin = self.pins.get(tool.name.as_str());
            pin.is_some_and(|pin| {
                digest(&pin.definition) == tool.digest
                    && programs(tool).is_ok_and(|programs| programs == pin.programs)
            })
        };
        let refused = catalog.all().filter(|tool| !holds(tool));
        refused.map(|tool| tool.name.to_string()).collect()
    }

    /// Approves the definitions as they are now: those of `names`, or all of them, and forgets
    /// those that are gone. What has not changed keeps its date and its approver.
    pub(crate) fn approve(
        &mut self,
        currents: &Currents,
        names: Option<&BTreeSet<String>>,
        (now, by): (&str, &str),
    ) {
        let meant = |name: &String| names.is_none_or(|names| names.contains(name));
        self.pins
            .retain(|name, _| currents.contains_key(name) || !meant(name));
        for (name, current) in currents.iter().filter(|(name, _)| meant(name)) {
            let same = |pin: &Pin| {
                canonical(&pin.definition) == canonical(&current.definition)
                    && pin.programs == current.programs
            };
            if !self.pins.get(name).is_some_and(same) {
                let pin = Pin {
                    definition: current.definition.clone(),
                    programs: current.programs.clone(),
                    approved: now.to_owned(),
                    by: by.to_owned(),
                };
                self.pins.insert(name.clone(), pin);
            }
        }
    }

    /// Whether a definition of this name was approved.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.pins.contains_key(name)
    }

    /// How many definitions it holds.
    pub(crate) fn len(&self) -> usize {
        self.pins.len()
    }
}
