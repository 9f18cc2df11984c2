//! The set of tools while a server runs: what is broken, what changes, and who is told.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Server, text};

const BROKEN: &str = "name: bad\ndescription: No run.\ninputSchema: {type: object}\n";
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

fn names(server: &mut Server) -> Vec<String> {
    let id = server.request("tools/list", json!({}));
    let answer = server.answer(id);
    let tools = answer["result"]["tools"].as_array().unwrap();
    let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
    tools.iter().map(name).collect()
}

fn changed(server: &mut Server) -> Value {
    server.until(|message| message["method"] == "notifications/tools/list_changed")
}

#[test]
fn c1_a_broken_definition_takes_out_its_own_tool_and_is_named() {
    let home = Home::new();
    for name in ["one", "two", "three"] {
        home.reply(name);
    }
    home.define("bad.yaml", BROKEN);
    let mut server = home.serve(&["--instructions", "Be kind."]);
    // A handshake waits only shortly for the catalog; this is about one that is there.
    server.told("bad.yaml");
    server.told("in force");
    let hello = server.initialize();
    assert_eq!(
        hello["instructions"],
        "Be kind.\n\nThese tools could not be loaded: `bad`; the operator can see why with \
         `tollgate validate-config`."
    );
    assert_eq!(names(&mut server), ["one", "three", "two"]);
    let id = server.call("one", json!({"text": "x"}));
    assert_eq!(text(&server.answer(id)), "x");
    server.close_stdin();
    assert_eq!(server.exit_within(BOUND), 0);
}

#[test]
fn c1_strict_starts_nothing() {
    let home = Home::new();
    home.reply("one");
    home.define("bad.yaml", BROKEN);
    let mut server = home.serve(&["--strict"]);
    assert_eq!(server.rest(), Vec::<Value>::new());
    assert_eq!(server.exit_within(BOUND), 78);
    let errors = server.errors();
    assert!(errors.contains("bad.yaml"), "{errors}");
    assert!(
        errors.ends_with(
            "error: the definitions have errors, and `--strict` was given; nothing was started\n"
        ),
        "{errors}"
    );
    assert!(!home.path("state").exists());
}

#[test]
fn c9_a_bad_set_changes_nothing_and_a_good_one_is_told() {
    let home = Home::new();
    home.reply("one");
    let mut server = home.serve(&[]);
    server.initialize();
    assert_eq!(names(&mut server), ["one"]);
    let level = server.request("logging/setLevel", json!({"level": "warning"}));
    server.answer(level);
    let listen = server.request(
        "subscriptions/listen",
        json!({
            "notifications": {"toolsListChanged": true},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        }),
    );
    let acknowledged =
        server.until(|message| message["method"] == "notifications/subscriptions/acknowledged");
    assert_eq!(
        acknowledged["params"],
        json!({"notifications": {"toolsListChanged": true}, "_meta": {SUBSCRIPTION: listen}})
    );
    home.define("bad.yaml", BROKEN);
    let warned = server.until(|message| message["method"] == "notifications/message");
    assert_eq!(
        warned["params"],
        json!({"level": "warning", "logger": "tollgate",
            "data": "the changed definitions have errors; the set before stays in force"})
    );
    server.told("the set before stays in force");
    assert_eq!(names(&mut server), ["one"]);

    let good = BROKEN.to_owned() + "run: {reply: {text: hello}}\neffect: read\n";
    home.define("bad.yaml", &good);
    let mut told = [changed(&mut server), changed(&mut server)];
    told.sort_by_key(|one| one.get("params").is_some());
    assert_eq!(told[0].get("params"), None);
    assert_eq!(told[1]["params"], json!({"_meta": {SUBSCRIPTION: listen}}));
    assert_eq!(names(&mut server), ["bad", "one"]);
    let (status, rest) = server.finish();
    assert_eq!(status, 0);
    let ends: Vec<&Value> = rest.iter().filter(|one| one["id"] == listen).collect();
    assert_eq!(ends.len(), 1, "{rest:?}");
}

#[test]
fn c9_a_call_that_runs_keeps_the_definition_it_was_checked_by() {
    let home = Home::new();
    home.waiting("hold", "read");
    let pipe = home.pipe("a");
    let mut server = home.serve(&[]);
    server.initialize();
    let id = server.call("hold", json!({"text": "a"}));
    let held = pipe.reached();
    home.reply("hold");
    changed(&mut server);
    drop(held);
    assert_eq!(text(&server.answer(id)), "");
    let id = server.call("hold", json!({"text": "new"}));
    assert_eq!(text(&server.answer(id)), "new");
}

#[test]
fn a_signal_loads_the_definitions_again_where_nothing_watches() {
    let home = Home::new();
    home.reply("one");
    let mut server = home.serving();
    assert_eq!(names(&mut server), ["one"]);
    server.told("in force tools=1");
    home.reply("two");
    server.signal(Signal::USR1);
    server.told("reloaded and in force tools=2");
    assert_eq!(names(&mut server), ["one", "two"]);
    assert_eq!(server.finish().0, 0);
}

#[test]
fn the_next_start_knows_that_nothing_was_left_out() {
    let home = Home::new();
    home.reply("one");
    let has_note = || {
        let files = std::fs::read_dir(home.path("state")).into_iter().flatten();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".seen")).count() == 1
    };
    let start = || {
        let mut server = home.serve(&[]);
        server.told("in force");
        let hello = server.initialize();
        let id = server.call("one", json!({"text": "x"}));
        server.answer(id);
        server.close_stdin();
        assert_eq!(server.exit_within(BOUND), 0);
        hello["instructions"].as_str().map(str::to_owned)
    };
    assert_eq!(start(), None);
    assert!(!has_note(), "there was no state folder to note it in");
    assert_eq!(start(), None);
    assert!(has_note());
    assert_eq!(start(), None);
    home.define("bad.yaml", BROKEN);
    let told = "These tools could not be loaded: `bad`; the operator can see why with \
                `tollgate validate-config`.";
    assert_eq!(start().as_deref(), Some(told));
    assert!(!has_note());
    assert_eq!(start().as_deref(), Some(told));
}
