//! The audit trail: a chain of hashes over what was asked for and how it ended.
//!
//! An event's hash covers the one before it and the columns of the call that it vouches for, so
//! that a change to either shows. The end of the chain is read in the transaction that appends
//! to it: there is one order over all processes. What a chain cannot show by itself is that its
//! end was cut off, or that all of it was written anew: that takes an [`anchor`].

pub(crate) mod anchor;
pub(crate) mod chain;
pub(crate) mod export;
pub(crate) mod exported;
pub(super) mod locks;
mod pages;
pub(super) mod pruning;
mod reading;
mod verify;

use std::ops::Range;

use rusqlite::{Connection, Row, Statement, params, types::ValueRef};
use sha2::{Digest, Sha256};

use self::{
    locks::{LOCK, LOCK_COLUMNS},
    pruning::{JUMP, JUMP_COLUMNS, PRUNING, PRUNING_COLUMNS},
};
use super::{
    super::{
        record::{CallRow, Settlement},
        steps::StepEntry,
    },
    resolve::Change,
    statements::{integer, stored_reply},
    steps::place,
};
use crate::base::clock::Timestamp;

/// The columns of [`Link::request`], in its order.
pub(super) const REQUEST: &str = "call_id, received, tool, effect, definition, principal, client,
    protocol_version, request_id, trace_id, raw_arguments, effective_arguments, changes";
/// How many those are.
pub(super) const REQUEST_COLUMNS: usize = 13;
/// The columns of [`Link::end`], in its order.
pub(super) const END: &str =
    "outcome, stage, code, effects, reply, reply_clipped_from, backend_status,
    guard_us, wait_us, run_us, finished";
/// How many those are.
pub(super) const END_COLUMNS: usize = 11;
/// The columns of [`Link::change`], in its order.
pub(super) const RESOLUTION: &str = "operation, at, was, became, who, note";
/// How many those are.
pub(super) const RESOLUTION_COLUMNS: usize = 6;
/// The columns of [`Link::step`], in its order.
pub(super) const STEP: &str = "of_call, stepped, step, name, side, went, attempt, status, output";
/// How many those are.
pub(super) const STEP_COLUMNS: usize = 9;
/// Finds the end of the chain.
pub(super) const FIND_HEAD: &str = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
/// Appends to it.
pub(super) const APPEND: &str =
    "INSERT INTO audit (seq, call, event, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5)";

/// What an event vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A call was admitted: the request.
    Accepted,
    /// An admitted call ended: the end.
    Completed,
    /// A call was admitted and ended in one step: both.
    Settled,
    /// Somebody found out, or saw to it, how an operation ended that the call had begun: what it
    /// became.
    Resolved,
    /// Something happened to a step of a call: what.
    Stepped,
    /// The beginning of the chain was taken out: what stands for it.
    Pruned,
    /// The wall clock jumped: by how much.
    ClockJumped,
    /// Calls are held to another `tools.lock` than before: which.
    Locked,
}

