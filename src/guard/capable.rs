//! What a tool needs of the client, against what the client declares.

use super::call::Refusal;
use crate::{
    base::{
        capability::{Capabilities, Capability},
        problem::{Code, Problem},
        text,
    },
    catalog::tool::Tool,
};

/// The refusal of a call whose client lacks something that the tool names under `requires`.
pub(super) fn lacking(tool: &Tool, client: Capabilities) -> Option<Refusal> {
    let needed = tool.requires.iter().copied();
    let missing: Vec<Capability> = needed.filter(|one| !client.has(*one)).collect();
    if missing.is_empty() {
        return None;
    }
    let names = text::list(missing.iter().map(|one| one.as_str()));
    let message = format!(
        "the tool `{}` needs a client that declares {names}; this one does not",
        tool.name
    );
    let problem = Problem::new(Code::CapabilityMissing, message)
        .suggest("call it from a client that can, or from a terminal with `tollgate call`");
    Some(Refusal::Incapable {
        problem: Box::new(problem),
        missing,
    })
}
