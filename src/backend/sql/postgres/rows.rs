//! The statement of a plan, prepared and run, and its rows.

use postgres::{
    Row, Statement, Transaction, fallible_iterator::FallibleIterator as _, types::ToSql,
};
use serde_json::{Map, Value};

use super::{
    Given, Job, Trouble,
    cell::{Form, Raw},
};
use crate::{
    backend::sql::table::{Growing, Table},
    base::limits::sql::server::{FETCH_BYTES, FETCH_ROWS_MAX},
    catalog::plan::SqlPlan,
};

/// A statement that the server has read, and how its columns are given.
pub(super) struct Read {
    statement: Statement,
    columns: Vec<(String, Form)>,
}

/// Has the server read the statement of `plan`, which it takes for exactly one.
///
/// # Errors
/// When the server refuses it, two of its columns have one name, or one has a type without a form.
pub(super) fn statement(
    transaction: &mut Transaction<'_>,
    plan: &SqlPlan,
) -> Result<Read, Trouble> {
    let statement = transaction.prepare(&plan.text);
    let statement = statement.map_err(Trouble::Preparing)?;
    let mut columns: Vec<(String, Form)> = Vec::new();
    for column in statement.columns() {
        let (name, wanted) = (column.name().to_owned(), column.type_());
        if columns.iter().any(|(known, _)| *known == name) {
            return Err(Trouble::SameColumn(name));
        }
        let form = Form::of(wanted).ok_or_else(|| Trouble::NoForm {
            column: name.clone(),
            kind: wanted.name().to_owned(),
        })?;
        columns.push((name, form));
    }
    Ok(Read { statement, columns })
}

impl Read {
    fn row(&self, row: &Row) -> Result<Map<String, Value>, Trouble> {
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(index, (name, form))| {
                let value = match row.try_get::<_, Raw<'_>>(index) {
                    Ok(Raw(None)) => Some(Value::Null),
                    Ok(Raw(Some(raw))) => form.read(raw),
                    Err(_) => None,
                };
                let value = value.ok_or_else(|| Trouble::Unreadable(name.clone()))?;
                Ok((name.clone(), value))
            })
            .collect()
    }
}

/// Runs the statement and keeps as many rows as a [`Growing`] table takes. They are fetched a few
/// at a time, about [`FETCH_BYTES`] as far as can be told beforehand, so that a large result is
/// never here.
///
/// # Errors
/// When the server has one, or nobody waits any more.
pub(super) fn read(
    transaction: &mut Transaction<'_>,
    read: &Read,
    values: &[Given],
    job: &Job,
) -> Result<Table, Trouble> {
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    let portal = transaction
        .bind(&read.statement, &values)
        .map_err(Trouble::Running)?;
    let mut growing = Growing::new(job.plan.rows_max);
    let mut many = 1_usize;
    loop {
        job.goes_on()?;
        let most = i32::try_from(many).unwrap_or(1);
        let rows = transaction.query_portal(&portal, most);
        let rows = rows.map_err(Trouble::Running)?;
        for row in &rows {
            if !growing.add(read.row(row)?) {
                return Ok(growing.into_table());
            }
        }
        if rows.len() < many {
            return Ok(growing.into_table());
        }
        let bytes: usize = rows.iter().map(Row::raw_size_bytes).sum();
        let fit = FETCH_BYTES / (bytes / many).max(1);
        many = fit.clamp(1, FETCH_ROWS_MAX.min(many * 2));
    }
}

/// Runs the statement to its end. Rows beyond those that are kept come and go one by one.
///
/// # Errors
/// When the server has one, or nobody waits any more.
pub(super) fn change(
    transaction: &mut Transaction<'_>,
    read: &Read,
    values: &[Given],
    job: &Job,
) -> Result<Table, Trouble> {
    let values = values.iter().map(|value| value as &(dyn ToSql + Sync));
    let mut rows = transaction
        .query_raw(&read.statement, values)
        .map_err(Trouble::Running)?;
    let mut growing = Growing::new(job.plan.rows_max);
    let mut is_full = false;
    while let Some(row) = rows.next().map_err(Trouble::Running)? {
        is_full = is_full || !growing.add(read.row(&row)?);
    }
    let changed = rows.rows_affected();
    Ok(Table {
        row_count: changed.unwrap_or(0),
        ..growing.into_table()
    })
}
