//! Principals through the program itself: who sees what, and that nobody learns the rest.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Server, text};

/// The SHA-256 of `key`.
const HASH: &str = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";

fn principals(rest: &str) -> String {
    format!("principals:\n- {{id: ann, key_sha256: {HASH}, {rest}}}\n")
}

fn more(home: &Home, name: &str, more: &Value) {
    home.reply(name);
    let file = format!("{name}.json");
    let text = fs::read_to_string(home.path("tools.d").join(&file)).unwrap();
    let mut definition: Value = serde_json::from_str(&text).unwrap();
    for (key, value) in more.as_object().unwrap() {
        definition[key] = value.clone();
    }
    home.define(&file, &definition.to_string());
}

fn serve(home: &Home, key: Option<&str>) -> Server {
    let mut command = home.command(&["serve"]);
    if let Some(key) = key {
        command.env("TOLLGATE_KEY", key);
    }
    let mut server = Server::start(command);
    server.initialize();
    server
}

fn tools(server: &mut Server) -> Vec<Value> {
    let id = server.request("tools/list", json!({}));
    server.answer(id)["result"]["tools"]
        .as_array()
        .unwrap()
        .clone()
}

fn names(server: &mut Server) -> Vec<String> {
    let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
    tools(server).iter().map(name).collect()
}

/// The answer to a call without what no two answers share.
fn answer_to(server: &mut Server, tool: &str, arguments: Value) -> String {
    let id = server.call(tool, arguments);
    let mut answer = server.answer(id);
    answer["id"].take();
    if let Some(call_id) = answer.pointer_mut("/error/data/tollgate~1callId") {
        call_id.take();
    }
    answer.to_string().replace(tool, "TOOL")
}

#[test]
fn v32_what_may_not_be_seen_is_answered_like_what_does_not_exist() {
    let home = Home::new();
    home.reply("shop_find");
    home.reply("admin_wipe");
    more(
        &home,
        "shop_payback",
        &json!({"permissions": ["refunds"], "visibility": "permitted"}),
    );
    home.define("bad.yaml", "name: secret_tool\n");
    home.configure(&principals("tools: [\"shop_*\"]"));
    let mut server = serve(&home, Some("key"));
    assert_eq!(names(&mut server), ["shop_find"]);
    let right = json!({"text": "x"});
    let unknown = answer_to(&mut server, "no_such", right.clone());
    for (hidden, arguments) in [
        ("admin_wipe", right.clone()),
        ("admin_wipe", json!({"wrong": 1})),
        ("shop_payback", right.clone()),
        ("secret_tool", right.clone()),
        ("admin_wip", right.clone()),
    ] {
        assert_eq!(
            answer_to(&mut server, hidden, arguments),
            unknown,
            "{hidden}"
        );
    }
    let id = server.call("shop_find", right);
    assert_eq!(text(&server.answer(id)), "x");
    // The operator's mistakes are no client's business either.
    let id = server.request("initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}));
    assert!(!server.answer(id).to_string().contains("secret_tool"));
    // Nor is a change of what it may not see.
    home.configure(&principals("tools: [\"shop_*\"], roles: [a]"));
    home.reply("admin_new");
    fs::remove_file(home.path("tools.d").join("bad.yaml")).unwrap();
    home.reply("shop_new");
    server.until(|message| message["method"] == "notifications/tools/list_changed");
    assert_eq!(names(&mut server), ["shop_find", "shop_new"]);
}

#[test]
fn v32_no_key_and_a_wrong_key_see_nothing_and_no_key_is_written_anywhere() {
    let home = Home::new();
    home.reply("one");
    home.configure(&principals("roles: []"));
    for (key, why) in [
        (None, "no key was given"),
        (Some("wrong-key-7"), "the key is that of no principal"),
    ] {
        let mut server = serve(&home, key);
        assert_eq!(tools(&mut server), Vec::<Value>::new());
        let known = answer_to(&mut server, "one", json!({"text": "x"}));
        assert_eq!(known, answer_to(&mut server, "two", json!({"text": "x"})));
        server.close_stdin();
        assert_eq!(server.exit_within(BOUND), 0);
        let errors = server.errors();
        assert!(
            errors.contains(why) && !errors.contains("wrong-key-7"),
            "{errors}"
        );
    }
    for file in fs::read_dir(home.path("state")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            assert!(
                !bytes.windows(11).any(|part| part == b"wrong-key-7"),
                "{path:?}"
            );
        }
    }
}

