//! What real clients and model APIs make of a schema, beyond what MCP says.

use super::super::{
    diagnostic::{Findings, tick},
    source::{Node, NodeValue},
};

/// Whether the schema called `name` is a mapping with `type: object`; an error where not,
/// since clients drop the whole list of tools then.
pub(super) fn root_is_object(schema: &Node, name: &str, findings: &mut Findings) -> bool {
    let kind = schema.get("type");
    if kind.and_then(Node::as_text) == Some("object") {
        return true;
    }
    let span = kind.map_or(schema.span, |kind| kind.span);
    let message = format!("`{name}` must say `type: object`");
    let help = match name {
        "inputSchema" => {
            "for a tool without arguments: `{type: object, additionalProperties: false}`"
        }
        _ => "wrap the value: `{type: object, properties: {result: …}}`",
    };
    findings.error("schema-root", span, message, help);
    false
}

/// Warns of what MCP allows and model APIs refuse.
pub(super) fn client_limits(schema: &Node, findings: &mut Findings) {
    for keyword in ["oneOf", "anyOf", "allOf", "$ref"] {
        if let Some(entry) = schema.entry(keyword) {
            let message = format!("some model APIs refuse `{keyword}` at the root of a schema");
            let help = "list all properties at the root";
            findings.warn("client-limits", entry.key_span, message, help);
        }
    }
    for entry in schema
        .get("properties")
        .map(Node::entries)
        .unwrap_or_default()
    {
        if matches!(entry.value.value, NodeValue::Bool(_)) {
            let message = format!(
                "some clients refuse the schema {}",
                match entry.value.value {
                    NodeValue::Bool(true) => "`true`",
                    _ => "`false`",
                }
            );
            let help = "write `{}`, or leave the property out";
            findings.warn("client-limits", entry.value.span, message, help);
        }
        if !is_api_property(&entry.key) {
            let message = format!("model APIs refuse the property name {}", tick(&entry.key));
            let help = "use at most 64 letters, digits, `_`, `-` and `.`";
            findings.warn("client-limits", entry.key_span, message, help);
        }
    }
}

/// Whether model APIs take a property of this name.
pub(crate) fn is_api_property(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}
