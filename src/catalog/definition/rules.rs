//! `rules` and `allow` as written: expressions with the operator's words, not compiled yet.

use super::{RuleDefinition, Spanned, spanned};
use crate::catalog::{
    diagnostic::Findings,
    fields::{Fields, items, text},
    source::Node,
};

pub(super) fn rules<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Vec<RuleDefinition<'a>> {
    let Some(node) = fields.take("rules") else {
        return Vec::new();
    };
    let rules = items(node, "rules", findings).iter();
    rules.filter_map(|node| rule(node, findings)).collect()
}

fn rule<'a>(node: &'a Node, findings: &mut Findings) -> Option<RuleDefinition<'a>> {
    let mut fields = Fields::open(node, "a rule", findings)?;
    let mut required = |key| {
        let node = fields.require(key, findings)?;
        spanned(node, key, findings)
    };
    let (require, code, message) = (required("require"), required("code"), required("message"));
    let suggest = match fields.take("suggest") {
        Some(node) => items(node, "suggest", findings)
            .iter()
            .filter_map(|one| text(one, "suggest", findings))
            .collect(),
        None => Vec::new(),
    };
    fields.close(findings);
    Some(RuleDefinition {
        require: require?,
        code: code?,
        message: message?,
        suggest,
    })
}

pub(super) fn allow<'a>(fields: &mut Fields<'a>, findings: &mut Findings) -> Vec<Spanned<'a>> {
    let Some(node) = fields.take("allow") else {
        return Vec::new();
    };
    let entries = items(node, "allow", findings).iter();
    entries
        .filter_map(|node| spanned(node, "allow", findings))
        .collect()
}
