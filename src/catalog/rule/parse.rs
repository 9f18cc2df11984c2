//! From the text of an expression to its tree, by either of the engine's two parsers.

use cel::{common::ast::IdedExpr, parser::PrattParser};

use super::{
    RuleProblem, Scope, bindings,
    lint::{self, Found},
};
use crate::base::text;

/// The checked tree by the parser that takes a twentieth of the time and needs no tables, but does not
/// tell where anything stands. `None` where something is wrong or it cannot be relied on: then
/// [`saying_why`] decides.
pub(super) fn quickly(source: &str, known: &Scope<'_>) -> Option<(IdedExpr, Found)> {
    let mut tree = quick_tree(source)?;
    let found = lint::lint(&mut tree, None, known).ok()?;
    Some((tree, found))
}

/// The tree, where both parsers take `source` for the same one: that is tested, the engine does not
/// promise it.
pub(super) fn quick_tree(source: &str) -> Option<IdedExpr> {
    let source = source.trim_end();
    if is_read_otherwise(source) {
        return None;
    }
    let parser = PrattParser::new().enable_optional_syntax(true);
    parser.parse(source).ok()
}

/// Whether there may be something in `source` that the quick parser reads in its own way: a text in
/// quotes over several lines, and `!` and `-` side by side, both of which the grammar of CEL rules out.
fn is_read_otherwise(source: &str) -> bool {
    let mut before = ' ';
    source.chars().any(|char| {
        let pair = (before, char);
        if !char.is_whitespace() {
            before = char;
        }
        matches!(pair, ('!', '-') | ('-', '!') | (_, '\n' | '\r'))
    })
}

/// The same by the engine's own parser.
///
/// # Errors
/// The first problem and where it is.
pub(super) fn saying_why(
    source: &str,
    known: &Scope<'_>,
) -> Result<(IdedExpr, Found), RuleProblem> {
    let Some(env) = bindings::ENV.as_ref() else {
        return Err(RuleProblem::new(0, "the engine could not be set up", ""));
    };
    let program = env.compile(source).map_err(|errors| {
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
    })?;
    let mut tree = program.expression().clone();
    let found = lint::lint(&mut tree, Some(program.source_info()), known)?;
    Ok((tree, found))
}

/// The offset in bytes of a line and a column, both counted from 1, the column in characters.
fn offset_of(source: &str, line: isize, column: isize) -> usize {
    let line = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    let column = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let before: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    before + byte_offset(source.get(before..).unwrap_or_default(), column)
}

/// The offset in bytes of the character of number `chars`.
fn byte_offset(source: &str, chars: usize) -> usize {
    source
        .char_indices()
        .nth(chars)
        .map_or(source.len(), |(at, _)| at)
}
