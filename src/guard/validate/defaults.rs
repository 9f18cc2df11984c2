//! Members that are absent and have a default.

use serde_json::Value;

use crate::{
    base::{json::push_pointer, redact::HIDDEN},
    catalog::schema::{Facts, InputSchema, Node},
    guard::call::{Change, ChangeKind},
};

/// Fills the schema's defaults into `arguments`, also inside of the arrays and objects that are
/// given; each is one change.
pub(super) fn fill(schema: &InputSchema, arguments: &mut Value) -> Vec<Change> {
    let facts = schema.facts();
    let mut changes = Vec::new();
    fill_in(
        facts,
        facts.root(),
        arguments,
        &mut String::new(),
        &mut changes,
    );
    changes
}

fn fill_in(
    facts: &Facts,
    node: Option<&Node>,
    value: &mut Value,
    pointer: &mut String,
    changes: &mut Vec<Change>,
) {
    let Some(node) = node else {
        return;
    };
    let above = pointer.len();
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                push_pointer(pointer, &index.to_string());
                fill_in(facts, facts.item(Some(node), index), item, pointer, changes);
                pointer.truncate(above);
            }
        }
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                push_pointer(pointer, name);
                fill_in(
                    facts,
                    facts.member(Some(node), name),
                    member,
                    pointer,
                    changes,
                );
                pointer.truncate(above);
            }
            for (name, default) in &node.defaults {
                if members.contains_key(name) {
                    continue;
                }
                members.insert(name.clone(), default.clone());
                push_pointer(pointer, name);
                let secret = facts
                    .member(Some(node), name)
                    .is_some_and(|node| node.secret);
                changes.push(Change {
                    at: pointer.clone(),
                    kind: ChangeKind::Default,
                    from: None,
                    to: Some(if secret {
                        HIDDEN.into()
                    } else {
                        default.clone()
                    }),
                });
                pointer.truncate(above);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
