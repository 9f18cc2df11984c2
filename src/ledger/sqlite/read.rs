//! Reading the ledger beside the processes that write it: short transactions, nothing altered.

mod facts;
mod live;

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, Row, params, params_from_iter,
    types::{Type, Value},
};

use super::{
    super::{
        LedgerError,
        log::{BARE_REFUSAL, CallEnd, CallFilter, CallRecord, Found, IntentRecord, Order},
        record::Outcome,
    },
    explain,
    files::{self, DATABASE},
    open::{self, Access},
    schema,
};
use crate::base::{
    clock::Timestamp,
    id::{CallId, Principal},
    limits::{LEDGER_MATCHES_MAX, LEDGER_SCAN_ROWS_MAX},
};

const COLUMNS: &str = "row, call_id, received, tool, effect, definition, principal, client,
    protocol_version, request_id, trace_id, raw_arguments, effective_arguments, changes,
    outcome, stage, code, effects, reply, reply_clipped_from, backend_status, guard_us, wait_us,
    run_us, finished, delivered";

/// Rows handed over at a time: what a page holds in memory.
const PAGE_ROWS: i64 = 100;

/// A ledger opened for reading.
#[derive(Debug)]
pub(crate) struct LogReader {
    connection: Connection,
    state: PathBuf,
    version: i32,
}

impl LogReader {
    /// Opens the ledger in the state directory `dir`.
    ///
    /// # Errors
    /// When there is none yet, or it is not one that this binary can read.
    pub(crate) fn open(dir: &Path) -> Result<Self, LedgerError> {
        Self::open_if_any(dir)?.ok_or_else(|| {
            LedgerError::Unavailable(format!(
                "there is no ledger in `{}` yet; the first call makes one, or name another directory with `--state`",
                dir.display()
            ))
        })
    }

    /// How many references there are to rows that are not there, how many rows that are not over
    /// in no process's list of what it has in hand, and how many operations that the index of keys lacks.
    #[cfg(test)]
    pub(in crate::ledger) fn dangling(&self) -> i64 {
        let sql = "SELECT (SELECT count(*) FROM pragma_foreign_key_check)
            + (SELECT count(*) FROM calls WHERE state = 'running'
                AND row NOT IN (SELECT row FROM calls_running))
            + (SELECT count(*) FROM operations WHERE state IN ('claimed', 'running', 'compensating')
                AND row NOT IN (SELECT row FROM operations_open))";
        let counted: i64 = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .unwrap();
        counted + i64::try_from(self.overlooked().unwrap()).unwrap()
    }

    /// The same; nothing where there is none yet.
    ///
    /// # Errors
    /// When it is not one that this binary can read.
    pub(crate) fn open_if_any(dir: &Path) -> Result<Option<Self>, LedgerError> {
        let path = dir.join(DATABASE);
        if files::look(&path)?.is_none() {
            return Ok(None);
        }
        let connection = open::connect(&path, Access::Read)?;
        let version = open::identify(&connection, &path)?;
        Ok((version > 0).then_some(Self {
            connection,
            state: dir.to_owned(),
            version,
        }))
    }

    /// The calls that `filter` wants, read a page at a time, each page in its own transaction.
    /// Calls that arrive after the first is asked for are not given.
    pub(crate) fn calls<'a>(&'a self, filter: &'a CallFilter) -> Calls<'a> {
        Calls {
            reader: self,
            filter,
            page: VecDeque::new(),
            left: filter.limit.unwrap_or(usize::MAX),
            span: None,
        }
    }

