//! Name → tool: the first check. After it a reload changes nothing for this call.

use std::sync::Arc;

use super::{
    call::{Header, IncomingCall, Patience, Refusal, Refused},
    capable::lacking,
};
use crate::{
    base::{
        problem::{Code, Problem},
        text,
    },
    catalog::{principal::Client, snapshot::Catalog, tool::Tool},
};

/// A call bound to one tool that exists and is visible.
#[derive(Debug)]
pub(crate) struct ResolvedCall {
    call: IncomingCall,
    tool: Arc<Tool>,
    client: Arc<Client>,
}

impl ResolvedCall {
    /// What is known of the call.
    pub(crate) fn header(&self) -> &Arc<Header> {
        &self.call.header
    }

    /// The tool that is called.
    pub(crate) fn tool(&self) -> &Tool {
        &self.tool
    }

    /// The arguments byte for byte as received.
    pub(crate) fn raw_arguments(&self) -> &Arc<str> {
        &self.call.raw_arguments
    }

    /// Gives the parts to the next stage.
    pub(super) fn into_parts(self) -> (IncomingCall, Arc<Tool>, Arc<Client>) {
        (self.call, self.tool, self.client)
    }

    /// Refuses the call for a reason found outside the guard (no place in the queue, the
    /// server ending). Nothing was touched.
    pub(crate) fn refuse(self, stage: &'static str, problem: Problem) -> Box<Refused> {
        Box::new(Refused {
            header: self.call.header,
            raw_arguments: self.call.raw_arguments,
            stage,
            refusal: Refusal::Tool(Box::new(problem)),
            log: Vec::new(),
            asking: None,
        })
    }
}

/// Finds the tool that `call` names. A name that does not exist and one that may not be seen
/// get the same answer (MCP 2026-07-28, server/tools, "Error Handling": -32602).
///
/// # Errors
/// When there is no such tool, it is switched off, it is not what was approved, or the client
/// lacks what it requires.
pub(crate) fn resolve(call: IncomingCall, catalog: &Catalog) -> Result<ResolvedCall, Box<Refused>> {
    let client = catalog.client();
    // Another configuration came into force since the header was written: who is judged must be
    // who is written down.
    let is_recorded = call.header.principal == client.id;
    let found = catalog.find(&call.header.tool_name);
    let refusal = match found.filter(|_| is_recorded) {
        Some(tool) if tool.enabled && !catalog.is_approved(tool.name.as_str()) => {
            Refusal::Tool(Box::new(Problem::new(
                Code::ToolChanged,
                format!(
                    "the definition of `{}` is not the one that was approved",
                    tool.name
                ),
            )))
        }
        Some(tool) if tool.enabled => match unfit(tool, &call.header) {
            Some(refusal) => refusal,
            None => {
                return Ok(ResolvedCall {
                    tool: Arc::clone(tool),
                    client: Arc::clone(client),
                    call,
                });
            }
        },
        Some(tool) => Refusal::Tool(Box::new(Problem::new(
            Code::ToolDisabled,
            format!("the tool `{}` is switched off", tool.name),
        ))),
        None => unknown(&call.header.tool_name, catalog),
    };
    Err(Box::new(Refused {
        header: call.header,
        raw_arguments: call.raw_arguments,
        stage: "resolve",
        refusal,
        log: Vec::new(),
        asking: None,
    }))
}

fn unfit(tool: &Tool, header: &Header) -> Option<Refusal> {
    lacking(tool, header.capabilities).or_else(|| timeless(&header.patience))
}

/// The refusal of a call that says how long it may take in a way that says nothing.
fn timeless(patience: &Patience) -> Option<Refusal> {
    let given = match patience {
        Patience::Untold | Patience::For(_) => return None,
        Patience::Malformed(given) => given,
    };
    let message = format!(
        "`_meta[\"tollgate/deadlineMs\"]` is a whole number of milliseconds from 1, not {given}"
    );
    let problem = Problem::new(Code::ValidationFailed, message);
    let help = "give how long you wait, as 5000, or leave it out";
    Some(Refusal::Tool(Box::new(problem.suggest(help))))
}

fn unknown(name: &str, catalog: &Catalog) -> Refusal {
    let near = text::likeliest(name, catalog.listed().map(|tool| tool.name.as_str()));
    let mut message = format!("unknown tool {}", text::quote(text::clip(name, 128)));
    if !near.is_empty() {
        message.push_str("; did you mean ");
        message.push_str(&text::list(near.iter().copied()));
        message.push('?');
    }
    Refusal::Protocol {
        message,
        near: near.into_iter().map(str::to_owned).collect(),
    }
}
