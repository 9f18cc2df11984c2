//! One intended operation across its repetitions: its states, and what becomes of a call that
//! meets an operation of the same key. Values in, values out; every ledger decides by this.

mod problems;

use std::time::Duration;

use super::policy::time::{Mark, Now};
use crate::base::{
    clock::Timestamp,
    id::CallId,
    limits::{KEY_RESULT_KEPT, KEY_TOMBSTONE_KEPT, KEY_UNKNOWN_BLOCKS, RECOVERIES_MAX},
    problem::Problem,
};

pub(crate) use problems::in_progress;
pub(super) use problems::{attention, unknown};
use problems::{expired, mismatch};

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationState {
    /// Promised, and nothing begun.
    Claimed,
    /// An attempt is under way.
    Running,
    /// Done.
    Succeeded,
    /// Ran and did not succeed; whatever it did is done.
    Failed,
    /// Did certainly nothing, so its key may be used again.
    FailedClean,
    /// Given up before anything was begun.
    Abandoned,
    /// May have happened.
    Unknown,
    /// What was done is being undone.
    Compensating,
    /// Done and undone.
    RolledBack,
    /// A person has to look at it.
    Attention,
}

impl OperationState {
    /// Every state.
    pub(crate) const ALL: [Self; 10] = [
        Self::Claimed,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::FailedClean,
        Self::Abandoned,
        Self::Unknown,
        Self::Compensating,
        Self::RolledBack,
        Self::Attention,
    ];

    /// The word in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::FailedClean => "failed_clean",
            Self::Abandoned => "abandoned",
            Self::Unknown => "unknown",
            Self::Compensating => "compensating",
            Self::RolledBack => "rolled_back",
            Self::Attention => "attention",
        }
    }

    /// The state that this word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it has come to an end of which its caller was told, or can be.
    pub(crate) fn has_answer(self) -> bool {
        match self {
            Self::Succeeded
            | Self::Failed
            | Self::FailedClean
            | Self::Abandoned
            | Self::RolledBack => true,
            Self::Claimed
            | Self::Running
            | Self::Unknown
            | Self::Compensating
            | Self::Attention => false,
        }
    }

    /// Whether a process has it in hand, or had when it died.
    pub(crate) fn is_open(self) -> bool {
        match self {
            Self::Claimed | Self::Running | Self::Compensating => true,
            Self::Succeeded
            | Self::Failed
            | Self::FailedClean
            | Self::Abandoned
            | Self::Unknown
            | Self::RolledBack
            | Self::Attention => false,
        }
    }

    /// Whether it waits for somebody to find out.
    pub(crate) fn is_unresolved(self) -> bool {
        match self {
            Self::Unknown | Self::Attention => true,
            Self::Claimed
            | Self::Running
            | Self::Compensating
            | Self::Succeeded
            | Self::Failed
            | Self::FailedClean
            | Self::Abandoned
            | Self::RolledBack => false,
        }
    }

    /// The legal transitions, the only list of them; the trigger in the schema is made from it.
    pub(crate) fn may_become(self, next: Self) -> bool {
        use OperationState::{
            Abandoned, Attention, Claimed, Compensating, Failed, FailedClean, RolledBack, Running,
            Succeeded, Unknown,
        };
        match self {
            Claimed => matches!(next, Running | Abandoned),
            Running => matches!(
                next,
                Running
                    | Succeeded
                    | Failed
                    | FailedClean
                    | Unknown
                    | Compensating
                    | RolledBack
                    | Attention
            ),
            FailedClean | Abandoned => matches!(next, Running),
            Unknown => matches!(
                next,
                Running | Succeeded | FailedClean | RolledBack | Compensating | Attention
            ),
            Compensating => matches!(next, Compensating | RolledBack | Attention),
            Attention => matches!(
                next,
                Running | Succeeded | FailedClean | RolledBack | Compensating
            ),
            Succeeded | Failed | RolledBack => false,
        }
    }
}

/// Where an operation stands whose process died in the middle of it, `deaths` times by now.
/// Nothing is ever run again here: nobody is waiting.
pub(crate) fn after_death(state: OperationState, is_read: bool, deaths: u32) -> OperationState {
    match state {
        OperationState::Claimed => OperationState::Abandoned,
        OperationState::Running if is_read => OperationState::FailedClean,
        OperationState::Running if deaths < RECOVERIES_MAX => OperationState::Unknown,
        OperationState::Running | OperationState::Compensating => OperationState::Attention,
        OperationState::Succeeded
        | OperationState::Failed
        | OperationState::FailedClean
        | OperationState::Abandoned
        | OperationState::Unknown
        | OperationState::RolledBack
        | OperationState::Attention => state,
    }
}

/// Who named the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// The caller, beside the arguments.
    Meta,
    /// The caller, in arguments that the definition names.
    Argument,
    /// Nobody: equal content within a window of time.
    Content,
    /// Nobody, and no other call is ever the same: it is named so that its end can be asked for.
    Call,
}

impl KeySource {
    /// Every source.
    const ALL: [Self; 4] = [Self::Meta, Self::Argument, Self::Content, Self::Call];

    /// The word in the ledger, and in the hash of a key.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Argument => "argument",
            Self::Content => "content",
            Self::Call => "call",
        }
    }

    /// The source that this word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }
}

/// The operation that a call is for.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Hash over principal, tool, source and key.
    pub(crate) key: [u8; 32],
    /// Who gave the key.
    pub(crate) source: KeySource,
    /// Hash over tool and effective arguments.
    pub(crate) fingerprint: [u8; 32],
    /// Whether it may be run again although it may have happened.
    pub(crate) retry_safe: bool,
    /// For [`KeySource::Content`]: how long an equal call can be a repetition.
    pub(crate) window: Duration,
    /// The row of the operation whose end this call has waited for.
    pub(crate) joined: Option<i64>,
    /// Whether its tool may be able to tell whether it happened, and was not asked yet.
    pub(crate) may_verify: bool,
    /// What the service that it goes to promises of the name that it bears there.
    pub(crate) known_there: Option<KnownThere>,
}

