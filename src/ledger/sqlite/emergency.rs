//! What is left when the ledger cannot be written: a little room set aside on its disk, and a
//! journal beside it that takes the ends of calls until the ledger can have them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Value, json};

use super::{
    super::{
        LedgerError,
        admission::Ending,
        operation::OperationState,
        record::{Outcome, Settlement},
    },
    explain, files, planted,
    statements::Statements,
};
use crate::base::{
    amount::Amount,
    clock::Timestamp,
    event::Event,
    failpoint::{self, Point},
    limits::{BALLAST_BYTES, EMERGENCY_BYTES, EMERGENCY_REPLY_BYTES_MAX},
    lines,
    problem::{Code, Effects},
    text,
};

/// Takes ends of calls, one JSON object a line, from every process.
const JOURNAL: &str = "emergency.jsonl";
/// Holds room; removed when there is none left.
const BALLAST: &str = "ballast";

/// The journal, open before it is needed: a full disk opens nothing.
#[derive(Debug)]
pub(super) struct Emergency {
    journal: Option<File>,
    ledger: String,
}

impl Emergency {
    /// Sets room aside in `dir` for the ledger whose id is `ledger`. What cannot be set aside is
    /// told in the log, and missing when it is needed.
    pub(super) fn prepare(dir: &Path, ledger: &str) -> Self {
        if let Err(error) = set_aside(dir) {
            let error = &error.to_string();
            Event::ReserveMissing { error }.emit();
        }
        let journal = open(dir).inspect_err(|error| {
            let error = &error.to_string();
            Event::JournalUnopened { error }.emit();
        });
        Self {
            journal: journal.ok(),
            ledger: ledger.to_owned(),
        }
    }

    /// Writes how the call of row `row` ended, to the disk.
    ///
    /// # Errors
    /// What the system says; a part of the line may be there then.
    pub(super) fn append(
        &self,
        row: i64,
        operation: Option<i64>,
        ending: &Ending,
    ) -> io::Result<()> {
        let Some(mut journal) = self.journal.as_ref() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let line = format!("{}\n", entry(&self.ledger, row, operation, ending));
        if failpoint::fails(Point::JournalNear) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        journal.lock()?;
        let written = lines::is_torn(journal)
            .and_then(|is_torn| journal.write_all(if is_torn { b"\n" } else { b"" }))
            .and_then(|()| journal.write_all(line.as_bytes()))
            .and_then(|()| journal.sync_data());
        journal.unlock()?;
        failpoint::pass(Point::JournalAppended);
        written
    }
}

fn open(dir: &Path) -> io::Result<File> {
    let journal = options()
        .append(true)
        .create(true)
        .open(dir.join(JOURNAL))?;
    platform::allocate(&journal, EMERGENCY_BYTES)?;
    Ok(journal)
}

/// Sets room aside in `dir` for ends of calls that come when the disk is full.
///
/// # Errors
/// When there is no room for that; then nothing is set aside.
pub(super) fn set_aside(dir: &Path) -> Result<(), LedgerError> {
    let path = dir.join(BALLAST);
    let mut ballast = options();
    ballast.write(true).create(true).truncate(false);
    let made = ballast.open(&path);
    made.and_then(|ballast| platform::allocate(&ballast, BALLAST_BYTES))
        .map_err(|error| {
            release(dir);
            files::cannot("make", &path, &error)
        })
}

/// Gives the room that was set aside back to the disk.
pub(super) fn release(dir: &Path) {
    // Without it there is nothing to give back.
    let _gone = fs::remove_file(dir.join(BALLAST));
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    files::make_private(&mut options);
    options
}

fn entry(ledger: &str, row: i64, operation: Option<i64>, ending: &Ending) -> Value {
    let end = &ending.settlement;
    let reply = end.reply.as_deref();
    json!({
        "ledger": ledger,
        "row": row,
        "operation": operation,
        "state": ending.state.as_str(),
        "cost": ending.dues.cost.as_micros(),
        "outcome": end.outcome.as_str(),
        "code": end.code.map(Code::as_str),
        "effects": end.effects.as_str(),
        "reply": reply.map(|reply| text::clip(reply, EMERGENCY_REPLY_BYTES_MAX)),
        "backend_status": end.backend_status,
        "guard_us": end.guard_us,
        "wait_us": end.wait_us,
        "run_us": end.run_us,
        "finished": end.finished.as_micros(),
    })
}

/// A line of the journal.
struct Entry {
    row: i64,
    operation: Option<i64>,
    state: OperationState,
    cost: Amount,
    settlement: Settlement,
}

