//! The lines that are sent, and what is read out of the lines that come back.

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, json};

/// How a conversation is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Era {
    /// `initialize`, MCP 2025-11-25
    #[default]
    Legacy,
    /// No handshake, each request in its own envelope, MCP 2026-07-28
    Modern,
}

/// What is called: which tool, with what, as which operation.
#[derive(Clone, Debug, Args)]
pub(crate) struct Request {
    /// How the conversation is opened
    #[arg(long, value_enum, default_value_t)]
    pub(crate) era: Era,
    /// Tool to call
    #[arg(long, default_value = "echo")]
    pub(crate) tool: String,
    /// Its arguments, a JSON object; `{n}` becomes the number of the call, `{fill}` what a size
    /// still lacks
    #[arg(long, default_value = r#"{"text":"hello {n}"}"#)]
    pub(crate) arguments: String,
    /// Key of the operation, `{n}` as above: each call is for an operation of its own then
    #[arg(long)]
    pub(crate) key: Option<String>,
}

/// What makes the line of a call from its number.
pub(crate) struct Template {
    /// The era of the conversation.
    pub(crate) era: Era,
    /// The line after the id, cut where the number stands.
    pieces: Vec<String>,
}

impl Template {
    /// The template for calls of `request`, whose arguments are filled up to about `bytes`.
    pub(crate) fn new(request: &Request, bytes: usize) -> Result<Self> {
        let bare = request.arguments.replace("{fill}", "");
        let fill = "x".repeat(bytes.saturating_sub(bare.len()));
        let arguments = request.arguments.replace("{fill}", &fill);
        let sample: Value = serde_json::from_str(&arguments.replace("{n}", "0"))
            .context("`--arguments` is not JSON")?;
        ensure!(sample.is_object(), "`--arguments` is not a JSON object");
        let mut meta = match request.era {
            Era::Legacy => Map::new(),
            Era::Modern => envelope(),
        };
        if let Some(key) = &request.key {
            meta.insert("tollgate/idempotencyKey".to_owned(), key.as_str().into());
        }
        let tool = Value::from(request.tool.as_str());
        let mut rest =
            format!(r#","method":"tools/call","params":{{"name":{tool},"arguments":{arguments}"#);
        if !meta.is_empty() {
            rest.push_str(&format!(r#","_meta":{}"#, Value::Object(meta)));
        }
        rest.push_str("}}\n");
        let pieces = rest.split("{n}").map(str::to_owned).collect();
        Ok(Self {
            era: request.era,
            pieces,
        })
    }

    /// Appends the line of the call with this number, under this id.
    pub(crate) fn write(&self, id: u64, number: u64, line: &mut Vec<u8>) {
        let number = number.to_string();
        line.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
        line.extend_from_slice(id.to_string().as_bytes());
        for (at, piece) in self.pieces.iter().enumerate() {
            if at > 0 {
                line.extend_from_slice(number.as_bytes());
            }
            line.extend_from_slice(piece.as_bytes());
        }
    }
}

fn envelope() -> Map<String, Value> {
    let client = json!({"name": "bench", "version": "1.0.0"});
    [
        ("protocolVersion", Value::from("2026-07-28")),
        ("clientInfo", client),
        ("clientCapabilities", json!({})),
    ]
    .map(|(name, value)| (format!("io.modelcontextprotocol/{name}"), value))
    .into_iter()
    .collect()
}

/// Lines that open a conversation, up to the request whose reply is waited for.
pub(crate) struct Opening {
    /// What is waited for.
    pub(crate) name: &'static str,
    /// The id of that request.
    pub(crate) id: u64,
    /// All of it, sent at once.
    pub(crate) lines: String,
}

/// The id of `initialize`: out of the way of the calls.
pub(crate) const OPENING_ID: u64 = u64::MAX >> 12;

/// The legacy handshake, both messages.
pub(crate) fn initialize() -> Opening {
    let request = json!({
        "jsonrpc": "2.0", "id": OPENING_ID, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1.0.0"},
        },
    });
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    Opening {
        name: "initialize",
        id: OPENING_ID,
        lines: format!("{request}\n{notification}\n"),
    }
}

/// A first request whose reply is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum First {
    /// `initialize`
    Initialize,
    /// `server/discover`
    Discover,
    /// `tools/list` after `initialize`
    List,
    /// `tools/list` without a handshake
    ListModern,
}

impl First {
    /// All that is sent for it.
    pub(crate) fn opening(self) -> Opening {
        match self {
            Self::Initialize => initialize(),
            Self::Discover => modern("server/discover", "server/discover"),
            Self::List => {
                let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
                Opening {
                    name: "tools/list, legacy",
                    id: 1,
                    lines: format!("{}{list}\n", initialize().lines),
                }
            }
            Self::ListModern => modern("tools/list, modern", "tools/list"),
        }
    }
}

fn modern(name: &'static str, method: &str) -> Opening {
    let params = json!({"_meta": envelope()});
    let line = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    Opening {
        name,
        id: 1,
        lines: format!("{line}\n"),
    }
}

/// What a line from the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A result that is no error, and of this call.
    Success(u64),
    /// A result that an earlier call had.
    Replay(u64),
    /// An error, or a result that says it is one.
    Refusal(u64),
    /// A notification.
    Notice,
}

