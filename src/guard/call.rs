//! What every stage of a call carries with it, and how a call is refused.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;

use crate::base::{
    capability::{Capabilities, Capability},
    clock::{Moment, Timestamp},
    id::{CallId, Principal, Trace},
    problem::Problem,
};

/// What is known of a call whatever becomes of it.
#[derive(Debug)]
pub(crate) struct Header {
    /// Our name for it.
    pub(crate) call_id: CallId,
    /// The tool as the client named it; not yet known to exist.
    pub(crate) tool_name: Arc<str>,
    /// For whom.
    pub(crate) principal: Principal,
    /// The JSON-RPC id as written on the line; it only addresses the reply.
    pub(crate) request_id: Arc<str>,
    /// The MCP revision in force for this request, as `2025-11-25`.
    pub(crate) protocol_version: &'static str,
    /// `NAME VERSION` as the client says of itself; recorded, never trusted.
    pub(crate) client: Option<Arc<str>>,
    /// What the client declares that it can do; nothing else is asked of it.
    pub(crate) capabilities: Capabilities,
    /// Where it stands in its caller's trace.
    pub(crate) trace: Option<Trace>,
    /// The name that the caller gave the operation, if any.
    pub(crate) caller_key: CallerKey,
    /// How long the caller waits for the end, if it says so.
    pub(crate) patience: Patience,
    /// When the line was read: deadlines count from here.
    pub(crate) received: Moment,
    /// The same, for people.
    pub(crate) received_wall: Timestamp,
}

/// The name that a caller gave an operation beside the arguments, so that a repetition is known
/// as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallerKey {
    /// None.
    Absent,
    /// This text; not yet known to be usable.
    Given(String),
    /// Something that cannot be one: what it is, in words.
    Malformed(String),
}

/// How long a caller waits for the end of its call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It does not say.
    Untold,
    /// So long.
    For(Duration),
    /// Something that is no time: what it is, in words.
    Malformed(String),
}

impl Header {
    /// How long the call may take that could take `most`: never longer.
    pub(crate) fn time(&self, most: Duration) -> Duration {
        match self.patience {
            Patience::For(time) => time.min(most),
            Patience::Untold | Patience::Malformed(_) => most,
        }
    }
}

/// A `tools/call` as it came in.
#[derive(Debug)]
pub(crate) struct IncomingCall {
    /// What is known of it.
    pub(crate) header: Arc<Header>,
    /// The arguments, byte for byte as received; `{}` where there were none.
    pub(crate) raw_arguments: Arc<str>,
    /// The same, read strictly: always an object.
    pub(crate) arguments: Value,
}

/// One difference between the raw and the effective arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    /// JSON pointer into the effective arguments.
    pub(crate) at: String,
    /// What was done.
    pub(crate) kind: ChangeKind,
    /// What stood there; `None` where nothing did.
    pub(crate) from: Option<Value>,
    /// What stands there now; `None` where it was taken away.
    pub(crate) to: Option<Value>,
}

/// Why effective arguments differ from raw ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    /// The schema's `default` was filled in.
    Default,
    /// Another type was read as the demanded one, without loss.
    Coerced,
    /// Brought into the normal form of its kind.
    Normalized,
    /// Added by a person who was asked.
    Answered,
}

impl ChangeKind {
    /// The word in the ledger and on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Coerced => "coerced",
            Self::Normalized => "normalized",
            Self::Answered => "answered",
        }
    }
}

/// A call that the guard said no to: nothing was touched.
pub(crate) struct Refused {
    /// What is known of the call.
    pub(crate) header: Arc<Header>,
    /// As received.
    pub(crate) raw_arguments: Arc<str>,
    /// The stage that refused, as `validate`.
    pub(crate) stage: &'static str,
    /// How the client is told.
    pub(crate) refusal: Refusal,
    /// For the operator's log only: what could not be evaluated, and why.
    pub(crate) log: Vec<String>,
    /// The asking whose one agreement this call uses up, where a person was asked by return.
    pub(crate) asking: Option<CallId>,
}

/// The channels for a no.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// A model cannot repair it: a JSON-RPC error -32602 with this message.
    Protocol {
        /// One sentence.
        message: String,
        /// Names of tools that were probably meant, nearest first.
        near: Vec<String>,
    },
    /// A model can repair it: a result with `isError`.
    Tool(Box<Problem>),
    /// The client lacks something that the tool needs: a JSON-RPC error -32021 in the modern
    /// era, a result with `isError` before it.
    Incapable {
        /// In our own words.
        problem: Box<Problem>,
        /// What it lacks.
        missing: Vec<Capability>,
    },
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("call", &self.header.call_id)
            .field("stage", &self.stage)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}
