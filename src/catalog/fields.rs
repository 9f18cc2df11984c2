//! Typed reading of mappings: wrong types, missing and unknown keys become diagnostics.

use super::{
    diagnostic::{Findings, Span, did_you_mean, tick},
    source::{Entry, Node, NodeValue},
};
use crate::base::text::list;

/// The entries of one mapping; each is taken at most once, and what nobody took is unknown.
pub(crate) struct Fields<'a> {
    node: &'a Node,
    known: Vec<&'static str>,
    /// Those of the known keys that are always an error: no part of the format.
    refused: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The entries of `node`, which is called `name` in messages; `None` with an error where
    /// it is not a mapping.
    pub(crate) fn open(node: &'a Node, name: &str, findings: &mut Findings) -> Option<Self> {
        if !matches!(node.value, NodeValue::Map(_)) {
            wrong_type(node, name, "a mapping", "", findings);
            return None;
        }
        Some(Self {
            node,
            known: Vec::new(),
            refused: Vec::new(),
        })
    }

    /// Where the mapping stands.
    pub(crate) fn span(&self) -> Span {
        self.node.span
    }

    /// The value of `key`, if it is there, left for whoever takes it.
    pub(crate) fn peek(&self, key: &str) -> Option<&'a Node> {
        self.node.entry(key).map(|entry| &entry.value)
    }

    /// The value of `key`, if it is there.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.take_entry(key).map(|entry| &entry.value)
    }

    /// The key and value of `key`, if it is there.
    pub(crate) fn take_entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.known.push(key);
        self.node.entry(key)
    }

    /// As [`Fields::take_entry`], for a key that the caller refuses wherever it stands.
    pub(crate) fn take_refused(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.refused.push(key);
        self.take_entry(key)
    }

    /// The value of `key`; an error where it is missing.
    pub(crate) fn require(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<&'a Node> {
        let value = self.take(key);
        if value.is_none() {
            let message = format!("`{key}` is missing");
            findings.error("missing-key", self.node.span, message, "");
        }
        value
    }

    /// The text of `key`, if it is there and is text.
    pub(crate) fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<&'a str> {
        self.take(key).and_then(|node| text(node, key, findings))
    }

    /// The truth of `key`; false where it is not there.
    pub(crate) fn flag(&mut self, key: &'static str, findings: &mut Findings) -> bool {
        self.take(key)
            .and_then(|node| truth(node, key, findings))
            .unwrap_or(false)
    }

    /// The value that belongs to the word of `key`, if it is there and is one of `words`.
    pub(crate) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
        findings: &mut Findings,
    ) -> Option<T> {
        #[cfg(test)]
        heard::words(self.node, key, words.iter().map(|(word, _)| *word));
        let node = self.take(key)?;
        let given = text(node, key, findings)?;
        let found = words.iter().find(|(word, _)| *word == given);
        if found.is_none() {
            let known = || words.iter().map(|(word, _)| *word);
            let message = format!(
                "`{key}` must be one of {}, not {}",
                list(known()),
                tick(given)
            );
            let help = did_you_mean(given, known()).unwrap_or_default();
            findings.error("wrong-word", node.span, message, &help);
        }
        found.map(|(_, value)| *value)
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn close(self, findings: &mut Findings) {
        #[cfg(test)]
        heard::keys(self.node, &self.known, &self.refused);
        for entry in self.node.entries() {
            let key = entry.key.as_str();
            if !self.known.contains(&key) {
                let message = format!("unknown key {}", tick(key));
                let help = did_you_mean(key, self.known.iter().copied()).unwrap_or_else(|| {
                    format!("known here are {}", list(self.known.iter().copied()))
                });
                findings.error("unknown-key", entry.key_span, message, &help);
            }
        }
    }
}

/// The text of `node`; an error where it is something else.
pub(crate) fn text<'a>(node: &'a Node, name: &str, findings: &mut Findings) -> Option<&'a str> {
    let text = node.as_text();
    if text.is_none() {
        let help = match node.value {
            NodeValue::Bool(_) | NodeValue::Number(_) => "put it in quotes",
            NodeValue::Null | NodeValue::Text(_) | NodeValue::List(_) | NodeValue::Map(_) => "",
        };
        wrong_type(node, name, "text", help, findings);
    }
    text
}

/// The truth of `node`; an error where it is something else.
pub(crate) fn truth(node: &Node, name: &str, findings: &mut Findings) -> Option<bool> {
    if let NodeValue::Bool(value) = node.value {
        return Some(value);
    }
    let help = match node.as_text().map(str::to_ascii_lowercase).as_deref() {
        Some("yes" | "on" | "y" | "true") => "write `true` without quotes",
        Some("no" | "off" | "n" | "false") => "write `false` without quotes",
        _ => "",
    };
    wrong_type(node, name, "true or false", help, findings);
    None
}

/// The items of `node`; an error and none where it is not a list.
pub(crate) fn items<'a>(node: &'a Node, name: &str, findings: &mut Findings) -> &'a [Node] {
    if !matches!(node.value, NodeValue::List(_)) {
        wrong_type(node, name, "a list", "", findings);
    }
    node.items()
}

/// Reports that `node`, called `name`, is not what it must be.
pub(crate) fn wrong_type(
    node: &Node,
    name: &str,
    wanted: &str,
    help: &str,
    findings: &mut Findings,
) {
    let message = format!("{} must be {wanted}, not {}", tick(name), node.kind());
    findings.error("wrong-type", node.span, message, help);
}

/// What readers asked for, so that a test can hold the published schema against it.
#[cfg(test)]
pub(crate) mod heard {
    use std::{
        cell::RefCell,
        collections::{BTreeMap, BTreeSet},
    };

    use super::Node;

    /// Names by the place of their mapping.
    type Keys = BTreeMap<usize, BTreeSet<&'static str>>;
    /// The words of a key, by the place of its mapping and its name.
    type Words = BTreeMap<(usize, &'static str), BTreeSet<String>>;

    thread_local! {
        static KEYS: RefCell<Keys> = RefCell::default();
        static WORDS: RefCell<Words> = RefCell::default();
    }

    pub(super) fn keys(node: &Node, known: &[&'static str], refused: &[&'static str]) {
        let offered = known.iter().filter(|key| !refused.contains(key)).copied();
        KEYS.with_borrow_mut(|all| all.entry(node.span.start).or_default().extend(offered));
    }

    pub(super) fn words<'a>(node: &Node, key: &'static str, words: impl Iterator<Item = &'a str>) {
        let place = (node.span.start, key);
        WORDS.with_borrow_mut(|all| {
            all.entry(place)
                .or_default()
                .extend(words.map(str::to_owned));
        });
    }

    /// Takes what was asked for since the last time: the keys of each mapping, by where it
    /// begins, and the words of each key.
    pub(crate) fn take() -> (Keys, Words) {
        (KEYS.take(), WORDS.take())
    }
}
