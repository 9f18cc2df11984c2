//! A gate of one's own: the program in a folder of its own, spoken to through its pipes, and
//! every line that it writes checked for its form.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ExitStatus, Stdio},
    sync::{LazyLock, mpsc},
    thread,
    time::Duration,
};

use serde_json::{Value, json, value::RawValue};

/// How long an answer may take before the test is given up. No test waits for this.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of one conversation that may wait to be looked at.
const LINES_MAX: usize = 4096;

/// A tool that gives back its text.
pub(crate) const ECHO: &str = r#"
name: echo
description: Gives back what it was given.
effect: read
inputSchema: {type: object, additionalProperties: false, required: [text], properties: {text: {type: string}}}
run: {reply: {text: "{text}"}}
"#;

/// A folder with definitions and a ledger, and how the program is started on it.
pub(crate) struct Gate {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
}

/// What came of a whole conversation.
pub(crate) struct Told {
    /// The lines on standard output as they came, without their newlines.
    pub(crate) lines: Vec<String>,
    /// How the program ended.
    pub(crate) status: Option<i32>,
    /// What it said on standard error.
    pub(crate) stderr: String,
}

impl Gate {
    /// A gate in front of the tools of `definitions`, YAML documents. The folder is not watched.
    pub(crate) fn new(definitions: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tools.d")).unwrap();
        let gate = Self {
            folder,
            arguments: vec!["serve".to_owned()],
        };
        gate.define("all.yaml", definitions);
        gate.with(&["--no-watch"])
    }

    /// The same with more arguments.
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|one| (*one).to_owned()));
        self
    }

    /// The same, watching its folder.
    pub(crate) fn watching(mut self) -> Self {
        self.arguments.retain(|one| one != "--no-watch");
        self
    }

    /// Writes one file of definitions.
    pub(crate) fn define(&self, name: &str, definitions: &str) {
        fs::write(self.path("tools.d").join(name), definitions).unwrap();
    }

    /// A path in the folder of this gate, which is also the working directory of the program.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with its arguments, for a test that sets the streams itself.
    pub(crate) fn command(&self) -> std::process::Command {
        let mut command = crate::process();
        command
            .args(&self.arguments)
            .args(crate::patient(&self.arguments))
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TOLLGATE_STATE", self.path("state"));
        command
    }

    /// Says everything at once, ends the input and waits for the end.
    pub(crate) fn converse(&self, input: impl Into<Vec<u8>>) -> Told {
        let output = assert_cmd::Command::from_std(self.command())
            .write_stdin(input)
            .timeout(PATIENCE * 3)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.is_empty() || told.ends_with('\n'), "a partial line");
        let lines: Vec<String> = told.split_terminator('\n').map(str::to_owned).collect();
        for line in &lines {
            check_form(line);
        }
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Told {
            lines,
            status: output.status.code(),
            stderr,
        }
    }

    /// Starts a conversation.
    pub(crate) fn open(&self) -> Conversation {
        let mut child = self
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::sync_channel(LINES_MAX);
        thread::Builder::new()
            .spawn(move || {
                for line in stdout.lines() {
                    if sender.send(line.unwrap()).is_err() {
                        return;
                    }
                }
            })
            .unwrap();
        Conversation {
            input: child.stdin.take(),
            child,
            lines,
        }
    }
}

impl Told {
    /// Every line, read.
    pub(crate) fn values(&self) -> Vec<Value> {
        self.lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The only line, read, of a program that ended well.
    #[track_caller]
    pub(crate) fn only(&self) -> Value {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        assert_eq!(self.lines.len(), 1, "{:?}", self.lines);
        serde_json::from_str(&self.lines[0]).unwrap()
    }

    /// The answer to the request with this id, as written.
    #[track_caller]
    pub(crate) fn answer(&self, id: &str) -> Value {
        let mut answers = self
            .lines
            .iter()
            .filter(|line| id_of(line).as_deref() == Some(id));
        let answer = answers.next();
        assert!(
            answer.is_some(),
            "no answer to {id} in {:#?}\n{}",
            self.lines,
            self.stderr
        );
        assert_eq!(answers.next(), None, "a second answer to {id}");
        serde_json::from_str(answer.unwrap()).unwrap()
    }
}

/// A conversation that goes on. The program ends with it.
pub(crate) struct Conversation {
    child: Child,
    input: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
}

impl Conversation {
    /// Says one line.
    pub(crate) fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line.
    #[track_caller]
    pub(crate) fn next(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        check_form(&line);
        serde_json::from_str(&line).unwrap()
    }

    /// Ends the input and waits for the end: how it went, and what was still said.
    pub(crate) fn close(mut self) -> (ExitStatus, Vec<Value>) {
        drop(self.input.take());
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    check_form(&line);
                    rest.push(serde_json::from_str(&line).unwrap());
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error @ mpsc::RecvTimeoutError::Timeout) => {
                    assert_eq!(error.to_string(), "", "the program does not end");
                }
            }
        }
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        // A test that failed leaves no program behind; one that ended is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The id of one answer as it stands in the line.
pub(crate) fn id_of(line: &str) -> Option<String> {
    let members: BTreeMap<&str, &RawValue> = serde_json::from_str(line).ok()?;
    members.get("id").map(|id| id.get().to_owned())
}

