//! What several ledgers on one directory allow together, on a clock that stands still.

use std::{path::Path, sync::Arc, thread, time::Duration};

use super::super::{AuditSync, SqliteLedger};
use crate::{
    base::{
        amount::Amount,
        clock::{Clock, ManualClock},
        limits::LOOP_ROWS_MAX,
        problem::{Code, Detail, Problem},
        quota::{Budget, Period, Rate, Scope},
    },
    ledger::{
        IntentReceipt, Ledger,
        admission::{Admission, Begun, Decided, Demands, Dues, Failure, Health, Way},
        contract::{self, ending, row, settlement},
        record::{CallRow, Outcome},
        sqlite::read::LogReader,
        wait,
    },
};

mod batches;
mod breakers;
mod fetching;
mod older;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at_seconds(1000))
}

fn ledger(dir: &Path, clock: &Arc<ManualClock>) -> SqliteLedger {
    let clock: Arc<dyn Clock> = clock.clone();
    SqliteLedger::new(dir.into(), clock, AuditSync::Writes)
}

fn begin(ledger: &dyn Ledger, demands: &Demands) -> Result<IntentReceipt, Box<Problem>> {
    begin_with(ledger, row("write"), demands)
}

fn begin_with(
    ledger: &dyn Ledger,
    row: CallRow,
    demands: &Demands,
) -> Result<IntentReceipt, Box<Problem>> {
    let admission = Admission {
        demands: demands.clone(),
        ..contract::admission(&row)
    };
    match wait(|then| ledger.begin(admission, then)).unwrap() {
        Begun::Decided(Decided::AsAsked(receipt, _)) => Ok(receipt),
        Begun::Decided(Decided::Refused(_, problem)) => Err(problem),
        other => panic!("{other:?}"),
    }
}

fn finish(ledger: &dyn Ledger, of: IntentReceipt, dues: Dues) {
    let mut ending = ending(&settlement(Outcome::Failed));
    ending.dues = dues;
    wait(|then| ledger.finish(of, ending, then)).unwrap();
}

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn rated(text: &str, burst: u32) -> Demands {
    Demands {
        rate: Rate::parse(text, Some(burst)),
        ..Demands::default()
    }
}

#[test]
fn s30_a_rate_is_shared_by_three_ledgers_and_survives_their_restart() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let demands = rated("10/minute", 10);
    let mut granted = 0;
    for _round in 0..2 {
        let ledgers = [(); 3].map(|()| ledger(dir.path(), &clock));
        for turn in 0..9 {
            granted += usize::from(begin(&ledgers[turn % 3], &demands).is_ok());
        }
    }
    assert_eq!(granted, 10);
    let last = ledger(dir.path(), &clock);
    let refused = begin(&last, &demands).unwrap_err();
    assert_eq!(
        (refused.code, refused.after_ms),
        (Code::RateLimited, Some(6000))
    );
    clock.advance(Duration::from_secs(6));
    assert!(begin(&last, &demands).is_ok());
    assert!(begin(&last, &demands).is_err());
}

#[test]
fn a_refused_call_takes_nothing_of_the_other_rate() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledger = ledger(dir.path(), &clock);
    let demands = Demands {
        rate_of_all: Rate::parse("3/minute", None),
        ..rated("1/minute", 1)
    };
    let of = |tool: &str| CallRow {
        tool: tool.into(),
        ..row("write")
    };
    let mut codes = Vec::new();
    for tool in ["a", "a", "a", "b", "c", "d"] {
        codes.push(begin_with(&ledger, of(tool), &demands).is_ok());
    }
    assert_eq!(codes, [true, false, false, true, true, false]);
}

fn costs(cost: &str, limit: &str) -> Demands {
    Demands {
        cost: amount(cost),
        budgets: Arc::new([Budget {
            scope: Scope {
                principal: Some("local".to_owned()),
                tool: None,
            },
            period: Period::Day,
            limit: amount(limit),
        }]),
        ..Demands::default()
    }
}

/// What is spent and set aside of the one budget.
fn account(dir: &Path) -> (String, String) {
    let budgets = LogReader::open(dir).unwrap().budgets().unwrap();
    let account = budgets[0].account;
    (account.spent.to_string(), account.reserved.to_string())
}

fn due(cost: &str) -> Dues {
    Dues {
        holds_reservations: true,
        cost: amount(cost),
        ..Dues::default()
    }
}

