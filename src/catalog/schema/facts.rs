//! What the guard must know of each place in the arguments beyond whether the value fits:
//! its kind, whether it is secret, and which defaults belong there.
//!
//! Followed are `properties`, `additionalProperties`, `prefixItems`, `items`, local `$ref` and
//! `allOf`. Not followed are `anyOf`, `oneOf`, `if`, `not`, `patternProperties`,
//! `dependentSchemas`, `contains`, `$dynamicRef` and `unevaluated…`: which of these applies is
//! known only when a value is there. A keyword of ours in such a place would have no effect and
//! is reported; a `default` there is an annotation for the reader and is not filled in.

mod gather;

use std::collections::HashMap;

use serde_json::Value;

use super::SchemaProblem;
use crate::base::{
    json::push_pointer,
    limits::{JSON_DEPTH_MAX, SCHEMA_NODES_MAX},
};

pub(super) use gather::gather;

/// The words for `x-kind`.
pub(super) const KINDS: &[&str] = &["text", "identifier", "path", "url", "secret"];

/// What a string is, and so what its normal form is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words; taken as they are.
    Text {
        /// Whether characters that hide or reorder text are refused too (`x-strict-text`).
        strict: bool,
    },
    /// A name for a machine.
    Identifier {
        /// Whether the schema says itself which characters it has (`pattern`, `enum`, …).
        shaped: bool,
    },
    /// A relative path.
    Path,
    /// An absolute URL.
    Url {
        /// Lower case; `x-schemes`, else `https` only.
        schemes: Vec<String>,
        /// Lower case, as `host` or `*.domain`; empty for every public host.
        hosts: Vec<String>,
    },
    /// Nothing is known of it and nothing of it is shown.
    Secret,
}

/// What is known of one place in the arguments.
#[derive(Debug)]
pub(crate) struct Node {
    /// What a string in this place is.
    pub(crate) kind: Kind,
    /// Whether the value must not be repeated to anyone.
    pub(crate) secret: bool,
    /// Members to be filled in where they are absent, complete in themselves.
    pub(crate) defaults: Vec<(String, Value)>,
    default: Option<Value>,
    members: HashMap<String, usize>,
    others: Option<usize>,
    first_items: Vec<usize>,
    items: Option<usize>,
}

/// What may be wrong with arguments in which secrets are looked for.
#[derive(Clone, Copy)]
enum Wrong {
    Nothing,
    Anything,
}

/// The facts of one schema.
#[derive(Debug)]
pub(crate) struct Facts {
    nodes: Vec<Node>,
    /// Whether any place is secret.
    pub(super) any_secret: bool,
}

