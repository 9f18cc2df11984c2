//! A server that is held to `tools.lock`.

use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Server};

fn names(server: &mut Server) -> Vec<String> {
    let id = server.request("tools/list", json!({}));
    let answer = server.answer(id);
    let tools = answer["result"]["tools"].as_array().unwrap();
    let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
    tools.iter().map(name).collect()
}

fn code(server: &mut Server, tool: &str) -> Value {
    let id = server.call(tool, json!({"text": "x"}));
    let answer = server.answer(id);
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    serde_json::from_str::<Value>(text).unwrap()["code"].clone()
}

#[test]
fn c7_a_changed_tool_is_not_listed_is_refused_and_is_told_by_lock_diff() {
    let home = Home::new();
    home.reply("one");
    home.reply("two");
    home.run(&["lock"]).success();
    home.run(&["lock", "diff"]).success();
    let mut server = home.serve(&[]);
    server.initialize();
    assert_eq!(names(&mut server), ["one", "two"]);
    let changed = std::fs::read_to_string(home.path("tools.d/two.json")).unwrap();
    home.define("two.json", &changed.replace("Gives", "Always gives"));
    server.until(|message| message["method"] == "notifications/tools/list_changed");
    assert_eq!(names(&mut server), ["one"]);
    assert_eq!(code(&mut server, "two"), "TOOL_CHANGED");
    // Who tried is in the trail like every refusal.
    let assert = home.run(&["log", "--code", "TOOL_CHANGED"]).success();
    let told = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(told.contains(" two "), "{told}");
    let assert = home.run(&["lock", "diff"]).code(1);
    let told = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(told.starts_with("two: changed since "), "{told}");
    let change = "\n  `description`: \"Gives the text back.\" → \"Always gives the text back.\"\n";
    assert!(told.contains(change), "{told}");
    home.run(&["lock", "--update", "two"]).success();
    server.until(|message| message["method"] == "notifications/tools/list_changed");
    assert_eq!(names(&mut server), ["one", "two"]);
    assert_eq!(server.finish().0, 0);
}

#[test]
fn c7_without_a_whole_lock_a_locked_server_does_not_start() {
    let home = Home::new();
    home.reply("one");
    let mut server = home.serve(&["--locked"]);
    assert_eq!(server.rest(), Vec::<Value>::new());
    assert_eq!(server.exit_within(BOUND), 78);
    std::fs::write(home.path("tools.lock"), "{}").unwrap();
    let mut server = home.serve(&[]);
    assert_eq!(server.rest(), Vec::<Value>::new());
    assert_eq!(server.exit_within(BOUND), 78);
    let errors = server.errors();
    assert!(errors.contains("is broken"), "{errors}");
    let mut server = home.serve(&["--no-lock"]);
    server.initialize();
    assert_eq!(names(&mut server), ["one"]);
    server.close_stdin();
    assert_eq!(server.exit_within(BOUND), 0);
    let errors = server.errors();
    assert!(errors.contains("is ignored"), "{errors}");
}

#[test]
fn c7_a_tool_that_was_never_approved_is_not_called_from_the_shell_either() {
    let home = Home::new();
    home.reply("one");
    home.run(&["lock"]).success();
    home.reply("new");
    let assert = home.run(&["call", "new", r#"{"text":"x"}"#]).code(1);
    let told = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(told.contains("TOOL_CHANGED"), "{told}");
    home.run(&["lock", "--update", "nwe"]).code(2);
}

/// The events `lock` of the trail, in order.
fn locks(home: &Home) -> Vec<Value> {
    home.run(&["audit", "verify"]).success();
    let assert = home.run(&["audit", "export"]).success();
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == "lock").collect()
}

fn call(home: &Home, more: &[&str]) {
    let call = [&["call", "one", r#"{"text":"x"}"#], more].concat();
    home.run(&call).success();
}

#[test]
fn c7_the_trail_tells_which_lock_held_and_who_had_approved_what() {
    let home = Home::new();
    home.reply("one");
    call(&home, &[]);
    assert_eq!(locks(&home), Vec::<Value>::new(), "there is no lock");
    home.run(&["lock"]).success();
    call(&home, &[]);
    call(&home, &[]);
    let first = locks(&home);
    assert_eq!(first.len(), 1, "a lock is told once: {first:?}");
    assert_eq!(first[0]["lock_path"], home.text("tools.lock"));
    let tools: Value = serde_json::from_str(first[0]["lock_tools"].as_str().unwrap()).unwrap();
    let approved: Vec<&String> = tools.as_object().unwrap().keys().collect();
    assert_eq!(approved, ["one"]);
    assert!(
        tools["one"]["by"].as_str().unwrap().contains("uid"),
        "{tools}"
    );

    // By a server, which hears of the change while it runs.
    let mut server = home.serve(&[]);
    server.initialize();
    let id = server.call("one", json!({"text": "x"}));
    server.answer(id);
    home.reply("two");
    home.run(&["lock"]).success();
    while names(&mut server) != ["one", "two"] {
        server.until(|message| message["method"] == "notifications/tools/list_changed");
    }
    assert_eq!(locks(&home), first, "nothing was called yet");
    let id = server.call("two", json!({"text": "x"}));
    server.answer(id);
    assert_eq!(server.finish().0, 0);
    let second = locks(&home);
    assert_eq!(second.len(), 2, "{second:?}");
    assert_ne!(second[1]["lock_digest"], second[0]["lock_digest"]);

    std::fs::remove_file(home.path("tools.lock")).unwrap();
    call(&home, &[]);
    let third = locks(&home);
    assert_eq!(third.len(), 3, "{third:?}");
    assert_eq!(third[2]["lock_digest"], Value::Null);
}
