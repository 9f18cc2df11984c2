//! The guard on a call that nobody makes: for the tests of definitions and for recorded calls.
//! Nothing is run.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    backend,
    base::{
        capability::Capability,
        clock::{Moment, Timestamp},
        id::{CallId, CallIds, Principal},
        json,
    },
    catalog::snapshot::Catalog,
    guard::{
        authorize::authorize,
        call::{CallerKey, Header, IncomingCall, Patience, Refusal, Refused},
        clear::{ClearedCall, clear},
        normalize::normalize,
        resolve::resolve,
        validate::validate,
    },
};

/// Takes arguments through the whole guard, as if they came in at `received`.
///
/// # Errors
/// The refusal that a client would get.
pub(super) fn judge(
    tool: &str,
    raw_arguments: &str,
    principal: &Principal,
    received: Timestamp,
    catalog: &Catalog,
) -> Result<ClearedCall, Box<Refused>> {
    let call_id = CallIds::new().next(received);
    let header = header(call_id, tool, principal, (Moment::from_micros(0), received));
    let call = incoming(Arc::new(header), raw_arguments)?;
    let cleared = resolve(call, catalog)
        .and_then(normalize)
        .and_then(validate)
        .and_then(authorize)
        .and_then(clear)?;
    match backend::fits(&cleared.tool().run, cleared.effective()) {
        Ok(_work) => Ok(cleared),
        Err(problem) => Err(cleared.refuse("prepare", *problem)),
    }
}

/// What is known of a call that no client makes. What some client can do is not what is judged.
pub(super) fn header(
    call_id: CallId,
    tool: &str,
    principal: &Principal,
    (received, received_wall): (Moment, Timestamp),
) -> Header {
    Header {
        call_id,
        tool_name: tool.into(),
        principal: principal.clone(),
        request_id: "0".into(),
        protocol_version: "",
        client: None,
        capabilities: Capability::ALL.into_iter().collect(),
        caller_key: CallerKey::Absent,
        patience: Patience::Untold,
        trace: None,
        received,
        received_wall,
    }
}

/// The arguments read as strictly as those of a client.
///
/// # Errors
/// The refusal of arguments that are none.
pub(super) fn incoming(
    header: Arc<Header>,
    raw_arguments: &str,
) -> Result<IncomingCall, Box<Refused>> {
    let message = match json::parse(raw_arguments) {
        Ok(arguments @ Value::Object(_)) => {
            return Ok(IncomingCall {
                header,
                raw_arguments: raw_arguments.into(),
                arguments,
            });
        }
        Ok(_) => "`arguments` must be an object".to_owned(),
        Err(violation) => violation.to_string(),
    };
    Err(Box::new(Refused {
        header,
        raw_arguments: raw_arguments.into(),
        stage: "params",
        refusal: Refusal::Protocol {
            message,
            near: Vec::new(),
        },
        log: Vec::new(),
        asking: None,
    }))
}
