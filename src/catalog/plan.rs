//! What a tool's backend is to do, compiled: statements and their bounds.

use std::sync::Arc;

use super::{surroundings::Database, template::JsonTemplate};

/// One statement on one database.
#[derive(Debug)]
pub(crate) struct SqlPlan {
    /// Where it runs.
    pub(crate) database: Arc<Database>,
    /// Exactly one statement, as the operator wrote it.
    pub(crate) text: String,
    /// Whether it may change something.
    pub(crate) access: SqlAccess,
    /// Every parameter by its name in the statement (with its sign, as `:id`), and its value.
    pub(crate) params: Vec<(String, JsonTemplate)>,
    /// Rows that are given back at most.
    pub(crate) rows_max: usize,
}

/// What a statement may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SqlAccess {
    /// It can read.
    Read,
    /// It can change rows, in a transaction of its own.
    Write {
        /// How many rows it may change; anything else is rolled back.
        expect_rows: Option<RowRange>,
        /// Whether a row that names the operation is written in the same transaction.
        marker: bool,
    },
}

/// A number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowRange {
    /// At least so many.
    pub(crate) min: u64,
    /// At most so many; `None` is no bound.
    pub(crate) max: Option<u64>,
}

impl RowRange {
    /// Whether `rows` is within.
    pub(crate) fn contains(self, rows: u64) -> bool {
        rows >= self.min && self.max.is_none_or(|max| rows <= max)
    }
}
