//! Members that are absent and have a default.

use serde_json::Value;

use crate::{
    base::{json::At, redact::HIDDEN},
    catalog::schema::{Facts, InputSchema, Node},
    guard::call::{Change, ChangeKind},
};

/// Fills the schema's defaults into `arguments`, also inside of the arrays and objects that are
/// given; each is one change.
pub(super) fn fill(schema: &InputSchema, arguments: &mut Value) -> Vec<Change> {
    let facts = schema.facts();
    let mut changes = Vec::new();
    fill_in(facts, facts.root(), arguments, At::Top, &mut changes);
    changes
}

fn fill_in(
    facts: &Facts,
    node: Option<&Node>,
    value: &mut Value,
    at: At<'_>,
    changes: &mut Vec<Change>,
) {
    let Some(node) = node else {
        return;
    };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let (node, at) = (facts.item(Some(node), index), At::Item(&at, index));
                fill_in(facts, node, item, at, changes);
            }
        }
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let (node, at) = (facts.member(Some(node), name), At::Member(&at, name));
                fill_in(facts, node, member, at, changes);
            }
            for (name, default) in &node.defaults {
                if members.contains_key(name) {
                    continue;
                }
                members.insert(name.clone(), default.clone());
                let secret = facts
                    .member(Some(node), name)
                    .is_some_and(|node| node.secret);
                changes.push(Change {
                    at: At::Member(&at, name).pointer(),
                    kind: ChangeKind::Default,
                    from: None,
                    to: Some(if secret {
                        HIDDEN.into()
                    } else {
                        default.clone()
                    }),
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