    /// How many calls `filter` wants; its limit does not count.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn count(&self, filter: &CallFilter) -> Result<u64, LedgerError> {
        let sql = format!("SELECT count(*) FROM calls WHERE {}", wanted());
        let count = || -> rusqlite::Result<u64> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let (first, last) = self.rows()?;
            let (mut from, mut total) = (first, 0);
            while from <= last {
                let to = last.min(from.saturating_add(LEDGER_SCAN_ROWS_MAX - 1));
                let found: i64 = statement
                    .query_row(params_from_iter(bind(filter, from, to)), |row| row.get(0))?;
                total += u64::try_from(found).unwrap_or(0);
                from = to.saturating_add(1);
            }
            Ok(total)
        };
        count().map_err(|error| explain(&error))
    }

    /// The call of this id, or whose id begins like this; hyphens do not matter.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn call(&self, name: &str) -> Result<Found, LedgerError> {
        let Some((low, high)) = id_range(name) else {
            return Ok(Found::Nothing);
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM calls WHERE call_id BETWEEN ?1 AND ?2 ORDER BY call_id LIMIT ?3"
        );
        let read = || -> rusqlite::Result<Vec<CallRecord>> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let found =
                statement.query_map(params![low, high, LEDGER_MATCHES_MAX as i64], record)?;
            found.collect()
        };
        let mut found = read().map_err(|error| explain(&error))?;
        Ok(match (found.pop(), found.is_empty()) {
            (None, _) => Found::Nothing,
            (Some(only), true) => Found::One(Box::new(only)),
            (Some(last), false) => {
                found.push(last);
                Found::Several(found.iter().map(|call| call.call_id).collect())
            }
        })
    }

    /// What was intended for the call of `row`, in order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn intents(&self, row: i64) -> Result<Vec<IntentRecord>, LedgerError> {
        let sql = if self.version >= schema::WITH_ATTEMPTS {
            "SELECT attempt, backend, at, after FROM intents WHERE call = ?1 ORDER BY attempt"
        } else {
            "SELECT attempt, backend, at, NULL FROM intents WHERE call = ?1 ORDER BY attempt"
        };
        let read = || -> rusqlite::Result<Vec<IntentRecord>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let found = statement.query_map([row], |row| {
                Ok(IntentRecord {
                    attempt: row.get(0)?,
                    backend: row.get(1)?,
                    at: Timestamp::from_micros(row.get(2)?),
                    after: row.get(3)?,
                })
            })?;
            found.collect()
        };
        read().map_err(|error| explain(&error))
    }

    /// What it reads through.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The state directory.
    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// The version of its schema.
    pub(super) fn version(&self) -> i32 {
        self.version
    }

    /// Whether the file is of a version that knows operations.
    pub(super) fn has_operations(&self) -> bool {
        self.version >= schema::WITH_OPERATIONS
    }

    /// The first and the last row there is.
    fn rows(&self) -> rusqlite::Result<(i64, i64)> {
        let sql = "SELECT (SELECT min(row) FROM calls), (SELECT max(row) FROM calls)";
        self.connection.query_row(sql, [], |row| {
            let first: Option<i64> = row.get(0)?;
            let last: Option<i64> = row.get(1)?;
            Ok((first.unwrap_or(1), last.unwrap_or(0)))
        })
    }

    fn page(&self, filter: &CallFilter, from: i64, to: i64) -> rusqlite::Result<Vec<CallRecord>> {
        let order = match filter.order {
            Order::NewestFirst => "DESC",
            Order::OldestFirst => "ASC",
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM calls WHERE {} ORDER BY row {order} LIMIT {PAGE_ROWS}",
            wanted()
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map(params_from_iter(bind(filter, from, to)), record)?;
        found.collect()
    }
}

/// The calls of [`LogReader::calls`].
#[derive(Debug)]
pub(crate) struct Calls<'a> {
    reader: &'a LogReader,
    filter: &'a CallFilter,
    page: VecDeque<CallRecord>,
    left: usize,
    /// First and last row not yet looked at; `None` before the first look.
    span: Option<(i64, i64)>,
}

impl Calls<'_> {
    /// Reads on until there is something, or nothing more.
    fn fill(&mut self) -> rusqlite::Result<()> {
        while self.page.is_empty() {
            let (first, last) = match self.span {
                Some(span) => span,
                None => {
                    let (first, last) = self.reader.rows()?;
                    let after = self.filter.after.map_or(first, |row| row.saturating_add(1));
                    (
                        first.max(after),
                        self.filter.upto.map_or(last, |row| row.min(last)),
                    )
                }
            };
            if first > last {
                self.span = Some((first, last));
                return Ok(());
            }
            let (from, to) = match self.filter.order {
                Order::OldestFirst => (first, last.min(first + LEDGER_SCAN_ROWS_MAX - 1)),
                Order::NewestFirst => (first.max(last - LEDGER_SCAN_ROWS_MAX + 1), last),
            };
            let found = self.reader.page(self.filter, from, to)?;
            let is_whole = (found.len() as i64) < PAGE_ROWS;
            let reached = found.last().filter(|_| !is_whole).map(|call| call.row);
            self.span = Some(match self.filter.order {
                Order::OldestFirst => (reached.unwrap_or(to) + 1, last),
                Order::NewestFirst => (first, reached.unwrap_or(from) - 1),
            });
            self.page = found.into();
        }
        Ok(())
    }
}