/// Reads a line that is about the ledger with the id `ledger`.
fn read(line: &str, ledger: &str) -> Option<Entry> {
    let json: Value = serde_json::from_str(line).ok()?;
    let word = |name: &str| json.get(name).and_then(Value::as_str);
    let number = |name: &str| json.get(name).and_then(Value::as_i64);
    let micros = |name: &str| json.get(name).and_then(Value::as_u64);
    if word("ledger")? != ledger {
        return None;
    }
    Some(Entry {
        row: number("row")?,
        operation: number("operation"),
        state: OperationState::parse(word("state")?)?,
        cost: Amount::from_stored(number("cost")?),
        settlement: Settlement {
            outcome: Outcome::parse(word("outcome")?)?,
            stage: "emergency",
            code: word("code").and_then(Code::parse),
            effects: Effects::parse(word("effects")?)?,
            reply: word("reply").map(str::to_owned),
            backend_status: word("backend_status").map(str::to_owned),
            guard_us: micros("guard_us")?,
            wait_us: micros("wait_us")?,
            run_us: micros("run_us")?,
            finished: Timestamp::from_micros(number("finished")?),
        },
    })
}

/// How many ends of calls wait in the journal of `dir`.
pub(super) fn rows(dir: &Path) -> usize {
    let journal = fs::read_to_string(dir.join(JOURNAL)).unwrap_or_default();
    journal.lines().filter(|line| !line.is_empty()).count()
}

/// Writes what waits in the journal of `dir` into the ledger with the id `ledger`, and takes it
/// out there. What is about another ledger stays.
///
/// # Errors
/// When the ledger still cannot be written; the journal is as it was.
pub(super) fn ingest(
    connection: &Connection,
    dir: &Path,
    ledger: &str,
) -> Result<usize, LedgerError> {
    let path = dir.join(JOURNAL);
    let Ok(mut journal) = options().write(true).open(&path) else {
        return Ok(0);
    };
    let cannot = |error: io::Error| files::cannot("read", &path, &error);
    let is_empty = journal.metadata().map_err(cannot)?.len() == 0;
    if is_empty {
        return Ok(0);
    }
    journal.lock().map_err(cannot)?;
    let mut text = String::new();
    journal.read_to_string(&mut text).map_err(cannot)?;
    let (ours, others): (Vec<_>, Vec<_>) = text
        .lines()
        .map(|line| read(line, ledger).ok_or(line))
        .partition(Result::is_ok);
    let ours: Vec<Entry> = ours.into_iter().flatten().collect();
    write(connection, dir, &ours).map_err(|error| explain(&error))?;
    if failpoint::fails(Point::JournalTaken) {
        return Err(explain(&planted()));
    }
    let rest: String = others
        .into_iter()
        .filter_map(Result::err)
        .map(|line| format!("{line}\n"))
        .collect();
    let emptied = journal
        .set_len(0)
        .and_then(|()| journal.rewind())
        .and_then(|()| journal.write_all(rest.as_bytes()))
        .and_then(|()| platform::allocate(&journal, EMERGENCY_BYTES));
    emptied.map_err(cannot)?;
    if !ours.is_empty() {
        let calls = ours.len() as u64;
        Event::JournalTaken { calls }.emit();
    }
    Ok(ours.len())
}

fn write(connection: &Connection, dir: &Path, entries: &[Entry]) -> rusqlite::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    // These rows are of other processes; none is written in the name of this one.
    let mut statements = Statements::prepare(connection, dir, 0)?;
    statements.begin()?;
    let done = settle(connection, &mut statements, entries).and_then(|()| statements.commit());
    if done.is_err() {
        statements.roll_back();
    }
    done
}

fn settle(
    connection: &Connection,
    statements: &mut Statements<'_>,
    entries: &[Entry],
) -> rusqlite::Result<()> {
    for entry in entries {
        let sql = "SELECT 1 FROM calls WHERE row = ?1 AND state = 'running'";
        let running = connection
            .query_row(sql, [entry.row], |_| Ok(()))
            .optional()?;
        if running.is_none() {
            continue;
        }
        statements.settle(entry.row, &entry.settlement)?;
        statements.restraints.settle_cost(entry.row, entry.cost)?;
        let sql = "UPDATE operations SET state = ?2, ended = ?3
            WHERE row = ?1 AND state IN ('running', 'compensating')";
        let ended = entry.settlement.finished.as_micros();
        connection.execute(sql, params![entry.operation, entry.state.as_str(), ended])?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod platform {
    //! Room that is really there, without a byte written.
    use std::{fs::File, io};

    use rustix::{
        fs::{FallocateFlags, fallocate},
        io::Errno,
    };

    pub(super) fn allocate(file: &File, bytes: u64) -> io::Result<()> {
        match fallocate(file, FallocateFlags::KEEP_SIZE, 0, bytes) {
            // Not every file system can; there nothing is set aside.
            Ok(()) | Err(Errno::OPNOTSUPP) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    //! Elsewhere nothing is set aside.
    use std::{fs::File, io};

    pub(super) fn allocate(_file: &File, _bytes: u64) -> io::Result<()> {
        Ok(())
    }
}
