//! Repetitions of a call, tried on the program itself: by one client, by several processes,
//! after a kill. What a write really did stands in files that only its tool touches.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Server, call_id, fake_tool, outcome, problem};

/// A home with `append`, a write that adds a line to the effects, and `hold`, which does so once
/// its pipe is let go.
fn home() -> Home {
    let home = Home::new();
    home.reply("echo");
    let program = fake_tool();
    let effects = home.text("effects");
    let append = [program.as_str(), "append", &effects, "{text}"];
    home.exec("append", "write", &append, json!({}), json!({}));
    home.waiting("hold", "write");
    home
}

fn effects(home: &Home) -> Vec<String> {
    let text = fs::read_to_string(home.path("effects")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn keyed(server: &mut Server, tool: &str, arguments: Value, key: &str) -> u64 {
    let meta = json!({"tollgate/idempotencyKey": key});
    let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
    server.request("tools/call", params)
}

fn meta<'a>(answer: &'a Value, name: &str) -> &'a Value {
    &answer["result"]["_meta"][format!("tollgate/{name}")]
}

fn code(answer: &Value) -> &str {
    problem(answer)["code"].as_str().unwrap_or_default()
}

#[test]
fn s1_s3_s6_a_key_is_one_operation_in_this_process_and_the_next() {
    let home = home();
    let mut server = home.serving();
    let line = json!({"text": "one"});
    let id = keyed(&mut server, "append", line.clone(), "k-1");
    let first = server.answer(id);
    assert_eq!(meta(&first, "replayed"), &Value::Null);
    let id = keyed(&mut server, "append", line.clone(), "k-1");
    let again = server.answer(id);
    assert_eq!(again["result"]["content"], first["result"]["content"]);
    assert_eq!(meta(&again, "replayed"), true);
    assert_eq!(meta(&again, "opId"), call_id(&first));
    let id = keyed(&mut server, "append", json!({"text": "two"}), "k-1");
    assert_eq!(code(&server.answer(id)), "IDEMPOTENCY_MISMATCH");
    // The key may stand beside the arguments too.
    let params = json!({"name": "append", "arguments": line, "idempotencyKey": "k-1"});
    let id = server.request("tools/call", params);
    assert_eq!(meta(&server.answer(id), "replayed"), true);
    assert_eq!(server.finish().0, 0);

    // S6: the same JSON-RPC ids again, for other calls.
    let mut server = home.serving();
    let id = server.call("append", json!({"text": "three"}));
    assert_eq!(meta(&server.answer(id), "replayed"), &Value::Null);
    let id = keyed(&mut server, "append", json!({"text": "one"}), "k-1");
    assert_eq!(meta(&server.answer(id), "replayed"), true);
    assert_eq!(server.finish().0, 0);
    assert_eq!(effects(&home), ["one", "three"]);
}

#[test]
fn a_malformed_key_is_refused() {
    let home = home();
    let mut server = home.serving();
    for key in [json!(7), json!(""), json!("a b"), json!("k".repeat(256))] {
        let meta = json!({"tollgate/idempotencyKey": key});
        let params = json!({"name": "append", "arguments": {"text": "x"}, "_meta": meta});
        let id = server.request("tools/call", params);
        assert_eq!(code(&server.answer(id)), "VALIDATION_FAILED");
    }
    assert_eq!(server.finish().0, 0);
    assert_eq!(effects(&home), Vec::<String>::new());
}

