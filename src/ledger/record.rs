//! What the verbs write: plain rows, made by the engine.

use std::sync::Arc;

use crate::base::{
    clock::Timestamp,
    id::{CallId, Principal},
    limits::LEDGER_REPLY_BYTES_MAX,
    problem::{Code, Effects},
};

/// What is known of a call when it is admitted or refused.
#[derive(Clone, Debug)]
pub(crate) struct CallRow {
    /// Our name for it.
    pub(crate) call_id: CallId,
    /// When its line was read.
    pub(crate) received: Timestamp,
    /// The tool as the client named it.
    pub(crate) tool: Arc<str>,
    /// `read`, `write` or `destroy`; `None` where there is no such tool.
    pub(crate) effect: Option<&'static str>,
    /// SHA-256 of the definition it was judged by.
    pub(crate) definition: Option<[u8; 32]>,
    /// For whom.
    pub(crate) principal: Principal,
    /// As the client says of itself.
    pub(crate) client: Option<Arc<str>>,
    /// The MCP revision of the request.
    pub(crate) protocol_version: &'static str,
    /// The JSON-RPC id as written.
    pub(crate) request_id: Arc<str>,
    /// W3C trace id.
    pub(crate) trace_id: Option<String>,
    /// The arguments byte for byte as received.
    pub(crate) raw_arguments: Arc<str>,
    /// The arguments that are run, as JSON; `None` where the call was refused before.
    pub(crate) effective_arguments: Option<String>,
    /// The differences between the two, as JSON; `None` where there are none.
    pub(crate) changes: Option<String>,
    /// The asking whose one agreement the call uses up: the call that was answered with its
    /// first question. Not a part of the row itself.
    pub(crate) asking: Option<CallId>,
}

impl CallRow {
    /// Whether the row must be on the disk, not only committed, before anything follows:
    /// so for everything that is not a read.
    pub(crate) fn must_sync(&self) -> bool {
        self.effect.is_some_and(|effect| effect != "read")
    }
}

/// What is about to be done once more.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    /// Counts from 1 within a call, whose first one is written with the call.
    pub(crate) attempt: u32,
    /// Which backend, as `exec`.
    pub(crate) backend: &'static str,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) struct Settlement {
    /// The outcome in the words of the ledger.
    pub(crate) outcome: Outcome,
    /// The stage that decided, as `validate` or `exec`.
    pub(crate) stage: &'static str,
    /// The stable name of the problem, if there was one.
    pub(crate) code: Option<Code>,
    /// What the call did to the world.
    pub(crate) effects: Effects,
    /// The reply as JSON: result or error object, without id and envelope.
    pub(crate) reply: Option<String>,
    /// Exit code or the like, as the backend gave it.
    pub(crate) backend_status: Option<String>,
    /// From reading the line to the decision of the guard, in microseconds.
    pub(crate) guard_us: u64,
    /// Waiting for a worker and for the ledger, in microseconds.
    pub(crate) wait_us: u64,
    /// In the backend, in microseconds.
    pub(crate) run_us: u64,
    /// When it ended.
    pub(crate) finished: Timestamp,
}

impl Settlement {
    /// Whether the ledger keeps only the beginning of the reply.
    pub(crate) fn is_clipped(&self) -> bool {
        let reply = self.reply.as_ref();
        reply.is_some_and(|reply| reply.len() > LEDGER_REPLY_BYTES_MAX)
    }
}

/// How a call can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what it is for.
    Succeeded,
    /// It ran and did not succeed.
    Failed,
    /// It was refused; nothing was touched.
    Refused,
    /// A person was asked first: the answer was a question, and nothing was touched.
    Asked,
    /// It was stopped on the client's wish.
    Cancelled,
    /// Its time was up.
    TimedOut,
    /// It may have happened.
    Unknown,
    /// A step failed, and what was done before it was undone.
    RolledBack,
    /// A part of it is done, and a person has to look at it.
    NeedsAttention,
}

impl Outcome {
    /// Every outcome.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Succeeded,
        Self::Failed,
        Self::Refused,
        Self::Asked,
        Self::Cancelled,
        Self::TimedOut,
        Self::Unknown,
        Self::RolledBack,
        Self::NeedsAttention,
    ];

    /// The outcome that this word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|outcome| outcome.as_str() == word)
    }

    /// The word in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Asked => "asked",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::Unknown => "unknown",
            Self::RolledBack => "rolled_back",
            Self::NeedsAttention => "needs_attention",
        }
    }
}
