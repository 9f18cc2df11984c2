//! What admission does not do over and over.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::hooks::{AuthContext, Authorization};

use super::*;
use crate::{
    base::{
        amount::Amount,
        clock::{Clock, ManualClock},
        limits::KEY_WINDOW_DEFAULT,
        quota::{Budget, Period, Rate, Scope},
    },
    ledger::{
        Durability,
        admission::{Demands, Dues},
        contract::{admission, ending, row, settlement},
        operation::{KeySource, OperationState},
        record::Outcome,
        sqlite::open,
    },
};

/// A call under a key, with everything that restrains one.
fn asked(key: u8) -> Admission {
    let budget = Budget {
        scope: Scope {
            principal: None,
            tool: None,
        },
        period: Period::Day,
        limit: Amount::parse("1000").unwrap(),
    };
    Admission {
        operation: Some(Box::new(Operation {
            key: [key; 32],
            source: KeySource::Meta,
            fingerprint: [key; 32],
            retry_safe: false,
            window: KEY_WINDOW_DEFAULT,
            joined: None,
            may_verify: false,
            known_there: None,
        })),
        demands: Demands {
            rate: Rate::parse("1000/second", Some(1000)),
            rate_of_all: Rate::parse("1000/second", Some(1000)),
            cost: Amount::parse("0.01").unwrap(),
            budgets: Arc::new([budget]),
            ..Demands::default()
        },
        ..admission(&row("write"))
    }
}

fn succeeded() -> Ending {
    Ending {
        state: OperationState::Succeeded,
        dues: Dues {
            holds_reservations: true,
            cost: Amount::parse("0.01").unwrap(),
            ..Dues::default()
        },
        ..ending(&settlement(Outcome::Succeeded))
    }
}

/// A write and its repetition, a read, a refusal and a failure that is counted, one transaction
/// each way.
fn all_kinds(statements: &mut Statements<'_>, clock: &ManualClock, key: u8) {
    let now = clock.wall();
    clock.advance(Duration::from_micros(7));
    statements.begin().unwrap();
    statements.restraints.begin(clock);
    let begun = begin(statements, &asked(key), now).unwrap();
    let Written::AsAsked((call, operation), _) = begun else {
        panic!("not begun");
    };
    statements.commit().unwrap();
    statements.begin().unwrap();
    statements.restraints.begin(clock);
    let operation = operation.map(|running| running.operation);
    finish(statements, call, operation, &succeeded()).unwrap();
    statements.operations.delivered(call, now).unwrap();
    let again = begin(statements, &asked(key), now).unwrap();
    assert!(matches!(again, Written::Replay(..)));
    let read = Admission {
        operation: None,
        ..asked(key)
    };
    let read = settle_at_once(statements, &read, &succeeded(), now).unwrap();
    assert!(matches!(read, Written::AsAsked(..)));
    let (call, end) = (row("write"), settlement(Outcome::Refused));
    refusal(statements, &call, &end, None, None, now).unwrap();
    statements.commit().unwrap();
}

#[test]
fn no_statement_is_prepared_anew_for_other_values() {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at_seconds(1000);
    let mut opened = open::open(dir.path(), &clock).unwrap();
    let prepared = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&prepared);
    // SQLite asks whenever it prepares something.
    let count = move |_: AuthContext<'_>| {
        seen.fetch_add(1, Ordering::Relaxed);
        Authorization::Allow
    };
    opened.connection.authorizer(Some(count)).unwrap();
    let (connection, me) = (&opened.connection, opened.instance_row);
    let mut statements = Statements::prepare(connection, dir.path(), me).unwrap();
    all_kinds(&mut statements, &clock, 1);
    assert!(prepared.swap(0, Ordering::Relaxed) > 100);
    for key in 2..5 {
        all_kinds(&mut statements, &clock, key);
    }
    assert_eq!(prepared.load(Ordering::Relaxed), 0);
}

/// A write ends like this, and then something happens to its operation of that row, or to this process,
/// which may become that of another row. What must become of a repetition before it is told, and of a
/// call that fetches the answer.
fn told_again(
    end: &Ending,
    then: impl FnOnce(&mut Statements<'_>, i64, i64),
) -> [Option<Durability>; 2] {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at_seconds(1000);
    let opened = open::open(dir.path(), &clock).unwrap();
    let other = open::open(dir.path(), &clock).unwrap().instance_row;
    let (connection, me) = (&opened.connection, opened.instance_row);
    let mut statements = Statements::prepare(connection, dir.path(), me).unwrap();
    let now = clock.wall();
    statements.begin().unwrap();
    statements.restraints.begin(&clock);
    let begun = begin(&mut statements, &asked(1), now).unwrap();
    let Written::AsAsked((call, Some(running)), _) = begun else {
        panic!("not begun");
    };
    finish(&mut statements, call, Some(running.operation), end).unwrap();
    then(&mut statements, running.operation, other);
    let again = begin(&mut statements, &asked(1), now).unwrap();
    let fetch = Fetch {
        row: row("read"),
        guard_us: 1,
        id: running.id,
        rate: None,
    };
    let fetched = super::fetch(&mut statements, &fetch, now).unwrap();
    [again, fetched].map(|written| written.durability())
}

#[test]
fn what_is_told_again_waits_for_the_disk_where_another_process_may_have_ended_it() {
    let ours = told_again(&succeeded(), |_, _, _| {});
    assert_eq!(ours, [Some(Durability::Committed); 2]);
    let of_another = told_again(&succeeded(), |statements, _, other| {
        statements.reborn_as(other).unwrap();
    });
    assert_eq!(of_another, [Some(Durability::Synced); 2]);
    let unknown = Ending {
        state: OperationState::Unknown,
        ..succeeded()
    };
    let found_out = told_again(&unknown, |statements, operation, _| {
        let states = (OperationState::Unknown, OperationState::Succeeded);
        let now = statements.restraints.now().wall;
        let found = statements.operations.resolve(operation, states, "{}", now);
        found.unwrap();
    });
    assert_eq!(found_out, [Some(Durability::Synced); 2]);
}
