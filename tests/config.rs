//! `tollgate.yaml` while a server runs: what is broken starts nothing and changes nothing.

use std::fs;

use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Server, text};

fn names(server: &mut Server) -> Vec<String> {
    let id = server.request("tools/list", json!({}));
    let answer = server.answer(id);
    let tools = answer["result"]["tools"].as_array().unwrap();
    let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
    tools.iter().map(name).collect()
}

fn log_warnings(server: &mut Server) {
    let id = server.request("logging/setLevel", json!({"level": "warning"}));
    server.answer(id);
}

fn refused_reload(server: &mut Server) -> String {
    let message = server.until(|message| message["method"] == "notifications/message");
    message["params"]["data"].to_string()
}

#[test]
fn the_server_says_of_itself_what_the_file_says() {
    let home = Home::new();
    home.reply("one");
    home.configure("server: {name: shop, instructions: Mind the prices.}");
    let mut server = home.serve(&[]);
    let hello = server.initialize();
    assert_eq!(hello["serverInfo"]["name"], "shop");
    assert_eq!(hello["instructions"], "Mind the prices.");
    drop(server);
    let mut server = home.serve(&["--name", "other", "--instructions", "Hurry."]);
    let hello = server.initialize();
    assert_eq!(hello["serverInfo"]["name"], "other");
    assert_eq!(hello["instructions"], "Hurry.");
}

#[test]
fn c2_a_broken_file_starts_nothing() {
    let home = Home::new();
    home.reply("one");
    home.configure("principal: []\nflags: 5");
    let mut server = home.serve(&[]);
    assert_eq!(server.rest(), Vec::<Value>::new());
    assert_eq!(server.exit_within(BOUND), 78);
    let errors = server.errors();
    assert!(
        errors.contains("did you mean `principals`?") && errors.contains("`flags` must be"),
        "{errors}"
    );
    assert!(
        errors.ends_with("error: the configuration has errors; nothing was started\n"),
        "{errors}"
    );
    assert!(!home.path("state").exists());
}

#[test]
fn a_tool_whose_flag_is_off_is_like_none_and_comes_with_its_flag() {
    let home = Home::new();
    home.reply("one");
    let text_of = |name: &str| fs::read_to_string(home.path("tools.d").join(name)).unwrap();
    let mut beta: Value = serde_json::from_str(&text_of("one.json")).unwrap();
    beta["name"] = json!("beta");
    beta["enabled"] = json!({"flag": "beta"});
    home.define("beta.json", &beta.to_string());
    home.configure("flags: {beta: false}");
    let mut server = home.serve(&[]);
    server.initialize();
    assert_eq!(names(&mut server), ["one"]);
    let answer_of = |server: &mut Server, name: &str| {
        let id = server.call(name, json!({"text": "x"}));
        let mut answer = server.answer(id);
        answer["error"]["data"]["tollgate/callId"].take();
        answer["error"].to_string().replace(name, "NAME")
    };
    let hidden = answer_of(&mut server, "beta");
    assert_eq!(hidden, answer_of(&mut server, "zeta"));
    assert!(hidden.contains("-32602"), "{hidden}");
    // Its name is no suggestion either.
    let near = answer_of(&mut server, "betas");
    assert_eq!(near, hidden);
    home.configure("flags: {beta: true}");
    server.until(|message| message["method"] == "notifications/tools/list_changed");
    assert_eq!(names(&mut server), ["beta", "one"]);
    let id = server.call("beta", json!({"text": "x"}));
    assert_eq!(text(&server.answer(id)), "x");
}

#[test]
fn a_change_that_breaks_or_loses_the_file_changes_nothing() {
    let home = Home::new();
    home.reply("one");
    home.configure("server: {name: shop}");
    let mut server = home.serve(&[]);
    server.initialize();
    log_warnings(&mut server);
    home.configure("flags: 5");
    home.reply("two");
    let told = refused_reload(&mut server);
    assert!(told.contains("have errors"), "{told}");
    assert_eq!(names(&mut server), ["one"]);
    fs::remove_file(home.path("tollgate.yaml")).unwrap();
    let told = refused_reload(&mut server);
    assert!(told.contains("is gone"), "{told}");
    assert_eq!(names(&mut server), ["one"]);
    home.configure("server: {name: shop}");
    server.until(|message| message["method"] == "notifications/tools/list_changed");
    assert_eq!(names(&mut server), ["one", "two"]);
}

#[test]
fn validate_config_tells_of_both() {
    let home = Home::new();
    home.reply("one");
    home.define("bad.yaml", "name: bad\n");
    home.configure("flag: {}");
    let mut command = home.command(&["validate-config", "--format", "plain"]);
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("tollgate.yaml:1:1: error[unknown-key]") && told.contains("bad.yaml:1:1"),
        "{told}"
    );
}
