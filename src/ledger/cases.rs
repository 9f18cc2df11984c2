//! What becomes of repeated calls, case by case, asked of each kind of ledger.

mod fetching;
mod known_there;
mod stories;
mod walks;
mod world;

use std::sync::Arc;

use world::{
    World, asks, in_each_world, joins, lives, named, refuses, replays, runs, safe, unnamed,
};

use super::{
    Ledger,
    admission::{Admission, Begun, Decided, Doubt, Ending, Notes},
    contract::{ending, finish, row, settlement},
    operation::{Operation, OperationState},
    record::{Outcome, Settlement},
    resolution::{Finding, Resolution, Resolved},
    wait,
};
use crate::base::{
    clock::Clock,
    id::CallId,
    limits::{LEDGER_REPLY_BYTES_MAX, RECOVERIES_MAX},
    problem::Code,
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

#[test]
fn s1_s3_s5_a_named_operation_is_run_once_and_its_answer_given_again() {
    in_each_world(|world| {
        let row = world.done(&named(1, 1), OperationState::Succeeded);
        world.later(HOUR);
        let replay = replays(&world.second, &named(1, 1));
        assert_eq!(replay.outcome, Outcome::Succeeded);
        assert_eq!(replay.reply, settlement(Outcome::Succeeded).reply.unwrap());
        assert_eq!((replay.last, replay.is_windowed), (row, false));
        assert_eq!(
            refuses(&world.second, &named(1, 2)),
            Code::IdempotencyMismatch
        );
        assert_eq!(replays(&world.first, &named(1, 1)), replay);
        runs(&world.second, &named(2, 1));
    });
}

#[test]
fn s2_s13_who_comes_while_it_runs_waits_and_gets_its_answer_even_a_delivered_one() {
    for operation in [named(1, 1), unnamed(1)] {
        in_each_world(|world| {
            let (receipt, _) = runs(&world.first, &operation);
            let running = joins(&world.second, &operation);
            assert_eq!(joins(&world.first, &operation), running);
            let row = world.end(receipt, OperationState::Succeeded);
            world.first.delivered(row, world.clock.wall());
            let waited = Operation {
                joined: Some(running.operation),
                ..operation.clone()
            };
            assert_eq!(replays(&world.first, &waited).id, running.id);
        });
    }
    in_each_world(|world| {
        let (_running, _) = runs(&world.first, &named(1, 1));
        assert_eq!(
            refuses(&world.second, &named(1, 2)),
            Code::IdempotencyMismatch
        );
    });
}

#[test]
fn s8_a_definite_failure_is_kept_and_a_clean_one_frees_the_key() {
    in_each_world(|world| {
        world.done(&named(1, 1), OperationState::Failed);
        assert_eq!(
            replays(&world.second, &named(1, 1)).outcome,
            Outcome::Failed
        );
        world.done(&named(2, 1), OperationState::FailedClean);
        world.done(&named(2, 9), OperationState::Succeeded);
        assert_eq!(
            refuses(&world.second, &named(2, 1)),
            Code::IdempotencyMismatch
        );
        replays(&world.second, &named(2, 9));
    });
}

#[test]
fn s11_s12_an_unnamed_repetition_depends_on_whether_the_answer_arrived() {
    in_each_world(|world| {
        let row = world.done(&unnamed(1), OperationState::Succeeded);
        world.later(10);
        let replay = replays(&world.second, &unnamed(1));
        assert!(replay.is_windowed);
        world.first.delivered(row, world.clock.wall());
        let (receipt, notes) = runs(&world.first, &unnamed(1));
        assert_eq!(notes.similar, Some(replay.id));
        world.end(receipt, OperationState::Succeeded);
        replays(&world.first, &unnamed(1));

        world.later(15 * MINUTE);
        let (_, notes) = runs(&world.second, &unnamed(1));
        assert_eq!(notes, Notes::default());
    });
}

#[test]
fn s16_an_answer_is_kept_a_day_and_its_key_a_month() {
    in_each_world(|world| {
        world.done(&named(1, 1), OperationState::Succeeded);
        world.later(DAY - 1);
        replays(&world.second, &named(1, 1));
        world.later(1);
        assert_eq!(
            refuses(&world.second, &named(1, 1)),
            Code::IdempotencyExpired
        );
        assert_eq!(
            refuses(&world.second, &named(1, 2)),
            Code::IdempotencyExpired
        );
        world.later(29 * DAY);
        runs(&world.second, &named(1, 1));
    });
}

#[test]
fn an_unknown_outcome_blocks_all_but_what_may_be_run_again() {
    in_each_world(|world| {
        world.done(&named(1, 1), OperationState::Unknown);
        world.later(40 * DAY);
        assert_eq!(refuses(&world.second, &named(1, 1)), Code::OutcomeUnknown);
        assert_eq!(
            refuses(&world.second, &named(1, 2)),
            Code::IdempotencyMismatch
        );
        world.done(&safe(named(2, 1)), OperationState::Unknown);
        world.done(&safe(named(2, 1)), OperationState::Succeeded);
        replays(&world.second, &safe(named(2, 1)));

        world.done(&unnamed(3), OperationState::Unknown);
        world.later(DAY - 1);
        assert_eq!(refuses(&world.second, &unnamed(3)), Code::OutcomeUnknown);
        world.later(1);
        assert!(runs(&world.second, &unnamed(3)).1.similar.is_some());
    });
}

#[test]
fn h4_s15_whoever_meets_a_dead_owner_writes_that_nobody_knows() {
    in_each_world(|world| {
        runs(&world.second, &named(9, 9));
        runs(&world.first, &named(1, 1));
        runs(&world.first, &safe(named(2, 1)));
        (world.kill)();
        assert_eq!(refuses(&world.second, &named(1, 1)), Code::OutcomeUnknown);
        assert_eq!(refuses(&world.second, &named(1, 1)), Code::OutcomeUnknown);
        runs(&world.second, &safe(named(2, 1)));
        joins(&world.second, &safe(named(2, 1)));
    });
}

#[test]
fn after_five_deaths_a_person_has_to_look() {
    let operation = safe(named(1, 1));
    for mut next in lives() {
        for _ in 0..RECOVERIES_MAX {
            runs(&next(), &operation);
        }
        assert_eq!(refuses(&next(), &operation), Code::NeedsAttention);
    }
}

fn resolve(ledger: &Arc<dyn Ledger>, id: CallId, finding: Finding) -> Resolved {
    let resolution = Resolution {
        finding,
        by: "ann".to_owned(),
        note: "asked the bank".to_owned(),
        attempt: None,
    };
    wait(|then| ledger.resolve(id, resolution, then)).unwrap()
}

#[test]
fn s18_what_somebody_found_out_settles_an_unknown_outcome_once() {
    in_each_world(|world| {
        let ids = [1, 2, 3].map(|key| {
            runs(&world.first, &named(key, 1));
            joins(&world.first, &named(key, 1)).id
        });
        let second = |id, finding| resolve(&world.second, id, finding);
        assert_eq!(second(ids[0], Finding::NotApplied), Resolved::StillRunning);
        (world.kill)();
        let unknown = Resolved::Done(OperationState::Unknown);
        assert_eq!(second(ids[0], Finding::NotApplied), unknown);
        assert_eq!(second(ids[1], Finding::Succeeded), unknown);
        assert_eq!(second(ids[2], Finding::RolledBack), unknown);
        assert_eq!(
            second(ids[1], Finding::NotApplied),
            Resolved::Settled(OperationState::Succeeded)
        );
        assert_eq!(
            second(CallId::from_bytes([0; 16]), Finding::Succeeded),
            Resolved::NotFound
        );
        runs(&world.second, &named(1, 1));
        let replay = replays(&world.second, &named(2, 1));
        assert_eq!(replay.outcome, Outcome::Succeeded);
        assert!(
            replay.reply.contains("ann (asked the bank)"),
            "{}",
            replay.reply
        );
        let replay = replays(&world.second, &named(3, 1));
        assert_eq!(replay.code, Some(Code::RolledBack));
    });
}

/// What a call is told of an operation that its tool may be able to tell about.
fn doubts(ledger: &Arc<dyn Ledger>, operation: &Operation) -> Doubt {
    let asked = Operation {
        may_verify: true,
        ..operation.clone()
    };
    match wait(|then| ledger.begin(asks(&asked), then)).unwrap() {
        Begun::Doubt(_, doubt) => doubt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn s17_what_a_probe_found_counts_for_the_attempt_that_it_was_asked_about() {
    in_each_world(|world| {
        for operation in [named(1, 1), named(2, 1), unnamed(3)] {
            runs(&world.first, &operation);
        }
        (world.kill)();
        let finds = |doubt: &Doubt, finding| {
            let resolution = Resolution {
                finding,
                by: "the probe".to_owned(),
                note: "asked".to_owned(),
                attempt: Some(doubt.attempt),
            };
            wait(|then| world.second.resolve(doubt.id, resolution, then)).unwrap()
        };
        let done = Resolved::Done(OperationState::Unknown);
        let applied = doubts(&world.second, &named(1, 1));
        assert_eq!(finds(&applied, Finding::Succeeded), done);
        assert_eq!(
            replays(&world.second, &named(1, 1)).outcome,
            Outcome::Succeeded
        );

        // Two ask; what the slower one found says nothing of the attempt that came of the other.
        let slow = doubts(&world.second, &named(2, 1));
        let fast = doubts(&world.second, &named(2, 1));
        assert_eq!(finds(&fast, Finding::NotApplied), done);
        let (receipt, _) = runs(&world.second, &named(2, 1));
        assert_eq!(receipt.operation_id(), Some(slow.id));
        assert_eq!(finds(&slow, Finding::NotApplied), Resolved::StillRunning);
        let lost = Ending {
            state: OperationState::Unknown,
            ..ending(&settlement(Outcome::Unknown))
        };
        wait(|then| world.second.finish(receipt, lost, then)).unwrap();
        assert_eq!(finds(&slow, Finding::NotApplied), Resolved::Overtaken);
        assert_eq!(refuses(&world.second, &named(2, 1)), Code::OutcomeUnknown);
        assert_ne!(doubts(&world.second, &named(2, 1)).attempt, slow.attempt);

        // Nobody named it; and a tool that cannot tell, or could not, is not asked.
        assert_eq!(refuses(&world.second, &unnamed(3)), Code::OutcomeUnknown);
        let unnamed = doubts(&world.second, &unnamed(3));
        assert_eq!(finds(&unnamed, Finding::Succeeded), done);
    });
}

#[test]
fn s17_what_was_found_out_is_an_answer_that_has_not_arrived() {
    in_each_world(|world| {
        let (receipt, _) = runs(&world.first, &unnamed(1));
        let (row, id) = (receipt.row(), receipt.operation_id().unwrap());
        let lost = Ending {
            state: OperationState::Unknown,
            ..ending(&settlement(Outcome::Unknown))
        };
        // The client is told that nobody knows, which counts as no answer that it has heard.
        wait(|then| world.first.finish(receipt, lost, then)).unwrap();
        assert_eq!(
            resolve(&world.second, id, Finding::Succeeded),
            Resolved::Done(OperationState::Unknown)
        );
        assert_eq!(replays(&world.first, &unnamed(1)).last, row);
        world.first.delivered(row, world.clock.wall());
        // As after any answer that arrived: it is meant to be done again.
        let (_, notes) = runs(&world.first, &unnamed(1));
        assert_eq!(notes.similar, Some(id));
    });
}

#[test]
fn s7_v34_a_refusal_leaves_no_operation_and_does_not_hide_one_that_is_there() {
    let refuse = |world: &World, operation: &Operation| {
        let (row, settlement) = (row("write"), settlement(Outcome::Refused));
        let operation = Some(Box::new(operation.clone()));
        wait(|then| world.second.refuse(row, settlement, operation, None, then)).unwrap()
    };
    in_each_world(|world| {
        assert!(matches!(refuse(world, &named(1, 1)), Decided::AsAsked(..)));
        let (receipt, _) = runs(&world.first, &named(1, 2));
        match refuse(world, &named(1, 2)) {
            Decided::Refused(_, problem) => assert_eq!(problem.code, Code::InProgress),
            other => panic!("{other:?}"),
        }
        world.end(receipt, OperationState::Succeeded);
        assert!(matches!(refuse(world, &named(1, 2)), Decided::Replay(..)));
    });
}

#[test]
fn a_read_under_a_key_is_settled_at_once_and_replayed() {
    in_each_world(|world| {
        let settle = || {
            let admission = Admission {
                row: row("read"),
                ..asks(&named(1, 1))
            };
            let mut done = ending(&settlement(Outcome::Succeeded));
            done.settlement.finished = world.clock.wall();
            wait(|then| world.first.settle_at_once(admission, done, then)).unwrap()
        };
        assert!(matches!(settle(), Decided::AsAsked(..)));
        assert!(matches!(settle(), Decided::Replay(..)));
    });
}

#[test]
fn an_answer_too_long_for_its_row_is_replayed_whole() {
    in_each_world(|world| {
        let (receipt, _) = runs(&world.first, &named(1, 1));
        let long = "x".repeat(LEDGER_REPLY_BYTES_MAX + 1);
        let settlement = Settlement {
            reply: Some(long.clone()),
            finished: world.clock.wall(),
            ..settlement(Outcome::Succeeded)
        };
        finish(&*world.first, receipt, &settlement);
        assert_eq!(replays(&world.second, &named(1, 1)).reply, long);
    });
}