impl Event {
    /// Every kind.
    pub(super) const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Completed,
        Self::Settled,
        Self::Resolved,
        Self::Stepped,
        Self::Pruned,
        Self::ClockJumped,
        Self::Locked,
    ];

    /// The word in the ledger.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Completed => "completed",
            Self::Settled => "settled",
            Self::Resolved => "resolved",
            Self::Stepped => "stepped",
            Self::Pruned => "pruned",
            Self::ClockJumped => "clock_jump",
            Self::Locked => "lock",
        }
    }

    /// The event that this word stands for.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }

    /// Whether a call came in with it: calls are numbered in the order of these.
    fn admits(self) -> bool {
        match self {
            Self::Accepted | Self::Settled => true,
            Self::Completed
            | Self::Resolved
            | Self::Stepped
            | Self::Pruned
            | Self::ClockJumped
            | Self::Locked => false,
        }
    }

    /// Whether what it vouches for stands in the row of its call.
    fn is_of_call(self) -> bool {
        match self {
            Self::Accepted | Self::Completed | Self::Settled => true,
            Self::Resolved | Self::Stepped | Self::Pruned | Self::ClockJumped | Self::Locked => {
                false
            }
        }
    }

    /// Which of the columns [`REQUEST`], [`END`], [`RESOLUTION`], [`PRUNING`], [`JUMP`], [`STEP`]
    /// and [`LOCK`], one behind the other, it vouches for. An older file ends before the later ones.
    fn columns(self) -> Range<usize> {
        const END_AT: usize = REQUEST_COLUMNS;
        const RESOLUTION_AT: usize = END_AT + END_COLUMNS;
        const PRUNING_AT: usize = RESOLUTION_AT + RESOLUTION_COLUMNS;
        const JUMP_AT: usize = PRUNING_AT + PRUNING_COLUMNS;
        const STEP_AT: usize = JUMP_AT + JUMP_COLUMNS;
        const LOCK_AT: usize = STEP_AT + STEP_COLUMNS;
        match self {
            Self::Accepted => 0..END_AT,
            Self::Completed => END_AT..RESOLUTION_AT,
            Self::Settled => 0..RESOLUTION_AT,
            Self::Resolved => RESOLUTION_AT..PRUNING_AT,
            Self::Stepped => STEP_AT..LOCK_AT,
            Self::Pruned => PRUNING_AT..JUMP_AT,
            Self::ClockJumped => JUMP_AT..STEP_AT,
            Self::Locked => LOCK_AT..LOCK_AT + LOCK_COLUMNS,
        }
    }

    /// The names of those.
    fn names(self) -> impl Iterator<Item = &'static str> {
        let columns = self.columns();
        [REQUEST, END, RESOLUTION, PRUNING, JUMP, STEP, LOCK]
            .into_iter()
            .flat_map(|names| names.split(',').map(str::trim))
            .skip(columns.start)
            .take(columns.len())
    }
}

/// The last event of a chain, or of none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Its number, from 1; 0 where there is none.
    pub(super) seq: i64,
    /// Its hash.
    pub(super) hash: [u8; 32],
}

impl Head {
    /// The end of the chain, with the statement [`FIND_HEAD`].
    pub(super) fn find(statement: &mut Statement<'_>) -> rusqlite::Result<Self> {
        let mut rows = statement.query([])?;
        match rows.next()? {
            None => Ok(Self::default()),
            Some(row) => Ok(Self {
                seq: row.get(0)?,
                hash: row.get(1)?,
            }),
        }
    }

    /// The event that follows, over what `fields` adds.
    pub(super) fn next(
        &self,
        call: Option<i64>,
        event: Event,
        fields: impl FnOnce(&mut Link),
    ) -> Self {
        let seq = self.seq.saturating_add(1);
        let mut link = Link(Sha256::new());
        link.0.update([0]);
        link.0.update(self.hash);
        link.integer(seq);
        match call {
            None => link.null(),
            Some(call) => link.integer(call),
        }
        link.text(event.as_str());
        fields(&mut link);
        Self {
            seq,
            hash: link.0.finalize().into(),
        }
    }

    /// Writes this event behind `last`, with the statement [`APPEND`].
    pub(super) fn append(
        &self,
        statement: &mut Statement<'_>,
        call: Option<i64>,
        event: Event,
        last: &Self,
    ) -> rusqlite::Result<()> {
        statement
            .execute(params![
                self.seq,
                call,
                event.as_str(),
                last.hash,
                self.hash
            ])
            .map(drop)
    }
}

/// A hash in the making. Each value goes in with its type and length, so that two different
/// rows never look the same.
#[derive(Debug)]
pub(super) struct Link(Sha256);

impl Link {
    fn null(&mut self) {
        self.0.update([0]);
    }

    fn integer(&mut self, value: i64) {
        self.0.update([1]);
        self.0.update(value.to_le_bytes());
    }

    fn bytes(&mut self, kind: u8, value: &[u8]) {
        self.0.update([kind]);
        self.0.update((value.len() as u64).to_le_bytes());
        self.0.update(value);
    }

    fn text(&mut self, value: &str) {
        self.bytes(2, value.as_bytes());
    }

    fn blob(&mut self, value: &[u8]) {
        self.bytes(3, value);
    }

    fn optional(&mut self, value: Option<&str>) {
        match value {
            None => self.null(),
            Some(text) => self.text(text),
        }
    }

