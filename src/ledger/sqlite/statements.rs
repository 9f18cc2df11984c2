//! The statements of the writer, prepared once, and what is bound to them.

use std::path::Path;

use rusqlite::{Connection, Error, Statement, params};

use super::{
    super::{
        LedgerKey,
        record::{CallRow, Intent, Settlement},
        steps::StepEntry,
    },
    askings,
    audit::{self, Event, Head, Link, locks, pruning},
    bound::{Bound, Values},
    in_hand,
    operations::Operations,
    resolve::Change,
    restraint::{Reserved, Restraints},
};
use crate::base::{
    clock::Timestamp, held::HeldTo, limits::LEDGER_REPLY_BYTES_MAX, problem::Problem, text,
};

const ADMIT: &str = "
INSERT INTO calls (call_id, received, tool, effect, definition, principal, client,
    protocol_version, request_id, trace_id, raw_arguments, effective_arguments, changes,
    instance, reserved, backend, intended, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 'running')";

const ADMIT_SETTLED: &str = "
INSERT INTO calls (call_id, received, tool, effect, definition, principal, client,
    protocol_version, request_id, trace_id, raw_arguments, effective_arguments, changes,
    instance, outcome, stage, code, effects, reply, reply_clipped_from, backend_status,
    guard_us, wait_us, run_us, finished, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    ?20, ?21, ?22, ?23, ?24, ?25, 'settled')";

/// All or nothing of the transaction: see [`MOVES_OR_NOTHING`](super::operations::moves::MOVES_OR_NOTHING).
const SETTLE: &str = "
UPDATE OR ROLLBACK calls SET state = 'settled', outcome = ?2, stage = ?3, code = ?4, effects = ?5,
    reply = ?6, reply_clipped_from = ?7, backend_status = ?8, guard_us = ?9, wait_us = ?10,
    run_us = ?11, finished = ?12
WHERE row = ?1 AND state = 'running'";

const INTEND: &str = "
INSERT INTO further_intents (call, attempt, backend, at, after) VALUES (?1, ?2, ?3, ?4, ?5)";

/// The file when this process wrote to it last, or read it first.
#[derive(Debug, Default)]
struct Seen {
    /// What `PRAGMA data_version` said; `None` when nothing is known of the file.
    data: Option<i64>,
    schema: i32,
}

/// Every statement that a batch needs.
pub(super) struct Statements<'c> {
    connection: &'c Connection,
    begin: Statement<'c>,
    commit: Statement<'c>,
    version: Statement<'c>,
    data_version: Statement<'c>,
    seen: Seen,
    admit: Bound<'c>,
    admit_settled: Bound<'c>,
    settle: Bound<'c>,
    find_head: Statement<'c>,
    append: Statement<'c>,
    head: Head,
    instance: i64,
    /// The calls that this process runs.
    running: in_hand::Rows,
    /// Whether the file says the same of what this process has in hand; not so when a transaction
    /// was taken back.
    knows_its_hand: bool,
    /// The table of operations.
    pub(super) operations: Operations<'c>,
    /// The tables of what restrains calls.
    pub(super) restraints: Restraints<'c>,
}

