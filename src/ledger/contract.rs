//! What every ledger must do, asked of each of them.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use super::{
    AuditReceipt, IntentReceipt, Ledger, LedgerError,
    admission::{Admission, Begun, Decided, Demands, Dues, Ending, Further},
    log::{CallFilter, CallRecord, Order},
    memory::{self, MemoryLedger},
    operation::OperationState,
    record::{CallRow, Intent, Outcome, Settlement},
    sqlite::{
        AuditSync, SqliteLedger,
        audit::{anchor::Anchors, chain::Verdict},
        read::LogReader,
    },
    wait,
};
use crate::base::{
    clock::{SystemClock, Timestamp},
    id::{CallIds, Principal},
    limits::LEDGER_REPLY_BYTES_MAX,
    problem::{Code, Effects},
};

/// A ledger on the machine's clock.
pub(super) fn sqlite(dir: &Path) -> SqliteLedger {
    SqliteLedger::new(dir.into(), Arc::new(SystemClock), AuditSync::Writes)
}

/// Every call in the ledger of `dir`, in order of arrival.
pub(super) fn calls_in(dir: &Path) -> Vec<CallRecord> {
    let filter = CallFilter {
        order: Order::OldestFirst,
        ..CallFilter::default()
    };
    let reader = LogReader::open(dir).unwrap();
    reader.calls(&filter).collect::<Result<_, _>>().unwrap()
}

/// How many events the audit trail of `dir` has, which must be as it was written; and whatever a row
/// refers to must be there.
#[track_caller]
pub(super) fn events_in(dir: &Path) -> i64 {
    let reader = LogReader::open(dir).unwrap();
    assert_eq!(reader.dangling(), 0);
    match reader.verify(&Anchors::default()).unwrap() {
        Verdict::Whole(whole) => whole.events,
        broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
    }
}

/// A further attempt that nothing stands in the way of.
pub(super) fn further(intent: Intent) -> Further {
    Further {
        intent,
        after: Some("exit 75".to_owned()),
        breaker: None,
    }
}

