//! A ledger for tests: keeps everything in memory, answers at once, fails when it is told to,
//! and loses its process when it is told to.

mod state;
mod steps;

use std::sync::{Arc, Mutex};

use state::{Looked, State};

use super::{
    AuditReceipt, Coming, Durability, IntentReceipt, Ledger, LedgerError, LedgerKey, Then,
    admission::{Admission, Begun, Decided, Ending, Failure, Further, Notes, Replay},
    fetch::{Fetch, Fetched, Standing, died, no_such},
    log::{CallEnd, CallRecord},
    operation::{Operation, OperationState},
    record::{CallRow, Settlement},
    resolution::{Resolution, Resolved},
    sqlite::statements::stored_reply,
    steps::{Adopted, Closing, Stepped, Wanted},
};
use crate::base::{
    clock::{Clock, SystemClock, Timestamp},
    id::CallId,
    problem::Problem,
};

/// A verb as it was called; the number is the row of the call.
#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// `begin`.
    Begin(i64, CallRow),
    /// `intend`.
    Intend,
    /// `step`.
    Step,
    /// `finish`.
    Finish(i64, Settlement),
    /// `settle_at_once`.
    SettleAtOnce(i64, CallRow, Settlement),
    /// `refuse`, or a verb that was answered otherwise than asked.
    Refuse(i64, CallRow, Settlement),
}

/// The verbs of a process, in order, for as long as it lives.
pub(crate) struct MemoryLedger {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Default for MemoryLedger {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

fn otherwise<R>(row: i64, how: Result<Box<Replay>, Box<Problem>>) -> Decided<R> {
    match how {
        Ok(replay) => Decided::Replay(AuditReceipt::of(row), replay),
        Err(problem) => Decided::Refused(AuditReceipt::of(row), problem),
    }
}

impl MemoryLedger {
    /// A ledger on this clock.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// Makes the next `verbs` verbs fail; nothing is written for them.
    pub(crate) fn fail_next(&self, verbs: usize) {
        self.state.lock().unwrap().failing = verbs;
    }

    /// Has the process die that has operations in hand; whatever it would still say is lost.
    pub(crate) fn crash(&self) {
        for stored in &mut self.state.lock().unwrap().operations {
            stored.known.is_owner_alive = false;
        }
    }

    /// Where the operation of this row stands.
    pub(crate) fn operation(&self, row: i64) -> OperationState {
        self.state.lock().unwrap().of(row).known.state
    }

    /// What was announced, in order.
    pub(crate) fn announced(&self) -> Vec<Coming> {
        self.state.lock().unwrap().announced.clone()
    }

    /// Everything that was written, in order.
    pub(crate) fn verbs(&self) -> Vec<Verb> {
        self.state.lock().unwrap().verbs.clone()
    }

    /// The same as whole calls, in order of arrival.
    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        let mut calls: Vec<CallRecord> = Vec::new();
        for verb in self.verbs() {
            match verb {
                Verb::Begin(at, row) => calls.push(record(at, row, None)),
                Verb::Intend | Verb::Step => {}
                Verb::Finish(at, settlement) => {
                    let of = calls.iter_mut().find(|call| call.row == at);
                    of.expect("a receipt has a row").end = Some(end(&settlement));
                }
                Verb::SettleAtOnce(at, row, settlement) | Verb::Refuse(at, row, settlement) => {
                    calls.push(record(at, row, Some(end(&settlement))));
                }
            }
        }
        calls
    }

    /// Does `verb`, unless it is to fail.
    fn write<T>(
        &self,
        verb: impl FnOnce(&mut State, Timestamp) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let now = self.clock.wall();
        let mut state = self.state.lock().unwrap();
        if state.failing > 0 {
            state.failing -= 1;
            return Err(LedgerError::Unavailable("told to fail".to_owned()));
        }
        verb(&mut state, now)
    }
}

impl Ledger for MemoryLedger {
    fn announce(&self, coming: Coming) {
        self.state.lock().unwrap().announced.push(coming);
    }