impl<'c> Statements<'c> {
    /// Prepares them; rows will name the instance of row `instance`, one of those that share
    /// the state directory `state`.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn prepare(
        connection: &'c Connection,
        state: &Path,
        instance: i64,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            version: connection.prepare("PRAGMA user_version")?,
            data_version: connection.prepare("PRAGMA data_version")?,
            seen: Seen::default(),
            admit: Bound::prepare(connection, ADMIT)?,
            admit_settled: Bound::prepare(connection, ADMIT_SETTLED)?,
            settle: Bound::prepare(connection, SETTLE)?,
            find_head: connection.prepare(audit::FIND_HEAD)?,
            append: connection.prepare(audit::APPEND)?,
            head: Head::default(),
            instance,
            running: in_hand::Rows::default(),
            knows_its_hand: false,
            operations: Operations::prepare(connection, state, instance)?,
            restraints: Restraints::new(connection, state, instance),
        })
    }

    /// Begins a transaction that may write and gives the schema version found in it.
    pub(super) fn begin(&mut self) -> rusqlite::Result<i32> {
        self.begin.execute([])?;
        // It changes with each commit of another connection (sqlite.org/pragma.html), and nobody
        // commits from here on.
        let data = self.data_version.query_row([], |row| row.get(0))?;
        if self.seen.data != Some(data) {
            self.seen.data = None;
            self.restraints.forget();
            self.operations.keys.forget();
            self.find_head()?;
            self.seen = Seen {
                schema: self.version.query_row([], |row| row.get(0))?,
                data: Some(data),
            };
        }
        if !self.knows_its_hand {
            (self.running, self.operations.open) = in_hand::read(self.connection, self.instance)?;
            self.knows_its_hand = true;
        }
        Ok(self.seen.schema)
    }

    /// What is known of the file holds no more, also where nobody else has written to it.
    pub(super) fn forget(&mut self) {
        self.seen.data = None;
        self.knows_its_hand = false;
    }

    /// Commits it.
    pub(super) fn commit(&mut self) -> rusqlite::Result<()> {
        self.restraints.write()?;
        let hand = (&self.running, &self.operations.open);
        in_hand::write(self.connection, self.instance, hand)?;
        self.operations.keys.write()?;
        self.commit.execute([])?;
        self.running.committed();
        self.operations.committed();
        Ok(())
    }

    /// Takes it back, if there is one.
    pub(super) fn roll_back(&mut self) {
        self.forget();
        self.operations.keys.taken_back();
        if !self.connection.is_autocommit() {
            // SQLite rolls back by itself what it cannot roll back when told.
            let _nothing_more_to_do = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// Writes a call that begins to run `at` a time by this backend and has set so much aside; gives
    /// its row.
    pub(super) fn admit(
        &mut self,
        row: &CallRow,
        (backend, at): (&'static str, Timestamp),
        reserved: &Reserved,
    ) -> rusqlite::Result<i64> {
        let mut values = self.admit.values();
        bind_request(&mut values, row, self.instance)?;
        values.kept(reserved)?;
        // A read is simply run again, so nobody will ask what it was about to do.
        let intent = row.must_sync().then_some((backend, at.as_micros()));
        values.kept(intent.map(|(backend, _)| backend))?;
        values.kept(intent.map(|(_, at)| at))?;
        values.execute()?;
        let at = self.connection.last_insert_rowid();
        self.running.add(at);
        askings::use_up(self.connection, row, at)?;
        self.record(at, Event::Accepted, |link| link.request(row))?;
        Ok(at)
    }

    /// Writes a call that is over already; gives its row.
    pub(super) fn admit_settled(
        &mut self,
        row: &CallRow,
        end: &Settlement,
    ) -> rusqlite::Result<i64> {
        let mut values = self.admit_settled.values();
        bind_request(&mut values, row, self.instance)?;
        bind_end(&mut values, end)?;
        values.execute()?;
        let at = self.connection.last_insert_rowid();
        askings::use_up(self.connection, row, at)?;
        self.record(at, Event::Settled, |link| {
            link.request(row);
            link.end(end);
        })?;
        Ok(at)
    }

    /// Writes how the running call of `row` ended.
    pub(super) fn settle(&mut self, row: i64, end: &Settlement) -> rusqlite::Result<()> {
        let mut values = self.settle.values();
        values.fresh(row)?;
        bind_end(&mut values, end)?;
        let changed = values.execute()?;
        if changed != 1 {
            return Err(Error::StatementChangedRows(changed));
        }
        self.running.remove(row);
        self.record(row, Event::Completed, |link| link.end(end))
    }

    /// Appends that the wall clock shows `at` after a jump by `by_us` microseconds.
    pub(super) fn record_jump(&mut self, at: Timestamp, by_us: i64) -> rusqlite::Result<()> {
        pruning::append_jump(self.connection, at, by_us)?;
        self.find_head()
    }

    /// Appends that calls are held to this lock from now on, unless that is known.
    pub(super) fn record_lock(&mut self, at: Timestamp, held: &HeldTo) -> rusqlite::Result<()> {
        if locks::append(self.connection, held, at)? {
            self.find_head()?;
        }
        Ok(())
    }

    /// Whether this process runs no call, as far as was written.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// The connection that they belong to.
    pub(super) fn connection(&self) -> &'c Connection {
        self.connection
    }

    /// Appends what an operation became; gives the number of the event.
    pub(super) fn record_change(
        &mut self,
        change: &Change<'_>,
        at: Timestamp,
    ) -> rusqlite::Result<i64> {
        self.record(change.first, Event::Resolved, |link| {
            link.change(change, at);
        })?;
        Ok(self.head.seq)
    }

    /// Appends what happened to a step of the call of row `call`; gives the number of the event.
    pub(super) fn record_step(
        &mut self,
        call: i64,
        entry: &StepEntry,
        at: Timestamp,
    ) -> rusqlite::Result<i64> {
        self.record(call, Event::Stepped, |link| link.step(call, entry, at))?;
        Ok(self.head.seq)
    }

    /// Settles the operation of `row` and its call, whose process is dead.
    pub(super) fn recover(&mut self, row: i64, now: Timestamp) -> rusqlite::Result<()> {
        // What a dead call had set aside is settled, in accounts that may be in hand.
        self.restraints.hand_over()?;
        self.operations.recover(row, now)?;
        self.find_head()
    }

    /// Goes on as the process of row `instance`.
    #[cfg(test)]
    pub(super) fn reborn_as(&mut self, instance: i64) -> rusqlite::Result<()> {
        self.instance = instance;
        self.operations.reborn_as(instance);
        self.knows_its_hand = false;
        self.find_head()
    }

    /// Looks where the audit trail ends.
    pub(super) fn find_head(&mut self) -> rusqlite::Result<()> {
        self.head = Head::find(&mut self.find_head)?;
        Ok(())
    }

    /// Appends an event to the audit trail.
    fn record(
        &mut self,
        call: i64,
        event: Event,
        fields: impl FnOnce(&mut Link),
    ) -> rusqlite::Result<()> {
        let next = self.head.next(Some(call), event, fields);
        next.append(&mut self.append, Some(call), event, &self.head)?;
        self.head = next;
        Ok(())
    }

    /// See [`super::super::Ledger::key`].
    pub(super) fn key(&self) -> rusqlite::Result<LedgerKey> {
        askings::key(self.connection)
    }

    /// Why the call may not begin by what a person was asked.
    pub(super) fn asking_refusal(&self, row: &CallRow) -> rusqlite::Result<Option<Box<Problem>>> {
        askings::refusal(self.connection, row)
    }

    /// Writes what is about to be done once more for the call of row `call`.
    pub(super) fn intend(
        &mut self,
        call: i64,
        intent: &Intent,
        after: Option<&str>,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(INTEND)?
            .execute(params![
                call,
                intent.attempt,
                intent.backend,
                at.as_micros(),
                after
            ])
            .map(drop)
    }
}

/// Gives the columns of a request, and the instance that it came to.
fn bind_request(values: &mut Values<'_, '_>, row: &CallRow, instance: i64) -> rusqlite::Result<()> {
    values
        .fresh(row.call_id.as_bytes())?
        .fresh(row.received.as_micros())?
        .kept(&row.tool)?
        .kept(row.effect)?
        .kept(row.definition)?
        .kept(row.principal.as_str())?
        .kept(&row.client)?
        .kept(row.protocol_version)?
        .fresh(&row.request_id)?
        .fresh(&row.trace_id)?
        .fresh(&row.raw_arguments)?
        .fresh(&row.effective_arguments)?
        .fresh(&row.changes)?
        .kept(instance)
        .map(drop)
}

/// Gives the columns of an end.
fn bind_end(values: &mut Values<'_, '_>, end: &Settlement) -> rusqlite::Result<()> {
    let (reply, clipped_from) = stored_reply(end);
    values
        .kept(end.outcome.as_str())?
        .kept(end.stage)?
        .kept(end.code.map(|code| code.as_str()))?
        .kept(end.effects.as_str())?
        .fresh(reply)?
        .kept(clipped_from)?
        .kept(&end.backend_status)?
        .fresh(integer(end.guard_us))?
        .fresh(integer(end.wait_us))?
        .fresh(integer(end.run_us))?
        .fresh(end.finished.as_micros())
        .map(drop)
}

/// As much of the reply as is kept, and how long it was where that is not all.
pub(in super::super) fn stored_reply(end: &Settlement) -> (Option<&str>, Option<i64>) {
    let Some(reply) = end.reply.as_deref() else {
        return (None, None);
    };
    let kept = text::clip(reply, LEDGER_REPLY_BYTES_MAX);
    let clipped_from = (kept.len() < reply.len()).then(|| integer(reply.len() as u64));
    (Some(kept), clipped_from)
}

/// As SQLite keeps it; a number too large becomes the largest.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
