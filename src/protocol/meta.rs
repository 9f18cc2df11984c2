//! `params._meta`: the envelope of the modern era, progress tokens, trace context.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::version::Version;
use crate::base::{
    capability::{Capabilities, Capability},
    id::Trace,
    text,
};

/// The key whose presence makes a request modern (MCP 2026-07-28, basic, "`_meta`").
const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
const CLIENT_KEY: &str = "io.modelcontextprotocol/clientInfo";
const LOG_LEVEL_KEY: &str = "io.modelcontextprotocol/logLevel";
/// Ours; a key of this name may stand in any request and means something in `tools/call` only.
const IDEMPOTENCY_KEY: &str = "tollgate/idempotencyKey";
/// The same.
const DEADLINE_KEY: &str = "tollgate/deadlineMs";

/// What a request says about itself.
#[derive(Debug, Default)]
pub(crate) struct RequestMeta {
    /// The modern envelope; `None` for a request of the legacy era.
    pub(crate) envelope: Option<Envelope>,
    /// Where progress is to be reported, as one JSON value.
    pub(crate) progress_token: Option<Value>,
    /// What a well-formed `traceparent` says.
    pub(crate) trace: Option<Trace>,
    /// The name that the caller gives the operation, as one JSON value.
    pub(crate) idempotency_key: Option<Value>,
    /// How many milliseconds the caller waits for the end, as one JSON value.
    pub(crate) deadline_ms: Option<Value>,
    /// Whether and what to log while the request runs (modern era).
    pub(crate) log_level: Option<LogLevel>,
}

/// Who asks, and by whose rules: the modern envelope, or what a handshake said.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    /// The version that the request is made in.
    pub(crate) version: Version,
    /// `NAME VERSION` as the client says of itself.
    pub(crate) client: Option<Arc<str>>,
    /// What the client can do while this request is served.
    pub(crate) capabilities: Capabilities,
}

/// What is wrong with `_meta`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MetaError {
    /// -32602 with this sentence.
    Invalid(String),
    /// -32022: the envelope names a version that is not served in the modern era.
    UnsupportedVersion {
        /// As requested.
        requested: String,
    },
}

/// Severity of a log notification (RFC 5424 section 6.2.1), lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    /// `debug`
    Debug,
    /// `info`
    Info,
    /// `notice`
    Notice,
    /// `warning`
    Warning,
    /// `error`
    Error,
    /// `critical`
    Critical,
    /// `alert`
    Alert,
    /// `emergency`
    Emergency,
}

impl LogLevel {
    const ALL: [(&'static str, Self); 8] = [
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("notice", Self::Notice),
        ("warning", Self::Warning),
        ("error", Self::Error),
        ("critical", Self::Critical),
        ("alert", Self::Alert),
        ("emergency", Self::Emergency),
    ];

    /// Reads a level.
    ///
    /// # Errors
    /// The sentence for -32602.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|(name, _)| value == name)
            .map(|(_, level)| *level)
            .ok_or_else(|| {
                format!(
                    "the log level must be one of {}",
                    text::list(Self::ALL.map(|(name, _)| name))
                )
            })
    }

    /// The name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, level)| *level == self)
            .map_or("error", |(name, _)| name)
    }
}

impl RequestMeta {
    /// Reads `_meta`; an absent one says nothing.
    ///
    /// # Errors
    /// When something that we need is of the wrong type, or the envelope is not served.
    pub(crate) fn read(meta: Option<Value>) -> Result<Self, MetaError> {
        let mut meta = match meta {
            None => return Ok(Self::default()),
            Some(Value::Object(meta)) => meta,
            Some(_) => return Err(invalid("`_meta` must be an object")),
        };
        let envelope = read_envelope(&mut meta)?;
        let progress_token = match meta.remove("progressToken") {
            Some(token) if token.is_string() || token.is_i64() || token.is_u64() => Some(token),
            Some(_) => return Err(invalid("`progressToken` must be a string or an integer")),
            None => None,
        };
        let idempotency_key = meta.remove(IDEMPOTENCY_KEY);
        let deadline_ms = meta.remove(DEADLINE_KEY);
        let log_level = match (&envelope, meta.get(LOG_LEVEL_KEY)) {
            (Some(_), Some(level)) => Some(LogLevel::read(level).map_err(MetaError::Invalid)?),
            (Some(_), None) | (None, _) => None,
        };
        let trace = meta
            .get("traceparent")
            .and_then(Value::as_str)
            .and_then(trace);
        Ok(Self {
            envelope,
            progress_token,
            trace,
            idempotency_key,
            deadline_ms,
            log_level,
        })
    }
}

