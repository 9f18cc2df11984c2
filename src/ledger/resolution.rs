//! What somebody found out about an operation whose outcome nobody knew.

use serde::Serialize;
use serde_json::json;

use super::{
    operation::OperationState,
    record::{Outcome, Settlement},
};
use crate::base::{
    clock::Timestamp,
    problem::{Code, Effects, Problem},
};

/// What is found to have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It was done.
    Succeeded,
    /// It was not: its key may be used again.
    NotApplied,
    /// It was done, and somebody undid it.
    RolledBack,
}

impl Finding {
    /// Every finding.
    pub(crate) const ALL: [Self; 3] = [Self::Succeeded, Self::NotApplied, Self::RolledBack];

    /// The word on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::NotApplied => "not-applied",
            Self::RolledBack => "rolled-back",
        }
    }

    /// Where the operation stands then.
    pub(crate) fn state(self) -> OperationState {
        match self {
            Self::Succeeded => OperationState::Succeeded,
            Self::NotApplied => OperationState::FailedClean,
            Self::RolledBack => OperationState::RolledBack,
        }
    }
}

/// A finding, and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// What happened.
    pub(crate) finding: Finding,
    /// Who says so: a user of this machine, or the tool's own probe.
    pub(crate) by: String,
    /// Why.
    pub(crate) note: String,
    /// The row of the call whose attempt was looked into: it says nothing of a later one. `None`
    /// is about the operation whatever was tried.
    pub(crate) attempt: Option<i64>,
}

/// What became of a resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// It is written; the operation stood there before.
    Done(OperationState),
    /// No operation has this name.
    NotFound,
    /// A living process has it in hand.
    StillRunning,
    /// Its outcome is known already.
    Settled(OperationState),
    /// It was tried again since what was found out.
    Overtaken,
}

impl Resolution {
    /// Why an operation that stands at `state` after the attempt of the call of row `last` cannot
    /// be resolved so; `None` where it can.
    pub(super) fn refused(&self, state: OperationState, last: i64) -> Option<Resolved> {
        if state.is_open() {
            Some(Resolved::StillRunning)
        } else if self.attempt.is_some_and(|attempt| attempt != last) {
            Some(Resolved::Overtaken)
        } else if state.is_unresolved() && state.may_become(self.finding.state()) {
            None
        } else {
            Some(Resolved::Settled(state))
        }
    }

    /// The answer to those who repeat the operation from now on.
    pub(super) fn reply(&self) -> String {
        let by = format!("{} ({})", self.by, self.note);
        match self.finding {
            Finding::Succeeded => {
                let text =
                    format!("Done. Its own answer was lost; that it was done was found by {by}.");
                json!({"content": [{"type": "text", "text": text}]})
            }
            Finding::NotApplied | Finding::RolledBack => {
                let message = format!("it was done and undone again, as was found by {by}");
                json!({"error": Problem::new(Code::RolledBack, message)})
            }
        }
        .to_string()
    }
}

/// How an operation that stands at `state` is told to have ended, where the call that it was
/// begun by could only say `outcome` and `effects`.
pub(super) fn told(
    state: OperationState,
    (outcome, effects, code): (Outcome, Effects, Option<Code>),
) -> (Outcome, Effects, Option<Code>) {
    match (state, outcome) {
        (OperationState::Succeeded, Outcome::Succeeded) => (outcome, effects, code),
        (OperationState::Succeeded, _) => (Outcome::Succeeded, Effects::Applied, None),
        // Whoever went on with its steps did all of them, and could not use what the last one gave.
        (OperationState::Failed, Outcome::Unknown) => {
            (Outcome::Failed, Effects::Applied, Some(Code::OutputInvalid))
        }
        (OperationState::RolledBack, _) => (
            Outcome::RolledBack,
            Effects::RolledBack,
            Some(Code::RolledBack),
        ),
        (
            OperationState::Claimed
            | OperationState::Running
            | OperationState::Failed
            | OperationState::FailedClean
            | OperationState::Abandoned
            | OperationState::Unknown
            | OperationState::Compensating
            | OperationState::Attention,
            _,
        ) => (outcome, effects, code),
    }
}

/// A refusal as it is kept.
#[derive(Serialize)]
struct Refused<'a> {
    error: &'a Problem,
}

impl Settlement {
    /// The row of a call that state did not let in, because of `problem`.
    pub(super) fn refusal(
        stage: &'static str,
        problem: &Problem,
        guard_us: u64,
        now: Timestamp,
    ) -> Self {
        Self {
            outcome: Outcome::Refused,
            stage,
            code: Some(problem.code),
            effects: problem.effects,
            // Writing our own closed types into memory cannot fail.
            reply: Some(serde_json::to_string(&Refused { error: problem }).unwrap_or_default()),
            backend_status: None,
            guard_us,
            wait_us: 0,
            run_us: 0,
            finished: now,
        }
    }
}