#[test]
fn s31_of_eight_calls_at_once_exactly_three_fit_and_nothing_stays_set_aside() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledgers = [(); 2].map(|()| ledger(dir.path(), &clock));
    let demands = costs("0.30", "1.00");
    let outcomes: Vec<_> = thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|turn| {
                let (ledger, demands) = (&ledgers[turn % 2], &demands);
                scope.spawn(move || begin(ledger, demands))
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    for problem in refused {
        assert_eq!(problem.code, Code::BudgetExceeded);
        assert!(problem.after_ms.is_some_and(|wait| wait <= 86_400_000));
    }
    assert_eq!(account(dir.path()), ("0".to_owned(), "0.9".to_owned()));
    let running: Vec<IntentReceipt> = outcomes.into_iter().flatten().collect();
    assert_eq!(running.len(), 3);
    for (receipt, cost) in running.into_iter().zip(["0.30", "0.10", "0"]) {
        finish(&ledgers[0], receipt, due(cost));
    }
    assert_eq!(account(dir.path()), ("0.4".to_owned(), "0".to_owned()));
}

/// Each knows by heart what it has seen, until another has written.
#[test]
fn s31_processes_that_take_turns_see_what_the_others_took() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledgers = [(); 2].map(|()| ledger(dir.path(), &clock));
    let demands = Demands {
        rate: Rate::parse("9/minute", Some(9)),
        ..costs("0.10", "1.00")
    };
    let mut turns = ledgers.iter().cycle();
    let mut begin_next = || begin(turns.next().unwrap(), &demands);
    let receipts: Vec<_> = (0..9).map(|_| begin_next().unwrap()).collect();
    assert_eq!(begin_next().unwrap_err().code, Code::RateLimited);
    let mut enders = ledgers.iter().cycle();
    for receipt in receipts {
        let ledger = enders.next().unwrap();
        finish(ledger, receipt, due("0.10"));
    }
    assert_eq!(account(dir.path()), ("0.9".to_owned(), "0".to_owned()));
    clock.advance(Duration::from_secs(60));
    assert!(begin(&ledgers[0], &costs("0.10", "1.00")).is_ok());
    let refused = begin(&ledgers[1], &costs("0.10", "1.00")).unwrap_err();
    assert_eq!(refused.code, Code::BudgetExceeded);
}

#[test]
fn s32_what_a_dead_process_had_set_aside_is_settled_in_full() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let demands = costs("0.30", "1.00");
    let killed = ledger(dir.path(), &clock);
    begin(&killed, &demands).unwrap();
    begin(&killed, &demands).unwrap();
    killed.close();
    assert_eq!(account(dir.path()), ("0".to_owned(), "0.6".to_owned()));
    let next = ledger(dir.path(), &clock);
    let refused = begin(&next, &costs("0.50", "1.00")).unwrap_err();
    assert_eq!(refused.code, Code::BudgetExceeded);
    assert_eq!(account(dir.path()), ("0.6".to_owned(), "0".to_owned()));
}

#[test]
fn a_new_day_begins_a_budget_anew_and_a_free_call_needs_none() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledger = ledger(dir.path(), &clock);
    let demands = costs("0.60", "1.00");
    let receipt = begin(&ledger, &demands).unwrap();
    finish(&ledger, receipt, due("0.60"));
    assert!(begin(&ledger, &demands).is_err());
    assert!(begin(&ledger, &costs("0", "1.00")).is_ok());
    clock.advance(Duration::from_secs(86_400));
    assert!(begin(&ledger, &demands).is_ok());
}

