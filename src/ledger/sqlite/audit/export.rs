//! The audit trail as lines of JSON that can be verified without the ledger.

use std::{
    io::{self, Write},
    ops::ControlFlow,
};

use rusqlite::{Connection, types::ValueRef};
use serde_json::{Map, Value, json};

use super::{
    Event, Head,
    chain::Start,
    head,
    pages::{self, Entry},
    pruning,
};
use crate::{
    base::{clock::Timestamp, hex, limits::EXPORT_PAGE_BYTES},
    ledger::{LedgerError, sqlite::schema},
};

/// What the first line says that the file is.
pub(super) const FORMAT: &str = "tollgate-audit/1";
/// The columns that hold bytes, which are written as hexadecimal digits.
pub(super) const BYTES: [&str; 3] = ["call_id", "definition", "pruned_hash"];

/// Why an export is not whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// A ledger whose trail is exported.
pub(in super::super) struct Source<'a> {
    pub(in super::super) connection: &'a Connection,
    pub(in super::super) version: i32,
    pub(in super::super) id: &'a str,
}

/// Writes every event that there is now. No transaction is open while `out` is written to.
///
/// # Errors
/// What SQLite and `out` say.
pub(in super::super) fn export(
    source: &Source<'_>,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let read = |error: rusqlite::Error| ExportError::Ledger(super::super::explain(&error));
    let (start, end) = span(source).map_err(read)?;
    writeln!(out, "{}", first_line(source.id, &start, now))?;
    let (mut last, mut events) = (start.head, 0_u64);
    while last.seq < end.seq {
        let lines = lines(source, &mut last, &end).map_err(read)?;
        if span(source).map_err(read)?.0 != start {
            let told = "events were pruned while they were exported; export again";
            return Err(LedgerError::Unavailable(told.to_owned()).into());
        }
        if lines.is_empty() {
            break;
        }
        events += lines.len() as u64;
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    writeln!(out, "{}", last_line(events, &last))?;
    Ok(())
}

/// Where the chain begins and ends now.
fn span(source: &Source<'_>) -> rusqlite::Result<(Start, Head)> {
    let start = if source.version >= schema::WITH_PRUNINGS {
        pruning::start(source.connection)?
    } else {
        Start::default()
    };
    Ok((start, head(source.connection)?))
}

/// The lines of the events behind `last`, up to `end`, as many as memory is meant for.
fn lines(source: &Source<'_>, last: &mut Head, end: &Head) -> rusqlite::Result<Vec<String>> {
    let (mut lines, mut bytes) = (Vec::new(), 0);
    pages::page(source.connection, source.version, last.seq, |entry| {
        let found = entry.found()?;
        if found.seq > end.seq {
            return Ok(ControlFlow::Break(()));
        }
        *last = Head {
            seq: found.seq,
            hash: found.hash.try_into().unwrap_or_default(),
        };
        let line = event_line(entry)?;
        bytes += line.len();
        lines.push(line);
        Ok(if bytes < EXPORT_PAGE_BYTES {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(lines)
}

/// Says what the file is and, for whoever reads it without us, what each event vouches for.
fn first_line(id: &str, start: &Start, now: Timestamp) -> Value {
    let vouched: Map<String, Value> = Event::ALL
        .into_iter()
        .map(|event| (event.as_str().to_owned(), event.names().collect()))
        .collect();
    json!({
        "format": FORMAT, "ledger": id, "exported": now.rfc3339(), "vouched": vouched,
        "bytes": BYTES,
        "behind": {
            "seq": start.head.seq, "hash": hex::encode(&start.head.hash), "call": start.last_call,
        },
    })
}

fn event_line(entry: &Entry<'_>) -> rusqlite::Result<String> {
    let found = entry.found()?;
    let mut line = Map::new();
    let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
    put("seq", found.seq.into());
    put("call", found.call.into());
    put("event", found.word.into());
    put("prev", hex::encode(found.prev).into());
    put("hash", hex::encode(found.hash).into());
    // A word that is not known vouches for nothing; whoever verifies the file will say so.
    if let Some(event) = Event::parse(found.word) {
        for (column, name) in event.columns().zip(event.names()) {
            put(name, shown(entry.value(column)?));
        }
    }
    Ok(Value::Object(line).to_string())
}

fn shown(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => value.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => hex::encode(bytes).into(),
        // No column of ours holds one.
        ValueRef::Real(value) => value.into(),
    }
}

/// The line that shows that nothing behind it was lost on the way.
pub(super) fn last_line(events: u64, last: &Head) -> String {
    json!({ "end": { "events": events, "seq": last.seq, "hash": hex::encode(&last.hash) } })
        .to_string()
}
