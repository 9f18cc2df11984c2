//! The part of a definition that holds a statement.

use super::{
    super::{
        diagnostic::Findings,
        fields::{Fields, wrong_type},
        plan::RowRange,
        source::{Entry, Node, NodeValue},
    },
    Spanned, take_spanned,
};
use crate::base::limits::sql::ROWS_MAX;

/// A statement, see [`super::super::plan::SqlPlan`].
#[derive(Debug)]
pub(crate) struct SqlDefinition<'a> {
    pub(crate) database: Spanned<'a>,
    pub(crate) text: Spanned<'a>,
    /// Whether it stands under `statement` and not under `query`.
    pub(crate) writes: bool,
    pub(crate) params: &'a [Entry],
    pub(crate) expect_rows: Option<RowRange>,
    pub(crate) marker: bool,
    pub(crate) rows_max: usize,
}

/// Reads the value of `sql`.
pub(super) fn read<'a>(node: &'a Node, findings: &mut Findings) -> Option<SqlDefinition<'a>> {
    let mut fields = Fields::open(node, "sql", findings)?;
    let database = fields
        .require("database", findings)
        .and_then(|node| super::spanned(node, "database", findings));
    let query = take_spanned(&mut fields, "query", findings);
    let statement = take_spanned(&mut fields, "statement", findings);
    let params = fields.take("params");
    if let Some(params) = params.filter(|params| !matches!(params.value, NodeValue::Map(_))) {
        wrong_type(params, "params", "a mapping", "", findings);
    }
    let expected = fields.take_entry("expect_rows");
    let marked = node.entry("marker");
    let marker = fields.flag("marker", findings);
    let rows_max = fields
        .take("max_rows")
        .and_then(|node| rows_max(node, findings));
    fields.close(findings);
    let (text, writes) = match (query, statement) {
        (Some(query), None) => (query, false),
        (None, Some(statement)) => (statement, true),
        (Some(_), Some(_)) | (None, None) => {
            let message = "`sql` must have exactly one of `query` and `statement`".to_owned();
            let help = "`query` reads, `statement` writes";
            findings.error("sql", node.span, message, help);
            return None;
        }
    };
    for entry in [expected, marked].into_iter().flatten() {
        if !writes {
            let message = format!("`{}` does not go with `query`", entry.key);
            let help = "write `statement` for what changes something";
            findings.error("sql", entry.key_span, message, help);
        }
    }
    Some(SqlDefinition {
        database: database?,
        text,
        writes,
        params: params.map(Node::entries).unwrap_or_default(),
        expect_rows: expected.and_then(|entry| range(&entry.value, findings)),
        marker,
        rows_max: rows_max.unwrap_or(ROWS_MAX),
    })
}

fn rows_max(node: &Node, findings: &mut Findings) -> Option<usize> {
    let rows = usize::try_from(rows(node, "max_rows", findings)?).ok();
    let fits = rows.filter(|rows| (1..=ROWS_MAX).contains(rows));
    if fits.is_none() {
        let message = format!("`max_rows` must be from 1 to {ROWS_MAX}");
        let help = "let the tool take a page as an argument";
        findings.error("amount", node.span, message, help);
    }
    fits
}

/// `3`, or `{min: 1, max: 5}`.
fn range(node: &Node, findings: &mut Findings) -> Option<RowRange> {
    if !matches!(node.value, NodeValue::Map(_)) {
        let exactly = rows(node, "expect_rows", findings)?;
        return Some(RowRange {
            min: exactly,
            max: Some(exactly),
        });
    }
    let mut fields = Fields::open(node, "expect_rows", findings)?;
    let mut bound = |key: &'static str, findings: &mut Findings| {
        let node = fields.take(key)?;
        rows(node, key, findings)
    };
    let (min, max) = (bound("min", findings), bound("max", findings));
    fields.close(findings);
    if (min, max) == (None, None) || max.is_some_and(|max| max < min.unwrap_or(0)) {
        let message = "`expect_rows` leaves no number of rows or does not bound it".to_owned();
        let help = "write a number, or `{min: 1, max: 5}` with at least one of the two";
        findings.error("sql", node.span, message, help);
        return None;
    }
    Some(RowRange {
        min: min.unwrap_or(0),
        max,
    })
}

fn rows(node: &Node, name: &str, findings: &mut Findings) -> Option<u64> {
    let given = match &node.value {
        NodeValue::Number(number) => number.as_u64(),
        NodeValue::Null
        | NodeValue::Bool(_)
        | NodeValue::Text(_)
        | NodeValue::List(_)
        | NodeValue::Map(_) => None,
    };
    if given.is_none() {
        wrong_type(node, name, "a number of rows", "", findings);
    }
    given
}