impl Answer {
    /// The request that it answers.
    pub(crate) fn id(self) -> Option<u64> {
        match self {
            Self::Success(id) | Self::Replay(id) | Self::Refusal(id) => Some(id),
            Self::Notice => None,
        }
    }
}

#[derive(Deserialize)]
struct Line {
    id: Option<u64>,
    method: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
    result: Option<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(default, rename = "isError")]
    is_error: bool,
    #[serde(default, rename = "_meta")]
    meta: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default, rename = "tollgate/replayed")]
    is_replayed: bool,
}

/// Reads one line.
pub(crate) fn answer(line: &[u8]) -> Result<Answer> {
    let said = || format!("cannot make sense of {:?}", String::from_utf8_lossy(line));
    let parsed: Line = serde_json::from_slice(line).with_context(said)?;
    match parsed {
        Line {
            method: Some(_), ..
        } => Ok(Answer::Notice),
        Line {
            id: Some(id),
            error: Some(_),
            ..
        } => Ok(Answer::Refusal(id)),
        Line {
            id: Some(id),
            result: Some(result),
            ..
        } if result.is_error => Ok(Answer::Refusal(id)),
        Line {
            id: Some(id),
            result: Some(result),
            ..
        } if result.meta.is_replayed => Ok(Answer::Replay(id)),
        Line {
            id: Some(id),
            result: Some(_),
            ..
        } => Ok(Answer::Success(id)),
        Line { .. } => anyhow::bail!(said()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Calls of any tool.
    pub(crate) fn template(era: Era) -> Template {
        Template::new(&request(era, "{}", None), 0).unwrap()
    }

    fn request(era: Era, arguments: &str, key: Option<&str>) -> Request {
        Request {
            era,
            tool: "e\"cho".to_owned(),
            arguments: arguments.to_owned(),
            key: key.map(str::to_owned),
        }
    }

    #[track_caller]
    fn sent(request: &Request, bytes: usize) -> Value {
        let mut line = Vec::new();
        let template = Template::new(request, bytes).unwrap();
        template.write(12, 7, &mut line);
        assert_eq!(line.pop(), Some(b'\n'));
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn lines_carry_the_number_the_key_and_the_envelope() {
        let mut expected = json!({
            "jsonrpc": "2.0", "id": 12, "method": "tools/call",
            "params": {"name": "e\"cho", "arguments": {"a": "x7", "b": 7}},
        });
        let arguments = r#"{"a": "x{n}", "b": {n}}"#;
        assert_eq!(sent(&request(Era::Legacy, arguments, None), 0), expected);
        let mut meta = envelope();
        expected["params"]["_meta"] = Value::Object(meta.clone());
        assert_eq!(sent(&request(Era::Modern, arguments, None), 0), expected);
        let key = Some("operation-{n}");
        meta.insert("tollgate/idempotencyKey".to_owned(), "operation-7".into());
        expected["params"]["_meta"] = Value::Object(meta);
        assert_eq!(sent(&request(Era::Modern, arguments, key), 0), expected);
        expected["params"]["_meta"] = json!({"tollgate/idempotencyKey": "operation-7"});
        assert_eq!(sent(&request(Era::Legacy, arguments, key), 0), expected);
    }

    #[test]
    fn arguments_are_filled_up_to_a_size() {
        let request = request(Era::Legacy, r#"{"a":"{fill}"}"#, None);
        for bytes in [0, 8, 100, 70_000] {
            let arguments = sent(&request, bytes)["params"]["arguments"].to_string();
            assert_eq!(arguments.len(), bytes.max(8), "{bytes}");
        }
    }

    #[test]
    fn arguments_must_be_an_object() {
        for arguments in ["[1]", "{", "{fill}"] {
            let request = request(Era::Legacy, arguments, None);
            assert!(Template::new(&request, 0).is_err(), "{arguments}");
        }
    }

    #[test]
    fn openings_end_with_the_request_that_is_waited_for() {
        for first in First::value_variants() {
            let opening = first.opening();
            let ids: Vec<u64> = opening
                .lines
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64())
                .collect();
            assert_eq!(ids.last(), Some(&opening.id), "{}", opening.name);
        }
    }

    #[track_caller]
    fn check_answer(line: &str, expected: Option<Answer>) {
        assert_eq!(answer(line.as_bytes()).ok(), expected, "{line}");
    }

    #[test]
    fn only_results_without_error_are_successes() {
        check_answer(
            r#"{"id":1,"result":{"content":[]}}"#,
            Some(Answer::Success(1)),
        );
        check_answer(
            r#"{"id":1,"result":{"isError":false}}"#,
            Some(Answer::Success(1)),
        );
        check_answer(
            r#"{"id":1,"result":{"isError":true}}"#,
            Some(Answer::Refusal(1)),
        );
        check_answer(
            r#"{"id":1,"result":{"_meta":{"tollgate/replayed":true}}}"#,
            Some(Answer::Replay(1)),
        );
        check_answer(
            r#"{"id":1,"result":{"isError":true,"_meta":{"tollgate/replayed":true}}}"#,
            Some(Answer::Refusal(1)),
        );
        check_answer(r#"{"id":1,"error":{"code":1}}"#, Some(Answer::Refusal(1)));
        check_answer(r#"{"method":"notifications/x"}"#, Some(Answer::Notice));
        for nonsense in [
            "",
            "{}",
            "[]",
            r#"{"result":{}}"#,
            r#"{"id":"1","result":{}}"#,
        ] {
            check_answer(nonsense, None);
        }
    }
}
