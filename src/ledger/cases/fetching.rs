//! What somebody is told who asks for an operation by its name.

use std::sync::Arc;

use super::{
    super::{
        admission::{Begun, Ending, Replay},
        contract::admission,
        fetch::{Fetch, Fetched},
        operation::KeySource,
        record::{CallRow, Settlement},
    },
    world::World,
    *,
};
use crate::base::id::Principal;

fn call() -> Operation {
    Operation {
        source: KeySource::Call,
        ..safe(named(1, 1))
    }
}

/// Begins an operation of a call with this effect; its name.
fn begun(world: &World, effect: &'static str) -> (crate::ledger::IntentReceipt, CallId) {
    let asking = Admission {
        operation: Some(Box::new(call())),
        ..admission(&row(effect))
    };
    let id = asking.row.call_id;
    match wait(|then| world.first.begin(asking, then)).unwrap() {
        Begun::Decided(Decided::AsAsked(receipt, _)) => (receipt, id),
        other => panic!("{other:?}"),
    }
}

fn fetch(ledger: &Arc<dyn Ledger>, id: CallId, principal: &str) -> Fetched {
    let row = CallRow {
        principal: Principal::new(principal),
        ..row("read")
    };
    let fetch = Fetch {
        row,
        guard_us: 11,
        id,
        rate: None,
    };
    wait(|then| ledger.fetch(fetch, then)).unwrap()
}

#[track_caller]
fn told(fetched: Fetched) -> Replay {
    match fetched {
        Fetched::Ended(_, replay) => *replay,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(fetched: Fetched) -> Code {
    match fetched {
        Fetched::Refused(_, problem) => problem.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_operation_is_told_to_its_principal_alone_and_whole() {
    in_each_world(|world| {
        let (receipt, id) = begun(world, "write");
        for ledger in [&world.first, &world.second] {
            match fetch(ledger, id, "local") {
                Fetched::Running(_, running) => assert_eq!(running.id, id),
                other => panic!("{other:?}"),
            }
            assert_eq!(refused(fetch(ledger, id, "other")), Code::ValidationFailed);
        }
        let reply = "x".repeat(LEDGER_REPLY_BYTES_MAX + 1);
        let mut end = ending(&settlement(Outcome::Succeeded));
        end.settlement.reply = Some(reply.clone());
        wait(|then| world.first.finish(receipt, end, then)).unwrap();
        world.later(DAY * 3);
        let replay = told(fetch(&world.second, id, "local"));
        assert_eq!((replay.id, replay.outcome), (id, Outcome::Succeeded));
        assert_eq!(replay.reply, reply);
        assert_eq!(
            refused(fetch(&world.second, id, "other")),
            Code::ValidationFailed
        );
    });
}

#[test]
fn x16_a_call_that_was_for_no_operation_is_one_by_its_end_where_that_is_asked_for() {
    let long = || {
        let reply = Some("x".repeat(LEDGER_REPLY_BYTES_MAX + 1));
        let settled = settlement(Outcome::Succeeded);
        Ending {
            becomes: Some(Box::new(call())),
            ..ending(&Settlement { reply, ..settled })
        }
    };
    in_each_world(|world| {
        let (begun, at_once) = (row("read"), row("read"));
        let admitted = admission(&begun);
        let receipt = match wait(|then| world.first.begin(admitted, then)).unwrap() {
            Begun::Decided(Decided::AsAsked(receipt, _)) => receipt,
            other => panic!("{other:?}"),
        };
        let none = fetch(&world.second, begun.call_id, "local");
        assert_eq!(refused(none), Code::ValidationFailed);
        wait(|then| world.first.finish(receipt, long(), then)).unwrap();
        let asks = admission(&at_once);
        wait(|then| world.first.settle_at_once(asks, long(), then)).unwrap();
        (world.kill)();
        for id in [begun.call_id, at_once.call_id] {
            let told = told(fetch(&world.second, id, "local"));
            assert_eq!((told.id, Some(told.reply)), (id, long().settlement.reply));
            let other = fetch(&world.second, id, "other");
            assert_eq!(refused(other), Code::ValidationFailed);
        }
    });
}

#[test]
fn the_end_of_a_dead_process_is_told_as_far_as_it_is_known() {
    for (effect, code) in [
        ("read", Code::BackendUnavailable),
        ("write", Code::OutcomeUnknown),
    ] {
        in_each_world(|world| {
            let (_running, id) = begun(world, effect);
            (world.kill)();
            assert_eq!(refused(fetch(&world.second, id, "local")), code);
        });
    }
    in_each_world(|world| {
        let (_running, id) = begun(world, "write");
        (world.kill)();
        assert_eq!(
            refused(fetch(&world.second, id, "local")),
            Code::OutcomeUnknown
        );
        let resolution = Resolution {
            finding: Finding::Succeeded,
            by: "me".to_owned(),
            note: "seen".to_owned(),
            attempt: None,
        };
        let done = wait(|then| world.second.resolve(id, resolution, then)).unwrap();
        assert_eq!(done, Resolved::Done(OperationState::Unknown));
        told(fetch(&world.second, id, "local"));
    });
}