/// Everything that may stand in one line.
static FORM: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let id = json!({"type": ["string", "integer"]});
    let schema = json!({
        "$defs": {
            "meta": {"properties": {"_meta": {"type": "object"}}},
            "result": {
                "required": ["jsonrpc", "id", "result"], "additionalProperties": false,
                "properties": {"jsonrpc": {"const": "2.0"}, "id": id, "result": {
                    "type": "object", "allOf": [{"$ref": "#/$defs/meta"}],
                    "properties": {
                        "resultType": {"enum": ["complete", "input_required"]},
                        "inputRequests": {"type": "object", "minProperties": 1},
                        "requestState": {"type": "string"},
                        "nextCursor": {"type": "string", "minLength": 1},
                        "ttlMs": {"type": "integer", "minimum": 0},
                        "cacheScope": {"enum": ["public", "private"]},
                        "isError": {"type": "boolean"},
                        "content": {"type": "array", "items": {"type": "object", "required": ["type"]}},
                        "tools": {"type": "array", "items": {
                            "type": "object", "required": ["name", "inputSchema"],
                            "properties": {
                                "name": {"type": "string"}, "title": {"type": "string"},
                                "description": {"type": "string"}, "annotations": {"type": "object"},
                                "inputSchema": {"type": "object", "required": ["type"], "properties": {"type": {"const": "object"}}},
                            },
                        }},
                    },
                }},
            },
            "error": {
                "required": ["jsonrpc", "error"], "additionalProperties": false,
                "properties": {
                    "jsonrpc": {"const": "2.0"}, "id": {"type": ["string", "integer", "null"]},
                    "error": {
                        "required": ["code", "message"], "additionalProperties": false,
                        "properties": {
                            "code": {"type": "integer", "minimum": -32768, "maximum": -32000},
                            "message": {"type": "string", "minLength": 1, "maxLength": 2000},
                            "data": {"type": "object"},
                        },
                    },
                },
            },
            "request": {
                "required": ["jsonrpc", "id", "method", "params"], "additionalProperties": false,
                "properties": {
                    "jsonrpc": {"const": "2.0"}, "id": {"type": "string"},
                    "method": {"const": "elicitation/create"},
                    "params": {"type": "object", "required": ["message", "requestedSchema"]},
                },
            },
            "notification": {
                "required": ["jsonrpc", "method"], "additionalProperties": false,
                "properties": {
                    "jsonrpc": {"const": "2.0"},
                    "method": {"enum": [
                        "notifications/message", "notifications/progress", "notifications/cancelled",
                        "notifications/tools/list_changed", "notifications/subscriptions/acknowledged",
                    ]},
                    "params": {"type": "object", "allOf": [{"$ref": "#/$defs/meta"}]},
                },
            },
            "answer": {"type": "object", "oneOf": [{"$ref": "#/$defs/result"}, {"$ref": "#/$defs/error"}]},
        },
        "oneOf": [
            {"$ref": "#/$defs/answer"},
            {"type": "object", "allOf": [{"$ref": "#/$defs/notification"}]},
            {"type": "object", "allOf": [{"$ref": "#/$defs/request"}]},
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/answer"}},
        ],
    });
    jsonschema::validator_for(&schema).unwrap()
});

/// One line is one JSON text of a form that MCP knows.
#[track_caller]
pub(crate) fn check_form(line: &str) {
    let value: Value = serde_json::from_str(line).unwrap();
    assert!(!line.contains(['\n', '\r']), "{line}");
    let told = &line[..line.floor_char_boundary(2000)];
    assert!(FORM.is_valid(&value), "no form of MCP: {told}");
}

/// A legacy conversation up to where requests may be made; the handshake has id `"hello"`.
pub(crate) fn handshake(version: &str) -> String {
    format!(
        "{}\n{}\n",
        json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"})
    )
}

/// The `_meta` of a modern request.
pub(crate) fn envelope() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// One modern request; `params` get their envelope.
pub(crate) fn modern(id: &Value, method: &str, mut params: Value) -> String {
    if params.get("_meta").is_none() {
        params["_meta"] = envelope();
    }
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

/// One legacy request.
pub(crate) fn legacy(id: &Value, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

/// The parameters of a call of `echo`.
pub(crate) fn echo(text: &str) -> Value {
    json!({"name": "echo", "arguments": {"text": text}})
}

#[test]
fn lines_of_another_form_are_noticed() {
    #[track_caller]
    fn check(line: &str, known: bool) {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(FORM.is_valid(&value), known, "{line}");
    }
    check(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, true);
    check(r#"{"jsonrpc":"2.0","id":1,"result":{},"x":1}"#, false);
    check(r#"{"jsonrpc":"2.0","id":null,"result":{}}"#, false);
    check(r#"{"jsonrpc":"2.0","id":1.5,"result":{}}"#, false);
    check(r#"{"id":1,"result":{}}"#, false);
    check(
        r#"{"jsonrpc":"2.0","id":1,"result":{"nextCursor":null}}"#,
        false,
    );
    check(r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":null}}"#, false);
    check(
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}"#,
        true,
    );
    check(
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"x","data":null}}"#,
        false,
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":-32700,"message":"x"}}"#,
        false,
    );
    check(
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#,
        true,
    );
    check(r#"{"jsonrpc":"2.0","method":"ping"}"#, false);
    check(r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#, true);
    check("[]", false);
}
