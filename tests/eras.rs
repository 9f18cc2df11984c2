//! Requests of both eras: which are served, by whose rules, and what refusals say.

use rustix::fs::FileType;
use serde_json::{Value, json};

use crate::{
    harness::{ECHO, Gate, echo, envelope, handshake, legacy, modern},
    life_harness::make_node,
};

/// Says a legacy handshake if there is a version, then `request`; the answer to id 1.
fn told(version: Option<&str>, request: &str) -> Value {
    let before = version.map(handshake).unwrap_or_default();
    let gate = Gate::new(ECHO);
    gate.converse(format!("{before}{request}\n")).answer("1")
}

#[track_caller]
fn check(version: Option<&str>, request: &str, code: i32, message: &str) {
    let told = told(version, request);
    assert_eq!(told["error"]["code"], code, "{told}");
    let said = told["error"]["message"].as_str().unwrap();
    assert!(said.contains(message), "{said}");
}

/// `head` on a pipe that the test holds: it ends when the test says so.
fn waiting_gate() -> (Gate, std::fs::File) {
    let gate = Gate::new("");
    let fifo = gate.path("fifo");
    make_node(&fifo, FileType::Fifo);
    let wait = format!(
        "name: wait\ndescription: Waits for a line.\neffect: read\ninputSchema: {{type: object}}\n\
         run: {{exec: {{command: [head, -n, \"1\", {}]}}}}\n",
        fifo.display()
    );
    gate.define("all.yaml", &format!("{wait}---{ECHO}"));
    let both = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(fifo)
        .unwrap();
    (gate, both)
}

#[test]
fn p10_p11_an_id_that_is_not_answered_yet_is_refused_and_afterwards_free() {
    use std::io::Write;
    let (gate, mut fifo) = waiting_gate();
    let mut talk = gate.open();
    let wait = json!({"name": "wait", "arguments": {}});
    talk.send(&modern(&json!(1), "tools/call", wait));
    for second in [
        modern(&json!(1), "tools/call", echo("second")),
        legacy(&json!(1), "ping", &json!({})),
        modern(&json!(1), "tools/list", json!({})),
        modern(
            &json!(1),
            "subscriptions/listen",
            json!({"notifications": {}}),
        ),
    ] {
        talk.send(&second);
        let told = talk.next();
        assert_eq!(told["error"]["code"], -32600, "{second}: {told}");
        assert_eq!(told["id"], 1);
    }
    // A string is another id than a number.
    talk.send(&modern(&json!("1"), "tools/call", echo("other")));
    let told = talk.next();
    assert_eq!(
        (&told["id"], &told["result"]["content"][0]["text"]),
        (&json!("1"), &json!("other"))
    );
    writeln!(fifo, "go").unwrap();
    let told = talk.next();
    assert_eq!(told["id"], 1);
    assert_eq!(
        told["result"]["content"][0]["text"]
            .as_str()
            .unwrap()
            .trim(),
        "go"
    );
    talk.send(&modern(&json!(1), "tools/call", echo("third")));
    assert_eq!(talk.next()["result"]["content"][0]["text"], "third");
    let (status, rest) = talk.close();
    assert!(status.success());
    assert_eq!(rest, Vec::<Value>::new());
}

#[test]
fn p14_an_unknown_method_is_named_but_not_at_any_length() {
    let long = format!("m\u{1b}\n{}", "m".repeat(5000));
    for (version, request) in [
        (Some("2025-11-25"), legacy(&json!(1), &long, &json!({}))),
        (None, modern(&json!(1), &long, json!({}))),
    ] {
        let told = told(version, &request);
        assert_eq!(told["error"]["code"], -32601);
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.len() < 200, "{message}");
        assert!(!message.contains(['\u{1b}', '\n']), "{message:?}");
    }
    check(
        Some("2025-11-25"),
        &legacy(&json!(1), "resources/list", &json!({})),
        -32601,
        "resources/list",
    );
    check(
        None,
        &modern(&json!(1), "logging/setLevel", json!({"level": "info"})),
        -32601,
        "logging/setLevel",
    );
}

#[test]
fn p15_without_handshake_or_envelope_nothing_is_called() {
    for method in ["tools/call", "tools/list", "server/discover"] {
        let request = legacy(&json!(1), method, &echo("x"));
        check(
            None,
            &request,
            -32602,
            "neither a handshake before it nor an envelope in it",
        );
    }
}

