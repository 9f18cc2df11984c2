//! Which era a request belongs to and what it may do: decisions only, nothing is sent here.
//!
//! Nothing latches. A request with a modern envelope is served by the modern rules whatever
//! came before; `initialize` is a handshake whenever it comes (MCP 2026-07-28,
//! basic/versioning, "Backward Compatibility").

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    base::{capability::Capabilities, text},
    engine::ask::Returned,
    protocol::{
        id::{IdKey, RequestId},
        jsonrpc::{ErrorCode, Malformed},
        meta::{Envelope, LogLevel, MetaError, RequestMeta, capabilities, client_name},
        params::{Params, ParamsError},
        version::{Era, Version},
    },
};

/// The method by which a tool is called.
pub(super) const CALL: &str = "tools/call";

/// The conversation so far. Modern requests leave nothing here.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// What a legacy client said of itself, in the terms of the era that came after it.
    handshake: Option<Envelope>,
    seen_modern: bool,
}

/// What a request asks for, once it is known by whose rules.
#[derive(Debug)]
pub(super) enum Ask {
    /// `initialize`: answer in this version.
    Initialize(Version),
    /// `server/discover`.
    Discover,
    /// `ping`.
    Ping,
    /// `tools/list`, from this cursor on.
    List(Option<String>),
    /// `tools/call`.
    Call(CallParams),
    /// `subscriptions/listen`; whether for changes of the tools.
    Listen {
        /// `toolsListChanged`.
        tools: bool,
    },
    /// `logging/setLevel`.
    SetLevel(LogLevel),
}

/// The parameters of a `tools/call`, read strictly.
#[derive(Debug)]
pub(super) struct CallParams {
    /// The tool as named; empty where it is not.
    pub(super) name: String,
    /// The arguments as written; `{}` where there are none.
    pub(super) raw_arguments: Arc<str>,
    /// The same, read; or the sentence for -32602.
    pub(super) arguments: Result<Value, String>,
    /// What came back with a call that was answered with a question before; `None` where nothing
    /// did.
    pub(super) returned: Option<Box<Returned>>,
    /// `idempotencyKey`, where proposals for the protocol have put it.
    pub(super) idempotency_key: Option<Box<Value>>,
}

/// A request together with what the answer depends on.
#[derive(Debug)]
pub(super) struct Request {
    /// By whose rules it is answered.
    pub(super) version: Version,
    /// `NAME VERSION`, as the client says of itself.
    pub(super) client: Option<Arc<str>>,
    /// What the client can do.
    pub(super) capabilities: Capabilities,
    /// What `_meta` says.
    pub(super) meta: RequestMeta,
    /// What is asked.
    pub(super) ask: Ask,
}

/// A request that is not served.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    /// The code on the wire.
    pub(super) code: ErrorCode,
    /// One sentence.
    pub(super) message: String,
    /// `data`, where the protocol demands it.
    pub(super) data: Option<Value>,
}

impl Refusal {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }
}

impl From<ParamsError> for Refusal {
    fn from(error: ParamsError) -> Self {
        match error {
            ParamsError::Message(violation) => {
                let Malformed { code, message, .. } = violation.into();
                Self::new(code, message)
            }
            ParamsError::Invalid(message) => Self::new(ErrorCode::InvalidParams, message),
        }
    }
}

impl From<MetaError> for Refusal {
    fn from(error: MetaError) -> Self {
        match error {
            MetaError::Invalid(message) => Self::new(ErrorCode::InvalidParams, message),
            MetaError::UnsupportedVersion { requested } => {
                let supported: Vec<_> = Version::MODERN.iter().map(|v| v.as_str()).collect();
                let requested = text::clip(&requested, 128);
                Self {
                    code: ErrorCode::UnsupportedProtocolVersion,
                    message: format!("unsupported protocol version {}", text::quote(requested)),
                    data: Some(json!({"supported": supported, "requested": requested})),
                }
            }
        }
    }
}

impl Session {
    /// By whose rules something is answered that could not be read.
    pub(super) fn era(&self) -> Era {
        if self.seen_modern && self.handshake.is_none() {
            Era::Modern
        } else {
            Era::Legacy
        }
    }

    /// Whether arrays are batches: in 2025-03-26 only.
    pub(super) fn takes_batches(&self) -> bool {
        self.handshake
            .as_ref()
            .is_some_and(|made| made.version == Version::V2025_03_26)
    }

    /// Whether `notifications/initialized` ends a handshake here.
    pub(super) fn has_handshake(&self) -> bool {
        self.handshake.is_some()
    }

    /// Reads a request.
    ///
    /// # Errors
    /// When it is not served; the session is unchanged then.
    pub(super) fn request(
        &mut self,
        method: &str,
        params: Option<&str>,
    ) -> Result<Request, Refusal> {
        let mut params = Params::open(params)?;
        if method == "initialize" {
            return self.initialize(params);
        }
        let mut meta = RequestMeta::read(params.take("_meta")?)?;
        let (envelope, ask) = match meta.envelope.take() {
            Some(envelope) => {
                self.seen_modern = true;
                (envelope, modern(method, &mut params)?)
            }
            None => self.legacy(method, &mut params)?,
        };
        params.finish()?;
        let Envelope {
            version,
            client,
            capabilities,
        } = envelope;
        Ok(Request {
            version,
            client,
            capabilities,
            meta,
            ask,
        })
    }