impl Iterator for Calls<'_> {
    type Item = Result<CallRecord, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        if let Err(error) = self.fill() {
            self.left = 0;
            return Some(Err(explain(&error)));
        }
        let call = self.page.pop_front()?;
        self.left -= 1;
        Some(Ok(call))
    }
}

/// What [`wanted`] is asked with.
fn bind(filter: &CallFilter, from: i64, to: i64) -> [Value; 7] {
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::from(text.to_owned()));
    let since = filter.since.map(Timestamp::as_micros);
    [
        Value::from(from),
        Value::from(to),
        text(filter.tool.as_deref()),
        text(filter.outcome.map(Outcome::as_str)),
        text(filter.code.as_deref()),
        text(filter.principal.as_deref()),
        since.map_or(Value::Null, Value::from),
    ]
}

fn wanted() -> String {
    let refused = Outcome::Refused.as_str();
    format!(
        "row BETWEEN ?1 AND ?2 AND (?3 IS NULL OR tool = ?3) AND (?4 IS NULL OR outcome = ?4)
         AND (?5 IS NULL OR code = ?5
              OR ?5 = '{BARE_REFUSAL}' AND code IS NULL AND outcome = '{refused}')
         AND (?6 IS NULL OR principal = ?6) AND (?7 IS NULL OR received >= ?7)"
    )
}

/// The lowest and the highest id whose hexadecimal digits begin like `name`.
fn id_range(name: &str) -> Option<([u8; 16], [u8; 16])> {
    let digits: Vec<u32> = name
        .chars()
        .filter(|char| *char != '-')
        .map(|char| char.to_digit(16))
        .collect::<Option<_>>()?;
    if digits.is_empty() || digits.len() > 32 {
        return None;
    }
    let filled = |with: u32| {
        let mut id = [0; 16];
        for (at, byte) in id.iter_mut().enumerate() {
            let digit = |at: usize| digits.get(at).copied().unwrap_or(with);
            *byte = u8::try_from(digit(2 * at) << 4 | digit(2 * at + 1)).unwrap_or(0);
        }
        id
    };
    Some((filled(0), filled(15)))
}

fn record(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    Ok(CallRecord {
        row: row.get(0)?,
        call_id: CallId::from_bytes(row.get(1)?),
        received: Timestamp::from_micros(row.get(2)?),
        tool: row.get(3)?,
        effect: row.get(4)?,
        definition: row.get(5)?,
        principal: Principal::new(row.get::<_, String>(6)?),
        client: row.get(7)?,
        protocol_version: row.get(8)?,
        request_id: row.get(9)?,
        trace_id: row.get(10)?,
        raw_arguments: row.get(11)?,
        effective_arguments: row.get(12)?,
        changes: row.get(13)?,
        end: match row.get::<_, Option<String>>(14)? {
            None => None,
            Some(word) => Some(end(row, &word)?),
        },
    })
}

fn end(row: &Row<'_>, outcome: &str) -> rusqlite::Result<CallEnd> {
    let micros = |at: usize| -> rusqlite::Result<u64> {
        let stored: Option<i64> = row.get(at)?;
        Ok(stored
            .and_then(|micros| u64::try_from(micros).ok())
            .unwrap_or(0))
    };
    let known = Outcome::ALL.iter().find(|known| known.as_str() == outcome);
    let clipped_from: Option<i64> = row.get(19)?;
    Ok(CallEnd {
        outcome: *known.ok_or_else(|| {
            let text = format!("no outcome is called `{outcome}`");
            rusqlite::Error::FromSqlConversionFailure(14, Type::Text, text.into())
        })?,
        stage: row.get(15)?,
        code: row.get(16)?,
        effects: row.get(17)?,
        reply: row.get(18)?,
        reply_clipped_from: clipped_from.and_then(|bytes| u64::try_from(bytes).ok()),
        backend_status: row.get(20)?,
        guard_us: micros(21)?,
        wait_us: micros(22)?,
        run_us: micros(23)?,
        finished: Timestamp::from_micros(row.get(24)?),
        delivered: row.get::<_, Option<i64>>(25)?.map(Timestamp::from_micros),
    })
}
