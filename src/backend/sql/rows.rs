//! Rows as JSON, no more of them than anybody can use.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rusqlite::{
    Statement,
    types::{Value as Bound, ValueRef},
};
use serde_json::{Map, Value, json};

use super::Trouble;
use crate::base::limits::SQL_OUTPUT_BYTES_MAX;

/// The largest whole number that every reader of JSON has exactly.
const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// What a statement gave.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    /// Each an object with a member for each column.
    pub(super) rows: Vec<Value>,
    /// How many rows are here, or, of a statement that changes rows, were changed.
    pub(super) row_count: u64,
    /// Whether there were more rows.
    pub(super) truncated: bool,
}

/// Runs `statement` and keeps at most `rows_max` rows, of at most [`SQL_OUTPUT_BYTES_MAX`]
/// bytes together. Rows that are not kept are not fetched.
///
/// # Errors
/// When SQLite has one.
pub(super) fn read(
    statement: &mut Statement<'_>,
    values: &[(String, Bound)],
    rows_max: usize,
) -> Result<Table, Trouble> {
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let params: Vec<(&str, &dyn rusqlite::ToSql)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value as &dyn rusqlite::ToSql))
        .collect();
    let mut found = statement
        .query(params.as_slice())
        .map_err(Trouble::Running)?;
    let mut table = Table::default();
    let mut bytes = 0_usize;
    while let Some(row) = found.next().map_err(Trouble::Running)? {
        if table.rows.len() >= rows_max {
            table.truncated = true;
            break;
        }
        let mut members = Map::new();
        for (index, name) in names.iter().enumerate() {
            let cell = cell(row.get_ref(index).map_err(Trouble::Running)?);
            members.insert(name.clone(), cell);
        }
        let row = Value::Object(members);
        bytes = bytes.saturating_add(row.to_string().len() + 1);
        if bytes > SQL_OUTPUT_BYTES_MAX {
            table.truncated = true;
            break;
        }
        table.rows.push(row);
    }
    table.row_count = table.rows.len() as u64;
    Ok(table)
}

/// A value without loss where JSON has one: whole numbers that a reader could round are given
/// as text, bytes as base64 under that name.
fn cell(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) if number.unsigned_abs() > EXACT_MAX.unsigned_abs() => {
            Value::String(number.to_string())
        }
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(text) => Value::String(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => json!({"base64": STANDARD.encode(bytes)}),
    }
}
