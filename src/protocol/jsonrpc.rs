//! JSON-RPC 2.0 messages: a line becomes a request, a notification, a response or a batch, or
//! is refused with the error that its sender is owed.

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::id::RequestId;
use crate::base::{
    json::{Violation, push_pointer},
    text,
};

/// A JSON-RPC error code (JSON-RPC 2.0 section 5.1; MCP 2026-07-28, basic, "Error Codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// -32700: not JSON.
    Parse,
    /// -32600: JSON, but not a message.
    InvalidRequest,
    /// -32601: a method that is not served.
    MethodNotFound,
    /// -32602: parameters that do not fit the method.
    InvalidParams,
    /// -32021: the client does not declare what the request needs.
    MissingClientCapability,
    /// -32022: an envelope names a version that is not served.
    UnsupportedProtocolVersion,
}

impl ErrorCode {
    /// The number on the wire.
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::MissingClientCapability => -32021,
            Self::UnsupportedProtocolVersion => -32022,
        }
    }
}

/// What one line, or one member of a batch, says. Texts borrow from the line.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    /// Wants an answer.
    Request {
        /// Addresses the answer.
        id: RequestId,
        /// As written.
        method: Cow<'a, str>,
        /// One JSON value, unread; `None` where absent.
        params: Option<&'a str>,
    },
    /// Wants none.
    Notification {
        /// As written.
        method: Cow<'a, str>,
        /// One JSON value, unread; `None` where absent.
        params: Option<&'a str>,
    },
    /// An answer to something that we asked, or never asked.
    Response {
        /// What it says it answers; `None` where that is no id.
        id: Option<RequestId>,
        /// One JSON value, unread; `None` where it is an error.
        result: Option<&'a str>,
    },
}

/// One line.
#[derive(Debug)]
pub(crate) enum Inbound<'a> {
    /// Nothing but white space.
    Blank,
    /// An object.
    One(Result<Message<'a>, Malformed>),
    /// An array: its members, unread.
    Batch(Vec<&'a str>),
}

/// Why something was refused as a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The id, where one could be read.
    pub(crate) id: Option<RequestId>,
    /// [`ErrorCode::Parse`] or [`ErrorCode::InvalidRequest`].
    pub(crate) code: ErrorCode,
    /// What is wrong, never repeating the line itself.
    pub(crate) message: String,
}

impl Malformed {
    fn parse(message: impl Into<String>) -> Self {
        Self {
            id: None,
            code: ErrorCode::Parse,
            message: message.into(),
        }
    }

    /// An error about a message that was JSON.
    pub(crate) fn invalid(id: Option<RequestId>, message: impl Into<String>) -> Self {
        Self {
            id,
            code: ErrorCode::InvalidRequest,
            message: message.into(),
        }
    }
}

impl From<Violation> for Malformed {
    fn from(violation: Violation) -> Self {
        let message = violation.to_string();
        match violation {
            Violation::Syntax { .. } => Self::parse(message),
            Violation::Duplicate { .. }
            | Violation::TooDeep
            | Violation::TooManyValues
            | Violation::StringTooLong { .. }
            | Violation::NumberNotRepresentable => Self::invalid(None, message),
        }
    }
}

/// Reads one line. Members of a batch are not read yet: [`decode_message`] does that.
pub(crate) fn decode(line: &[u8]) -> Inbound<'_> {
    let Ok(line) = std::str::from_utf8(line) else {
        return Inbound::One(Err(Malformed::parse("not valid UTF-8")));
    };
    let json = line.trim_matches([' ', '\t', '\r']);
    match json.as_bytes().first() {
        None => Inbound::Blank,
        Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(members) => Inbound::Batch(members.into_iter().map(RawValue::get).collect()),
            Err(error) => Inbound::One(Err(not_json(&error))),
        },
        Some(_) => Inbound::One(decode_message(json)),
    }
}

