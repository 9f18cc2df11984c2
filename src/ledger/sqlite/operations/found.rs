//! What is known of an operation, and what its caller was told, in one look-up: a repetition needs both.

use std::path::Path;

use rusqlite::Row;
use uuid::Uuid;

use super::{
    super::{
        super::{
            Durability,
            admission::Replay,
            operation::{KeySource, Known, OperationState},
            record::Outcome,
            resolution::told,
        },
        instance, restraint,
    },
    word,
};
use crate::base::{
    clock::Timestamp,
    id::CallId,
    problem::{Code, Effects},
};

/// What [`Found::read`] reads; a condition follows. Most operations have one call, and whose process is looked at
/// only where that has one in hand: what nobody needs is not looked for.
pub(super) const FOUND: &str = "
SELECT o.row, CASE o.first WHEN o.last THEN last.call_id
        ELSE (SELECT call_id FROM calls WHERE row = o.first) END,
    o.state, o.fingerprint, o.began, o.ended, last.delivered IS NOT NULL, o.owner,
    CASE WHEN o.state = 'claimed' OR o.state = 'running' OR o.state = 'compensating'
        THEN (SELECT id FROM instances WHERE row = o.owner) END,
    o.last, last.definition, o.named, last.outcome, last.effects, last.code,
    coalesce(o.reply, last.reply), o.source, o.reply IS NULL
FROM operations o JOIN calls last ON last.row = o.last
WHERE ";

/// What a caller was told, and what must become of the row of whoever is told it again.
pub(in super::super) type Told = (Box<Replay>, Durability);

/// An operation that was looked up.
pub(in super::super) struct Found {
    /// What is known of it.
    pub(in super::super) known: Known,
    told: Option<Box<Replay>>,
    is_ours: bool,
}

impl Found {
    /// Reads a row of [`FOUND`] for the process of row `me`, which shares the state directory `state`.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn read(row: &Row<'_>, state: &Path, me: i64) -> rusqlite::Result<Self> {
        let known = known(row, state, me)?;
        let told = match known.ended {
            Some(ended) if known.state.has_answer() => Some(answer(row, &known, ended)?.into()),
            Some(_) | None => None,
        };
        Ok(Self {
            known,
            told,
            // What somebody found out stands with the operation, whoever that was.
            is_ours: row.get::<_, i64>(7)? == me && row.get(17)?,
        })
    }

    /// What its caller was told, and what must become of the row of whoever is told it again.
    ///
    /// Such a row says of nothing that it happened, so it is committed as that of a read is. What it
    /// gives again must not be lost with the power: the end of an operation of this process is
    /// synced before anything is answered that was committed after it, that of another process, or what
    /// that has found out of an operation of this one, may be on its way to the disk.
    ///
    /// # Errors
    /// When it has no answer to give again (see [`OperationState::has_answer`]).
    pub(in super::super) fn told(self) -> rusqlite::Result<Told> {
        let durability = match self.is_ours {
            true => Durability::Committed,
            false => Durability::Synced,
        };
        let told = self.told.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok((told, durability))
    }
}

/// Reads what the caller of the operation `known` was told, which ended at `ended`.
fn answer(row: &Row<'_>, known: &Known, ended: Timestamp) -> rusqlite::Result<Replay> {
    let own = (
        word(row, 12, Outcome::parse)?,
        word(row, 13, Effects::parse)?,
        row.get::<_, Option<String>>(14)?
            .and_then(|name| Code::parse(&name)),
    );
    let (outcome, effects, code) = told(known.state, own);
    Ok(Replay {
        id: known.id,
        last: known.last,
        ended,
        outcome,
        effects,
        code,
        reply: row.get::<_, Option<String>>(15)?.unwrap_or_default(),
        is_windowed: word(row, 16, KeySource::parse)? == KeySource::Content,
    })
}

/// Reads what is known of an operation.
fn known(row: &Row<'_>, state: &Path, me: i64) -> rusqlite::Result<Known> {
    let now = word(row, 2, OperationState::parse)?;
    let is_owner_alive = match now.is_open() {
        true => {
            row.get::<_, i64>(7)? == me || instance::is_alive(state, Uuid::from_bytes(row.get(8)?))
        }
        false => false,
    };
    Ok(Known {
        row: row.get(0)?,
        id: CallId::from_bytes(row.get(1)?),
        state: now,
        last: row.get(9)?,
        definition: row.get(10)?,
        fingerprint: row.get(3)?,
        began: Timestamp::from_micros(row.get(4)?),
        named: restraint::mark(row, 11)?,
        ended: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_micros),
        is_delivered: row.get(6)?,
        is_owner_alive,
    })
}