#[test]
fn s2_fifty_at_once_over_four_processes_are_one_effect() {
    let home = home();
    let pipe = home.pipe("a");
    let program = fake_tool();
    let (effects_file, pipe_file) = (home.text("effects"), home.text("pipe-a"));
    let script = "read -r _ < \"$2\"; \"$0\" append \"$1\" once";
    let command = ["/bin/sh", "-c", script, &program, &effects_file, &pipe_file];
    home.exec(
        "slow",
        "write",
        &command,
        json!({"unsafe_interpreter": true}),
        json!({}),
    );
    let mut servers: Vec<Server> = (0..4).map(|_| home.serving()).collect();
    let mut asked = Vec::new();
    for n in 0..50 {
        let server = servers.get_mut(n % 4).unwrap();
        asked.push((n % 4, keyed(server, "slow", json!({}), "k")));
    }
    let held = pipe.reached();
    // Everybody has been heard before the one that runs may end.
    for server in &mut servers {
        let id = server.call("echo", json!({"text": "x"}));
        server.answer(id);
    }
    use std::io::Write as _;
    { held }.write_all(b"go\n").unwrap();
    let answers: Vec<Value> = asked
        .into_iter()
        .map(|(n, id)| servers.get_mut(n).unwrap().answer(id))
        .collect();
    let told = |name| {
        let with = answers.iter().filter(|answer| meta(answer, name) == true);
        with.count()
    };
    assert_eq!((told("replayed"), told("joined")), (49, 49));
    for answer in &answers {
        assert_eq!(answer["result"]["isError"], Value::Null, "{answer}");
    }
    for server in servers {
        assert_eq!(server.finish().0, 0);
    }
    assert_eq!(effects(&home), ["once"]);
}

/// A running `hold` under `key` in a server of its own, whose pipe is open.
fn holding(home: &Home, key: &str) -> (Server, u64, fs::File) {
    let pipe = home.pipe("a");
    let mut server = home.serving();
    let id = keyed(&mut server, "hold", json!({"text": "a"}), key);
    (server, id, pipe.reached())
}

#[test]
fn s10_s15_a_write_whose_process_was_killed_is_not_run_again_until_a_person_says_so() {
    let home = home();
    let (mut server, _, held) = holding(&home, "k");
    server.signal(Signal::KILL);
    server.exit_within(BOUND);
    drop(held);

    // Four processes meet the dead owner at once.
    let mut servers: Vec<Server> = (0..4).map(|_| home.serve(&["--no-watch"])).collect();
    for server in &mut servers {
        server.initialize();
    }
    let asked: Vec<u64> = servers
        .iter_mut()
        .map(|server| keyed(server, "hold", json!({"text": "a"}), "k"))
        .collect();
    for (server, id) in servers.iter_mut().zip(asked) {
        let answer = server.answer(id);
        assert_eq!(code(&answer), "OUTCOME_UNKNOWN");
        assert_eq!(problem(&answer)["retry"]["advice"], "ask_operator");
    }
    for server in servers {
        assert_eq!(server.finish().0, 0);
    }
    home.run(&["audit", "verify"]).success();

    // S18: an operator finds out.
    let listed = home.run(&["ops", "list", "--json"]).code(3);
    let listed: Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    assert_eq!(
        (&listed["state"], &listed["tool"]),
        (&json!("unknown"), &json!("hold"))
    );
    let op = listed["op_id"].as_str().unwrap();
    let call = home.run(&["log", "show", op]).success();
    let call = String::from_utf8(call.get_output().stdout.clone()).unwrap();
    assert!(
        call.contains(&format!("unknown; `tollgate ops show {op}` has")),
        "{call}"
    );
    let resolve = [
        "ops",
        "resolve",
        op,
        "--as",
        "not-applied",
        "--note",
        "looked",
    ];
    home.run(&resolve).success();
    home.run(&resolve).code(2);
    home.run(&["ops", "list"]).code(0).stdout("");
    let shown = home.run(&["ops", "show", op]).success();
    let shown = String::from_utf8(shown.get_output().stdout.clone()).unwrap();
    assert!(shown.contains("unknown -> failed_clean by uid "), "{shown}");
    assert!(shown.contains(": looked\n"), "{shown}");
    home.run(&["audit", "verify"]).success();
    fs::remove_file(home.path("pipe-a")).unwrap();
    fs::write(home.path("pipe-a"), "").unwrap();
    let mut server = home.serving();
    let id = keyed(&mut server, "hold", json!({"text": "a"}), "k");
    assert_eq!(meta(&server.answer(id), "error"), &Value::Null);
    assert_eq!(server.finish().0, 0);
}