    fn initialize(&mut self, mut params: Params<'_>) -> Result<Request, Refusal> {
        let asked = params.take_text("protocolVersion")?;
        let client = params.take("clientInfo")?;
        let declared = params.take("capabilities")?.unwrap_or_default();
        params.finish()?;
        let Some(asked) = asked else {
            return Err(Refusal::new(
                ErrorCode::InvalidParams,
                "`params` lacks `protocolVersion`",
            ));
        };
        let version = Version::negotiate(&asked);
        let client = client.and_then(|client| client_name(&client).ok());
        let client: Option<Arc<str>> = client.map(Into::into);
        let capabilities = capabilities(&declared, version);
        self.handshake = Some(Envelope {
            version,
            client: client.clone(),
            capabilities,
        });
        Ok(Request {
            version,
            client,
            capabilities,
            meta: RequestMeta::default(),
            ask: Ask::Initialize(version),
        })
    }

    fn legacy(&self, method: &str, params: &mut Params<'_>) -> Result<(Envelope, Ask), Refusal> {
        if method == "ping" {
            let nobody = Envelope {
                version: Version::NEWEST_LEGACY,
                client: None,
                capabilities: Capabilities::default(),
            };
            return Ok((nobody, Ask::Ping));
        }
        let Some(handshake) = &self.handshake else {
            return Err(Refusal::new(
                ErrorCode::InvalidParams,
                "this request has neither a handshake before it nor an envelope in it: send \
                 `initialize` first, or put `io.modelcontextprotocol/protocolVersion` and \
                 `io.modelcontextprotocol/clientCapabilities` into `params._meta`",
            ));
        };
        let ask = match method {
            "tools/list" => Ask::List(params.take_text("cursor")?),
            CALL => Ask::Call(call(params)?),
            "logging/setLevel" => Ask::SetLevel(level(params)?),
            "server/discover" => {
                return Err(Refusal::new(
                    ErrorCode::InvalidParams,
                    "`server/discover` needs the envelope of 2026-07-28 in `params._meta`",
                ));
            }
            _ => return Err(unknown_method(method)),
        };
        Ok((handshake.clone(), ask))
    }
}

fn modern(method: &str, params: &mut Params<'_>) -> Result<Ask, Refusal> {
    match method {
        "server/discover" => Ok(Ask::Discover),
        "tools/list" => Ok(Ask::List(params.take_text("cursor")?)),
        CALL => Ok(Ask::Call(call(params)?)),
        "subscriptions/listen" => listen(params),
        _ => Err(unknown_method(method)),
    }
}

fn unknown_method(method: &str) -> Refusal {
    let method = text::quote(text::clip(method, 128));
    Refusal::new(
        ErrorCode::MethodNotFound,
        format!("method {method} is not served"),
    )
}

fn call(params: &mut Params<'_>) -> Result<CallParams, Refusal> {
    let raw_arguments = params.raw("arguments").unwrap_or("{}").into();
    let name = params.take("name")?;
    let arguments = match params.take("arguments")? {
        None => Ok(json!({})),
        Some(arguments @ Value::Object(_)) => Ok(arguments),
        Some(_) => Err("`arguments` must be an object".to_owned()),
    };
    // What is no text was not given out by us; that something came is all that counts.
    let state = params.take("requestState")?.map(|state| match state {
        Value::String(state) => state,
        other => other.to_string(),
    });
    let responses = match params.take("inputResponses")? {
        Some(Value::Object(responses)) => Some(responses),
        Some(_) | None => None,
    };
    let returned = (state.is_some() || responses.is_some()).then(|| {
        let responses = responses.unwrap_or_default();
        Box::new(Returned { state, responses })
    });
    let idempotency_key = params.take("idempotencyKey")?.map(Box::new);
    let (name, arguments) = match name {
        Some(Value::String(name)) => (name, arguments),
        Some(_) | None => (String::new(), Err("`name` must be a string".to_owned())),
    };
    Ok(CallParams {
        name,
        raw_arguments,
        arguments,
        returned,
        idempotency_key,
    })
}

fn listen(params: &mut Params<'_>) -> Result<Ask, Refusal> {
    match params.take("notifications")? {
        Some(Value::Object(filter)) => Ok(Ask::Listen {
            tools: filter.get("toolsListChanged") == Some(&Value::Bool(true)),
        }),
        Some(_) | None => Err(Refusal::new(
            ErrorCode::InvalidParams,
            "`notifications` must be an object",
        )),
    }
}

fn level(params: &mut Params<'_>) -> Result<LogLevel, Refusal> {
    let level = params.take("level")?.unwrap_or_default();
    LogLevel::read(&level).map_err(|message| Refusal::new(ErrorCode::InvalidParams, message))
}

/// The id that a `notifications/cancelled` names; `None` when it is malformed, which is to be
/// ignored (MCP 2025-11-25, basic/utilities/cancellation).
pub(super) fn cancelled_id(params: Option<&str>) -> Option<IdKey> {
    let params = Params::open(params).ok()?;
    Some(RequestId::read(params.raw("requestId")?)?.key().clone())
}

#[cfg(test)]
mod tests;