    fn begin(&self, admission: Admission, then: Then<Begun>) {
        let asked = admission.operation.clone();
        let guard_us = admission.guard_us;
        let begun = self.write(|state, now| {
            Ok(match state.look(asked.as_deref(), guard_us, now) {
                Looked::Join(running) => Begun::Join(Box::new(admission), running),
                Looked::Doubt(doubt, ..) => Begun::Doubt(Box::new(admission), doubt),
                Looked::Otherwise(settlement, how) => {
                    let row = state.put(|at| Verb::Refuse(at, admission.row, settlement));
                    Begun::Decided(otherwise(row, how))
                }
                Looked::Go(again, notes) => {
                    let durability = Durability::of(&admission.row);
                    let call = admission.row.clone();
                    let row = state.put(|at| Verb::Begin(at, admission.row));
                    let backend = admission.backend;
                    let call = (row, &call, backend);
                    let operation = state.claim(asked.as_deref(), again, call, now);
                    let receipt = IntentReceipt {
                        row,
                        durability,
                        operation,
                    };
                    Begun::Decided(Decided::AsAsked(receipt, notes))
                }
            })
        });
        then(begun);
    }

    fn intend(&self, of: &IntentReceipt, _: Further, then: Then<Option<IntentReceipt>>) {
        let receipt = of.again();
        then(self.write(|state, _| {
            state.verbs.push(Verb::Intend);
            Ok(Some(receipt))
        }));
    }

    fn step(&self, of: &IntentReceipt, stepped: Stepped, then: Then<IntentReceipt>) {
        let receipt = of.again();
        then(self.write(|state, _| {
            state.verbs.push(Verb::Step);
            state.step(&receipt, stepped);
            Ok(receipt)
        }));
    }

    fn adopt(&self, wanted: Wanted, then: Then<Adopted>) {
        then(self.write(|state, now| Ok(state.adopt(wanted, now))));
    }

    fn close_steps(&self, of: IntentReceipt, closing: Closing, then: Then<()>) {
        then(self.write(|state, now| {
            state.close_steps(&of, closing, now);
            Ok(())
        }));
    }

    fn finish(&self, of: IntentReceipt, ending: Ending, then: Then<AuditReceipt>) {
        then(self.write(|state, _| {
            let operation = of.operation().or_else(|| state.become_one(of.row, &ending));
            state.end(operation, &ending);
            state.verbs.push(Verb::Finish(of.row, ending.settlement));
            Ok(AuditReceipt::of(of.row))
        }));
    }

    fn settle_at_once(
        &self,
        admission: Admission,
        ending: Ending,
        then: Then<Decided<AuditReceipt>>,
    ) {
        let (asked, guard_us) = (admission.operation, admission.guard_us);
        let call = admission.row;
        then(self.write(|state, now| {
            Ok(
                match state
                    .look(asked.as_deref(), guard_us, now)
                    .at_once(guard_us, now)
                {
                    Err((settlement, how)) => {
                        otherwise(state.put(|at| Verb::Refuse(at, call, settlement)), how)
                    }
                    Ok((again, notes)) => {
                        let (kept, end) = (call.clone(), ending.settlement.clone());
                        let row = state.put(|at| Verb::SettleAtOnce(at, kept, end));
                        let call = (row, &call, admission.backend);
                        let operation = state.claim(asked.as_deref(), again, call, now);
                        let operation = operation.map(|one| one.operation);
                        let operation = operation.or_else(|| state.become_one(row, &ending));
                        state.end(operation, &ending);
                        Decided::AsAsked(AuditReceipt::of(row), notes)
                    }
                },
            )
        }));
    }

    fn key(&self, then: Then<LedgerKey>) {
        let failing = self.state.lock().unwrap().failing > 0;
        then(if failing {
            Err(LedgerError::Unavailable("told to fail".to_owned()))
        } else {
            Ok([7; 64])
        });
    }

    fn refuse(
        &self,
        row: CallRow,
        settlement: Settlement,
        operation: Option<Box<Operation>>,
        _failure: Option<Box<Failure>>,
        then: Then<Decided<AuditReceipt>>,
    ) {
        let guard_us = settlement.guard_us;
        then(self.write(|state, now| {
            let looked = state.look(operation.as_deref(), guard_us, now);
            Ok(match looked.at_once(guard_us, now) {
                Err((settlement, how)) => {
                    otherwise(state.put(|at| Verb::Refuse(at, row, settlement)), how)
                }
                Ok(_) => {
                    let row = state.put(|at| Verb::Refuse(at, row, settlement));
                    Decided::AsAsked(AuditReceipt::of(row), Notes::default())
                }
            })
        }));
    }

