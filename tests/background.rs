//! Calls that go on without their caller: answered at once, and their end given to whoever asks
//! for it, in this process or a later one.

use std::{fs, io::Write as _};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::life_harness::{Home, Server, call_id, fake_tool, outcome, problem, text};

/// A home with `hold`, which prints what comes through the pipe of its argument.
fn home(effect: &str, more: Value) -> Home {
    let home = Home::new();
    home.reply("echo");
    let pipe = home.text("pipe-{text}");
    let mut all = json!({"mode": "background", "timeout": "10m"});
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    home.exec("hold", effect, &["cat", &pipe], json!({}), all);
    home
}

/// Begins the tool; its answer and the name of its operation.
fn begin(server: &mut Server, tool: &str, arguments: Value) -> (Value, String) {
    let id = server.call(tool, arguments);
    let answer = server.answer(id);
    let told = &answer["result"]["structuredContent"];
    assert_eq!(told["state"], "running", "{answer}");
    let id = told["operation_id"].as_str().unwrap().to_owned();
    (answer, id)
}

fn get(server: &mut Server, operation: &str, wait_ms: u64) -> u64 {
    let arguments = json!({"operation_id": operation, "wait_ms": wait_ms});
    server.call("operation_get", arguments)
}

fn state(answer: &Value) -> &Value {
    &answer["result"]["structuredContent"]["state"]
}

#[test]
fn a_call_is_answered_when_it_has_begun_and_its_end_is_given_to_who_asks() {
    let home = home("write", json!({}));
    let pipe = home.pipe("a");
    let mut server = home.serving();
    let (begun, operation) = begin(&mut server, "hold", json!({"text": "a"}));
    assert_eq!(call_id(&begun), operation);
    let copy: Value = serde_json::from_str(text(&begun)).unwrap();
    assert_eq!(copy, begun["result"]["structuredContent"]);
    let mut held = pipe.reached();

    let now = get(&mut server, &operation, 0);
    assert_eq!(state(&server.answer(now)), "running");
    // The same call once more is told of the same operation.
    let (_, again) = begin(&mut server, "hold", json!({"text": "a"}));
    assert_eq!(again, operation);

    let first = get(&mut server, &operation, 25_000);
    let second = get(&mut server, &operation, 25_000);
    server.ping();
    held.write_all(b"done").unwrap();
    drop(held);
    for id in [first, second] {
        let answer = server.answer(id);
        assert_eq!(text(&answer), "done", "{answer}");
        assert_eq!(
            answer["result"]["_meta"]["tollgate/opId"],
            operation.as_str()
        );
    }
    let tools: Vec<Value> = home.log().iter().map(|row| row["tool"].clone()).collect();
    assert_eq!(
        tools,
        [
            "hold",
            "operation_get",
            "hold",
            "operation_get",
            "operation_get"
        ]
    );
    assert!(home.log().iter().all(|row| outcome(row) == "succeeded"));
    assert_eq!(server.finish(), (0, Vec::new()));

    let mut later = home.serving();
    let id = get(&mut later, &operation, 0);
    assert_eq!(text(&later.answer(id)), "done");
    assert_eq!(later.finish(), (0, Vec::new()));
}

#[test]
fn a_result_is_kept_whole_and_a_failure_is_told_as_one() {
    let home = home("read", json!({}));
    let background = json!({"mode": "background"});
    let limit = json!({"stdout_limit": "2MiB"});
    home.fake("much", &["print-many", "700000"], limit, background.clone());
    home.fake("fail", &["exit", "3", "no luck"], json!({}), background);
    let mut server = home.serving();
    let (_, much) = begin(&mut server, "much", json!({}));
    let (_, fail) = begin(&mut server, "fail", json!({}));
    let id = get(&mut server, &much, 25_000);
    assert_eq!(text(&server.answer(id)).len(), 700_000);
    let id = get(&mut server, &fail, 25_000);
    let answer = server.answer(id);
    assert_eq!(answer["result"]["isError"], true);
    assert_eq!(problem(&answer)["code"], "BACKEND_FAILED");
    assert_eq!(server.finish(), (0, Vec::new()));
}

/// Runs the tool to its end, which nobody asks for: the server ends before. Its operation.
fn unheard(home: &Home) -> String {
    let pipe = home.pipe("a");
    let mut server = home.serving();
    let (_, operation) = begin(&mut server, "hold", json!({"text": "a"}));
    pipe.reached().write_all(b"done").unwrap();
    assert_eq!(server.finish(), (0, Vec::new()));
    fs::remove_file(home.path("pipe-a")).unwrap();
    operation
}