fn invalid(date: &str) -> (CallRow, Failure) {
    let row = CallRow {
        raw_arguments: format!(r#"{{"room":"blue","date":"{date}"}}"#).into(),
        effective_arguments: None,
        ..row("write")
    };
    let problem = Problem::new(Code::ValidationFailed, "`/date` is not a date");
    let detail = Detail {
        at: "/date".to_owned(),
        constraint: "format".to_owned(),
        limit: None,
        expected: "a date".to_owned(),
        got: Some(date.to_owned()),
    };
    let problem = problem.with_details(vec![detail]);
    let failure = Failure::of_refusal(&problem, &row.raw_arguments);
    (row, failure)
}

/// Refuses a call for its date; what is told where it is not the plain refusal.
fn refuse(ledger: &dyn Ledger, date: &str) -> Option<Box<Problem>> {
    let (row, failure) = invalid(date);
    let settlement = settlement(Outcome::Refused);
    match wait(|then| ledger.refuse(row, settlement, None, Some(Box::new(failure)), then)).unwrap()
    {
        Decided::AsAsked(..) => None,
        Decided::Refused(_, problem) => Some(problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn s33_the_third_refusal_is_told_the_fifth_is_a_loop_and_a_valid_call_passes() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledgers = [(); 2].map(|()| ledger(dir.path(), &clock));
    let told: Vec<_> = (0..5)
        .map(|turn| {
            let problem = refuse(&ledgers[turn % 2], &format!("2026-13-0{turn}"))?;
            let round = problem.going_round.clone().unwrap();
            let tried = round
                .tried
                .into_iter()
                .map(|tried| tried.at)
                .collect::<String>();
            Some((problem.code, round.count, tried, round.constraint))
        })
        .collect();
    let told_as = |code, count| Some((code, count, "/date".to_owned(), "format".to_owned()));
    assert_eq!(
        told,
        [
            None,
            None,
            told_as(Code::ValidationFailed, 3),
            told_as(Code::ValidationFailed, 4),
            told_as(Code::RetryLoop, 5),
        ]
    );
    let guarded = Demands {
        is_loop_guarded: true,
        ..Demands::default()
    };
    let valid = begin(&ledgers[0], &guarded).unwrap();
    let succeeded = Dues {
        way: Way::Succeeded,
        ..Dues::default()
    };
    finish(&ledgers[0], valid, succeeded);
    assert_eq!(refuse(&ledgers[1], "2026-13-09"), None, "it begins anew");
}

fn attempt(date: &str) -> CallRow {
    let arguments = format!(r#"{{"room":"blue","date":"{date}"}}"#);
    CallRow {
        raw_arguments: arguments.as_str().into(),
        effective_arguments: Some(arguments),
        ..row("write")
    }
}

#[test]
fn s33_the_fifth_call_that_would_fail_like_the_ones_before_is_not_run() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledger = ledger(dir.path(), &clock);
    let guarded = Demands {
        is_loop_guarded: true,
        ..Demands::default()
    };
    let failed = || {
        let problem = Problem::new(Code::BackendFailed, "exit code 3");
        Dues {
            way: Way::failed(&problem, Some("exit 3")),
            ..Dues::default()
        }
    };
    for turn in 0..4 {
        let call = attempt(&format!("2026-12-0{turn}"));
        let receipt = begin_with(&ledger, call, &guarded).unwrap();
        finish(&ledger, receipt, failed());
    }
    let stopped = begin_with(&ledger, attempt("2026-12-05"), &guarded).unwrap_err();
    assert_eq!(
        (stopped.code, stopped.after_ms),
        (Code::RetryLoop, Some(30_000))
    );
    let other = CallRow {
        principal: crate::base::id::Principal::new("ann"),
        ..attempt("2026-12-05")
    };
    assert!(begin_with(&ledger, other, &guarded).is_ok());
    clock.advance(Duration::from_secs(30));
    let receipt = begin_with(&ledger, attempt("2026-12-05"), &guarded).unwrap();
    finish(&ledger, receipt, failed());
    let stopped = begin_with(&ledger, attempt("2026-12-06"), &guarded).unwrap_err();
    assert_eq!(stopped.after_ms, Some(60_000));
}

#[test]
fn ways_of_failing_are_bounded_in_number() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledger = ledger(dir.path(), &clock);
    for turn in 0..LOOP_ROWS_MAX + 20 {
        let problem = Problem::new(Code::RuleViolation, "no");
        let problem = Problem {
            reason: Some(format!("REASON_{turn}")),
            ..problem
        };
        let (row, _) = invalid("x");
        let failure = Failure::of_refusal(&problem, &row.raw_arguments);
        let refused = settlement(Outcome::Refused);
        wait(|then| ledger.refuse(row, refused, None, Some(Box::new(failure)), then)).unwrap();
    }
    let reader = LogReader::open(dir.path()).unwrap();
    let count = "SELECT count(*) FROM loops";
    let rows: i64 = reader
        .connection()
        .query_row(count, [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, LOOP_ROWS_MAX);
}
