//! `rules` and `allow`: compiled against the input schema, each problem told at its place.

use serde_json::Value;

use crate::catalog::{
    definition::{RuleDefinition, Spanned},
    diagnostic::Findings,
    rule::{Expression, Rule, Scope},
};

/// Compiles the rules of a tool whose input schema is `schema`.
pub(super) fn rules(
    definitions: &[RuleDefinition<'_>],
    schema: &Value,
    findings: &mut Findings,
) -> Vec<Rule> {
    let scope = Scope::new(schema);
    let compiled = definitions.iter().filter_map(|rule| {
        if !super::is_code(rule.code.text) {
            let message = "the code of a rule must be written like `REASON_REQUIRED`".to_owned();
            let help = "use capital letters, digits and `_`";
            findings.error("rule-code", rule.code.span, message, help);
        }
        Some(Rule {
            require: expression(rule.require, &scope, findings)?,
            code: rule.code.text.to_owned(),
            message: rule.message.text.to_owned(),
            suggest: rule.suggest.iter().map(|text| (*text).to_owned()).collect(),
        })
    });
    compiled.collect()
}

/// Compiles the conditions of `allow`.
pub(super) fn allow(
    conditions: &[Spanned<'_>],
    schema: &Value,
    findings: &mut Findings,
) -> Vec<Expression> {
    let scope = Scope::new(schema);
    conditions
        .iter()
        .filter_map(|one| expression(*one, &scope, findings))
        .collect()
}

fn expression(source: Spanned<'_>, scope: &Scope, findings: &mut Findings) -> Option<Expression> {
    match Expression::compile(source.text, scope) {
        Ok(expression) => Some(expression),
        Err(problem) => {
            let rest = source.text.get(problem.offset..).unwrap_or_default();
            let word: String = rest
                .chars()
                .take_while(|char| !char.is_whitespace())
                .collect();
            let span = findings.narrow(
                source.span,
                if word.is_empty() { source.text } else { &word },
            );
            findings.error("rule", span, problem.message, &problem.help);
            None
        }
    }
}