impl Facts {
    /// The place of the arguments as a whole.
    pub(crate) fn root(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// The place of the member `name` below `node`; `None` where nothing is declared.
    pub(crate) fn member(&self, node: Option<&Node>, name: &str) -> Option<&Node> {
        let node = node?;
        let id = node.members.get(name).copied().or(node.others)?;
        self.nodes.get(id)
    }

    /// The place of the item number `index` below `node`; `None` where nothing is declared.
    pub(crate) fn item(&self, node: Option<&Node>, index: usize) -> Option<&Node> {
        let node = node?;
        let id = node.first_items.get(index).copied().or(node.items)?;
        self.nodes.get(id)
    }

    /// The JSON pointers of the secrets in `arguments`, which are as the schema says.
    pub(super) fn secrets(&self, arguments: &Value) -> Vec<String> {
        self.find_secrets(arguments, Wrong::Nothing)
    }

    /// The JSON pointers of what could be a secret in `arguments`, which may be wrong: a secret
    /// may have its name misspelt, or stand in a text where an object was wanted.
    pub(super) fn possible_secrets(&self, arguments: &Value) -> Vec<String> {
        self.find_secrets(arguments, Wrong::Anything)
    }

    fn find_secrets(&self, arguments: &Value, wrong: Wrong) -> Vec<String> {
        let mut found = Vec::new();
        if self.any_secret {
            let at = (self.root(), &mut String::new());
            self.find_secrets_at(arguments, at, wrong, &mut found);
        }
        found
    }

    fn find_secrets_at(
        &self,
        value: &Value,
        (node, pointer): (Option<&Node>, &mut String),
        wrong: Wrong,
        found: &mut Vec<String>,
    ) {
        let Some(node) = node else {
            return;
        };
        let above = pointer.len();
        let could_be = match wrong {
            Wrong::Nothing => false,
            Wrong::Anything => value.is_string() && self.is_container(node),
        };
        if node.secret || could_be {
            found.push(pointer.clone());
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    push_pointer(pointer, name);
                    match (self.member(Some(node), name), wrong) {
                        (None, Wrong::Anything) if !node.members.is_empty() => {
                            found.push(pointer.clone());
                        }
                        (below, _) => {
                            self.find_secrets_at(member, (below, pointer), wrong, found);
                        }
                    }
                    pointer.truncate(above);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    push_pointer(pointer, &index.to_string());
                    let below = self.item(Some(node), index);
                    self.find_secrets_at(item, (below, pointer), wrong, found);
                    pointer.truncate(above);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Whether an object or array with places of its own is wanted here.
    fn is_container(&self, node: &Node) -> bool {
        let item = self.item(Some(node), node.first_items.len());
        let of_items = item.is_some_and(|item| item.secret || !item.members.is_empty());
        of_items || !node.members.is_empty()
    }

    /// The place at `pointer` in `arguments`; `None` where nothing is declared.
    pub(crate) fn place(&self, arguments: &Value, pointer: &str) -> Option<&Node> {
        let mut value = Some(arguments);
        let mut node = self.root();
        for segment in pointer.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            if value.is_some_and(Value::is_array) {
                let index = name.parse().unwrap_or(usize::MAX);
                node = self.item(node, index);
                value = value.and_then(|value| value.get(index));
            } else {
                node = self.member(node, &name);
                value = value.and_then(|value| value.get(&name));
            }
        }
        node
    }

    /// The names declared for members of the value at `pointer`.
    pub(super) fn member_names(&self, arguments: &Value, pointer: &str) -> Vec<&str> {
        let node = self.place(arguments, pointer);
        let names = node.map(|node| node.members.keys().map(String::as_str));
        let mut names: Vec<&str> = names.into_iter().flatten().collect();
        names.sort_unstable();
        names
    }
}

/// Gives each node the defaults of its members, and completes each default with the defaults
/// below it, so that at run time a default is put in as it stands.
fn complete_defaults(mut facts: Facts) -> Result<Facts, SchemaProblem> {
    let mut all = Vec::with_capacity(facts.nodes.len());
    let mut budget = SCHEMA_NODES_MAX;
    for node in &facts.nodes {
        all.push(facts.defaults_of(node, 1, &mut budget)?);
    }
    for (node, defaults) in facts.nodes.iter_mut().zip(all) {
        node.defaults = defaults;
    }
    Ok(facts)
}

impl Facts {
    fn defaults_of(
        &self,
        node: &Node,
        depth: usize,
        budget: &mut usize,
    ) -> Result<Vec<(String, Value)>, SchemaProblem> {
        let mut found = Vec::new();
        for (name, &id) in &node.members {
            let Some(child) = self.nodes.get(id) else {
                continue;
            };
            if let Some(default) = &child.default {
                let mut value = default.clone();
                self.complete(&mut value, child, depth, budget)?;
                found.push((name.clone(), value));
            }
        }
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(found)
    }

    fn complete(
        &self,
        value: &mut Value,
        node: &Node,
        depth: usize,
        budget: &mut usize,
    ) -> Result<(), SchemaProblem> {
        *budget = budget.saturating_sub(1);
        if depth >= JSON_DEPTH_MAX || *budget == 0 {
            return Err(SchemaProblem::new(
                "",
                "the defaults inside each other have no end",
                "leave out the `default` of the part that refers to itself",
            ));
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    if let Some(below) = self.member(Some(node), name) {
                        self.complete(member, below, depth + 1, budget)?;
                    }
                }
                for (name, default) in self.defaults_of(node, depth + 1, budget)? {
                    members.entry(name).or_insert(default);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if let Some(below) = self.item(Some(node), index) {
                        self.complete(item, below, depth + 1, budget)?;
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        Ok(())
    }
}
