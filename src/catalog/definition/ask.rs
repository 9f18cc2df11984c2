//! The part of a definition about people: `requires`, `ask` and `confirm`.

use super::{Spanned, spanned};
use crate::{
    base::{
        capability::Capability,
        limits::{ASK_QUESTIONS_MAX, ASK_ROUNDS_MAX},
        text::list,
    },
    catalog::{
        diagnostic::{Findings, did_you_mean, tick},
        fields::{Fields, items, text, wrong_type},
        source::{Entry, Node, NodeValue},
    },
};

/// One question of `ask`, see [`crate::catalog::ask::Question`].
#[derive(Debug)]
pub(crate) struct QuestionDefinition<'a> {
    /// Names the answer.
    pub(crate) key: Spanned<'a>,
    pub(crate) message: Spanned<'a>,
    pub(crate) schema: &'a Node,
}

/// Whether a person must agree to the call.
#[derive(Debug)]
pub(crate) enum ConfirmDefinition<'a> {
    /// Nothing is said about it.
    Undecided,
    /// `confirm: false`: nobody, and that is meant.
    Nobody,
    /// What they are asked.
    Message(Spanned<'a>),
}

/// Reads `requires`; a word that is no capability is left out.
pub(super) fn requires(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<Capability> {
    let Some(node) = fields.take("requires") else {
        return Vec::new();
    };
    let mut required = Vec::new();
    for node in items(node, "requires", findings) {
        let Some(given) = text(node, "requires", findings) else {
            continue;
        };
        let known = || Capability::ALL.iter().map(|one| one.as_str());
        match Capability::ALL.iter().find(|one| one.as_str() == given) {
            Some(one) if !required.contains(one) => required.push(*one),
            Some(_) => {}
            None => {
                let message = format!("{} is no capability of a client", tick(given));
                let help = did_you_mean(given, known())
                    .unwrap_or_else(|| format!("the capabilities are {}", list(known())));
                findings.error("wrong-word", node.span, message, &help);
            }
        }
    }
    required
}

/// Reads `ask`; a question with an error is left out.
pub(super) fn rounds<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Vec<Vec<QuestionDefinition<'a>>> {
    let Some(node) = fields.take("ask") else {
        return Vec::new();
    };
    let nodes = items(node, "ask", findings);
    if nodes.len() > ASK_ROUNDS_MAX {
        let message = format!("`ask` has more than {ASK_ROUNDS_MAX} rounds");
        let help = "a person who is asked that often answers without reading";
        findings.error("too-large", node.span, message, help);
        return Vec::new();
    }
    nodes.iter().map(|node| round(node, findings)).collect()
}

fn round<'a>(node: &'a Node, findings: &mut Findings) -> Vec<QuestionDefinition<'a>> {
    if !matches!(node.value, NodeValue::Map(_)) {
        wrong_type(
            node,
            "a round",
            "a mapping of keys to questions",
            "",
            findings,
        );
    }
    let entries = node.entries();
    if entries.len() > ASK_QUESTIONS_MAX {
        let message = format!("a round has at most {ASK_QUESTIONS_MAX} questions");
        findings.error("too-large", node.span, message, "make two rounds of it");
        return Vec::new();
    }
    entries
        .iter()
        .filter_map(|entry| question(entry, findings))
        .collect()
}

fn question<'a>(entry: &'a Entry, findings: &mut Findings) -> Option<QuestionDefinition<'a>> {
    let mut fields = Fields::open(&entry.value, "a question", findings)?;
    let message = fields
        .require("message", findings)
        .and_then(|node| spanned(node, "message", findings));
    let schema = fields.require("schema", findings);
    fields.close(findings);
    Some(QuestionDefinition {
        key: Spanned {
            text: &entry.key,
            span: entry.key_span,
        },
        message: message?,
        schema: schema?,
    })
}

/// Reads `confirm`.
pub(super) fn confirm<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> ConfirmDefinition<'a> {
    let Some(node) = fields.take("confirm") else {
        return ConfirmDefinition::Undecided;
    };
    let help = "write what the person is asked, or `false` if nobody is to be asked";
    match &node.value {
        NodeValue::Bool(false) => ConfirmDefinition::Nobody,
        NodeValue::Text(text) => ConfirmDefinition::Message(Spanned {
            text,
            span: node.span,
        }),
        NodeValue::Null
        | NodeValue::Bool(true)
        | NodeValue::Number(_)
        | NodeValue::List(_)
        | NodeValue::Map(_) => {
            wrong_type(node, "confirm", "text or `false`", help, findings);
            ConfirmDefinition::Undecided
        }
    }
}
