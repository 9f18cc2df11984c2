//! The part of a definition that holds conditions: `rules` and `allow`.

use super::{Spanned, spanned};
use crate::{
    base::limits::RULES_MAX,
    catalog::{
        diagnostic::Findings,
        fields::{Fields, items},
        source::Node,
    },
};

/// One entry of `rules`, see [`crate::catalog::rule::Rule`].
#[derive(Debug)]
pub(crate) struct RuleDefinition<'a> {
    /// The expression.
    pub(crate) require: Spanned<'a>,
    pub(crate) code: Spanned<'a>,
    pub(crate) message: Spanned<'a>,
    pub(crate) suggest: Vec<Spanned<'a>>,
    pub(crate) correct: Option<&'a Node>,
}

/// Reads `rules`; an entry with an error is left out.
pub(super) fn rules<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Vec<RuleDefinition<'a>> {
    let nodes = entries(fields, "rules", findings);
    nodes
        .iter()
        .filter_map(|node| rule(node, findings))
        .collect()
}

/// Reads `allow`; an entry with an error is left out.
pub(super) fn allow<'a>(fields: &mut Fields<'a>, findings: &mut Findings) -> Vec<Spanned<'a>> {
    let nodes = entries(fields, "allow", findings);
    nodes
        .iter()
        .filter_map(|node| spanned(node, "allow", findings))
        .collect()
}

pub(super) fn entries<'a>(
    fields: &mut Fields<'a>,
    key: &'static str,
    findings: &mut Findings,
) -> &'a [Node] {
    let Some(node) = fields.take(key) else {
        return &[];
    };
    let nodes = items(node, key, findings);
    if nodes.len() > RULES_MAX {
        let message = format!("`{key}` has more than {RULES_MAX} entries");
        findings.error("too-large", node.span, message, "join some with `&&`");
        return &[];
    }
    nodes
}

fn rule<'a>(node: &'a Node, findings: &mut Findings) -> Option<RuleDefinition<'a>> {
    let mut fields = Fields::open(node, "a rule", findings)?;
    let rule = words(&mut fields, findings);
    fields.close(findings);
    rule
}

/// The keys that a rule and a check have in common.
pub(super) fn words<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Option<RuleDefinition<'a>> {
    let mut text = |key: &'static str, findings: &mut Findings| {
        let node = fields.require(key, findings)?;
        spanned(node, key, findings)
    };
    let require = text("require", findings);
    let code = text("code", findings);
    let message = text("message", findings);
    let suggest = match fields.take("suggest") {
        Some(node) => items(node, "suggest", findings)
            .iter()
            .filter_map(|node| spanned(node, "suggest", findings))
            .collect(),
        None => Vec::new(),
    };
    let correct = fields.take("correct");
    Some(RuleDefinition {
        require: require?,
        code: code?,
        message: message?,
        suggest,
        correct,
    })
}