#[test]
fn p16_a_revision_that_is_not_served_is_answered_with_those_that_are() {
    for (version, method) in [
        ("1900-01-01", "tools/call"),
        ("2025-11-25", "server/discover"),
        ("", "x"),
    ] {
        let mut meta = envelope();
        meta["io.modelcontextprotocol/protocolVersion"] = json!(version);
        let told = told(None, &modern(&json!(1), method, json!({"_meta": meta})));
        assert_eq!(told["error"]["code"], -32022);
        let data = json!({"supported": ["2026-07-28"], "requested": version});
        assert_eq!(told["error"]["data"], data);
    }
}

#[test]
fn p16_an_envelope_with_a_fault_is_refused() {
    #[track_caller]
    fn faulty(key: &str, value: Option<Value>, message: &str) {
        let mut meta = envelope();
        match value {
            Some(value) => meta[key] = value,
            None => drop(meta.as_object_mut().unwrap().remove(key)),
        }
        let request = modern(&json!(1), "tools/list", json!({"_meta": meta}));
        check(None, &request, -32602, message);
    }
    faulty(
        "io.modelcontextprotocol/clientCapabilities",
        None,
        "clientCapabilities",
    );
    faulty(
        "io.modelcontextprotocol/clientCapabilities",
        Some(json!(1)),
        "clientCapabilities",
    );
    faulty(
        "io.modelcontextprotocol/protocolVersion",
        Some(json!(1)),
        "protocolVersion",
    );
    faulty(
        "io.modelcontextprotocol/clientInfo",
        Some(json!("x")),
        "clientInfo",
    );
    faulty(
        "io.modelcontextprotocol/logLevel",
        Some(json!("loud")),
        "log level",
    );
    faulty("progressToken", Some(json!({})), "progressToken");
    faulty("progressToken", Some(json!(null)), "progressToken");
}

#[test]
fn p17_initialize_is_answered_in_the_revision_asked_for_or_the_newest_with_a_handshake() {
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1900-01-01", "2025-11-25"),
        ("", "2025-11-25"),
    ] {
        let told = Gate::new(ECHO).converse(handshake(asked)).only();
        assert_eq!(told["result"]["protocolVersion"], answered, "{asked}");
    }
    check(
        None,
        &legacy(&json!(1), "initialize", &json!({})),
        -32602,
        "protocolVersion",
    );
    check(
        None,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#,
        -32602,
        "protocolVersion",
    );
    check(
        None,
        &legacy(&json!(1), "initialize", &json!({"protocolVersion": 1})),
        -32602,
        "protocolVersion",
    );
}

#[test]
fn p18_discover_does_not_wait_for_a_large_folder() {
    let gate = Gate::new(ECHO);
    for file in 0..10 {
        let definitions: Vec<String> = (0..100)
            .map(|at| ECHO.replace("name: echo", &format!("name: echo_{file}_{at}")))
            .collect();
        gate.define(&format!("more-{file}.yaml"), &definitions.join("---"));
    }
    let discover = modern(&json!("first"), "server/discover", json!({}));
    let list = modern(&json!("second"), "tools/list", json!({}));
    let told = gate.converse(format!("{discover}\n{list}\n")).values();
    assert_eq!(told[0]["id"], "first");
    assert_eq!(
        told[0]["result"]["supportedVersions"],
        json!(["2026-07-28"])
    );
    assert_eq!(told[1]["result"]["tools"].as_array().unwrap().len(), 1001);
}

#[test]
fn p19_each_request_is_served_by_the_rules_of_its_own_era() {
    let lines = [
        modern(&json!(1), "tools/list", json!({})),
        handshake("2025-06-18"),
        legacy(&json!(2), "tools/list", &json!({})),
        modern(&json!(3), "tools/call", echo("new")),
        legacy(&json!(4), "tools/call", &echo("old")),
        modern(&json!(5), "server/discover", json!({})),
        handshake("2024-11-05").replace("hello", "again"),
        legacy(&json!(6), "ping", &json!({})),
        modern(&json!(7), "ping", json!({})),
    ];
    let told = Gate::new(ECHO).converse(lines.join("\n"));
    assert_eq!((told.status, told.lines.len()), (Some(0), 9));
    for (id, modern) in [
        ("1", true),
        ("2", false),
        ("3", true),
        ("4", false),
        ("5", true),
        ("6", false),
    ] {
        let result = &told.answer(id)["result"];
        assert_eq!(result["resultType"] == "complete", modern, "{id}: {result}");
    }
    assert_eq!(told.answer("3")["result"]["content"][0]["text"], "new");
    assert_eq!(told.answer("4")["result"]["content"][0]["text"], "old");
    assert_eq!(told.answer("7")["error"]["code"], -32601);
    assert_eq!(
        told.answer("\"again\"")["result"]["protocolVersion"],
        "2024-11-05"
    );
}

