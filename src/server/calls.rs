//! A `tools/call` on its way from the conversation to the engine.

use std::{cell::Cell, sync::Arc, time::Duration};

use serde_json::Value;

use super::{batch::Path, connection::Connection, respond::Responder, session::CallParams};
use crate::{
    base::{cancel::CancelToken, capability::Capabilities},
    engine::{
        Ticket,
        ask::{Channel, Returned},
    },
    guard::call::{CallerKey, Header, IncomingCall, Patience, Refusal, Refused},
    protocol::{
        encode,
        id::RequestId,
        jsonrpc::Malformed,
        meta::RequestMeta,
        version::{Era, Version},
    },
};

impl Connection {
    /// Registers the request and hands the call over; what cannot be understood as a call is
    /// handed over as a refusal, so that it is written down all the same.
    pub(super) fn call(&self, asked: Asked) {
        let cancel = CancelToken::default();
        let open = match self.wire.in_flight.open(asked.id.key(), cancel.clone()) {
            Ok(open) => open,
            Err(_) => {
                return asked
                    .path
                    .end(Some(id_in_use(&asked.id, asked.version.era())));
            }
        };
        let Asked {
            id,
            version,
            client,
            capabilities,
            meta,
            params,
            path,
        } = asked;
        let CallParams {
            name,
            raw_arguments,
            arguments,
            returned,
            idempotency_key,
        } = params;
        let received_wall = self.clock.wall();
        // What is known of the call whatever becomes of it, under a new id of ours.
        let header = Arc::new(Header {
            call_id: self.ids.next(received_wall),
            tool_name: name.into(),
            principal: self.catalog.get().client().id.clone(),
            request_id: id.text(),
            protocol_version: version.as_str(),
            client,
            capabilities,
            trace: meta.trace,
            caller_key: caller_key(meta.idempotency_key, idempotency_key),
            patience: patience(meta.deadline_ms.as_ref()),
            received: self.clock.now(),
            received_wall,
        });
        let responder = Responder {
            wire: Arc::clone(&self.wire),
            clock: Arc::clone(&self.clock),
            id,
            open,
            path,
            version,
            header: Arc::clone(&header),
            progress_token: meta.progress_token,
            log_level: meta.log_level,
            told: Cell::new(None),
        };
        let ticket = Ticket {
            respondent: Box::new(responder),
            cancel,
            channel: channel(version, returned),
        };
        self.hand_over(header, (raw_arguments, arguments), ticket);
    }

    fn hand_over(
        &self,
        header: Arc<Header>,
        (raw_arguments, arguments): (Arc<str>, Result<Value, String>),
        ticket: Ticket,
    ) {
        match arguments {
            Ok(arguments) => {
                let call = IncomingCall {
                    header,
                    raw_arguments,
                    arguments,
                };
                self.engine.submit(call, ticket);
            }
            Err(message) => {
                let near = Vec::new();
                let refused = Refused {
                    header,
                    raw_arguments,
                    stage: "params",
                    refusal: Refusal::Protocol { message, near },
                    log: Vec::new(),
                    asking: None,
                };
                self.engine.refuse(Box::new(refused), ticket);
            }
        }
    }
}

/// The key that the caller gave, in `_meta` or beside the arguments; in both it must be one.
fn caller_key(meta: Option<Value>, param: Option<Box<Value>>) -> CallerKey {
    match (meta, param.map(|param| *param)) {
        (None, None) => CallerKey::Absent,
        (Some(one), None) | (None, Some(one)) => one_key(one),
        (Some(one), Some(other)) if one == other => one_key(one),
        (Some(_), Some(_)) => CallerKey::Malformed("two different ones".to_owned()),
    }
}

fn one_key(key: Value) -> CallerKey {
    match key {
        Value::String(key) => CallerKey::Given(key),
        other => CallerKey::Malformed(kind(&other).to_owned()),
    }
}

/// How long the caller waits; it must be at least a millisecond.
fn patience(deadline_ms: Option<&Value>) -> Patience {
    match deadline_ms {
        None => Patience::Untold,
        Some(given) => match given.as_u64() {
            Some(millis) if millis > 0 => Patience::For(Duration::from_millis(millis)),
            Some(_) | None if given.is_number() => Patience::Malformed(format!("`{given}`")),
            Some(_) | None => Patience::Malformed(kind(given).to_owned()),
        },
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A `tools/call` and by whose rules it is answered.
pub(super) struct Asked {
    pub(super) id: RequestId,
    pub(super) version: Version,
    pub(super) client: Option<Arc<str>>,
    pub(super) capabilities: Capabilities,
    pub(super) meta: RequestMeta,
    pub(super) params: CallParams,
    pub(super) path: Path,
}

/// How a person is asked in this version.
fn channel(version: Version, returned: Option<Box<Returned>>) -> Channel {
    match version.era() {
        Era::Legacy => Channel::InCall,
        Era::Modern => Channel::ByReturn(returned),
    }
}

/// The answer to a request whose id is that of one which is not answered yet.
pub(super) fn id_in_use(id: &RequestId, era: Era) -> encode::Encoded {
    let message = "a request with this `id` is not answered yet";
    encode::malformed(&Malformed::invalid(Some(id.clone()), message), era)
}
