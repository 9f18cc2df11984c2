//! Verifying an export: the chain of a file, without the ledger that it came from.

use std::io::{self, BufRead, Read as _};

use serde_json::{Map, Value};

use super::{
    Event, Head, Link,
    anchor::Anchors,
    chain::{Chain, Fault, Found, Start, Verdict},
    export::{BYTES, FORMAT, last_line},
};
use crate::base::{hex, limits::EXPORT_LINE_BYTES_MAX};

/// The members of a line that are not vouched for by name.
const OWN: usize = 5;

/// Follows the chain in `file`. A line counts only as it was written, byte for byte, because
/// two readers could understand any other differently.
///
/// # Errors
/// When it cannot be read, or is no export.
pub(crate) fn verify(file: &mut dyn BufRead, anchors: &Anchors) -> io::Result<Verdict> {
    let mut line = String::new();
    next(file, &mut line)?;
    let (ledger, start) =
        first(&line).ok_or_else(|| io::Error::other("it is no export of an audit trail"))?;
    let mut chain = Chain::new(start, anchors);
    if !anchors.are_of(&ledger) {
        return Ok(broken(&chain, None, Fault::OtherLedger));
    }
    let mut events = 0;
    while next(file, &mut line)? {
        if line == last_line(events, &chain.head()) {
            return Ok(chain.end());
        }
        let Some(event) = Line::parse(&line) else {
            return Ok(broken(&chain, None, Fault::Altered));
        };
        if let Err(fault) = event.follow(&mut chain) {
            let (seq, call) = (event.seq, event.call);
            return Ok(Verdict::Broken { seq, call, fault });
        }
        events += 1;
    }
    Ok(broken(&chain, None, Fault::Unfinished))
}

/// `fault` at the place behind the last event.
fn broken(chain: &Chain<'_>, call: Option<i64>, fault: Fault) -> Verdict {
    let seq = chain.head().seq.saturating_add(1);
    Verdict::Broken { seq, call, fault }
}

/// Reads the next line, without its end; whether there was one.
fn next(file: &mut dyn BufRead, line: &mut String) -> io::Result<bool> {
    line.clear();
    let read = file.take(EXPORT_LINE_BYTES_MAX).read_line(line)?;
    if line.ends_with('\n') {
        line.pop();
    } else if read as u64 == EXPORT_LINE_BYTES_MAX {
        return Err(io::Error::other("a line of it is too long"));
    }
    Ok(read > 0)
}

/// The id of the ledger that the first line names and where its chain begins, if it is one of
/// ours.
fn first(line: &str) -> Option<(String, Start)> {
    let told: Value = serde_json::from_str(line).ok()?;
    let is_known = told.get("format")?.as_str()? == FORMAT;
    let ledger = told.get("ledger")?.as_str()?;
    let start = start(told.get("behind")?, ["seq", "hash", "call"])?;
    is_known.then(|| (ledger.to_owned(), start))
}

/// A start of a chain, from the members of these names.
fn start(told: &Value, [seq, hash, call]: [&str; 3]) -> Option<Start> {
    Some(Start {
        head: Head {
            seq: told.get(seq)?.as_i64()?,
            hash: hex::decode(told.get(hash)?.as_str()?)?.try_into().ok()?,
        },
        last_call: told.get(call)?.as_i64()?,
    })
}

/// The line of one event.
struct Line {
    seq: i64,
    call: Option<i64>,
    prev: Vec<u8>,
    hash: Vec<u8>,
    pruned: Option<Start>,
    members: Map<String, Value>,
}

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_str(text).ok()?;
        let bytes = |name: &str| hex::decode(members.get(name)?.as_str()?);
        let (seq, call) = (members.get("seq")?.as_i64()?, members.get("call")?);
        let (prev, hash) = (bytes("prev")?, bytes("hash")?);
        let call = match call {
            Value::Null => None,
            call => Some(call.as_i64()?),
        };
        let line = Value::Object(members);
        let pruned = start(&line, ["pruned_until", "pruned_hash", "pruned_calls"]);
        let written = line.to_string();
        match line {
            Value::Object(members) if written == text => Some(Self {
                seq,
                call,
                prev,
                hash,
                pruned,
                members,
            }),
            _ => None,
        }
    }

    fn follow(&self, chain: &mut Chain<'_>) -> Result<(), Fault> {
        let word = self.members.get("event").and_then(Value::as_str);
        let found = Found {
            seq: self.seq,
            call: self.call,
            word: word.unwrap_or_default(),
            prev: &self.prev,
            hash: &self.hash,
            pruned: self.pruned,
        };
        chain.follow(&found, |event, link| {
            self.add(event, link).ok_or(Fault::Altered)
        })
    }

    /// Adds what `event` vouches for to its hash; nothing where a member is missing, of no kind
    /// that is written, or one too many.
    fn add(&self, event: Event, link: &mut Link) -> Option<()> {
        for name in event.names() {
            match self.members.get(name)? {
                Value::Null => link.null(),
                Value::Number(number) => link.integer(number.as_i64()?),
                Value::String(digits) if BYTES.contains(&name) => {
                    link.blob(&hex::decode(digits)?);
                }
                Value::String(text) => link.text(text),
                Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
            }
        }
        (self.members.len() == OWN + event.names().count()).then_some(())
    }
}

#[cfg(test)]
mod tests;
