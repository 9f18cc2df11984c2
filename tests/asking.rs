//! A person is asked: what a client must be able to do, and what becomes of its answers.

use serde_json::{Value, json};

use crate::harness::{Conversation, Gate, legacy, modern};

const REQUIRES: &str = r#"
name: form
description: Is of no use to a client that cannot ask.
effect: read
requires: [elicitation]
inputSchema: {type: object}
run: {reply: {text: hello}}
"#;

/// A legacy handshake of a client with these capabilities; its id is `"hello"`.
fn hello(version: &str, capabilities: &Value) -> String {
    let initialize = json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": capabilities,
        "clientInfo": {"name": "t", "version": "1"}}});
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    format!("{initialize}\n{initialized}\n")
}

/// A modern request of a client with these capabilities.
pub(crate) fn able(id: u32, mut params: Value, capabilities: &Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    });
    modern(&json!(id), "tools/call", params)
}

pub(crate) fn forms() -> Value {
    json!({"elicitation": {"form": {}}})
}

#[test]
fn a_modern_client_that_lacks_what_a_tool_requires_is_told_so_by_the_protocol() {
    let gate = Gate::new(REQUIRES);
    let call = json!({"name": "form"});
    let told = gate
        .converse(able(1, call.clone(), &json!({"elicitation": {"url": {}}})))
        .only();
    assert_eq!(told["error"]["code"], -32021);
    let data = &told["error"]["data"];
    assert_eq!(
        data["requiredCapabilities"],
        json!({"elicitation": {"form": {}}})
    );
    assert_eq!(data["tollgate/error"]["code"], "CAPABILITY_MISSING");
    assert_eq!(data["tollgate/error"]["effects"], "none");
    let told = gate.converse(able(1, call, &forms())).only();
    assert_eq!(told["result"]["content"][0]["text"], "hello");
}

#[test]
fn a_legacy_client_that_lacks_what_a_tool_requires_gets_a_refusal() {
    let gate = Gate::new(REQUIRES);
    let call = legacy(&json!(1), "tools/call", &json!({"name": "form"}));
    for (version, capabilities, refused) in [
        ("2025-11-25", json!({}), true),
        // Before 2025-06-18 the word means nothing.
        ("2025-03-26", json!({"elicitation": {}}), true),
        ("2025-06-18", json!({"elicitation": {}}), false),
    ] {
        let said = format!("{}{call}\n", hello(version, &capabilities));
        let told = gate.converse(said).answer("1");
        assert_eq!(told["result"]["isError"] == true, refused, "{version}");
        let code = told["result"]["_meta"]["tollgate/error"]["code"].as_str();
        assert_eq!(code == Some("CAPABILITY_MISSING"), refused, "{version}");
    }
}

/// A tool that leaves a file when it runs, and one that is told what a person said.
pub(crate) fn asking_gate() -> Gate {
    let gate = Gate::new("");
    let folder = gate.path("done");
    std::fs::create_dir(&folder).unwrap();
    let definitions = format!(
        r#"
name: wipe
description: Deletes for good.
effect: destroy
inputSchema: {{type: object, additionalProperties: false, required: [name], properties: {{name: {{type: string}}}}}}
confirm: "Delete {{name}} for good?"
run: {{exec: {{command: [touch, "{folder}/{{name}}"]}}}}
---
name: purge
description: Deletes for good as well.
effect: destroy
inputSchema: {{type: object, additionalProperties: false, required: [name], properties: {{name: {{type: string}}}}}}
confirm: "Purge {{name}}?"
run: {{exec: {{command: [touch, "{folder}/{{name}}"]}}}}
---
name: mail
description: Sends a text.
effect: write
inputSchema: {{type: object, additionalProperties: false, required: [text], properties: {{text: {{type: string}}}}}}
ask:
  - to:
      message: "Who gets {{text}}?"
      schema: {{type: object, required: [address], properties: {{address: {{type: string, format: email}}, copies: {{type: integer, minimum: 1}}}}}}
    from: {{message: Who sends it?, schema: {{type: object, required: [name], properties: {{name: {{type: string}}}}}}}}
  - sure: {{message: "To {{ask.to.address}}?", schema: {{type: object, properties: {{note: {{type: string}}}}}}}}
run: {{reply: {{text: "{{text}} for {{ask.to.address}} from {{ask.from.name}}"}}}}
"#,
        folder = folder.display()
    );
    gate.define("all.yaml", &definitions);
    gate
}

