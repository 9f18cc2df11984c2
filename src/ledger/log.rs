//! What can be read back: whole calls, and the questions that can be asked about them.

use super::record::Outcome;
use crate::base::{
    clock::Timestamp,
    id::{CallId, Principal},
};

/// One call as the ledger has it. Words that may come from an older version stay text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallRecord {
    /// Rises with the order of arrival.
    pub(crate) row: i64,
    /// Our name for it.
    pub(crate) call_id: CallId,
    /// When its line was read.
    pub(crate) received: Timestamp,
    /// The tool as the client named it.
    pub(crate) tool: String,
    /// `read`, `write` or `destroy`; `None` where there was no such tool.
    pub(crate) effect: Option<String>,
    /// SHA-256 of the definition it was judged by.
    pub(crate) definition: Option<[u8; 32]>,
    /// For whom.
    pub(crate) principal: Principal,
    /// As the client said of itself.
    pub(crate) client: Option<String>,
    /// The MCP revision of the request.
    pub(crate) protocol_version: String,
    /// The JSON-RPC id as written.
    pub(crate) request_id: String,
    /// W3C trace id.
    pub(crate) trace_id: Option<String>,
    /// The arguments byte for byte as received.
    pub(crate) raw_arguments: String,
    /// The arguments that were run, as JSON.
    pub(crate) effective_arguments: Option<String>,
    /// The differences between the two, as JSON.
    pub(crate) changes: Option<String>,
    /// How it ended; `None` while it runs.
    pub(crate) end: Option<CallEnd>,
}

/// The end of a call as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallEnd {
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// The stage that decided; `recovery` where its process had died.
    pub(crate) stage: String,
    /// The stable name of the problem, if there was one.
    pub(crate) code: Option<String>,
    /// What the call did to the world.
    pub(crate) effects: String,
    /// The reply as JSON, or its beginning.
    pub(crate) reply: Option<String>,
    /// How many bytes the reply had, where only its beginning was kept.
    pub(crate) reply_clipped_from: Option<u64>,
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
    /// When the reply was written out, if that was noted.
    pub(crate) delivered: Option<Timestamp>,
}

/// What stands for the code of a refusal that a client gets as an error of the protocol: of a
/// tool that does not exist, or of arguments that are no object. Its row has no code.
pub(crate) const BARE_REFUSAL: &str = "INVALID_PARAMS";

impl CallEnd {
    /// The name under which people find the problem, if there was one.
    pub(crate) fn problem(&self) -> Option<&str> {
        problem(Some(self.outcome), self.code.as_deref())
    }
}

/// The same of a call that ended with `outcome` and has `code` in its row.
fn problem(outcome: Option<Outcome>, code: Option<&str>) -> Option<&str> {
    let bare = || (outcome == Some(Outcome::Refused)).then_some(BARE_REFUSAL);
    code.or_else(bare)
}

/// An intent as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IntentRecord {
    /// Counts from 1 within a call.
    pub(crate) attempt: u32,
    /// Which backend.
    pub(crate) backend: String,
    /// When it was written.
    pub(crate) at: Timestamp,
    /// How the attempt before it ended, where that was why.
    pub(crate) after: Option<String>,
}

/// What statistics look at of a call; borrowed from the row it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallFact<'a> {
    /// When its line was read.
    pub(crate) received: Timestamp,
    /// The tool as the client named it.
    pub(crate) tool: &'a str,
    /// Whether there was such a tool.
    pub(crate) is_tool_known: bool,
    /// For whom.
    pub(crate) principal: &'a str,
    /// How it ended; `None` while it runs.
    pub(crate) outcome: Option<Outcome>,
    /// The stage that decided.
    pub(crate) stage: Option<&'a str>,
    /// The stable name of the problem, if there was one.
    pub(crate) code: Option<&'a str>,
    /// What the call did to the world.
    pub(crate) effects: Option<&'a str>,
    /// From reading its line to its end, in microseconds.
    pub(crate) micros: Option<u64>,
    /// Whether it was run with a value in another form than it was sent in; a default is none.
    pub(crate) is_altered: bool,
    /// How often it was tried, as far as that was written down: not of a read that was tried once.
    pub(crate) attempts: Option<u64>,
    /// The reply, where a rule of the operator's refused.
    pub(crate) by_rule: Option<&'a str>,
}

impl<'a> CallFact<'a> {
    /// The name under which people find the problem, if there was one.
    pub(crate) fn problem(&self) -> Option<&'a str> {
        problem(self.outcome, self.code)
    }
}

/// Which calls are wanted; every `None` means "any".
#[derive(Clone, Debug, Default)]
pub(crate) struct CallFilter {
    /// Of this tool, exactly.
    pub(crate) tool: Option<String>,
    /// That ended so.
    pub(crate) outcome: Option<Outcome>,
    /// With this problem.
    pub(crate) code: Option<String>,
    /// For this principal, exactly.
    pub(crate) principal: Option<String>,
    /// Received at this time or later.
    pub(crate) since: Option<Timestamp>,
    /// Arrived after the call of this row.
    pub(crate) after: Option<i64>,
    /// Arrived no later than the call of this row.
    pub(crate) upto: Option<i64>,
    /// At most so many.
    pub(crate) limit: Option<usize>,
    /// In this order.
    pub(crate) order: Order,
}

/// In which order calls are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// The last arrived first.
    #[default]
    NewestFirst,
    /// In order of arrival.
    OldestFirst,
}

/// What a call id, or the beginning of one, was found to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No call.
    Nothing,
    /// This one.
    One(Box<CallRecord>),
    /// Several: the first of them, in order of their ids.
    Several(Vec<CallId>),
}
