//! The lines that are sent, and what is read out of the lines that come back.

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

/// How a conversation is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Era {
    /// `initialize`, MCP 2025-11-25
    #[default]
    Legacy,
    /// No handshake, each request in its own envelope, MCP 2026-07-28
    Modern,
}

/// What makes the line of a call from its number.
pub(crate) struct Template {
    /// The era of the conversation.
    pub(crate) era: Era,
    /// The line after `"id":`, cut where the number stands; it stands before the first piece.
    pieces: Vec<String>,
}

impl Template {
    /// The template for calls of `tool` with `arguments`, in which `{n}` is the number.
    pub(crate) fn new(era: Era, tool: &str, arguments: &str) -> Result<Self> {
        let sample: Value = serde_json::from_str(&arguments.replace("{n}", "0"))
            .context("`--arguments` is not JSON")?;
        ensure!(sample.is_object(), "`--arguments` is not a JSON object");
        let tool = Value::from(tool);
        let mut rest =
            format!(r#","method":"tools/call","params":{{"name":{tool},"arguments":{arguments}"#);
        if era == Era::Modern {
            rest.push_str(&format!(r#","_meta":{}"#, envelope()));
        }
        rest.push_str("}}\n");
        let pieces = rest.split("{n}").map(str::to_owned).collect();
        Ok(Self { era, pieces })
    }

    /// Appends the line of the call with this number, which is its id too.
    pub(crate) fn write(&self, number: u64, line: &mut Vec<u8>) {
        let text = number.to_string();
        line.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
        for piece in &self.pieces {
            line.extend_from_slice(text.as_bytes());
            line.extend_from_slice(piece.as_bytes());
        }
    }
}

fn envelope() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1.0.0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    })
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

/// What `--start` measures.
pub(crate) fn openings() -> [Opening; 4] {
    let modern = |method: &str| {
        let params = json!({"_meta": envelope()});
        let line = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        format!("{line}\n")
    };
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    [
        initialize(),
        Opening {
            name: "server/discover",
            id: 1,
            lines: modern("server/discover"),
        },
        Opening {
            name: "tools/list, legacy",
            id: 1,
            lines: format!("{}{list}\n", initialize().lines),
        },
        Opening {
            name: "tools/list, modern",
            id: 1,
            lines: modern("tools/list"),
        },
    ]
}

/// What a line from the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A result that is no error.
    Success(u64),
    /// An error, or a result that says it is one.
    Refusal(u64),
    /// A notification.
    Notice,
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
            result: Some(_),
            ..
        } => Ok(Answer::Success(id)),
        Line { .. } => anyhow::bail!(said()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(era: Era, arguments: &str, expected: &Value) {
        let mut line = Vec::new();
        let template = Template::new(era, "e\"cho", arguments).unwrap();
        template.write(7, &mut line);
        assert_eq!(line.pop(), Some(b'\n'));
        let sent: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(sent, *expected);
    }

    #[test]
    fn lines_carry_the_number_and_the_envelope() {
        let mut expected = json!({
            "jsonrpc": "2.0", "id": 7, "method": "tools/call",
            "params": {"name": "e\"cho", "arguments": {"a": "x7", "b": 7}},
        });
        let arguments = r#"{"a": "x{n}", "b": {n}}"#;
        check_line(Era::Legacy, arguments, &expected);
        expected["params"]["_meta"] = envelope();
        check_line(Era::Modern, arguments, &expected);
    }

    #[test]
    fn arguments_must_be_an_object() {
        assert!(Template::new(Era::Legacy, "echo", "[1]").is_err());
        assert!(Template::new(Era::Legacy, "echo", "{").is_err());
    }

    #[test]
    fn openings_end_with_the_request_that_is_waited_for() {
        for opening in openings() {
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
