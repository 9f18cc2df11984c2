//! What is written of the steps of an operation, so that it is known what was done of it, and
//! another process can go on where one has died.

use std::sync::Arc;

use super::{IntentReceipt, operation::OperationState};
use crate::base::{clock::Timestamp, id::CallId, limits::RECOVERIES_MAX};

/// Doing a step, or undoing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// What it is for.
    Act,
    /// What undoes that.
    Undo,
}

impl Side {
    /// Both.
    const ALL: [Self; 2] = [Self::Act, Self::Undo];

    /// The word in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::Undo => "undo",
        }
    }

    /// The side that this word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.as_str() == word)
    }
}

/// What happened to a step, or to its undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepEvent {
    /// It is about to begin.
    Begun,
    /// It is done.
    Done,
    /// It did not happen.
    Nothing,
    /// It says that it failed.
    Failed,
    /// It may have happened.
    Unknown,
}

impl StepEvent {
    /// Every event.
    const ALL: [Self; 5] = [
        Self::Begun,
        Self::Done,
        Self::Nothing,
        Self::Failed,
        Self::Unknown,
    ];

    /// The word in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Nothing => "nothing",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The event that this word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }
}

/// One event of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepEntry {
    /// The place of the step, from 0.
    pub(crate) step: usize,
    /// Its name.
    pub(crate) name: String,
    /// Which side of it.
    pub(crate) side: Side,
    /// What happened.
    pub(crate) event: StepEvent,
    /// Counts from 1.
    pub(crate) attempt: u32,
    /// Exit code or the like.
    pub(crate) status: Option<String>,
    /// What the step gave, as JSON.
    pub(crate) output: Option<String>,
}

/// An event as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepRecord {
    /// When it was written.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) entry: StepEntry,
}

/// What is written together.
#[derive(Clone, Debug)]
pub(crate) struct Stepped {
    /// The definition by which the steps are done, with the first of them.
    pub(crate) definition: Option<Arc<str>>,
    /// In their order.
    pub(crate) entries: Vec<StepEntry>,
}

/// Whose steps are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those of any process that died.
    Orphaned,
    /// Those of the operation that this call began: for a person.
    Named(CallId),
}

/// What became of the wish to go on with steps.
#[derive(Debug)]
pub(crate) enum Adopted {
    /// This process has them in hand now.
    Taken(Box<Left>),
    /// There are none.
    NotFound,
    /// A living process has them in hand.
    StillRunning,
    /// Nothing is left to be done.
    Settled(OperationState),
    /// The definition that they were begun by is not kept, so that only a person can see to them.
    Undefined,
    /// Those of the operation that this call began were left to a person just now. There may be
    /// others.
    GivenUp(CallId, GivenUp),
}

/// Why nobody but a person goes on with steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// Their definition is not kept.
    Undefined,
    /// Too many processes died over them.
    Deaths,
}

impl GivenUp {
    /// What is `kept` of steps over which `deaths` processes have died by now.
    ///
    /// # Errors
    /// Why only a person goes on with them.
    pub(in crate::ledger) fn unless<T>(kept: Option<T>, deaths: u32) -> Result<T, Self> {
        if deaths >= RECOVERIES_MAX {
            return Err(Self::Deaths);
        }
        kept.ok_or(Self::Undefined)
    }
}

/// The steps of an operation as they were left.
#[derive(Debug)]
pub(crate) struct Left {
    /// For what is done next.
    pub(crate) receipt: IntentReceipt,
    /// The call that began the operation: its name for people.
    pub(crate) id: CallId,
    /// The call whose steps they are.
    pub(crate) call: CallId,
    /// The tool.
    pub(crate) tool: String,
    /// Its definition of then, as JSON.
    pub(crate) definition: String,
    /// The effective arguments, as JSON.
    pub(crate) arguments: String,
    /// What was written, in order.
    pub(crate) entries: Vec<StepEntry>,
}

/// How an operation ended that was gone on with after its call had an end.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    /// Where it stands now.
    pub(crate) state: OperationState,
    /// Who saw to it.
    pub(crate) by: String,
    /// What was done, in words.
    pub(crate) note: String,
    /// The answer to those who repeat the operation, as JSON.
    pub(crate) reply: String,
}
