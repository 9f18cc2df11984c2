//! Statements that keep what is bound to them: SQLite copies each text that is bound, and most of
//! what two calls write is the same.

use rusqlite::{
    Connection, Statement, ToSql,
    types::{ToSqlOutput, Value, ValueRef},
};

/// A statement, and what its parameters are at present.
pub(super) struct Bound<'c> {
    statement: Statement<'c>,
    /// By parameter; `None` where it is bound anew each time.
    kept: Vec<Option<Value>>,
}

impl<'c> Bound<'c> {
    /// Prepares `sql`.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn prepare(connection: &'c Connection, sql: &str) -> rusqlite::Result<Self> {
        let statement = connection.prepare(sql)?;
        let kept = vec![None; statement.parameter_count()];
        Ok(Self { statement, kept })
    }

    /// Begins to give the parameters, in their order.
    pub(super) fn values(&mut self) -> Values<'_, 'c> {
        Values { bound: self, at: 0 }
    }
}

/// The parameters of one execution, as far as they were given.
pub(super) struct Values<'a, 'c> {
    bound: &'a mut Bound<'c>,
    at: usize,
}

impl Values<'_, '_> {
    /// The next one is `value`, which is another each time. A parameter is given in the same one of
    /// the two ways each time.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn fresh(&mut self, value: impl ToSql) -> rusqlite::Result<&mut Self> {
        self.at += 1;
        self.bound.statement.raw_bind_parameter(self.at, value)?;
        Ok(self)
    }

    /// The next one is `value`, which mostly is the same as last time.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn kept(&mut self, value: impl ToSql) -> rusqlite::Result<&mut Self> {
        let value = value.to_sql()?;
        let shown = match &value {
            ToSqlOutput::Borrowed(value) => *value,
            ToSqlOutput::Owned(value) => value.into(),
            _ => return self.fresh(&value),
        };
        let Some(kept) = self.bound.kept.get_mut(self.at) else {
            return self.fresh(&value);
        };
        if kept.as_ref().map(ValueRef::from) == Some(shown) {
            self.at += 1;
            return Ok(self);
        }
        // Nothing is known of a parameter whose binding failed.
        *kept = None;
        let next = Value::try_from(shown)?;
        self.fresh(&value)?;
        if let Some(kept) = self.bound.kept.get_mut(self.at - 1) {
            *kept = Some(next);
        }
        Ok(self)
    }

    /// Executes the statement; gives how many rows it changed.
    ///
    /// # Errors
    /// What SQLite says, also where parameters are missing.
    pub(super) fn execute(&mut self) -> rusqlite::Result<usize> {
        if self.at != self.bound.kept.len() {
            return Err(rusqlite::Error::InvalidParameterCount(
                self.at,
                self.bound.kept.len(),
            ));
        }
        self.bound.statement.raw_execute()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_what_is_written_whatever_was_before() {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE t (fresh INTEGER, text TEXT, number INTEGER)";
        connection.execute_batch(table).unwrap();
        let mut insert = Bound::prepare(&connection, "INSERT INTO t VALUES (?1, ?2, ?3)").unwrap();
        let given = [
            (1, Some("a"), 7),
            (2, Some("a"), 7),
            (3, None, 7),
            (4, None, 8),
            (5, Some("a"), 8),
            (6, Some(""), 0),
        ];
        for (fresh, text, number) in given {
            let mut values = insert.values();
            let values = values.fresh(fresh).unwrap().kept(text).unwrap();
            assert_eq!(values.kept(number).unwrap().execute(), Ok(1));
        }
        let mut select = connection
            .prepare("SELECT fresh, text, number FROM t")
            .unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let written: Vec<(i32, Option<String>, i32)> = rows.unwrap().map(Result::unwrap).collect();
        let given = given.map(|(fresh, text, number)| (fresh, text.map(str::to_owned), number));
        assert_eq!(written, given);
    }

    #[test]
    fn what_could_not_be_bound_leaves_nothing_behind() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (text)").unwrap();
        let mut insert = Bound::prepare(&connection, "INSERT INTO t VALUES (?1)").unwrap();
        insert.values().kept("a").unwrap().execute().unwrap();
        connection
            .set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, 100)
            .unwrap();
        assert!(insert.values().kept("x".repeat(200)).is_err());
        insert.values().kept("a").unwrap().execute().unwrap();
        let sql = "SELECT count(*) FROM t WHERE text = 'a'";
        let written: i32 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(written, 2);
    }

    #[test]
    fn an_execution_without_all_its_values_is_an_error() {
        let connection = Connection::open_in_memory().unwrap();
        let mut select = Bound::prepare(&connection, "SELECT ?1, ?2").unwrap();
        assert!(select.values().kept(1).unwrap().execute().is_err());
    }
}