fn invalid(message: &str) -> MetaError {
    MetaError::Invalid(message.to_owned())
}

fn read_envelope(meta: &mut Map<String, Value>) -> Result<Option<Envelope>, MetaError> {
    let requested = match meta.get(VERSION_KEY) {
        None => return Ok(None),
        Some(Value::String(requested)) => requested,
        Some(_) => {
            return Err(MetaError::Invalid(format!(
                "`{VERSION_KEY}` must be a string"
            )));
        }
    };
    let served = Version::MODERN
        .iter()
        .find(|version| version.as_str() == requested);
    let Some(&version) = served else {
        return Err(MetaError::UnsupportedVersion {
            requested: requested.clone(),
        });
    };
    let capabilities = match meta.get(CAPABILITIES_KEY) {
        Some(declared @ Value::Object(_)) => capabilities(declared, version),
        Some(_) => {
            return Err(MetaError::Invalid(format!(
                "`{CAPABILITIES_KEY}` must be an object"
            )));
        }
        None => {
            return Err(MetaError::Invalid(format!(
                "`_meta` lacks `{CAPABILITIES_KEY}`"
            )));
        }
    };
    let client = match meta.get(CLIENT_KEY) {
        None => None,
        Some(client) => Some(client_name(client).map_err(MetaError::Invalid)?.into()),
    };
    Ok(Some(Envelope {
        version,
        client,
        capabilities,
    }))
}

/// What of a ClientCapabilities object counts in this revision. Elicitation came with
/// 2025-06-18; since 2025-11-25 it names its modes, and none named is a form (MCP 2025-11-25,
/// client/elicitation, "Capabilities").
pub(crate) fn capabilities(declared: &Value, version: Version) -> Capabilities {
    let has = |one: &Capability| {
        let Some(Value::Object(modes)) = declared.get(one.as_str()) else {
            return false;
        };
        match one {
            Capability::Elicitation => {
                version >= Version::V2025_06_18
                    && (modes.contains_key("form") || !modes.contains_key("url"))
            }
            Capability::Sampling | Capability::Roots => true,
        }
    };
    Capability::ALL.into_iter().filter(has).collect()
}

/// `NAME VERSION` of an Implementation object, control characters out, at most 200 bytes.
///
/// # Errors
/// The sentence for -32602, when it is not an object with a string `name`.
pub(crate) fn client_name(client: &Value) -> Result<String, String> {
    let part = |name: &str| client.get(name).and_then(Value::as_str);
    let name = part("name").ok_or("`clientInfo` must be an object with a string `name`")?;
    let told =
        part("version").map_or_else(|| name.to_owned(), |version| format!("{name} {version}"));
    let plain: String = told
        .chars()
        .filter(|char| !char.is_control() && !text::is_hidden(*char))
        .collect();
    Ok(text::clip(&plain, 200).to_owned())
}

