//! A ledger for tests of other floors: keeps everything in memory, answers at once, and fails
//! when it is told to.

use std::sync::Mutex;

use super::{
    AskKey, AuditReceipt, Durability, IntentReceipt, Ledger, LedgerError, Then,
    admission::{Admission, Begun, Decided, Ending, Failure, Notes},
    log::{CallEnd, CallRecord},
    operation::Operation,
    record::{CallRow, Intent, Settlement},
    sqlite::statements::stored_reply,
};

/// A verb as it was called; the number is the row of the call.
#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// `begin`.
    Begin(i64, CallRow),
    /// `intend`.
    Intend,
    /// `finish`.
    Finish(i64, Settlement),
    /// `settle_at_once`.
    SettleAtOnce(i64, CallRow, Settlement),
    /// `refuse`.
    Refuse(i64, CallRow, Settlement),
}

/// The verbs of a process, in order, for as long as it lives.
#[derive(Debug, Default)]
pub(crate) struct MemoryLedger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: i64,
    verbs: Vec<Verb>,
    failing: usize,
}

impl MemoryLedger {
    /// Makes the next `verbs` verbs fail; nothing is written for them.
    pub(crate) fn fail_next(&self, verbs: usize) {
        self.state.lock().unwrap().failing = verbs;
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
                Verb::Intend => {}
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

    /// Writes the verb, which is told a fresh row; `None` when it is to fail.
    fn write(&self, verb: impl FnOnce(i64) -> (i64, Verb)) -> Result<i64, LedgerError> {
        let mut state = self.state.lock().unwrap();
        if state.failing > 0 {
            state.failing -= 1;
            return Err(LedgerError::Unavailable("told to fail".to_owned()));
        }
        let fresh = state.rows + 1;
        let (row, verb) = verb(fresh);
        state.rows = state.rows.max(row);
        state.verbs.push(verb);
        Ok(row)
    }
}

impl Ledger for MemoryLedger {
    fn begin(&self, admission: Admission, then: Then<Begun>) {
        let durability = Durability::of(&admission.row);
        let row = admission.row;
        let written = self.write(|at| (at, Verb::Begin(at, row)));
        then(written.map(|row| {
            let receipt = IntentReceipt {
                row,
                durability,
                operation: None,
            };
            Begun::Decided(Decided::AsAsked(receipt, Notes::default()))
        }));
    }

    fn intend(&self, of: &IntentReceipt, _intent: Intent, then: Then<IntentReceipt>) {
        let receipt = of.again();
        let written = self.write(|_| (of.row, Verb::Intend));
        then(written.map(|_| receipt));
    }

    fn finish(&self, of: IntentReceipt, ending: Ending, then: Then<AuditReceipt>) {
        let settlement = ending.settlement;
        let written = self.write(|_| (of.row, Verb::Finish(of.row, settlement)));
        then(written.map(AuditReceipt::of));
    }

    fn settle_at_once(
        &self,
        admission: Admission,
        ending: Ending,
        then: Then<Decided<AuditReceipt>>,
    ) {
        let (row, end) = (admission.row, ending.settlement);
        let written = self.write(|at| (at, Verb::SettleAtOnce(at, row, end)));
        then(written.map(|row| Decided::AsAsked(AuditReceipt::of(row), Notes::default())));
    }

    fn ask_key(&self, then: Then<AskKey>) {
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
        _operation: Option<Operation>,
        _failure: Option<Failure>,
        then: Then<Decided<AuditReceipt>>,
    ) {
        let written = self.write(|at| (at, Verb::Refuse(at, row, settlement)));
        then(written.map(|row| Decided::AsAsked(AuditReceipt::of(row), Notes::default())));
    }
}

/// What the ledger is expected to have of `row`.
pub(super) fn record(at: i64, row: CallRow, end: Option<CallEnd>) -> CallRecord {
    CallRecord {
        row: at,
        call_id: row.call_id,
        received: row.received,
        tool: row.tool,
        effect: row.effect.map(str::to_owned),
        definition: row.definition,
        principal: row.principal,
        client: row.client,
        protocol_version: row.protocol_version.to_owned(),
        request_id: row.request_id,
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