impl Gate {
    pub(crate) fn is_done(&self, name: &str) -> bool {
        self.path("done").join(name).exists()
    }
}

pub(crate) fn wipe(name: &str) -> Value {
    json!({"name": "wipe", "arguments": {"name": name}})
}

pub(crate) fn mail() -> Value {
    json!({"name": "mail", "arguments": {"text": "hello"}})
}

pub(crate) fn accept(content: &Value) -> Value {
    json!({"action": "accept", "content": content})
}

/// A legacy conversation with a client that can ask.
fn talk(gate: &Gate) -> Conversation {
    let mut talk = gate.open();
    let forms = json!({"elicitation": {}});
    talk.send(hello("2025-06-18", &forms).trim_end());
    assert_eq!(talk.next()["id"], "hello");
    talk
}

/// The next line, which is a question; its id and its text.
#[track_caller]
fn question(talk: &Conversation) -> (Value, String) {
    let asked = talk.next();
    assert_eq!(asked["method"], "elicitation/create", "{asked}");
    let message = asked["params"]["message"].as_str().unwrap().to_owned();
    (asked["id"].clone(), message)
}

fn reply(id: &Value, result: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string()
}

/// The problem in an answer.
#[track_caller]
fn problem(told: &Value) -> &Value {
    let problem = &told["result"]["_meta"]["tollgate/error"];
    assert!(problem.is_object(), "{told}");
    problem
}

#[track_caller]
pub(crate) fn check_refused(told: &Value, reason: &Value) {
    let problem = problem(told);
    assert_eq!(problem["code"], "CONFIRMATION_REQUIRED", "{told}");
    assert_eq!(problem["effects"], "none");
    assert_eq!(&problem["reason"], reason, "{told}");
}

#[test]
fn legacy_a_call_runs_when_a_person_agrees_and_other_calls_go_on_meanwhile() {
    let gate = asking_gate();
    let mut talk = talk(&gate);
    talk.send(&legacy(&json!(1), "tools/call", &wipe("a")));
    let (id, message) = question(&talk);
    assert_eq!(message, "Delete a for good?");
    talk.send(&legacy(&json!(2), "ping", &json!({})));
    assert_eq!(talk.next()["id"], 2);
    talk.send(&legacy(&json!(3), "tools/call", &wipe("b")));
    let (other, _) = question(&talk);
    assert!(!gate.is_done("a"));
    // Answers to nothing that is open change nothing.
    talk.send(&reply(&json!("tollgate-ask-99"), &accept(&json!({}))));
    talk.send(&reply(&json!(1), &accept(&json!({}))));
    talk.send(&reply(&other, &json!({"action": "decline"})));
    let told = talk.next();
    assert_eq!(told["id"], 3);
    check_refused(&told, &json!("DECLINED"));
    talk.send(&reply(&id, &accept(&json!({}))));
    let told = talk.next();
    assert_eq!(
        (&told["id"], told["result"].get("isError")),
        (&json!(1), None)
    );
    assert!(gate.is_done("a") && !gate.is_done("b"));
    let (status, rest) = talk.close();
    assert!(status.success());
    assert_eq!(rest, Vec::<Value>::new());
}

#[test]
fn legacy_questions_come_one_by_one_and_wrong_answers_again() {
    let gate = asking_gate();
    let mut talk = talk(&gate);
    talk.send(&legacy(&json!(1), "tools/call", &mail()));
    let (id, message) = question(&talk);
    assert_eq!(message, "Who gets hello?");
    talk.send(&reply(&id, &accept(&json!({"address": "nobody"}))));
    let (id, message) = question(&talk);
    assert!(message.starts_with("Who gets hello?\n"), "{message}");
    assert!(message.contains("`/address`"), "{message}");
    talk.send(&reply(&id, &accept(&json!({"address": "ada@example.org"}))));
    let (id, message) = question(&talk);
    assert_eq!(message, "Who sends it?");
    talk.send(&reply(&id, &accept(&json!({"name": "me"}))));
    let (id, message) = question(&talk);
    assert_eq!(message, "To ada@example.org?");
    talk.send(&reply(&id, &accept(&json!({}))));
    let told = talk.next();
    assert_eq!(
        told["result"]["content"][0]["text"],
        "hello for ada@example.org from me"
    );
}