    /// What was asked for.
    pub(super) fn request(&mut self, row: &CallRow) {
        self.blob(row.call_id.as_bytes());
        self.integer(row.received.as_micros());
        self.text(&row.tool);
        self.optional(row.effect);
        match &row.definition {
            None => self.null(),
            Some(digest) => self.blob(digest),
        }
        self.text(row.principal.as_str());
        self.optional(row.client.as_deref());
        self.text(row.protocol_version);
        self.text(&row.request_id);
        self.optional(row.trace_id.as_deref());
        self.text(&row.raw_arguments);
        self.optional(row.effective_arguments.as_deref());
        self.optional(row.changes.as_deref());
    }

    /// How it ended.
    pub(super) fn end(&mut self, end: &Settlement) {
        let (reply, clipped_from) = stored_reply(end);
        self.text(end.outcome.as_str());
        self.text(end.stage);
        self.optional(end.code.map(|code| code.as_str()));
        self.text(end.effects.as_str());
        self.optional(reply);
        match clipped_from {
            None => self.null(),
            Some(bytes) => self.integer(bytes),
        }
        self.optional(end.backend_status.as_deref());
        self.integer(integer(end.guard_us));
        self.integer(integer(end.wait_us));
        self.integer(integer(end.run_us));
        self.integer(end.finished.as_micros());
    }

    /// What an operation became.
    pub(super) fn change(&mut self, change: &Change<'_>, at: Timestamp) {
        let (was, became) = change.states;
        self.integer(change.operation);
        self.integer(at.as_micros());
        self.text(was.as_str());
        self.text(became.as_str());
        self.text(change.by);
        self.text(change.note);
    }

    /// What happened to a step of the call of row `call`.
    pub(super) fn step(&mut self, call: i64, entry: &StepEntry, at: Timestamp) {
        self.integer(call);
        self.integer(at.as_micros());
        self.integer(place(entry.step));
        self.text(&entry.name);
        self.text(entry.side.as_str());
        self.text(entry.event.as_str());
        self.integer(i64::from(entry.attempt));
        self.optional(entry.status.as_deref());
        self.optional(entry.output.as_deref());
    }

    /// The same from the columns of a stored row.
    ///
    /// # Errors
    /// When there is no such column.
    pub(super) fn stored(&mut self, row: &Row<'_>, columns: Range<usize>) -> rusqlite::Result<()> {
        for column in columns {
            match row.get_ref(column)? {
                ValueRef::Null => self.null(),
                ValueRef::Integer(value) => self.integer(value),
                ValueRef::Text(value) => self.bytes(2, value),
                ValueRef::Blob(value) => self.blob(value),
                // No column of ours holds one, so that none can look like what was written.
                ValueRef::Real(value) => self.bytes(4, &value.to_le_bytes()),
            }
        }
        Ok(())
    }
}

/// Appends the end of the call of row `call` as it is stored, within a transaction.
///
/// # Errors
/// What SQLite says.
pub(super) fn append_end(connection: &Connection, call: i64) -> rusqlite::Result<()> {
    let head = head(connection)?;
    let sql = format!("SELECT {END} FROM calls WHERE row = ?1");
    let next = connection.prepare_cached(&sql)?.query_row([call], |row| {
        let mut read = Ok(());
        let next = head.next(Some(call), Event::Completed, |link| {
            read = link.stored(row, 0..END_COLUMNS);
        });
        read.map(|()| next)
    })?;
    let mut append = connection.prepare_cached(APPEND)?;
    next.append(&mut append, Some(call), Event::Completed, &head)
}

/// Appends an event that is about no call, within a transaction; gives its number.
fn append(
    connection: &Connection,
    event: Event,
    fields: impl FnOnce(&mut Link),
) -> rusqlite::Result<i64> {
    let head = head(connection)?;
    let next = head.next(None, event, fields);
    let mut append = connection.prepare_cached(APPEND)?;
    next.append(&mut append, None, event, &head)?;
    Ok(next.seq)
}

/// The end of the chain.
fn head(connection: &Connection) -> rusqlite::Result<Head> {
    Head::find(&mut *connection.prepare_cached(FIND_HEAD)?)
}
