//! A definition file as a tree with positions: YAML 1.2 and JSON read strictly into one model.

mod json;
mod scalar;
mod yaml;

use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::diagnostic::{Findings, Span, tick};
use crate::base::canonical::{Canonical, Parts};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) value: NodeValue,
    /// Where it stands.
    pub(crate) span: Span,
}

/// The values of the JSON data model; every number is exact in 64 bits or a finite double.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NodeValue {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer or a float.
    Number(Number),
    /// A string.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; keys are unique.
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) key_span: Span,
    /// The value.
    pub(crate) value: Node,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// YAML 1.2 with the core schema; one or more documents. Anchors, aliases and tags are
    /// refused: what is read is what stands there.
    Yaml,
    /// RFC 8259; one document.
    Json,
}

/// Reads the documents of the file that `findings` are about. A document with an error is
/// left out and the ones after it are read; an empty YAML document is skipped.
pub(crate) fn parse(syntax: Syntax, findings: &mut Findings) -> Vec<Node> {
    match syntax {
        Syntax::Yaml => yaml::parse(findings),
        Syntax::Json => json::parse(findings).into_iter().collect(),
    }
}

impl Node {
    /// What it is, for a message: `must be text, not KIND`.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            NodeValue::Null => "nothing",
            NodeValue::Bool(_) => "true or false",
            NodeValue::Number(_) => "a number",
            NodeValue::Text(_) => "text",
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a mapping",
        }
    }

    /// The string, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::List(_)
            | NodeValue::Map(_) => None,
        }
    }

    /// The items; none where it is not a list.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            NodeValue::List(items) => items,
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::Text(_)
            | NodeValue::Map(_) => &[],
        }
    }

    /// The entries; none where it is not a mapping.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            NodeValue::Map(entries) => entries,
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::Text(_)
            | NodeValue::List(_) => &[],
        }
    }

    /// The entry of this key, if it is a mapping that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of this key, if it is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The place that a JSON pointer (RFC 6901) names; where it names nothing, the innermost
    /// place on the way there that exists. A member is pointed at with its key.
    pub(crate) fn span_at(&self, pointer: &str) -> Span {
        let mut node = self;
        let mut span = self.span;
        for segment in pointer.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            if let Some(entry) = node.entry(&name) {
                (node, span) = (&entry.value, entry.key_span);
                if node.entries().is_empty() && node.items().is_empty() {
                    span = node.span;
                }
            } else if let Some(item) = name.parse().ok().and_then(|at: usize| node.items().get(at))
            {
                (node, span) = (item, item.span);
            } else {
                break;
            }
        }
        span
    }

    /// The same as JSON, keys in the order of the file.
    pub(crate) fn to_value(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number(number) => Value::Number(number.clone()),
            NodeValue::Text(text) => Value::String(text.clone()),
            NodeValue::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            NodeValue::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

impl Canonical for Node {
    fn parts(&self) -> Parts<'_, Self> {
        match &self.value {
            NodeValue::Null => Parts::Null,
            NodeValue::Bool(value) => Parts::Bool(*value),
            NodeValue::Number(number) => Parts::Number(number),
            NodeValue::Text(text) => Parts::Text(text),
            NodeValue::List(items) => Parts::List(items),
            NodeValue::Map(entries) => {
                let entries = entries.iter();
                Parts::Members(entries.map(|one| (one.key.as_str(), &one.value)).collect())
            }
        }
    }
}

/// Collects the entries of one mapping and reports keys that occur twice.
#[derive(Default)]
struct Entries {
    entries: Vec<Entry>,
    /// The keys, where they are many.
    seen: HashSet<String>,
}

impl Entries {
    /// So many keys are compared one by one sooner than looked up.
    const FEW: usize = 16;

    fn has(&mut self, key: &str) -> bool {
        let mut keys = self.entries.iter().map(|one| &one.key);
        if self.entries.len() <= Self::FEW {
            return keys.any(|one| one == key);
        }
        if self.seen.is_empty() {
            self.seen.extend(keys.cloned());
        }
        !self.seen.insert(key.to_owned())
    }

    fn push(&mut self, entry: Entry, findings: &mut Findings) {
        if self.has(&entry.key) {
            let message = format!("{} stands here twice", tick(&entry.key));
            let help = "keep one of the two; readers differ on which would count";
            findings.error("duplicate-key", entry.key_span, message, help);
        }
        self.entries.push(entry);
    }
}

#[cfg(test)]
mod tests;
