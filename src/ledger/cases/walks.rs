//! Steps that are written, left, taken over and brought to an end.

use std::sync::Arc;

use super::{
    super::{
        IntentReceipt, Ledger,
        admission::{Begun, Decided},
        operation::{Operation, OperationState},
        steps::{Adopted, Closing, GivenUp, Left, Side, StepEntry, StepEvent, Stepped, Wanted},
        wait,
    },
    DAY,
    world::{asks, in_each_world, joins, lives, named, refuses, replays},
};
use crate::base::{id::CallId, limits::RECOVERIES_MAX, problem::Code};

const DEFINITION: &str = r#"{"name":"walk"}"#;

fn begin(ledger: &Arc<dyn Ledger>, operation: &Operation) -> IntentReceipt {
    let mut admission = asks(operation);
    admission.backend = "steps";
    match wait(|then| ledger.begin(admission, then)).unwrap() {
        Begun::Decided(Decided::AsAsked(receipt, _)) => receipt,
        other => panic!("{other:?}"),
    }
}

pub(super) fn entry(name: &str, side: Side, event: StepEvent) -> StepEntry {
    StepEntry {
        step: usize::from(name != "a"),
        name: name.to_owned(),
        side,
        event,
        attempt: 1,
        status: (event == StepEvent::Failed).then(|| "exit 3".to_owned()),
        output: (event == StepEvent::Done).then(|| r#"{"gave":1}"#.to_owned()),
    }
}

pub(super) fn write(
    ledger: &Arc<dyn Ledger>,
    of: &IntentReceipt,
    entries: &[StepEntry],
) -> IntentReceipt {
    let stepped = Stepped {
        definition: (entries.len() == 1).then(|| DEFINITION.into()),
        entries: entries.to_vec(),
    };
    wait(|then| ledger.step(of, stepped, then)).unwrap()
}

pub(super) fn adopt(ledger: &Arc<dyn Ledger>, wanted: Wanted) -> Adopted {
    wait(|then| ledger.adopt(wanted, then)).unwrap()
}

fn taken(ledger: &Arc<dyn Ledger>, wanted: Wanted) -> Left {
    match adopt(ledger, wanted) {
        Adopted::Taken(left) => *left,
        other => panic!("{other:?}"),
    }
}

/// A walk that this process has begun, and got some way.
fn left(ledger: &Arc<dyn Ledger>, operation: &Operation) -> (CallId, Vec<StepEntry>) {
    use StepEvent::{Begun, Done, Failed};
    let first = [entry("a", Side::Act, Begun)];
    let more = [
        entry("a", Side::Act, Done),
        entry("b", Side::Act, Begun),
        entry("b", Side::Act, Failed),
        entry("a", Side::Undo, Begun),
    ];
    let receipt = begin(ledger, operation);
    let id = receipt.operation_id().unwrap();
    let receipt = write(ledger, &receipt, &first);
    write(ledger, &receipt, &more);
    (id, [&first[..], &more[..]].concat())
}

/// The same; what is written is whole but for the definition.
fn left_undefined(ledger: &Arc<dyn Ledger>, operation: &Operation) -> CallId {
    let receipt = begin(ledger, operation);
    let events = [StepEvent::Begun, StepEvent::Done];
    let entries = events.map(|event| entry("a", Side::Act, event));
    write(ledger, &receipt, &entries).operation_id().unwrap()
}

fn close(ledger: &Arc<dyn Ledger>, left: Left, state: OperationState) {
    close_as(ledger, left.receipt, state);
}

pub(super) fn close_as(ledger: &Arc<dyn Ledger>, of: IntentReceipt, state: OperationState) {
    let closing = Closing {
        state,
        by: "recovery".to_owned(),
        note: "a: undone, b: failed".to_owned(),
        reply: r#"{"isError":true}"#.to_owned(),
    };
    wait(|then| ledger.close_steps(of, closing, then)).unwrap();
}

#[test]
fn s19_what_a_dead_process_left_is_taken_over_once_as_it_was_written() {
    in_each_world(|world| {
        let (id, written) = left(&world.first, &named(1, 1));
        assert!(matches!(
            adopt(&world.second, Wanted::Orphaned),
            Adopted::NotFound
        ));
        let named_one = Wanted::Named(id);
        assert!(matches!(
            adopt(&world.second, named_one),
            Adopted::StillRunning
        ));
        (world.kill)();

        let left = taken(&world.second, Wanted::Orphaned);
        assert_eq!((left.id, left.call), (id, id));
        assert_eq!(left.definition, DEFINITION);
        assert_eq!(left.entries, written);
        assert!(matches!(
            adopt(&world.second, Wanted::Orphaned),
            Adopted::NotFound
        ));
        // Whoever asks for the same waits for it.
        assert_eq!(joins(&world.second, &named(1, 1)).id, id);

        close(&world.second, left, OperationState::RolledBack);
        assert!(matches!(
            adopt(&world.second, named_one),
            Adopted::Settled(OperationState::RolledBack)
        ));
        let replay = replays(&world.second, &named(1, 1));
        assert_eq!(replay.id, id);
        assert_eq!(replay.code, Some(Code::RolledBack));
        assert_eq!(replay.reply, r#"{"isError":true}"#);
    });
}

#[test]
fn x31_what_waits_for_a_person_waits_for_ever_and_is_gone_on_with_by_name() {
    in_each_world(|world| {
        let (id, _) = left(&world.first, &named(1, 1));
        (world.kill)();
        let left = taken(&world.second, Wanted::Orphaned);
        close(&world.second, left, OperationState::Attention);
        world.later(40 * DAY);
        assert_eq!(refuses(&world.second, &named(1, 1)), Code::NeedsAttention);
        assert!(matches!(
            adopt(&world.second, Wanted::Orphaned),
            Adopted::NotFound
        ));
        let left = taken(&world.second, Wanted::Named(id));
        close(&world.second, left, OperationState::RolledBack);
        assert_eq!(
            replays(&world.second, &named(1, 1)).code,
            Some(Code::RolledBack)
        );
    });
}

#[test]
fn s19_steps_whose_definition_is_not_kept_wait_for_a_person_however_often_they_are_asked_for() {
    in_each_world(|world| {
        let id = left_undefined(&world.first, &named(1, 1));
        (world.kill)();
        for _ in 0..2 {
            let named_one = Wanted::Named(id);
            assert!(matches!(
                adopt(&world.second, named_one),
                Adopted::Undefined
            ));
            assert_eq!(refuses(&world.second, &named(1, 1)), Code::NeedsAttention);
            assert!(matches!(
                adopt(&world.second, Wanted::Orphaned),
                Adopted::NotFound
            ));
        }
    });
}

#[test]
fn s19_whoever_looks_for_steps_is_told_once_of_those_whose_definition_is_not_kept() {
    in_each_world(|world| {
        let id = left_undefined(&world.first, &named(1, 1));
        (world.kill)();
        let told = adopt(&world.second, Wanted::Orphaned);
        assert!(
            matches!(told, Adopted::GivenUp(of, GivenUp::Undefined) if of == id),
            "{told:?}"
        );
        assert!(matches!(
            adopt(&world.second, Wanted::Orphaned),
            Adopted::NotFound
        ));
    });
}

#[test]
fn h4_a_call_that_has_begun_no_step_is_nobodys_to_go_on_with() {
    in_each_world(|world| {
        let receipt = begin(&world.first, &named(1, 1));
        let id = receipt.operation_id().unwrap();
        (world.kill)();
        for wanted in [Wanted::Orphaned, Wanted::Named(id)] {
            assert!(matches!(adopt(&world.second, wanted), Adopted::NotFound));
        }
        // Nothing was done, so it is simply done now.
        begin(&world.second, &named(1, 1));
    });
}

#[test]
fn five_deaths_over_the_same_steps_leave_them_to_a_person() {
    for mut next in lives() {
        let (id, _) = left(&next(), &named(1, 1));
        for _ in 1..RECOVERIES_MAX {
            assert_eq!(taken(&next(), Wanted::Orphaned).id, id);
        }
        let last = next();
        let told = adopt(&last, Wanted::Orphaned);
        assert!(
            matches!(told, Adopted::GivenUp(of, GivenUp::Deaths) if of == id),
            "{told:?}"
        );
        assert!(matches!(adopt(&last, Wanted::Orphaned), Adopted::NotFound));
        assert_eq!(refuses(&last, &named(1, 1)), Code::NeedsAttention);
    }
}
