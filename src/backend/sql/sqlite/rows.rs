//! Rows as JSON, no more of them than anybody can use.

use rusqlite::{
    Statement,
    types::{Value as Bound, ValueRef},
};
use serde_json::{Map, Value};

use super::Trouble;
use crate::backend::sql::table::{Growing, Table, bytes, whole};

/// Runs `statement` and keeps as many rows as a [`Growing`] table takes. No more are fetched than
/// one beyond.
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
    let mut growing = Growing::new(rows_max);
    while let Some(row) = found.next().map_err(Trouble::Running)? {
        let mut members = Map::new();
        for (index, name) in names.iter().enumerate() {
            let cell = cell(row.get_ref(index).map_err(Trouble::Running)?);
            members.insert(name.clone(), cell);
        }
        if !growing.add(members) {
            break;
        }
    }
    Ok(growing.into_table())
}

/// A value without loss where JSON has one: whole numbers that a reader could round are given
/// as text, bytes as base64 under that name.
fn cell(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => whole(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(text) => Value::String(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(held) => bytes(held),
    }
}
