//! `idempotency`: how two calls are known to be one operation.

use super::{
    super::{
        diagnostic::{Findings, tick},
        fields::{Fields, items, text, wrong_type},
        source::{Node, NodeValue},
        tool::Idempotency,
    },
    units,
};
use crate::base::limits::{KEY_WINDOW_DEFAULT, KEY_WINDOW_MAX};

const HELP: &str = "write `{key: /order_id}`, `{fields: [/a, /b]}`, `{window: 15m}` or `off`";

/// Takes `idempotency` out of a definition.
pub(super) fn read(definition: &mut Fields<'_>, findings: &mut Findings) -> Idempotency {
    let schema = definition.peek("inputSchema");
    let Some(node) = definition.take("idempotency") else {
        return Idempotency::Window(KEY_WINDOW_DEFAULT);
    };
    read_node(node, schema, findings).unwrap_or(Idempotency::Off)
}

fn read_node(node: &Node, schema: Option<&Node>, findings: &mut Findings) -> Option<Idempotency> {
    if node.as_text() == Some("off") {
        return Some(Idempotency::Off);
    }
    if !matches!(node.value, NodeValue::Map(_)) {
        wrong_type(node, "idempotency", "`off` or a mapping", HELP, findings);
        return None;
    }
    let mut fields = Fields::open(node, "`idempotency`", findings)?;
    let key = fields.take("key");
    let several = fields.take("fields");
    let window = fields.take("window");
    fields.close(findings);
    match (key, several, window) {
        (Some(key), None, None) => {
            pointer(key, "key", schema, findings).map(|one| Idempotency::Fields(vec![one]))
        }
        (None, Some(list), None) => {
            let pointers: Option<Vec<String>> = items(list, "fields", findings)
                .iter()
                .map(|item| pointer(item, "fields", schema, findings))
                .collect();
            pointers
                .filter(|all| !all.is_empty())
                .map(Idempotency::Fields)
        }
        (None, None, Some(window)) => {
            units::duration(window, "window", KEY_WINDOW_MAX, findings).map(Idempotency::Window)
        }
        _ => {
            let message = "`idempotency` has exactly one of `key`, `fields` and `window`";
            findings.error("idempotency", node.span, message.to_owned(), HELP);
            None
        }
    }
}

/// A JSON pointer to an argument that the input schema names.
fn pointer(
    node: &Node,
    name: &str,
    schema: Option<&Node>,
    findings: &mut Findings,
) -> Option<String> {
    let pointer = text(node, name, findings)?;
    let mut at = schema;
    for step in pointer.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        at = at
            .and_then(|schema| schema.get("properties"))
            .and_then(|properties| properties.get(&name));
    }
    if pointer.starts_with('/') && at.is_some() {
        return Some(pointer.to_owned());
    }
    let message = format!("{} is no argument of `inputSchema`", tick(pointer));
    let help = "write a JSON pointer to a property that the schema names, as `/order_id`";
    findings.error("idempotency", node.span, message, help);
    None
}
