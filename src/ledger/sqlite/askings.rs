//! Askings: the key that their states are sealed with, and which of them are used up.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rusqlite::{Connection, Error, params, types::Type};

use super::super::{LedgerKey, record::CallRow};
use crate::base::problem::{Code, Problem};

/// A migration. An asking is used up by the one call that it may let begin, or by a no; it is
/// named by the call that was answered with its first question.
pub(super) const TABLE: &str = "
CREATE TABLE askings (
    asking BLOB PRIMARY KEY NOT NULL,
    used_by INTEGER NOT NULL REFERENCES calls
) STRICT, WITHOUT ROWID;
CREATE TRIGGER askings_stay BEFORE DELETE ON askings
BEGIN SELECT RAISE(ABORT, 'askings are never deleted'); END;
CREATE TRIGGER askings_are_final BEFORE UPDATE ON askings
BEGIN SELECT RAISE(ABORT, 'askings are never changed'); END;
";

const USED: &str = "SELECT 1 FROM askings WHERE asking = ?1";
const USE: &str = "INSERT INTO askings (asking, used_by) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// Why the call may not begin: its asking was used up before. Belongs into the transaction
/// that lets it begin.
///
/// # Errors
/// What SQLite says.
pub(super) fn refusal(
    connection: &Connection,
    row: &CallRow,
) -> rusqlite::Result<Option<Box<Problem>>> {
    let Some(asking) = &row.asking else {
        return Ok(None);
    };
    let mut used = connection.prepare_cached(USED)?;
    Ok(used.exists([asking.as_bytes()])?.then(|| {
        let message = "the answer to this question was used before; nothing was done";
        let problem = Problem::new(Code::ConfirmationRequired, message)
            .suggest("send the same call without `requestState`, and the person is asked anew");
        Box::new(problem)
    }))
}

/// Notes that the call of row `at` used up its asking, if it is of one.
///
/// # Errors
/// What SQLite says.
pub(super) fn use_up(connection: &Connection, row: &CallRow, at: i64) -> rusqlite::Result<()> {
    if let Some(asking) = &row.asking {
        let mut use_up = connection.prepare_cached(USE)?;
        use_up.execute(params![asking.as_bytes(), at])?;
    }
    Ok(())
}

const INSERT: &str = "INSERT INTO meta (name, value) VALUES ('ask_key', ?1) ON CONFLICT DO NOTHING";
const SELECT: &str = "SELECT value FROM meta WHERE name = 'ask_key'";

/// The key of this file; drawn now where there is none. Belongs into a transaction.
///
/// # Errors
/// What SQLite says, or that the system gives no random numbers.
pub(super) fn key(connection: &Connection) -> rusqlite::Result<LedgerKey> {
    let read = || connection.query_row(SELECT, [], |row| row.get::<_, String>(0));
    let text = match read() {
        Err(Error::QueryReturnedNoRows) => {
            let mut drawn: LedgerKey = [0; 64];
            getrandom::fill(&mut drawn)
                .map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?;
            connection.execute(INSERT, [STANDARD.encode(drawn)])?;
            read()?
        }
        found => found?,
    };
    let bytes = STANDARD.decode(text).unwrap_or_default();
    let broken = |_| Error::InvalidColumnType(0, "ask_key".to_owned(), Type::Text);
    bytes.try_into().map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base::id::CallId, ledger::contract::row};

    #[test]
    fn a_key_is_drawn_once_for_each_file() {
        let file = || {
            let connection = Connection::open_in_memory().unwrap();
            let table = "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)";
            connection.execute_batch(table).unwrap();
            connection
        };
        let (one, other) = (file(), file());
        let drawn = key(&one).unwrap();
        assert_eq!(key(&one).unwrap(), drawn);
        assert_ne!(key(&other).unwrap(), drawn);
        one.execute("UPDATE meta SET value = 'x'", []).unwrap();
        assert!(key(&one).is_err());
    }

    #[test]
    fn v36_an_asking_is_used_up_once() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE calls (row INTEGER PRIMARY KEY); INSERT INTO calls VALUES (1), (2)",
            )
            .unwrap();
        connection.execute_batch(TABLE).unwrap();
        let asking = |id: u8| CallRow {
            asking: Some(CallId::from_bytes([id; 16])),
            ..row("destroy")
        };
        assert!(refusal(&connection, &asking(1)).unwrap().is_none());
        use_up(&connection, &asking(1), 1).unwrap();
        use_up(&connection, &asking(1), 2).unwrap();
        let problem = refusal(&connection, &asking(1))
            .unwrap()
            .expect("a refusal");
        assert_eq!(problem.code, Code::ConfirmationRequired);
        assert!(refusal(&connection, &asking(2)).unwrap().is_none());
        assert!(refusal(&connection, &row("destroy")).unwrap().is_none());
        for sql in ["DELETE FROM askings", "UPDATE askings SET used_by = 3"] {
            assert!(connection.execute(sql, []).is_err());
        }
    }
}
