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
    let first = errors.errors.first();
    let place = first.and_then(|error| Some((error.source_info.as_deref()?, error.expr_id)));
    let offset = place.map_or(0, |(info, id)| offset(info, id));
    let rest = source.get(offset..).unwrap_or_default();
    let shown = rest.split_whitespace().next().unwrap_or_default();
    let message = if shown.is_empty() {
        "the expression ends too early".to_owned()
    } else {
        format!("the expression cannot be read at {}", text::quote(shown))
    };
    RuleProblem::new(offset, message, "look for a missing bracket or operator")
}

/// Where the node of number `id` begins, in bytes.
pub(super) fn offset(places: &SourceInfo, id: u64) -> usize {
    let bytes = places.offset_for(id).map_or(0, |(start, _)| start);
    let bytes = usize::try_from(bytes).unwrap_or(0);
    text::clip(&places.source, bytes).len()
}
