//! Texts that steer a model instead of describing a tool, and texts that give a secret away.

use std::collections::BTreeSet;

use super::super::{
    diagnostic::{Findings, tick},
    source::{Entry, Node, NodeValue},
};

/// Orders to a model, in small letters with single spaces.
const ORDERS: &[&str] = &[
    "ignore previous",
    "ignore all previous",
    "ignore any previous",
    "ignore prior",
    "ignore the above",
    "disregard previous",
    "disregard all",
    "disregard the above",
    "do not tell",
    "don't tell",
    "do not mention",
    "don't mention",
    "do not inform",
    "do not reveal",
    "do not ask the user",
    "without telling",
    "without informing",
    "hidden from the user",
    "system prompt",
    "<important>",
    "<system>",
    "<instructions>",
    "you must always",
    "you must call",
    "you must use",
    "always call this",
    "always use this",
    "call this tool first",
    "use this tool first",
    "before any other tool",
    "before using any other",
    "instead of any other tool",
];

/// Parts of paths that lead to credentials or to the settings of clients.
const FILES: &[&str] = &[
    ".ssh",
    ".aws",
    ".env",
    ".gnupg",
    ".kube",
    ".netrc",
    ".git-credentials",
    ".bash_history",
    ".zsh_history",
    ".mcp.json",
    "mcp.json",
    "claude_desktop_config.json",
    "id_rsa",
    "id_ed25519",
];

/// How keys of well-known services begin.
const KEY_PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk-",
    "AKIA",
    "ASIA",
    "AIza",
    "npm_",
    "pypi-",
    "hf_",
    "eyJhbGciOi",
];
/// Such a key has at least this many characters.
const KEY_CHARS_MIN: usize = 20;

/// Names of options and variables whose value is a secret.
const SECRET_NAMES: &[&str] = &["password", "passwd", "secret", "token", "apikey"];

/// Looks at a text that a model reads; `own` is the name of its tool, `names` are all of them.
pub(super) fn check(node: &Node, own: &str, names: &BTreeSet<String>, findings: &mut Findings) {
    let Some(text) = node.as_text() else { return };
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let flat = words.join(" ");
    if let Some(order) = ORDERS.iter().find(|order| flat.contains(**order)) {
        let message = format!("{} is an order to the model", tick(order));
        let span = findings.narrow(node.span, order);
        let help = "say what the tool does, what it needs and what it gives";
        findings.advise("addresses-model", span, message, help);
    }
    for word in names_in(text) {
        let odd = word.contains(['_', '-', '.']) || text.contains(&format!("`{word}`"));
        if word != own && odd && names.contains(word) {
            let message = format!("this speaks of the tool {}", tick(word));
            let span = findings.narrow(node.span, word);
            findings.advise("mentions-tool", span, message, "describe this tool only");
        }
        if let Some(file) = word.split('/').find(|part| FILES.contains(part)) {
            let message = format!("this speaks of {}, where credentials are kept", tick(file));
            let span = findings.narrow(node.span, file);
            let help = "take it out, unless the tool is about that file";
            findings.advise("mentions-file", span, message, help);
        }
    }
}

/// The words of `text` that could be names or paths.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let apart = |char: char| !char.is_alphanumeric() && !"_-./~".contains(char);
    let words = text.split(apart).map(|word| word.trim_end_matches('.'));
    words.filter(|word| !word.is_empty())
}

/// Looks at every `title` and `description` in a schema.
pub(super) fn in_schema(
    schema: &Node,
    own: &str,
    names: &BTreeSet<String>,
    findings: &mut Findings,
) {
    for Entry { key, value, .. } in schema.entries() {
        if matches!(key.as_str(), "title" | "description") {
            check(value, own, names, findings);
        }
        in_schema(value, own, names, findings);
    }
    for item in schema.items() {
        in_schema(item, own, names, findings);
    }
}

/// Looks for keys and passwords in what runs.
pub(super) fn secrets(node: &Node, findings: &mut Findings) {
    match &node.value {
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) => {}
        NodeValue::Text(text) => {
            let option = text
                .strip_prefix("--")
                .and_then(|rest| rest.split_once('='));
            let named =
                option.is_some_and(|(name, value)| is_secret_name(name) && is_literal(value));
            if named || has_key(text) {
                tell(node, findings);
            }
        }
        NodeValue::List(items) => items.iter().for_each(|item| secrets(item, findings)),
        NodeValue::Map(entries) => {
            for entry in entries {
                match entry.value.as_text() {
                    Some(text) if is_secret_name(&entry.key) && is_literal(text) => {
                        tell(&entry.value, findings);
                    }
                    Some(_) | None => secrets(&entry.value, findings),
                }
            }
        }
    }
}

/// The value itself is not repeated.
fn tell(node: &Node, findings: &mut Findings) {
    let message = "this looks like a key or a password".to_owned();
    let help = "let the program read it from a file of its own, and take this one out of use";
    findings.advise("literal-secret", node.span, message, help);
}

fn is_secret_name(name: &str) -> bool {
    let letters: String = name
        .chars()
        .filter(|char| char.is_alphanumeric())
        .map(|char| char.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.iter().any(|known| letters.ends_with(known))
}

/// Neither a template nor the path of a file that holds the value.
fn is_literal(value: &str) -> bool {
    !value.is_empty() && !value.contains(['{', '/'])
}

fn has_key(text: &str) -> bool {
    let apart = |char: char| !char.is_ascii_alphanumeric() && !"_-".contains(char);
    text.contains("-----BEGIN ")
        || text.split(apart).any(|word| {
            word.len() >= KEY_CHARS_MIN
                && KEY_PREFIXES.iter().any(|prefix| word.starts_with(prefix))
        })
}
