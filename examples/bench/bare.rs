//! What no server that records can beat: one that checks nothing. It takes whatever lines are
//! there, writes their rows with one sync, answers all of them with one write, on one thread.

use std::{
    borrow::Cow,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

/// `bench bare`
#[derive(Args)]
pub(crate) struct Bare {
    /// What is on the disk before a call is answered
    #[arg(long, value_enum)]
    records: Records,
    /// The SQLite file that it is written to
    #[arg(long, value_name = "PATH")]
    file: PathBuf,
}

/// What is written of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Records {
    /// Nothing
    Nothing,
    /// A row
    Audit,
    /// A row before it is made and a row of its end
    Both,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// The server.
struct Server {
    records: Records,
    connection: Connection,
}

impl Server {
    fn open(records: Records, file: &Path) -> Result<Self> {
        let connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS rows (
                 id INTEGER PRIMARY KEY, kind TEXT, tool TEXT, arguments TEXT, result TEXT)",
        )?;
        Ok(Self {
            records,
            connection,
        })
    }

    /// The answers to `lines`, whose rows are on the disk when this returns.
    fn answer(&mut self, lines: &[u8]) -> Result<Vec<u8>> {
        let (mut calls, mut answers) = (Vec::new(), Vec::new());
        for line in lines.split(|byte| *byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            let line: Line<'_> = serde_json::from_slice(line)?;
            let Some(id) = line.id else {
                continue;
            };
            let result = match &*line.method {
                "tools/call" => {
                    let call = line.params.context("a call of nothing")?;
                    let arguments = call.arguments.context("a call without arguments")?.get();
                    let text: Text<'_> = serde_json::from_str(arguments)?;
                    let result = json!({"content": [{"type": "text", "text": text.text}]});
                    let result = result.to_string();
                    calls.push((call.name, arguments, result.clone()));
                    result
                }
                "tools/list" => r#"{"tools":[]}"#.to_owned(),
                _ => json!({
                    "protocolVersion": "2025-11-25",
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "bare", "version": "1"},
                })
                .to_string(),
            };
            writeln!(
                answers,
                r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#
            )?;
        }
        let kinds = match self.records {
            Records::Nothing => &[][..],
            Records::Audit => &["audit"],
            Records::Both => &["intent", "outcome"],
        };
        for kind in kinds {
            let transaction = self.connection.transaction()?;
            for (tool, arguments, result) in &calls {
                transaction
                    .prepare_cached(
                        "INSERT INTO rows (kind, tool, arguments, result) VALUES (?, ?, ?, ?)",
                    )?
                    .execute((kind, tool, arguments, result))?;
            }
            transaction.commit()?;
        }
        Ok(answers)
    }
}

/// Serves until standard input ends.
pub(crate) fn serve(bare: &Bare) -> Result<()> {
    let mut server = Server::open(bare.records, &bare.file)?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let (mut buffer, mut filled) = (vec![0; 1 << 20], 0);
    loop {
        let room = buffer.get_mut(filled..).unwrap_or_default();
        let read = input.read(room)?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let lines = buffer.get(..filled).unwrap_or_default();
        let whole = lines.iter().rposition(|byte| *byte == b'\n');
        if let Some(end) = whole {
            let answers = server.answer(lines.get(..end).unwrap_or_default())?;
            output.write_all(&answers)?;
            output.flush()?;
            buffer.copy_within(end + 1..filled, 0);
            filled -= end + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::wire::{self, Answer, First};

    #[test]
    fn every_request_is_answered_and_every_call_has_its_rows() {
        for (records, expected) in [
            (Records::Nothing, &[][..]),
            (Records::Audit, &["audit", "audit"]),
            (Records::Both, &["intent", "intent", "outcome", "outcome"]),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let mut server = Server::open(records, &dir.path().join("rows.db")).unwrap();
            let call = |id: u64| {
                format!(
                    r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"echo","arguments":{{"text":"a\"{id}"}}}}}}"#
                )
            };
            let opening = First::List.opening();
            let lines = format!("{}{}\n{}", opening.lines, call(7), call(8));
            let answers = String::from_utf8(server.answer(lines.as_bytes()).unwrap()).unwrap();
            let found: Vec<Answer> = answers
                .lines()
                .map(|line| wire::answer(line.as_bytes()).unwrap())
                .collect();
            let ids = [wire::OPENING_ID, opening.id, 7, 8];
            assert_eq!(found, ids.map(Answer::Success), "{answers}");
            let last: Value = serde_json::from_str(answers.lines().last().unwrap()).unwrap();
            assert_eq!(last["result"]["content"][0]["text"], "a\"8");
            let mut kinds = server
                .connection
                .prepare("SELECT kind FROM rows ORDER BY id")
                .unwrap();
            let kinds: Vec<String> = kinds
                .query_map([], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(kinds, expected);
        }
    }
}
