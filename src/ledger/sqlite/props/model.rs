//! The promise, as plainly as it can be written down, and the steps of a story.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::ledger::resolution::Finding;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// One step of a story. Keys and arguments are small numbers, so that they meet.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Call {
        key: u8,
        arguments: u8,
        retry_safe: bool,
    },
    Repeat,
    End(usize, How),
    Deliver(usize),
    Crash,
    Resolve(usize, Finding),
    Jump(i64),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    Succeeds,
    Fails,
    FailsClean,
    Vanishes,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let how = prop_oneof![
        3 => Just(How::Succeeds),
        1 => Just(How::Fails),
        1 => Just(How::FailsClean),
        2 => Just(How::Vanishes),
    ];
    let finding = prop_oneof![
        Just(Finding::Succeeded),
        Just(Finding::NotApplied),
        Just(Finding::RolledBack),
    ];
    let jump = prop_oneof![
        3 => Just(MINUTE),
        3 => Just(16 * MINUTE),
        2 => Just(25 * HOUR),
        1 => Just(31 * DAY),
        1 => Just(-DAY),
    ];
    prop_oneof![
        6 => (0u8..4, 0u8..2, any::<bool>())
            .prop_map(|(key, arguments, retry_safe)| Step::Call { key, arguments, retry_safe }),
        4 => Just(Step::Repeat),
        6 => (any::<usize>(), how).prop_map(|(which, how)| Step::End(which, how)),
        2 => any::<usize>().prop_map(Step::Deliver),
        2 => Just(Step::Crash),
        2 => (any::<usize>(), finding).prop_map(|(which, finding)| Step::Resolve(which, finding)),
        2 => jump.prop_map(Step::Jump),
    ]
}

/// What a call is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Runs,
    Waits,
    Replay,
    Refused(&'static str),
}

/// Where the promise has an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Running,
    Done,
    Failed,
    Free,
    Unknown,
    Undone,
    Attention,
}

#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub(super) stands: Stands,
    pub(super) arguments: u8,
    pub(super) since: i64,
    pub(super) is_arrived: bool,
    pub(super) is_orphan: bool,
    pub(super) deaths: u32,
    /// The rows of its operation and of its latest call in the ledger.
    pub(super) rows: (i64, i64),
}

/// The model. Keys 0 and 1 are named by the caller, 2 and 3 stand for content.
#[derive(Default)]
pub(super) struct Model {
    pub(super) operations: HashMap<u8, Promise>,
}

impl Model {
    pub(super) fn is_named(key: u8) -> bool {
        key < 2
    }

    pub(super) fn bury(&mut self, key: u8, now: i64) {
        if let Some(one) = self.operations.get_mut(&key)
            && one.is_orphan
            && one.stands == Stands::Running
        {
            one.deaths += 1;
            one.stands = if one.deaths < 5 {
                Stands::Unknown
            } else {
                Stands::Attention
            };
            one.since = now;
        }
    }

    pub(super) fn call(&mut self, key: u8, arguments: u8, retry_safe: bool, now: i64) -> Told {
        self.bury(key, now);
        let Some(one) = self.operations.get_mut(&key) else {
            return self.run(key, arguments, now, 0);
        };
        let age = (now - one.since).max(0);
        let same = one.arguments == arguments;
        let deaths = one.deaths;
        if one.stands == Stands::Attention {
            return Told::Refused("NEEDS_ATTENTION");
        }
        if Self::is_named(key) {
            return match one.stands {
                Stands::Free => self.run(key, arguments, now, deaths),
                Stands::Done | Stands::Failed | Stands::Undone if age >= 30 * DAY => {
                    self.run(key, arguments, now, 0)
                }
                Stands::Done | Stands::Failed | Stands::Undone if age >= DAY => {
                    Told::Refused("IDEMPOTENCY_EXPIRED")
                }
                _ if !same => Told::Refused("IDEMPOTENCY_MISMATCH"),
                Stands::Running => Told::Waits,
                Stands::Unknown if retry_safe => self.run(key, arguments, now, deaths),
                Stands::Unknown => Told::Refused("OUTCOME_UNKNOWN"),
                _ => Told::Replay,
            };
        }
        match one.stands {
            Stands::Running => Told::Waits,
            Stands::Unknown if retry_safe => self.run(key, arguments, now, deaths),
            Stands::Unknown if age < DAY => Told::Refused("OUTCOME_UNKNOWN"),
            Stands::Done | Stands::Failed if age < 15 * MINUTE && !one.is_arrived => Told::Replay,
            _ => self.run(key, arguments, now, 0),
        }
    }

    pub(super) fn run(&mut self, key: u8, arguments: u8, now: i64, deaths: u32) -> Told {
        let promise = Promise {
            stands: Stands::Running,
            arguments,
            since: now,
            is_arrived: false,
            is_orphan: false,
            deaths,
            rows: (0, 0),
        };
        self.operations.insert(key, promise);
        Told::Runs
    }
}
