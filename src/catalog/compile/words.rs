//! Names and descriptions: what a client accepts, and nothing that hides from a reader.

use super::super::{
    built_in,
    definition::{Definition, Spanned},
    diagnostic::{Findings, Span, tick},
    source::{Node, NodeValue},
};
use crate::base::{limits::DESCRIPTION_CHARS_ADVISED, text::is_hidden};

/// Checks the words of a definition that a model or a person reads.
pub(super) fn check(definition: &Definition<'_>, findings: &mut Findings) {
    if let Some(name) = definition.name {
        check_name(name, findings);
    }
    if let Some(title) = definition
        .title
        .filter(|title| title.text.trim().is_empty())
    {
        let message = "`title` is empty".to_owned();
        findings.error("empty", title.span, message, "leave it out");
    }
    if let Some(description) = definition.description {
        check_description(description, findings);
    }
    check_hidden(definition.node, findings);
}

/// Refuses the name of a tool that the gate has itself.
pub(super) fn not_built_in(node: &Node, findings: &mut Findings) {
    let name = node.get("name");
    if let Some(name) = name.filter(|name| name.as_text() == Some(built_in::OPERATION_GET)) {
        let message = format!(
            "{} is a tool of the gate itself",
            tick(built_in::OPERATION_GET)
        );
        findings.error("name", name.span, message, "choose another name");
    }
}

/// Whether `name` is one that MCP allows (SEP-986): 1 to 128 of letters, digits, `_`, `-`
/// and `.`.
pub(crate) fn is_tool_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn check_name(name: Spanned<'_>, findings: &mut Findings) {
    if !is_tool_name(name.text) {
        let message = format!("{} is not a tool name", tick(name.text));
        let help = "use 1 to 128 letters, digits, `_`, `-` and `.`";
        findings.error("name", name.span, message, help);
    } else if name.text.len() > 64 || name.text.contains('.') {
        let message = "this name is wider than model APIs accept".to_owned();
        let help = "use at most 64 letters, digits, `_` and `-`";
        findings.warn("client-limits", name.span, message, help);
    }
}

fn check_description(description: Spanned<'_>, findings: &mut Findings) {
    if description.text.trim().is_empty() {
        let message = "`description` is empty".to_owned();
        let help = "say what the tool does and when to use it; the model sees nothing else";
        findings.error("empty", description.span, message, help);
    }
    let chars = description.text.chars().count();
    if chars > DESCRIPTION_CHARS_ADVISED {
        let message = format!("the description has {chars} characters");
        let help =
            format!("stay below {DESCRIPTION_CHARS_ADVISED}; every conversation pays for it");
        findings.warn("long-description", description.span, message, &help);
    }
}

/// Refuses characters that change what a reader sees, anywhere in the definition: a reviewer
/// must see what the model sees.
fn check_hidden(node: &Node, findings: &mut Findings) {
    match &node.value {
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) => {}
        NodeValue::Text(text) => check_hidden_text(text, node.span, findings),
        NodeValue::List(items) => items.iter().for_each(|item| check_hidden(item, findings)),
        NodeValue::Map(entries) => {
            for entry in entries {
                check_hidden_text(&entry.key, entry.key_span, findings);
                check_hidden(&entry.value, findings);
            }
        }
    }
}

fn check_hidden_text(text: &str, span: Span, findings: &mut Findings) {
    // Nothing that ASCII shows hides.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return;
    }
    let hides =
        |char: &char| is_hidden(*char) || (char.is_control() && !matches!(char, '\n' | '\t'));
    if let Some(char) = text.chars().find(hides) {
        let span = findings.narrow(span, char.encode_utf8(&mut [0; 4]));
        let message = format!("hidden character U+{:04X}", u32::from(char));
        let help = "take it out; definitions hold nothing that a reviewer cannot see";
        findings.error("hidden-character", span, message, help);
    }
}
