//! The end of a call: an answer exists only where its record does.

use std::{fmt, sync::Arc};

use super::{Shared, parts::Part};
use crate::{
    base::{
        capability::Capability,
        clock::{Moment, Timestamp},
        id::CallId,
        limits::CLIENT_PATIENCE,
        problem::{Code, Effects, Problem},
    },
    catalog::content::{Output, Progress},
    guard::{
        agree::Posed,
        call::{Change, Refusal},
    },
    ledger::{AuditReceipt, IntentReceipt},
};

/// Takes what a call has to tell its client.
pub(crate) trait Respondent: Send {
    /// How far the call has come. May drop what comes too fast or too late.
    fn progress(&self, progress: Progress);

    /// Puts a question to the person behind the client. The answer is to come back under
    /// `number`, see [`super::Engine::answered`]. Must not block.
    fn ask(&self, number: u64, question: &Posed);

    /// Takes a question back that nobody has answered. Must not block.
    fn withdraw(&self, number: u64);

    /// The one answer. Runs on the ledger's thread: must not block.
    fn answer(self: Box<Self>, answer: Answer);
}

/// Whom nobody has to tell: what becomes of the call is in the ledger.
pub(crate) struct Nobody;

impl Respondent for Nobody {
    fn progress(&self, _: Progress) {}

    fn ask(&self, _: u64, _: &Posed) {}

    fn withdraw(&self, _: u64) {}

    fn answer(self: Box<Self>, _: Answer) {}
}

/// What a client is told, in our own terms; the server floor puts it on the wire.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Our name for the call.
    pub(crate) call_id: CallId,
    /// What is told.
    pub(crate) body: Body,
    /// What was changed in the arguments before they were run.
    pub(crate) changes: Vec<Change>,
    /// What is told of the operation that the call is for.
    pub(crate) about: About,
}

/// What a client is told of the operation that a call is for, beside the answer.
#[derive(Debug, Default)]
pub(crate) struct About {
    /// The answer is that of an earlier call.
    pub(crate) replayed: Option<Replayed>,
    /// The call waited for that one.
    pub(crate) joined: bool,
    /// An equal call that ended a short while ago.
    pub(crate) similar: Option<CallId>,
    /// The record waits beside the ledger, which could not be written.
    pub(crate) is_degraded: bool,
    /// What is told is this part of the result.
    pub(crate) part: Option<Part>,
}

/// The earlier call whose answer is given again.
#[derive(Debug)]
pub(crate) struct Replayed {
    /// The call that began the operation.
    pub(crate) id: CallId,
    /// When it ended.
    pub(crate) ended: Timestamp,
    /// Whether nobody gave a key, so that only the content says that the two are one.
    pub(crate) is_windowed: bool,
}

/// The kinds of reply.
#[derive(Debug)]
pub(crate) enum Body {
    /// The tool's output.
    Output(Output),
    /// Something that a model can act on: a result with `isError`.
    Problem {
        /// In our own words.
        problem: Box<Problem>,
        /// The end of what the backend said: untrusted, shown apart.
        backend_text: Option<String>,
    },
    /// Something that a model cannot repair: a JSON-RPC error -32602.
    Protocol {
        /// One sentence.
        message: String,
        /// Names of tools that were probably meant, nearest first.
        near: Vec<String>,
    },
    /// Questions for the person behind the client, which asks and calls again (modern era).
    Asks {
        /// What is asked.
        questions: Vec<Posed>,
        /// What the client brings back with the answers.
        state: String,
    },
    /// The client lacks what the tool needs: -32021 in the modern era, where clients can act
    /// on it, and a problem like any other before it.
    Incapable {
        /// In our own words.
        problem: Box<Problem>,
        /// What it lacks.
        missing: Vec<Capability>,
    },
}

/// A reply that may leave: its record is in the ledger, or it says that there is none.
#[derive(Debug)]
pub(crate) struct Answer {
    reply: Reply,
    delivery: Option<Delivery>,
    /// Where its record stands.
    row: Option<i64>,
}

/// The wish to know that an answer was written to the client. Dropped unused where it was not.
pub(crate) struct Delivery {
    shared: Arc<Shared>,
    row: i64,
    received: Moment,
}

impl Delivery {
    /// For the answer of the call of row `row`, to a call that was received at `received`.
    pub(super) fn new(shared: &Arc<Shared>, row: i64, received: Moment) -> Self {
        Self {
            shared: Arc::clone(shared),
            row,
            received,
        }
    }

    /// The whole answer is written, and nobody had cancelled the call. What comes so late that
    /// the client has given up does not count.
    pub(crate) fn happened(self) {
        let now = self.shared.clock.now();
        if now.since(self.received) < CLIENT_PATIENCE {
            let at = self.shared.clock.wall();
            self.shared.ledger.delivered(self.row, at);
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Delivery").field(&self.row).finish()
    }
}

impl Answer {
    /// The answer to a call whose end is written down.
    pub(super) fn recorded(mut reply: Reply, proof: AuditReceipt) -> Self {
        reply.about.is_degraded = proof.is_in_journal();
        Self {
            reply,
            delivery: None,
            row: Some(proof.row()),
        }
    }

    /// The answer to a call that goes on: its beginning is written down, and what is told is
    /// where to ask for its end.
    pub(super) fn begun(reply: Reply, proof: &IntentReceipt) -> Self {
        Self {
            reply,
            delivery: None,
            row: Some(proof.row()),
        }
    }

    /// The same, wishing to know when it has arrived.
    pub(super) fn noting(self, delivery: Option<Delivery>) -> Self {
        Self { delivery, ..self }
    }

    /// The only answer without a record: that there can be none. `effects` is what the call
    /// did before the ledger failed.
    pub(super) fn unrecorded(call_id: CallId, effects: Effects, why: &str) -> Self {
        let message = match effects {
            Effects::None => format!("the ledger cannot be written, so nothing was started: {why}"),
            Effects::Applied | Effects::RolledBack | Effects::Unknown => {
                format!("the call was run but its end could not be written to the ledger: {why}")
            }
        };
        let problem = Problem::new(Code::StateUnavailable, message).with_effects(effects);
        let body = Body::Problem {
            problem: Box::new(problem),
            backend_text: None,
        };
        Self {
            reply: Reply {
                call_id,
                body,
                changes: Vec::new(),
                about: About::default(),
            },
            delivery: None,
            row: None,
        }
    }

    /// What is told.
    pub(super) fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The row of its record in the ledger; `None` where there can be none.
    pub(super) fn row(&self) -> Option<i64> {
        self.row
    }

    /// What is told, and who wants to know that it was.
    pub(crate) fn into_parts(self) -> (Reply, Option<Delivery>) {
        (self.reply, self.delivery)
    }
}

impl Body {
    /// The structured result, where there is one.
    pub(super) fn structured(&self) -> Option<&serde_json::Value> {
        match self {
            Self::Output(output) => output.structured.as_deref(),
            Self::Problem { .. }
            | Self::Protocol { .. }
            | Self::Asks { .. }
            | Self::Incapable { .. } => None,
        }
    }

    /// What is told instead of a result.
    pub(super) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem { problem, .. } | Self::Incapable { problem, .. } => Some(problem),
            Self::Output(_) | Self::Protocol { .. } | Self::Asks { .. } => None,
        }
    }

    /// The reply to a refusal.
    pub(super) fn refused(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Protocol { message, near } => Self::Protocol { message, near },
            Refusal::Incapable { problem, missing } => Self::Incapable { problem, missing },
            Refusal::Tool(problem) => Self::Problem {
                problem,
                backend_text: None,
            },
        }
    }
}
