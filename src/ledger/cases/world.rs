//! Two processes on one ledger of each kind, and what they are told.

use std::{sync::Arc, time::Duration};

use super::super::{
    IntentReceipt, Ledger,
    admission::{Admission, Begun, Decided, Notes, Replay, Running},
    contract::{admission, ending, events_in, row, settlement},
    memory::MemoryLedger,
    operation::{KeySource, Operation, OperationState},
    record::{Outcome, Settlement},
    sqlite::{AuditSync, SqliteLedger},
    wait,
};
use crate::base::{
    clock::{Clock, ManualClock},
    limits::KEY_WINDOW_DEFAULT,
    problem::Code,
};

/// Two processes on one ledger; `kill` ends the first.
pub(super) struct World {
    pub(super) clock: Arc<ManualClock>,
    pub(super) first: Arc<dyn Ledger>,
    pub(super) second: Arc<dyn Ledger>,
    pub(super) kill: Box<dyn Fn()>,
}

/// Runs `case` in each world.
#[track_caller]
pub(super) fn in_each_world(case: impl Fn(&World)) {
    let clock = Arc::new(ManualClock::at_seconds(1));
    let memory = Arc::new(MemoryLedger::new(clock.clone()));
    let dying = memory.clone();
    case(&World {
        clock,
        first: memory.clone(),
        second: memory,
        kill: Box::new(move || dying.crash()),
    });

    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at_seconds(1));
    let open = || {
        let clock: Arc<dyn Clock> = clock.clone();
        Arc::new(SqliteLedger::new(
            dir.path().into(),
            clock,
            AuditSync::Writes,
        ))
    };
    let (first, second) = (open(), open());
    let dying = first.clone();
    case(&World {
        clock: clock.clone(),
        first,
        second,
        kill: Box::new(move || dying.close()),
    });
    events_in(dir.path());
}

/// The next process on a ledger; the one before has died.
pub(super) type Next = Box<dyn FnMut() -> Arc<dyn Ledger>>;

/// One process after the other on a ledger of each kind.
pub(super) fn lives() -> [Next; 2] {
    let memory = Arc::new(MemoryLedger::default());
    let of_memory = move || -> Arc<dyn Ledger> {
        memory.crash();
        memory.clone()
    };
    let dir = tempfile::tempdir().unwrap();
    let mut before: Option<Arc<SqliteLedger>> = None;
    let of_sqlite = move || -> Arc<dyn Ledger> {
        if let Some(before) = before.take() {
            before.close();
        }
        let clock = Arc::new(ManualClock::at_seconds(1));
        let next = SqliteLedger::new(dir.path().into(), clock, AuditSync::Writes);
        before.insert(Arc::new(next)).clone()
    };
    [Box::new(of_memory), Box::new(of_sqlite)]
}

pub(super) fn named(key: u8, arguments: u8) -> Operation {
    Operation {
        key: [key; 32],
        source: KeySource::Meta,
        fingerprint: [arguments; 32],
        retry_safe: false,
        window: KEY_WINDOW_DEFAULT,
        joined: None,
        may_verify: false,
        known_there: None,
    }
}

pub(super) fn unnamed(arguments: u8) -> Operation {
    Operation {
        source: KeySource::Content,
        ..named(arguments, arguments)
    }
}

pub(super) fn safe(operation: Operation) -> Operation {
    Operation {
        retry_safe: true,
        ..operation
    }
}

pub(super) fn asks(operation: &Operation) -> Admission {
    Admission {
        operation: Some(Box::new(operation.clone())),
        ..admission(&row("write"))
    }
}

pub(super) fn begin(ledger: &Arc<dyn Ledger>, operation: &Operation) -> Begun {
    let admission = asks(operation);
    wait(|then| ledger.begin(admission, then)).unwrap()
}

#[track_caller]
pub(super) fn runs(ledger: &Arc<dyn Ledger>, operation: &Operation) -> (IntentReceipt, Notes) {
    match begin(ledger, operation) {
        Begun::Decided(Decided::AsAsked(receipt, notes)) => (receipt, notes),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn replays(ledger: &Arc<dyn Ledger>, operation: &Operation) -> Replay {
    match begin(ledger, operation) {
        Begun::Decided(Decided::Replay(_, replay)) => *replay,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn refuses(ledger: &Arc<dyn Ledger>, operation: &Operation) -> Code {
    match begin(ledger, operation) {
        Begun::Decided(Decided::Refused(_, problem)) => problem.code,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn joins(ledger: &Arc<dyn Ledger>, operation: &Operation) -> Running {
    match begin(ledger, operation) {
        Begun::Join(_, running) => running,
        other => panic!("{other:?}"),
    }
}

impl World {
    /// Runs and ends an operation; gives the row of its call.
    #[track_caller]
    pub(super) fn done(&self, operation: &Operation, state: OperationState) -> i64 {
        let (receipt, _) = runs(&self.first, operation);
        self.end(receipt, state)
    }

    pub(super) fn end(&self, receipt: IntentReceipt, state: OperationState) -> i64 {
        let outcome = match state {
            OperationState::Succeeded => Outcome::Succeeded,
            OperationState::Unknown => Outcome::Unknown,
            _ => Outcome::Failed,
        };
        let mut ending = ending(&Settlement {
            finished: self.clock.wall(),
            ..settlement(outcome)
        });
        ending.state = state;
        let done = wait(|then| self.first.finish(receipt, ending, then));
        done.unwrap().row()
    }

    pub(super) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}
