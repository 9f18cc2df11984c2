//! Rows as JSON, no more of them than anybody can use.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::base::limits::sql::OUTPUT_BYTES_MAX;

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

/// The mark of an operation as a table: one row, or none.
pub(super) fn marks(found: Option<u64>) -> Table {
    let rows = found.map(|changed| json!({"row_count": changed}));
    Table {
        row_count: found.map_or(0, |_| 1),
        rows: rows.into_iter().collect(),
        truncated: false,
    }
}

/// A table that grows by rows, at most `rows_max` of them, of at most [`OUTPUT_BYTES_MAX`]
/// bytes together.
#[derive(Debug)]
pub(super) struct Growing {
    table: Table,
    rows_max: usize,
    bytes: usize,
}

impl Growing {
    pub(super) fn new(rows_max: usize) -> Self {
        Self {
            table: Table::default(),
            rows_max,
            bytes: 0,
        }
    }

    /// Takes the next row. `false`: it has no place, nor has any after it.
    pub(super) fn add(&mut self, row: Map<String, Value>) -> bool {
        let row = Value::Object(row);
        self.bytes = self.bytes.saturating_add(row.to_string().len() + 1);
        let fits = self.table.rows.len() < self.rows_max && self.bytes <= OUTPUT_BYTES_MAX;
        self.table.truncated |= !fits;
        if !self.table.truncated {
            self.table.rows.push(row);
        }
        fits
    }

    /// What it has become.
    pub(super) fn into_table(mut self) -> Table {
        self.table.row_count = self.table.rows.len() as u64;
        self.table
    }
}

/// A whole number; as text where a reader could round it.
pub(super) fn whole(number: i64) -> Value {
    match number.unsigned_abs() > EXACT_MAX.unsigned_abs() {
        true => Value::String(number.to_string()),
        false => Value::from(number),
    }
}

/// Bytes, as base64 under that name.
pub(super) fn bytes(bytes: &[u8]) -> Value {
    json!({"base64": STANDARD.encode(bytes)})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: String) -> Map<String, Value> {
        Map::from_iter([("a".to_owned(), Value::String(text))])
    }

    #[test]
    fn x26_rows_and_bytes_are_capped_and_what_is_left_out_is_said() {
        let mut growing = Growing::new(2);
        assert!(growing.add(row("1".to_owned())) && growing.add(row("2".to_owned())));
        assert!(!growing.add(row("3".to_owned())));
        let table = growing.into_table();
        assert_eq!((table.row_count, table.truncated), (2, true));
        let mut growing = Growing::new(10);
        assert!(growing.add(row("x".repeat(OUTPUT_BYTES_MAX / 2))));
        assert!(!growing.add(row("x".repeat(OUTPUT_BYTES_MAX / 2))));
        assert!(!growing.add(row("small".to_owned())));
        let table = growing.into_table();
        assert_eq!((table.rows.len(), table.truncated), (1, true));
    }
}