#[test]
fn legacy_a_person_who_says_no_a_client_that_fails_and_one_that_cancels() {
    let gate = asking_gate();
    let mut talk = talk(&gate);
    talk.send(&legacy(&json!(1), "tools/call", &wipe("a")));
    let (id, _) = question(&talk);
    talk.send(&reply(&id, &json!({"action": "cancel"})));
    check_refused(&talk.next(), &json!("DISMISSED"));
    talk.send(&legacy(&json!(2), "tools/call", &wipe("a")));
    let (id, _) = question(&talk);
    let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32603, "message": "no"}});
    talk.send(&error.to_string());
    check_refused(&talk.next(), &Value::Null);
    talk.send(&legacy(&json!(3), "tools/call", &wipe("a")));
    let (id, _) = question(&talk);
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}});
    talk.send(&cancel.to_string());
    let told = talk.next();
    assert_eq!(told["method"], "notifications/cancelled");
    assert_eq!(told["params"]["requestId"], id);
    talk.send(&reply(&id, &accept(&json!({}))));
    // The end of the input ends the waiting as well; nobody is kept from leaving.
    talk.send(&legacy(&json!(4), "tools/call", &wipe("a")));
    question(&talk);
    let (status, rest) = talk.close();
    assert!(status.success());
    assert_eq!(rest.len(), 1, "{rest:?}");
    check_refused(&rest[0], &Value::Null);
    assert!(!gate.is_done("a"));
}

#[test]
fn where_the_client_cannot_ask_the_call_is_refused_with_a_way_out() {
    let gate = asking_gate();
    let old = format!(
        "{}{}\n",
        hello("2025-11-25", &json!({})),
        legacy(&json!(1), "tools/call", &wipe("a"))
    );
    for said in [old, able(1, wipe("a"), &json!({}))] {
        let told = gate.converse(said).answer("1");
        check_refused(&told, &Value::Null);
        let told = told.to_string();
        assert!(told.contains("Delete a for good?"), "{told}");
        assert!(told.contains("tollgate call wipe"), "{told}");
    }
    assert!(!gate.is_done("a"));
}

/// `tollgate call` of `tool` with these flags, in a gate's own folder: the status, what it
/// printed, and the problem's place for it.
fn call(gate: &Gate, tool: &str, arguments: &str, flags: &[&str]) -> (Option<i32>, String) {
    let output = crate::tollgate()
        .args(["call", tool, arguments])
        .args(flags)
        .env("HOME", gate.path(""))
        .env("TOLLGATE_TOOLS", gate.path("tools.d"))
        .env("TOLLGATE_STATE", gate.path("state"))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), told)
}

#[test]
fn at_the_command_line_an_operator_answers_by_flag_or_not_at_all() {
    let gate = asking_gate();
    let (status, told) = call(&gate, "wipe", r#"{"name":"a"}"#, &[]);
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("CONFIRMATION_REQUIRED"), "{told}");
    assert!(!gate.is_done("a"));
    let (status, told) = call(&gate, "wipe", r#"{"name":"a"}"#, &["--yes"]);
    assert_eq!(status, Some(0), "{told}");
    assert!(gate.is_done("a"));
    // To agree is not to answer.
    let (status, told) = call(&gate, "mail", r#"{"text":"hello"}"#, &["--yes"]);
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("DISMISSED"), "{told}");
    let answers = gate.path("answers.json");
    let forms = json!({"to": {"address": "ada@example.org"}, "from": {"name": "me"}, "sure": {}});
    std::fs::write(&answers, forms.to_string()).unwrap();
    let flags = ["--answers", answers.to_str().unwrap()];
    let (status, told) = call(&gate, "mail", r#"{"text":"hello"}"#, &flags);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(told, "hello for ada@example.org from me\n");
}