/// A service that knows an operation by its name does it once, however often it is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownThere {
    /// For how long after its first attempt it may be asked.
    pub(crate) within: Duration,
    /// The definition that says so: by another one it might ask another service.
    pub(crate) by: [u8; 32],
}

/// What a ledger knows of the operation that has a key.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// Its row.
    pub(crate) row: i64,
    /// The call that began it: its name for people.
    pub(crate) id: CallId,
    /// Where it stands.
    pub(crate) state: OperationState,
    /// The row of the call of its last attempt.
    pub(crate) last: i64,
    /// The definition by which that was run.
    pub(crate) definition: Option<[u8; 32]>,
    /// What it was asked for.
    pub(crate) fingerprint: [u8; 32],
    /// When its last attempt began.
    pub(crate) began: Timestamp,
    /// When its first one did, where it is for a service that knows it by its name.
    pub(crate) named: Option<Mark>,
    /// When that ended.
    pub(crate) ended: Option<Timestamp>,
    /// Whether the answer reached the client, as far as is known.
    pub(crate) is_delivered: bool,
    /// Whether the process that has it in hand is alive.
    pub(crate) is_owner_alive: bool,
}

/// What becomes of a call that meets a known operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Meeting {
    /// It is a new operation.
    Fresh,
    /// It is a new operation although an equal one ended a while ago, and says so.
    Similar,
    /// It is a further attempt of the known one.
    Again,
    /// It waits for the known one.
    Join,
    /// The known one has no living owner: it is recovered first.
    Recover,
    /// It is answered as the known one was.
    Replay,
    /// It is not run, for this reason, unless its tool can tell what became of the known one.
    Doubt(Box<Problem>),
    /// It is not run.
    Refuse(Box<Problem>),
}

impl Operation {
    /// Whether the known one may be run again although it may have happened.
    fn may_repeat(&self, known: &Known, now: &Now) -> bool {
        let age = known.named.and_then(|named| named.elapsed_in_boot(now));
        let is_known_there = self.known_there.is_some_and(|there| {
            known.definition == Some(there.by) && age.is_some_and(|age| age < there.within)
        });
        self.retry_safe || is_known_there
    }
}

/// Decides what becomes of a call that is for `asked` and meets `known`, at `now`.
pub(crate) fn meet(known: &Known, asked: &Operation, now: &Now) -> Meeting {
    if known.state.is_open() && !known.is_owner_alive {
        return Meeting::Recover;
    }
    match asked.source {
        KeySource::Meta | KeySource::Argument | KeySource::Call => meet_named(known, asked, now),
        KeySource::Content => meet_equal(known, asked, now),
    }
}

/// The caller named the operation.
fn meet_named(known: &Known, asked: &Operation, now: &Now) -> Meeting {
    use OperationState::{
        Abandoned, Attention, Claimed, Compensating, Failed, FailedClean, RolledBack, Running,
        Succeeded, Unknown,
    };
    let is_same = known.fingerprint == asked.fingerprint;
    match known.state {
        Attention => refuse(attention(known)),
        FailedClean | Abandoned => Meeting::Again,
        Succeeded | Failed | RolledBack => {
            let age = age(known, now.wall);
            if age >= KEY_TOMBSTONE_KEPT {
                Meeting::Fresh
            } else if age >= KEY_RESULT_KEPT {
                refuse(expired(known))
            } else if is_same {
                Meeting::Replay
            } else {
                refuse(mismatch(known))
            }
        }
        Claimed | Running | Compensating | Unknown if !is_same => refuse(mismatch(known)),
        Claimed | Running | Compensating => Meeting::Join,
        Unknown if asked.may_repeat(known, now) => Meeting::Again,
        Unknown if asked.may_verify => Meeting::Doubt(Box::new(unknown(known))),
        Unknown => refuse(unknown(known)),
    }
}

/// Nobody named the operation: an equal call within the window is a repetition unless the
/// first one's answer arrived.
fn meet_equal(known: &Known, asked: &Operation, now: &Now) -> Meeting {
    use OperationState::{
        Abandoned, Attention, Claimed, Compensating, Failed, FailedClean, RolledBack, Running,
        Succeeded, Unknown,
    };
    match known.state {
        Claimed | Running | Compensating => Meeting::Join,
        Attention => refuse(attention(known)),
        FailedClean | Abandoned => Meeting::Fresh,
        Unknown if asked.may_repeat(known, now) => Meeting::Again,
        Unknown if asked.may_verify => Meeting::Doubt(Box::new(unknown(known))),
        Unknown if age(known, now.wall) < KEY_UNKNOWN_BLOCKS => refuse(unknown(known)),
        Unknown => Meeting::Similar,
        RolledBack if asked.joined != Some(known.row) => Meeting::Fresh,
        Succeeded | Failed | RolledBack if age(known, now.wall) >= asked.window => Meeting::Fresh,
        Succeeded | Failed | RolledBack if asked.joined == Some(known.row) => Meeting::Replay,
        Succeeded | Failed | RolledBack if known.is_delivered => Meeting::Similar,
        Succeeded | Failed | RolledBack => Meeting::Replay,
    }
}

/// Since its end; a clock that was set back makes it younger, never older.
fn age(known: &Known, now: Timestamp) -> Duration {
    let since = known.ended.unwrap_or(known.began);
    let micros = now.as_micros().saturating_sub(since.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn refuse(problem: Problem) -> Meeting {
    Meeting::Refuse(Box::new(problem))
}
