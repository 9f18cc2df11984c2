//! Conditions: compiled against the input schema, with each problem told inside the text.

use serde_json::Value;

use super::{is_code, placeholder::Placeholders};
use crate::{
    base::problem::Code,
    catalog::{
        definition::{Definition, RuleDefinition, Spanned},
        diagnostic::{Findings, Span, tick},
        rule::{Expression, Rule, Scope},
        source::Node,
        template::JsonTemplate,
    },
};

/// Compiles `rules` of a tool whose arguments fit `input_schema`.
pub(super) fn rules(
    definition: &Definition<'_>,
    input_schema: &Value,
    findings: &mut Findings,
) -> Vec<Rule> {
    let scope = Scope::new(input_schema);
    let placeholders = Placeholders::new(definition.input_schema);
    let rules = definition.rules.iter();
    rules
        .filter_map(|written| rule(written, &scope, &placeholders, findings))
        .collect()
}

/// Compiles `allow` of a tool whose arguments fit `input_schema`.
pub(super) fn allow(
    definition: &Definition<'_>,
    input_schema: &Value,
    findings: &mut Findings,
) -> Vec<Expression> {
    let scope = Scope::new(input_schema);
    let allow = definition.allow.iter();
    allow
        .filter_map(|written| expression(*written, &scope, findings))
        .collect()
}

/// Compiles one condition with its words.
pub(super) fn rule(
    written: &RuleDefinition<'_>,
    scope: &Scope<'_>,
    placeholders: &Placeholders<'_>,
    findings: &mut Findings,
) -> Option<Rule> {
    check_code(written.code, findings);
    if written.message.text.trim().is_empty() {
        let help = "the model reads it to find a call that is accepted";
        let message = "`message` is empty".to_owned();
        findings.error("rule", written.message.span, message, help);
    }
    let texts = written.suggest.iter().map(|text| text.text.to_owned());
    Some(Rule {
        require: expression(written.require, scope, findings)?,
        code: written.code.text.to_owned(),
        message: written.message.text.to_owned(),
        suggest: texts.collect(),
        correct: match written.correct {
            Some(node) => Some(correction(node, placeholders, findings)?),
            None => None,
        },
    })
}

/// What the arguments would have to be instead: an object whose strings are templates.
fn correction(
    node: &Node,
    placeholders: &Placeholders<'_>,
    findings: &mut Findings,
) -> Option<JsonTemplate> {
    match placeholders.json(node, findings)? {
        object @ JsonTemplate::Object(_) => Some(object),
        JsonTemplate::Literal(_)
        | JsonTemplate::Slot(_)
        | JsonTemplate::Text(_)
        | JsonTemplate::Array(_) => {
            let message = "`correct` must be a mapping of arguments".to_owned();
            let help = "name what changes, as `correct: {start: \"{end}\", end: \"{start}\"}`";
            findings.error("rule", node.span, message, help);
            None
        }
    }
}

/// A rule's code is the operator's own word; one of ours would make `expect` ambiguous.
fn check_code(code: Spanned<'_>, findings: &mut Findings) {
    let wrong = if !is_code(code.text) {
        "is not a code"
    } else if Code::ALL.iter().any(|ours| ours.as_str() == code.text) {
        "is a code of Tollgate's own"
    } else {
        return;
    };
    let message = format!("{} {wrong}", tick(code.text));
    let help = "name the violation in capitals, as `INVALID_DATE_RANGE`";
    findings.error("rule", code.span, message, help);
}

/// Compiles one expression.
pub(super) fn expression(
    written: Spanned<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Expression> {
    match Expression::compile(written.text, scope) {
        Ok(expression) => Some(expression),
        Err(problem) => {
            let start = place(findings, written, problem.offset);
            let span = Span {
                start,
                end: written.span.end.max(start),
            };
            findings.error("rule", span, problem.message, &problem.help);
            None
        }
    }
}

/// Where in the file the byte `offset` of the text stands. The text is followed through the
/// file past quotes, escapes, line breaks and indentation, none of which are in it; where the
/// two do not run together (escapes of letters), it is the last place where they did.
fn place(findings: &Findings, written: Spanned<'_>, offset: usize) -> usize {
    let span = written.span;
    let file = &findings.source().text;
    let raw = file.get(span.start..span.end).unwrap_or_default();
    let opening = match raw.chars().next() {
        Some('"' | '\'') => 1,
        // The header of a block: what it holds begins on the next line.
        Some('|' | '>') => raw.find('\n').map_or(0, |at| at + 1),
        Some(_) | None => 0,
    };
    let read = written.text.get(..offset).unwrap_or(written.text);
    let mut at = opening;
    for char in read.chars().filter(|char| !char.is_whitespace()) {
        let rest = raw.get(at..).unwrap_or_default();
        let Some(found) = rest.find(char) else {
            return span.start + at;
        };
        at += found + char.len_utf8();
    }
    let rest = raw.get(at..).unwrap_or_default();
    let next = written.text.get(offset..).and_then(|text| {
        let next = text.chars().find(|char| !char.is_whitespace())?;
        rest.find(next)
    });
    span.start + at + next.unwrap_or(0)
}