/// A call with every field filled.
pub(super) fn row(effect: &'static str) -> CallRow {
    CallRow {
        call_id: CallIds::new().next(Timestamp::from_micros(1_767_225_600_000_000)),
        received: Timestamp::from_micros(1_767_225_600_000_000),
        tool: "refund_order".into(),
        effect: Some(effect),
        definition: Some([7; 32]),
        principal: Principal::new("local"),
        client: Some("desk 1.0".into()),
        protocol_version: "2025-11-25",
        request_id: "\"a-1\"".into(),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        raw_arguments: r#"{ "order":"o-1" }"#.into(),
        effective_arguments: Some(r#"{"order":"o-1","full":true}"#.to_owned()),
        changes: Some(r#"[{"at":"/full"}]"#.to_owned()),
        asking: None,
    }
}

/// A settlement with every field filled.
pub(crate) fn settlement(outcome: Outcome) -> Settlement {
    Settlement {
        outcome,
        stage: "exec",
        code: Some(Code::BackendFailed),
        effects: Effects::Unknown,
        reply: Some(r#"{"isError":true}"#.to_owned()),
        backend_status: Some("exit 3".to_owned()),
        guard_us: 11,
        wait_us: 22,
        run_us: 33,
        finished: Timestamp::from_micros(1_767_225_600_500_000),
    }
}

/// What a call does next that had failed once.
pub(super) const SECOND: Intent = Intent {
    attempt: 2,
    backend: "exec",
};

/// A call of `row` that asks to be admitted, for no operation.
pub(super) fn admission(row: &CallRow) -> Admission {
    Admission {
        row: row.clone(),
        backend: "exec",
        guard_us: 11,
        operation: None,
        demands: Demands::default(),
    }
}

/// The end of a call, as far as `settlement` tells it.
pub(super) fn ending(settlement: &Settlement) -> Ending {
    Ending {
        settlement: settlement.clone(),
        state: match settlement.outcome {
            Outcome::Succeeded => OperationState::Succeeded,
            Outcome::Unknown => OperationState::Unknown,
            _ => OperationState::Failed,
        },
        dues: Dues::default(),
        becomes: None,
    }
}

/// Begins a call that nothing stands in the way of.
pub(super) fn begin(ledger: &dyn Ledger, row: &CallRow) -> Result<IntentReceipt, LedgerError> {
    match wait(|then| ledger.begin(admission(row), then))? {
        Begun::Decided(Decided::AsAsked(receipt, _)) => Ok(receipt),
        other => panic!("{other:?}"),
    }
}

/// Ends it.
pub(crate) fn finish(ledger: &dyn Ledger, of: IntentReceipt, settlement: &Settlement) -> i64 {
    let done = wait(|then| ledger.finish(of, ending(settlement), then));
    done.unwrap().row()
}

/// The receipt of a verb that did what was asked.
pub(super) fn as_asked<R: fmt::Debug>(decided: Decided<R>) -> R {
    match decided {
        Decided::AsAsked(receipt, _) => receipt,
        other => panic!("{other:?}"),
    }
}

/// Settles a call that nothing stands in the way of.
pub(super) fn settle(
    ledger: &dyn Ledger,
    row: &CallRow,
    settlement: &Settlement,
) -> Result<AuditReceipt, LedgerError> {
    let decided = wait(|then| ledger.settle_at_once(admission(row), ending(settlement), then));
    decided.map(as_asked)
}

/// Writes a refusal.
pub(super) fn refuse(
    ledger: &dyn Ledger,
    row: &CallRow,
    settlement: &Settlement,
) -> Result<AuditReceipt, LedgerError> {
    let (row, settlement) = (row.clone(), settlement.clone());
    wait(|then| ledger.refuse(row, settlement, None, None, then)).map(as_asked)
}

/// Runs `verbs` on every kind of ledger and compares what is to be read back.
#[track_caller]
fn check(verbs: impl Fn(&dyn Ledger), expected: &[CallRecord]) {
    let in_memory = MemoryLedger::default();
    verbs(&in_memory);
    assert_eq!(in_memory.calls(), expected, "in memory");

    let dir = tempfile::tempdir().unwrap();
    let on_disk = sqlite(dir.path());
    verbs(&on_disk);
    assert_eq!(calls_in(dir.path()), expected, "on disk");
    on_disk.close();
    assert_eq!(calls_in(dir.path()), expected, "closed and read again");
}

#[test]
fn o1_begun_and_finished_a_call_has_its_whole_story() {
    for effect in ["read", "write", "destroy"] {
        let row = row(effect);
        let settlement = settlement(Outcome::Failed);
        check(
            |ledger| {
                let begun = begin(ledger, &row).unwrap();
                let again = wait(|then| ledger.intend(&begun, further(SECOND), then))
                    .unwrap()
                    .unwrap();
                assert_eq!((begun.row(), finish(ledger, again, &settlement)), (1, 1));
            },
            &[memory::record(
                1,
                row.clone(),
                Some(memory::end(&settlement)),
            )],
        );
    }
}

#[test]
fn a_call_that_runs_has_no_end_yet() {
    let row = row("write");
    check(
        |ledger| {
            begin(ledger, &row).unwrap();
        },
        &[memory::record(1, row.clone(), None)],
    );
}

#[test]
fn refusals_and_reads_settled_at_once_are_kept_like_any_other_call() {
    let read = row("read");
    let refused = CallRow {
        effect: None,
        definition: None,
        client: None,
        trace_id: None,
        effective_arguments: None,
        changes: None,
        ..row("read")
    };
    let refusal = Settlement {
        code: None,
        reply: None,
        backend_status: None,
        ..settlement(Outcome::Refused)
    };
    let success = settlement(Outcome::Succeeded);
    check(
        |ledger| {
            let one = settle(ledger, &read, &success).unwrap();
            let two = refuse(ledger, &refused, &refusal).unwrap();
            assert_eq!((one.row(), two.row()), (1, 2));
        },
        &[
            memory::record(1, read.clone(), Some(memory::end(&success))),
            memory::record(2, refused.clone(), Some(memory::end(&refusal))),
        ],
    );
}

#[test]
fn of_a_long_reply_the_beginning_is_kept_and_its_length() {
    let long = Settlement {
        reply: Some("x".repeat(LEDGER_REPLY_BYTES_MAX + 1)),
        ..settlement(Outcome::Succeeded)
    };
    let kept = memory::end(&long);
    assert_eq!(
        kept.reply_clipped_from,
        Some(LEDGER_REPLY_BYTES_MAX as u64 + 1)
    );
    assert_eq!(kept.reply.as_ref().unwrap().len(), LEDGER_REPLY_BYTES_MAX);
    let row = row("read");
    check(
        |ledger| {
            settle(ledger, &row, &long).unwrap();
        },
        &[memory::record(1, row.clone(), Some(kept))],
    );
}

/// Settles `count` reads without waiting in between; gives the rows in the order of answers.
fn burst(ledger: &dyn Ledger, count: usize) -> Vec<i64> {
    let (tell, told) = mpsc::sync_channel(count);
    for _ in 0..count {
        let tell = tell.clone();
        let then = Box::new(move |done: Result<Decided<AuditReceipt>, LedgerError>| {
            tell.send(as_asked(done.unwrap()).row()).unwrap();
        });
        let done = ending(&settlement(Outcome::Succeeded));
        ledger.settle_at_once(admission(&row("read")), done, then);
    }
    drop(tell);
    told.iter().collect()
}

#[test]
fn continuations_are_called_in_the_order_of_the_verbs() {
    let expected: Vec<i64> = (1..=1000).collect();
    assert_eq!(burst(&MemoryLedger::default(), 1000), expected);
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(burst(&sqlite(dir.path()), 1000), expected);
}

#[test]
fn a_continuation_may_call_a_verb_and_one_that_panics_harms_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Arc::new(sqlite(dir.path()));
    let (tell, told) = mpsc::sync_channel(1);
    let tell = Mutex::new(Some(tell));
    let inner = Arc::clone(&ledger);
    let begun = Box::new(move |begun: Result<Begun, _>| {
        let Begun::Decided(begun) = begun.unwrap() else {
            panic!("nothing else is running")
        };
        let tell = tell.lock().unwrap().take().unwrap();
        let finished = Box::new(move |done: Result<AuditReceipt, LedgerError>| {
            tell.send(done.unwrap().row()).unwrap();
        });
        let end = ending(&settlement(Outcome::Succeeded));
        inner.finish(as_asked(begun), end, finished);
        panic!("told to panic");
    });
    ledger.begin(admission(&row("write")), begun);
    assert_eq!(told.recv(), Ok(1));
}

#[test]
fn o5_h8_two_ledgers_on_one_file_interleave_and_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ledgers = [sqlite(dir.path()), sqlite(dir.path())];
    thread::scope(|scope| {
        for ledger in &ledgers {
            scope.spawn(|| {
                for _ in 0..10 {
                    let begun = begin(ledger, &row("write")).unwrap();
                    finish(ledger, begun, &settlement(Outcome::Succeeded));
                    burst(ledger, 20);
                }
            });
        }
    });
    let rows: Vec<i64> = calls_in(dir.path()).iter().map(|call| call.row).collect();
    assert_eq!(rows, (1..=420).collect::<Vec<i64>>());
    assert_eq!(events_in(dir.path()), 440);
}

#[test]
fn s25_eight_ledgers_open_a_fresh_directory_at_once() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("new");
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(burst(&sqlite(&state), 1).len(), 1));
            }
        });
        assert_eq!(calls_in(&state).len(), 8);
    }
}

#[test]
fn a_closed_ledger_says_so_and_one_told_to_fail_fails_so_often() {
    let dir = tempfile::tempdir().unwrap();
    let closed = sqlite(&dir.path().join("never"));
    closed.close();
    let told = refuse(&closed, &row("read"), &settlement(Outcome::Refused));
    assert_eq!(told.unwrap_err().to_string(), "the ledger is closed");
    assert!(!dir.path().join("never").exists());

    let failing = MemoryLedger::default();
    failing.fail_next(1);
    let refused = || refuse(&failing, &row("read"), &settlement(Outcome::Refused));
    assert_eq!(refused().unwrap_err().to_string(), "told to fail");
    assert_eq!(refused().unwrap().row(), 1);
}