    fn fetch(&self, fetch: Fetch, then: Then<Fetched>) {
        then(self.write(|state, now| {
            let found = state.wanted(&fetch, now);
            let refused = |problem| Looked::refused(problem, fetch.guard_us, now);
            let looked = match found {
                None => refused(no_such(fetch.id)),
                Some((known, Standing::Running | Standing::Recover)) => {
                    return Ok(Fetched::Running(Box::new(fetch), known.as_running()));
                }
                Some((_, Standing::Open(problem))) => refused(problem),
                Some((known, Standing::Ended)) => {
                    let told = state.replay(&known);
                    if told.reply.is_empty() {
                        refused(died(fetch.id))
                    } else {
                        Looked::Otherwise(
                            Settlement::replay(&told, fetch.guard_us, now),
                            Ok(Box::new(told)),
                        )
                    }
                }
            };
            let Looked::Otherwise(settlement, how) = looked else {
                unreachable!("{looked:?}")
            };
            let row = state.put(|at| Verb::Refuse(at, fetch.row, settlement));
            let receipt = AuditReceipt::of(row);
            Ok(match how {
                Ok(replay) => Fetched::Ended(receipt, replay),
                Err(problem) => Fetched::Refused(receipt, problem),
            })
        }));
    }

    fn delivered(&self, row: i64, _at: Timestamp) {
        for stored in &mut self.state.lock().unwrap().operations {
            stored.known.is_delivered |= stored.known.last == row;
        }
    }

    fn resolve(&self, id: CallId, resolution: Resolution, then: Then<Resolved>) {
        then(self.write(|state, now| {
            let mut all = state.operations.iter();
            let found = all.find(|stored| stored.known.id == id);
            let Some(mut known) = found.map(|stored| stored.known.clone()) else {
                return Ok(Resolved::NotFound);
            };
            if known.state.is_open() && !known.is_owner_alive {
                state.bury(known.row, now);
                known = state.of(known.row).known.clone();
            }
            if let Some(refused) = resolution.refused(known.state, known.last) {
                return Ok(refused);
            }
            let stored = state.of(known.row);
            stored.known.state = resolution.finding.state();
            stored.known.ended = Some(now);
            stored.resolved = Some(resolution.reply());
            Ok(Resolved::Done(known.state))
        }));
    }
}

/// What the ledger is expected to have of `row`.
pub(super) fn record(at: i64, row: CallRow, end: Option<CallEnd>) -> CallRecord {
    CallRecord {
        row: at,
        call_id: row.call_id,
        received: row.received,
        tool: row.tool.to_string(),
        effect: row.effect.map(str::to_owned),
        definition: row.definition,
        principal: row.principal,
        client: row.client.as_deref().map(str::to_owned),
        protocol_version: row.protocol_version.to_owned(),
        request_id: row.request_id.to_string(),
        trace_id: row.trace_id,
        raw_arguments: row.raw_arguments.to_string(),
        effective_arguments: row.effective_arguments,
        changes: row.changes,
        end,
    }
}

/// What the ledger is expected to have of `settlement`.
pub(super) fn end(settlement: &Settlement) -> CallEnd {
    let (reply, clipped_from) = stored_reply(settlement);
    CallEnd {
        outcome: settlement.outcome,
        stage: settlement.stage.to_owned(),
        code: settlement.code.map(|code| code.as_str().to_owned()),
        effects: settlement.effects.as_str().to_owned(),
        reply: reply.map(str::to_owned),
        reply_clipped_from: clipped_from.map(|bytes| u64::try_from(bytes).unwrap()),
        backend_status: settlement.backend_status.clone(),
        guard_us: settlement.guard_us,
        wait_us: settlement.wait_us,
        run_us: settlement.run_us,
        finished: settlement.finished,
        delivered: None,
    }
}