/// Reads one message.
///
/// # Errors
/// When it is not JSON, or not a JSON-RPC 2.0 message as MCP uses them.
pub(crate) fn decode_message(json: &str) -> Result<Message<'_>, Malformed> {
    if !json.starts_with('{') {
        return match serde_json::from_str::<IgnoredAny>(json) {
            Ok(_) => Err(Malformed::invalid(None, "a message must be a JSON object")),
            Err(error) => Err(not_json(&error)),
        };
    }
    let envelope: Envelope<'_> = serde_json::from_str(json).map_err(|error| not_json(&error))?;
    let id = match envelope.id.map(RawValue::get) {
        None => None,
        Some(text) if envelope.is_answer() => RequestId::read(text),
        Some(text) => Some(RequestId::read(text).ok_or_else(|| {
            Malformed::invalid(
                None,
                "`id` must be an integer or a string of at most 1024 bytes",
            )
        })?),
    };
    // A response is never answered by its id, whatever it says it answers: two programs that
    // answer each other's errors would not end.
    let addressee = id.clone().filter(|_| !envelope.is_answer());
    match envelope.into_message(id) {
        Ok(message) => Ok(message),
        Err(message) => Err(Malformed::invalid(addressee, message)),
    }
}

fn not_json(error: &serde_json::Error) -> Malformed {
    Malformed::parse(format!("not valid JSON at column {}", error.column()))
}

#[derive(Default)]
struct Envelope<'a> {
    jsonrpc: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    answer: bool,
    result: Option<&'a RawValue>,
    fault: Option<String>,
}

impl<'a> Envelope<'a> {
    fn is_answer(&self) -> bool {
        self.answer && self.method.is_none()
    }

    fn into_message(self, id: Option<RequestId>) -> Result<Message<'a>, String> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let version = self.jsonrpc.and_then(text_of);
        if version.as_deref() != Some("2.0") {
            return Err("`jsonrpc` must be \"2.0\"".to_owned());
        }
        let Some(method) = self.method else {
            return if self.answer {
                let result = self.result.map(RawValue::get);
                Ok(Message::Response { id, result })
            } else {
                Err("`method` is missing".to_owned())
            };
        };
        if self.answer {
            return Err("a message has either `method` or `result`, not both".to_owned());
        }
        let method = text_of(method).ok_or("`method` must be a string")?;
        let params = self
            .params
            .map(RawValue::get)
            .filter(|params| *params != "null");
        Ok(match id {
            Some(id) => Message::Request { id, method, params },
            None => Message::Notification { method, params },
        })
    }

    fn member(&mut self, name: &str) -> Option<&mut Option<&'a RawValue>> {
        match name {
            "jsonrpc" => Some(&mut self.jsonrpc),
            "id" => Some(&mut self.id),
            "method" => Some(&mut self.method),
            "params" => Some(&mut self.params),
            _ => None,
        }
    }
}

/// The text of a raw JSON string, borrowed where it has no escapes.
pub(super) fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    let plain = text.strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') {
        serde_json::from_str(text).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(plain))
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(Name(name)) = members.next_key()? {
            let value: &RawValue = members.next_value()?;
            let fault = match envelope.member(&name) {
                _ if matches!(&*name, "result" | "error") => {
                    if !std::mem::replace(&mut envelope.answer, true) {
                        envelope.result = (name == "result").then_some(value);
                        continue;
                    }
                    "a response has one of `result` and `error`".to_owned()
                }
                Some(place @ None) => {
                    *place = Some(value);
                    continue;
                }
                Some(_) => {
                    let mut pointer = String::new();
                    push_pointer(&mut pointer, &name);
                    format!("duplicate member at `{pointer}`")
                }
                None => format!("unknown member {}", text::quote(&name)),
            };
            envelope.fault.get_or_insert(fault);
        }
        Ok(envelope)
    }
}

/// A member name, borrowed from the line where it has no escapes.
pub(super) struct Name<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

#[cfg(test)]
mod tests;