#[test]
fn s12_what_was_delivered_is_done_again_on_purpose_and_named() {
    let home = home();
    let line = json!({"text": "one"});
    let mut server = home.serving();
    let id = server.call("append", line.clone());
    let first = server.answer(id);
    assert_eq!(server.finish().0, 0);
    let mut server = home.serving();
    let id = server.call("append", line);
    let second = server.answer(id);
    assert_eq!(meta(&second, "similarRecentOp"), call_id(&first));
    assert_eq!(server.finish().0, 0);
    assert_eq!(effects(&home), ["one", "one"]);
}

#[test]
fn p26_s11_s13_what_was_not_delivered_is_joined_or_replayed_even_after_a_kill() {
    let home = home();
    let pipe = home.pipe("a");
    let arguments = json!({"text": "a"});
    let mut server = home.serving();
    let first = server.call("hold", arguments.clone());
    let held = pipe.reached();
    server.cancel(first);
    server.ping();
    let second = server.call("hold", arguments.clone());
    // The gate keeps the order: once this is answered, the second waits.
    let id = server.call("echo", json!({"text": "x"}));
    server.answer(id);
    drop(held);
    let answer = server.answer(second);
    assert_eq!(meta(&answer, "joined"), true);
    assert_eq!(home.log().len(), 3);
    server.signal(Signal::KILL);
    server.exit_within(BOUND);

    // Whether the delivery was noted before the kill is chance; what was cancelled was not.
    let home = self::home();
    let pipe = home.pipe("a");
    let mut server = home.serving();
    let first = server.call("hold", arguments.clone());
    let held = pipe.reached();
    server.cancel(first);
    server.ping();
    drop(held);
    while home.log().iter().any(|row| outcome(row) == "running") {}
    server.signal(Signal::KILL);
    server.exit_within(BOUND);
    let mut server = home.serving();
    let again = server.call("hold", arguments);
    let answer = server.answer(again);
    assert_eq!(meta(&answer, "replayed"), true);
    let content = answer["result"]["content"].as_array().unwrap();
    let hint = content.last().unwrap()["text"].as_str().unwrap();
    assert!(hint.contains("tollgate/idempotencyKey"), "{hint}");
    assert_eq!(server.finish().0, 0);
}

#[test]
fn s9_s14_a_stopped_owner_is_waited_for_and_never_taken_over() {
    let home = home();
    let (mut owner, first, held) = holding(&home, "k");
    owner.signal(Signal::STOP);
    // The second process has the same tool, and less patience.
    let pipe = home.text("pipe-{text}");
    let patience = json!({"timeout": "1s"});
    home.exec("hold", "write", &["cat", &pipe], json!({}), patience);
    let mut other = home.serving();
    let id = keyed(&mut other, "hold", json!({"text": "a"}), "k");
    let answer = other.answer(id);
    assert_eq!(code(&answer), "IN_PROGRESS");
    assert_eq!(problem(&answer)["effects"], "unknown");
    owner.signal(Signal::CONT);
    drop(held);
    assert_eq!(meta(&owner.answer(first), "replayed"), &Value::Null);
    let id = keyed(&mut other, "hold", json!({"text": "a"}), "k");
    assert_eq!(meta(&other.answer(id), "replayed"), true);
    assert_eq!(owner.finish().0, 0);
    assert_eq!(other.finish().0, 0);
}

#[test]
fn a_declared_key_tells_the_model_what_it_is_for() {
    let home = home();
    let program = fake_tool();
    let effects_file = home.text("effects");
    let append = [program.as_str(), "append", &effects_file, "{text}"];
    let key = json!({"idempotency": {"key": "/text"}});
    home.exec("order", "write", &append, json!({}), key);
    let mut server = home.serving();
    let id = server.request("tools/list", json!({}));
    let listed = server.answer(id);
    let tools = listed["result"]["tools"].as_array().unwrap();
    let order = tools.iter().find(|tool| tool["name"] == "order").unwrap();
    let told = &order["inputSchema"]["properties"]["text"]["description"];
    assert!(
        told.as_str().unwrap().contains("give the same value again"),
        "{told}"
    );
    for replayed in [Value::Null, json!(true)] {
        let id = server.call("order", json!({"text": "o-1"}));
        assert_eq!(meta(&server.answer(id), "replayed"), &replayed);
    }
    assert_eq!(server.finish().0, 0);
    assert_eq!(effects(&home), ["o-1"]);
}
