//! From the text of an expression to its tree, by the quick one of the engine's two parsers.
//!
//! The other one needs a millisecond for its tables and twenty times as long for each text, and a quarter of
//! all that the loader of programs has to relocate at our start. That both take a text for the same tree is
//! tested; where they were found not to, [`tokens`](super::tokens) refuses the text, as the grammar of CEL
//! does.

use std::sync::Arc;

use cel::{
    common::ast::{IdedExpr, SourceInfo},
    parser::{ParseErrors, PrattParser},
};

use super::{
    RuleProblem, Scope,
    lint::{self, Found},
};
use crate::base::text;

/// The checked tree of `source`.
///
/// # Errors
/// The first problem and where it is.
pub(super) fn parse(source: &str, known: &Scope<'_>) -> Result<(IdedExpr, Found), RuleProblem> {
    let check = |places: Option<&SourceInfo>| {
        let mut tree = read(source).map_err(|errors| unreadable(source, &errors))?;
        let found = lint::lint(&mut tree, places, known)?;
        Ok((tree, found))
    };
    check(None).or_else(|_| check(places(source).as_deref()))
}

pub(super) fn read(source: &str) -> Result<IdedExpr, ParseErrors> {
    let parser = PrattParser::new().enable_optional_syntax(true);
    parser.parse(source)
}

/// Where each part of `source` stands. The parser only tells that of a text that it cannot read: so one
/// bracket too many is put behind it, and what comes before has the numbers that it has without.
fn places(source: &str) -> Option<Arc<SourceInfo>> {
    let errors = read(&format!("{source}\n)")).err()?.errors;
    errors.into_iter().find_map(|error| error.source_info)
}

fn unreadable(source: &str, errors: &ParseErrors) -> RuleProblem {
    let first = errors.errors.iter().map(|error| error.pos).min();
    let offset = first.map_or(0, |(line, column)| offset_of(source, line, column));
    let rest = source.get(offset..).unwrap_or_default();
    let shown = rest.split_whitespace().next().unwrap_or_default();
    let message = if shown.is_empty() {
        "the expression ends too early".to_owned()
    } else {
        format!("the expression cannot be read at {}", text::quote(shown))
    };
    RuleProblem::new(offset, message, "look for a missing bracket or operator")
}

/// The offset in bytes of a line and a column, both counted from 1, the column in bytes.
fn offset_of(source: &str, line: isize, column: isize) -> usize {
    let line = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    let column = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let before: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    text::clip(source, before + column).len()
}