/// A W3C `traceparent` (Trace Context, section 3.2): four fields of lower-case hexadecimal
/// digits. A malformed one is ignored, as that text demands.
fn trace(traceparent: &str) -> Option<Trace> {
    let fields: Vec<&str> = traceparent.split('-').collect();
    let [version, id, span, flags] = fields.as_slice() else {
        return None;
    };
    let hex = |field: &str, length: usize| {
        field.len() == length
            && field
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |field: &str| field.bytes().all(|byte| byte == b'0');
    let well_formed = hex(version, 2) && hex(id, 32) && hex(span, 16) && hex(flags, 2);
    (well_formed && *version != "ff" && !zero(id) && !zero(span)).then(|| Trace {
        id: (*id).to_owned(),
        span: (*span).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn envelope(version: &str) -> Value {
        json!({VERSION_KEY: version, CAPABILITIES_KEY: {}})
    }

    #[test]
    fn the_version_key_makes_a_request_modern() {
        let meta = RequestMeta::read(Some(envelope("2026-07-28"))).unwrap();
        assert_eq!(meta.envelope.unwrap().version, Version::V2026_07_28);
        assert!(
            RequestMeta::read(Some(json!({"x": 1})))
                .unwrap()
                .envelope
                .is_none()
        );
        assert!(RequestMeta::read(None).unwrap().envelope.is_none());
    }

    #[test]
    fn a_client_can_be_asked_where_its_revision_knows_forms_and_it_shows_them() {
        let asks = |declared: Value, version| {
            capabilities(&declared, version).has(Capability::Elicitation)
        };
        assert!(!asks(json!({}), Version::V2026_07_28));
        assert!(!asks(json!({"elicitation": {}}), Version::V2025_03_26));
        assert!(!asks(json!({"elicitation": true}), Version::V2025_06_18));
        assert!(asks(json!({"elicitation": {}}), Version::V2025_06_18));
        assert!(!asks(
            json!({"elicitation": {"url": {}}}),
            Version::V2025_11_25
        ));
        let both = json!({"elicitation": {"url": {}, "form": {}}, "roots": {}});
        assert!(asks(both.clone(), Version::V2025_11_25));
        assert!(capabilities(&both, Version::V2024_11_05).has(Capability::Roots));
    }

    #[test]
    fn p16_a_version_that_is_not_served_is_told_apart_from_a_broken_envelope() {
        for version in ["1900-01-01", "2025-11-25"] {
            let error = RequestMeta::read(Some(envelope(version))).unwrap_err();
            assert_eq!(
                error,
                MetaError::UnsupportedVersion {
                    requested: version.to_owned()
                }
            );
        }
    }

    #[test]
    fn what_has_the_wrong_type_is_named() {
        #[track_caller]
        fn check(meta: Value, message: &str) {
            let error = RequestMeta::read(Some(meta)).unwrap_err();
            assert_eq!(error, MetaError::Invalid(message.to_owned()));
        }
        check(json!([]), "`_meta` must be an object");
        check(
            json!({VERSION_KEY: 5}),
            "`io.modelcontextprotocol/protocolVersion` must be a string",
        );
        check(
            json!({VERSION_KEY: "2026-07-28"}),
            "`_meta` lacks `io.modelcontextprotocol/clientCapabilities`",
        );
        check(
            json!({"progressToken": {}}),
            "`progressToken` must be a string or an integer",
        );
        check(
            json!({"progressToken": null}),
            "`progressToken` must be a string or an integer",
        );
        let mut logged = envelope("2026-07-28");
        logged[LOG_LEVEL_KEY] = json!("loud");
        check(
            logged,
            "the log level must be one of `debug`, `info`, `notice`, `warning`, `error`, `critical`, `alert` and `emergency`",
        );
        let mut named = envelope("2026-07-28");
        named[CLIENT_KEY] = json!("me");
        check(named, "`clientInfo` must be an object with a string `name`");
    }

    #[test]
    fn only_a_well_formed_traceparent_is_kept() {
        let (id, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        let check = |text: &str, is_kept: bool| {
            let kept = is_kept.then(|| Trace {
                id: id.to_owned(),
                span: span.to_owned(),
            });
            assert_eq!(trace(text), kept, "{text}");
        };
        check(&format!("00-{id}-{span}-01"), true);
        check(&format!("ff-{id}-{span}-01"), false);
        check(&format!("00-{id}-0000000000000000-01"), false);
        check(&format!("00-{}-{span}-01", id.to_uppercase()), false);
        check(&format!("00-{id}-{span}"), false);
    }
}