#[test]
fn v31_v35_a_forbidden_value_and_a_revoked_permission_are_refused_in_the_same_words() {
    let home = Home::new();
    more(
        &home,
        "read_file",
        &json!({
            "permissions": ["files"], "latency": "200ms",
            "allow": ["args.text == client.attributes.org && 'files' in client.permissions"],
        }),
    );
    home.configure(&principals(
        "attributes: {org: org-a}, permissions: [files]",
    ));
    let mut server = serve(&home, Some("key\n"));
    let listed = tools(&mut server);
    let meta = &listed[0]["_meta"];
    assert_eq!(meta["tollgate/permissions"], json!(["files"]));
    assert_eq!(meta["tollgate/expectedLatencyMs"], 200);
    let id = server.call("read_file", json!({"text": "org-a"}));
    assert_eq!(text(&server.answer(id)), "org-a");
    let forbidden = |server: &mut Server, value: &str| {
        let id = server.call("read_file", json!({"text": value}));
        let result = server.answer(id)["result"].clone();
        let shown = result["content"].to_string();
        assert!(result.to_string().contains("FORBIDDEN"), "{result}");
        assert!(
            !shown.contains("files") && !shown.contains(value),
            "{shown}"
        );
        let told = result["content"][0]["text"].as_str().unwrap();
        let told = told.lines().next().unwrap_or_default();
        let mut told: Value = serde_json::from_str(told).unwrap();
        // That it was tried before is told of any call, whatever it names.
        told.as_object_mut().unwrap().remove("loop");
        told
    };
    let value = forbidden(&mut server, "other-one");
    assert_eq!(value, forbidden(&mut server, "this-exists"));
    home.configure(&principals("attributes: {org: org-a}, permissions: []"));
    // The reload changes nothing that is listed; it is over when the tool that comes with it is.
    home.reply("zz_new");
    server.until(|message| message["method"] == "notifications/tools/list_changed");
    assert_eq!(value, forbidden(&mut server, "org-a"));
}

#[test]
fn c10_a_key_comes_from_a_private_file_only() {
    let home = Home::new();
    home.reply("one");
    home.configure(&principals("roles: []"));
    fs::write(home.path("key"), "key\n").unwrap();
    let mode = |mode| {
        fs::set_permissions(home.path("key"), fs::Permissions::from_mode(mode)).unwrap();
    };
    let run = || {
        let file = home.text("key");
        home.command(&["tools", "--key-file", &file])
            .output()
            .unwrap()
    };
    mode(0o644);
    let output = run();
    assert_eq!(output.status.code(), Some(78));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("chmod 600") && !told.contains("key\n\n"),
        "{told}"
    );
    mode(0o600);
    let output = run();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .starts_with("one ")
    );
}

#[test]
fn an_operator_sees_what_a_principal_sees() {
    let home = Home::new();
    home.reply("one");
    home.reply("two");
    home.configure(&principals("tools: [two]"));
    let run = |id: &str| {
        home.command(&["tools", "--principal", id])
            .output()
            .unwrap()
    };
    let told = String::from_utf8(run("ann").stdout).unwrap();
    assert!(told.starts_with("two ") && !told.contains("one"), "{told}");
    let output = run("anna");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("did you mean `ann`?"), "{told}");
}

#[test]
fn h10_root_is_warned_and_refused_where_the_operator_wants_it() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = Home::new();
    home.reply("one");
    let mut server = serve(&home, None);
    server.close_stdin();
    assert_eq!(server.exit_within(BOUND), 0);
    assert!(server.errors().contains("this is root"));
    home.configure("server: {require_unprivileged: true}");
    let mut server = home.serve(&[]);
    assert_eq!(server.exit_within(BOUND), 78);
    assert!(server.errors().contains("require_unprivileged"));
}