#[test]
fn p20_an_unknown_tool_is_refused_with_a_few_near_names() {
    let tools: Vec<String> = ["echo", "echo1", "echo2", "echo3", "echo4", "far_away"]
        .map(|name| ECHO.replace("name: echo", &format!("name: {name}")))
        .to_vec();
    let gate = Gate::new(&tools.join("---"));
    let ask = |name: &str| {
        let call = modern(&json!(1), "tools/call", json!({"name": name}));
        let told = gate.converse(call).answer("1");
        assert_eq!(told["error"]["code"], -32602, "{told}");
        told["error"]["message"].as_str().unwrap().to_owned()
    };
    let near = ask("ehco");
    assert!(
        near.contains("`echo`") && !near.contains("far_away"),
        "{near}"
    );
    assert!(near.matches("`echo").count() <= 3, "{near}");
    let none = ask("zzzzzzzzzzzzzzz");
    assert!(!none.contains("echo"), "{none}");
    let long = ask(&format!("\u{1b}{}", "x".repeat(5000)));
    assert!(long.len() < 400 && !long.contains('\u{1b}'), "{long}");
}

#[test]
fn p21_arguments_are_an_object_or_absent() {
    let bare = "name: bare\ndescription: Says hello.\neffect: read\n\
                inputSchema: {type: object}\nrun: {reply: {text: hello}}\n";
    let gate = Gate::new(bare);
    let call = |params: Value| {
        gate.converse(modern(&json!(1), "tools/call", params))
            .answer("1")
    };
    let absent = call(json!({"name": "bare"}));
    assert_eq!(absent["result"]["content"][0]["text"], "hello");
    for arguments in [json!(null), json!([]), json!("{}"), json!(5)] {
        let told = call(json!({"name": "bare", "arguments": arguments}));
        assert_eq!(told["error"]["code"], -32602, "{told}");
        assert_eq!(told["error"]["message"], "`arguments` must be an object");
    }
    for params in [
        json!({}),
        json!({"name": null}),
        json!({"name": 5, "arguments": {}}),
    ] {
        let told = call(params);
        assert_eq!(told["error"]["code"], -32602, "{told}");
    }
}

#[test]
fn p23_a_cancellation_that_fits_nothing_is_ignored() {
    let cancelled = |params: Value| {
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).to_string()
    };
    let lines = [
        modern(&json!(1), "tools/list", json!({})),
        cancelled(json!({"requestId": 1})),
        cancelled(json!({"requestId": 99})),
        cancelled(json!({"requestId": null})),
        cancelled(json!({"requestId": {}})),
        cancelled(json!({})),
        cancelled(json!([1])),
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#.to_owned(),
        modern(&json!(2), "tools/call", echo("x")),
    ];
    let told = Gate::new(ECHO).converse(lines.join("\n"));
    assert_eq!((told.status, told.lines.len()), (Some(0), 2));
    assert_eq!(told.answer("2")["result"]["content"][0]["text"], "x");
}

#[test]
fn p23_a_cancellation_names_a_string_or_a_number_and_means_that() {
    use std::io::Write;
    let (gate, mut fifo) = waiting_gate();
    let mut talk = gate.open();
    let wait = json!({"name": "wait", "arguments": {}});
    talk.send(&modern(&json!(7), "tools/call", wait));
    talk.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"7"}}"#);
    talk.send(&legacy(&json!(8), "ping", &json!({})));
    assert_eq!(talk.next()["id"], 8);
    writeln!(fifo, "go").unwrap();
    assert_eq!(talk.next()["id"], 7);
}

#[test]
fn p33_a_reply_that_clients_would_choke_on_comes_in_parts() {
    let huge = ECHO.replace(
        "text: \"{text}\"",
        "text: \"{text}{text}{text}{text}{text}{text}{text}{text}{text}{text}{text}\"",
    );
    let gate = Gate::new(&huge);
    let told = gate.converse(modern(
        &json!(1),
        "tools/call",
        echo(&"x".repeat(1024 * 1024)),
    ));
    assert!(told.lines[0].len() < 2 * 1024 * 1024);
    let told = told.only();
    let part = &told["result"]["_meta"]["tollgate/part"];
    assert!(part["to"].as_u64() < part["of"].as_u64(), "{part}");
}