#[test]
fn a_write_that_nobody_named_is_repeated_only_after_its_end_was_given() {
    let not_asked = home("write", json!({}));
    let operation = unheard(&not_asked);
    let mut server = not_asked.serving();
    let id = server.call("hold", json!({"text": "a"}));
    let again = server.answer(id);
    assert_eq!(text(&again), "done");
    assert_eq!(
        again["result"]["_meta"]["tollgate/opId"],
        operation.as_str()
    );
    assert_eq!(server.finish(), (0, Vec::new()));

    let asked = home("write", json!({}));
    let operation = unheard(&asked);
    let mut server = asked.serving();
    let id = get(&mut server, &operation, 0);
    assert_eq!(text(&server.answer(id)), "done");
    // That the answer arrived is noted after it did.
    assert_eq!(server.finish(), (0, Vec::new()));
    let mut server = asked.serving();
    let pipe = asked.pipe("a");
    let (_, other) = begin(&mut server, "hold", json!({"text": "a"}));
    assert_ne!(other, operation);
    drop(pipe.reached());
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn what_a_killed_process_left_is_told_by_the_next() {
    for (effect, code, effects) in [
        ("read", "BACKEND_UNAVAILABLE", "none"),
        ("write", "OUTCOME_UNKNOWN", "unknown"),
    ] {
        let home = home(effect, json!({}));
        let pipe = home.pipe("a");
        let mut server = home.serving();
        let (_, operation) = begin(&mut server, "hold", json!({"text": "a"}));
        let held = pipe.reached();
        server.signal(Signal::KILL);
        server.rest_after_kill();
        drop(held);
        let mut next = home.serving();
        let id = get(&mut next, &operation, 25_000);
        let answer = next.answer(id);
        let told = problem(&answer);
        assert_eq!(
            (&told["code"], &told["effects"]),
            (&json!(code), &json!(effects))
        );
        assert_eq!(next.finish(), (0, Vec::new()));
    }
}

#[test]
fn the_end_of_the_server_ends_what_runs_in_the_background() {
    let home = home("write", json!({}));
    let pipe = home.pipe("a");
    let mut server = home.serve(&["--no-watch", "--drain", "0s"]);
    server.initialize();
    let (_, operation) = begin(&mut server, "hold", json!({"text": "a"}));
    let _held = pipe.reached();
    let waiting = get(&mut server, &operation, 25_000);
    server.ping();
    let (status, rest) = server.finish();
    assert_eq!(status, 0);
    let ids: Vec<&Value> = rest.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!(waiting)]);
    // Whichever is there first: that the server ends, or what that has made of the call.
    let told = problem(&rest[0]);
    let code = told["code"].as_str().unwrap();
    assert!(
        ["SHUTTING_DOWN", "OUTCOME_UNKNOWN"].contains(&code),
        "{told}"
    );
    assert_eq!(home.programs(), Vec::<i32>::new());
    let row = home.log().remove(0);
    assert_eq!(
        (outcome(&row), &row["end"]["effects"]),
        ("cancelled", &json!("unknown"))
    );
}

#[test]
fn operation_get_is_there_where_something_runs_in_the_background_and_knows_its_own() {
    let names = |home: &Home| -> Vec<String> {
        let mut server = home.serving();
        let id = server.request("tools/list", json!({}));
        let answer = server.answer(id);
        let tools = answer["result"]["tools"].as_array().unwrap();
        assert_eq!(server.finish(), (0, Vec::new()));
        for tool in tools.iter().filter(|tool| tool["name"] == "operation_get") {
            assert_eq!(tool["annotations"]["readOnlyHint"], true);
        }
        let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
        tools.iter().map(name).collect()
    };
    let without = Home::new();
    without.reply("echo");
    assert_eq!(names(&without), ["echo"]);
    let home = home("read", json!({}));
    assert_eq!(names(&home), ["echo", "hold", "operation_get"]);

    let mut server = home.serving();
    let id = server.call("echo", json!({"text": "x"}));
    let foreign = call_id(&server.answer(id)).to_owned();
    for (operation, code) in [
        (foreign.as_str(), "VALIDATION_FAILED"),
        ("x", "VALIDATION_FAILED"),
    ] {
        let id = get(&mut server, operation, 0);
        let answer = server.answer(id);
        assert_eq!(problem(&answer)["code"], code, "{answer}");
    }
    assert_eq!(server.finish(), (0, Vec::new()));

    let program = fake_tool();
    home.exec("operation_get", "read", &[&program], json!({}), json!({}));
    let found = home.run(&["validate-config"]).failure();
    let found = String::from_utf8_lossy(&found.get_output().stderr).into_owned()
        + &String::from_utf8_lossy(&found.get_output().stdout);
    assert!(found.contains("is a tool of the gate itself"), "{found}");
}

#[test]
fn who_asks_too_often_is_told_when_to_ask_again() {
    let home = home("read", json!({}));
    let _pipe = home.pipe("a");
    let mut server = home.serving();
    let (begun, operation) = begin(&mut server, "hold", json!({"text": "a"}));
    assert_eq!(begun["result"]["structuredContent"]["after_ms"], 1000);
    // 30 at once and then one a second: some of a hundred come too early, however slow the machine.
    let asked: Vec<u64> = (0..100).map(|_| get(&mut server, &operation, 0)).collect();
    let answers: Vec<Value> = asked.iter().map(|id| server.answer(*id)).collect();
    let (told, refused): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| state(answer) == "running");
    assert!((30..100).contains(&told.len()), "{}", told.len());
    for answer in &refused {
        let problem = problem(answer);
        assert_eq!(problem["code"], "RATE_LIMITED", "{answer}");
        let after = problem["retry"]["after_ms"].as_u64().unwrap();
        assert!((1..=1000).contains(&after), "{after}");
    }
    assert!(
        answers
            .iter()
            .take(30)
            .all(|answer| state(answer) == "running")
    );
    server.signal(Signal::KILL);
    server.rest_after_kill();
}

#[test]
fn retries_of_the_background_are_those_of_any_call() {
    let home = Home::new();
    let (program, effects) = (fake_tool(), home.text("effects"));
    let command = [&program, "append-then", &effects, "exit", "75", ""];
    let more = json!({"mode": "background", "retry": {"exit_codes": [75]}});
    home.exec("tool", "write", &command, json!({}), more);
    let mut server = home.serving();
    let (_, operation) = begin(&mut server, "tool", json!({}));
    let id = get(&mut server, &operation, 25_000);
    assert_eq!(problem(&server.answer(id))["code"], "BACKEND_UNAVAILABLE");
    let ran = fs::read_to_string(home.path("effects")).unwrap();
    assert_eq!(ran.lines().count(), 3);
    assert_eq!(server.finish(), (0, Vec::new()));
}
