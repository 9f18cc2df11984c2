//! Programs that are shut in: what they cannot reach, and that they are told apart from a shim
//! that did not become them.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, fake_tool, problem, text};

fn call(server: &mut Server, tool: &str) -> Value {
    let id = server.call(tool, json!({}));
    server.answer(id)
}

fn failed(answer: &Value) -> bool {
    answer["result"]["isError"] == true
}

#[test]
fn x19_a_program_reads_and_writes_what_its_sandbox_names_and_nothing_else() {
    let home = Home::new();
    for folder in ["read", "write", "other"] {
        fs::create_dir(home.path(folder)).unwrap();
        fs::write(home.path(folder).join("file"), folder).unwrap();
    }
    let sandbox = json!({"sandbox": {
        "read": [home.text("read")], "write": [home.text("write")], "require": true}});
    let ledger = home.text("state/ledger.db");
    let (read, write, other) = (
        home.text("read/file"),
        home.text("write/new"),
        home.text("other/file"),
    );
    let tools = [
        ("read_read", ["read", &read], true),
        ("write_read", ["write", &read], false),
        ("write_write", ["write", &write], true),
        ("read_other", ["read", &other], false),
        ("write_other", ["write", &other], false),
        ("read_ledger", ["read", &ledger], false),
        ("read_passwd", ["read", "/etc/passwd"], false),
        ("write_null", ["write", "/dev/null"], true),
    ];
    for (name, args, _) in &tools {
        home.fake(
            name,
            args,
            sandbox.clone(),
            json!({"retry": {"attempts": 1}}),
        );
    }
    let mut server = home.serving();
    for (name, _, allowed) in &tools {
        let answer = call(&mut server, name);
        assert_eq!(!failed(&answer), *allowed, "{name}: {answer}");
    }
    assert_eq!(
        fs::read_to_string(home.path("other/file")).unwrap(),
        "other"
    );
    assert!(home.path("write/new").exists());
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the ban is for the program itself"
)]
fn x19_a_program_without_network_connects_nowhere() {
    let home = Home::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    home.fake(
        "open",
        &["connect", &port],
        json!({"sandbox": {}}),
        json!({}),
    );
    home.fake(
        "closed",
        &["connect", &port],
        json!({"sandbox": {"network": false}}),
        json!({}),
    );
    let mut server = home.serving();
    assert_eq!(text(&call(&mut server, "open")), "connected");
    assert!(failed(&call(&mut server, "closed")));
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn x11_a_sandbox_is_a_session_with_limits_that_dies_with_the_gate() {
    let home = Home::new();
    let limits = json!({"cpu": "1500ms", "memory": "4096MiB", "open_files": 64,
        "processes": 5000, "file_size": "1MiB"});
    home.fake(
        "itself",
        &["self"],
        json!({"sandbox": {"limits": limits}}),
        json!({}),
    );
    home.fake("default", &["self"], json!({"sandbox": {}}), json!({}));
    home.fake("fds", &["fds"], json!({"sandbox": {}}), json!({}));
    let mut server = home.serving();
    let told: Value = serde_json::from_str(text(&call(&mut server, "itself"))).unwrap();
    for name in ["leads_group", "leads_session", "dies_with_parent"] {
        assert_eq!(told[name], true, "{name}");
    }
    assert_eq!(
        (&told["no_new_privs"], &told["umask"]),
        (&json!("1"), &json!("0077"))
    );
    for (name, limit) in [
        ("Max cpu time", "2"),
        ("Max address space", "4294967296"),
        ("Max open files", "64"),
        ("Max processes", "5000"),
        ("Max file size", "1048576"),
        ("Max core file size", "0"),
    ] {
        let lines = told["limits"].as_array().unwrap().iter();
        let mut lines = lines.filter_map(|line| line.as_str()?.strip_prefix(name));
        let words: Vec<&str> = lines.next().unwrap().split_whitespace().take(2).collect();
        assert_eq!(words, [limit, limit], "{name}");
    }
    let told: Value = serde_json::from_str(text(&call(&mut server, "default"))).unwrap();
    let lines = told["limits"].as_array().unwrap().iter();
    let files = lines
        .filter_map(Value::as_str)
        .find(|line| line.starts_with("Max open files"));
    assert!(files.unwrap().contains(" 256 "), "{files:?}");
    assert_eq!(text(&call(&mut server, "fds")), "[0,1,2]");
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn x12_input_follows_the_orders_and_arrives_whole() {
    let home = Home::new();
    let exec = json!({"sandbox": {}, "stdin": "json", "output": "json",
        "env": {"TEST_HOME": home.text(""), "GREETING": "hi"}});
    let schema =
        json!({"inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}});
    home.fake("cat", &["cat"], exec, schema);
    let exec = json!({"sandbox": {}, "env": {"GREETING": "hi"}});
    home.fake("env", &["env"], exec, json!({}));
    home.fake(
        "argv",
        &["echo", "a b", "", "-x"],
        json!({"sandbox": {}}),
        json!({}),
    );
    home.fake(
        "never",
        &["sleep"],
        json!({"sandbox": {}, "stdin": "json"}),
        json!({"timeout": "300ms"}),
    );
    let mut server = home.serving();
    let long = "x".repeat(300_000);
    let id = server.call("cat", json!({"text": long}));
    assert_eq!(
        server.answer(id)["result"]["structuredContent"],
        json!({"text": long})
    );
    let env: Value = serde_json::from_str(text(&call(&mut server, "env"))).unwrap();
    let names: Vec<&str> = env
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "GREETING",
            "LANG",
            "PATH",
            "TOLLGATE_DEADLINE_MS",
            "TOLLGATE_OPERATION_ID"
        ]
    );
    assert_eq!(text(&call(&mut server, "argv")), r#"["a b","","-x"]"#);
    assert_eq!(problem(&call(&mut server, "never"))["code"], "TIMEOUT");
    assert_eq!(home.programs(), Vec::<i32>::new());
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn x1_a_program_that_went_missing_was_not_started_and_its_status_is_its_own() {
    let home = Home::new();
    let program = home.text("program");
    fs::copy(fake_tool(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let sandbox = || json!({"sandbox": {}});
    home.exec("gone", "write", &[&program, "echo"], sandbox(), json!({}));
    home.fake("status", &["exit", "125", ""], sandbox(), json!({}));
    let mut server = home.serving();
    assert_eq!(text(&call(&mut server, "gone")), "[]");
    let answer = call(&mut server, "status");
    assert_eq!(problem(&answer)["code"], "BACKEND_FAILED");
    fs::remove_file(&program).unwrap();
    let answer = call(&mut server, "gone");
    let told = ["code", "effects"].map(|name| problem(&answer)[name].as_str().unwrap());
    assert_eq!(told, ["BACKEND_UNAVAILABLE", "none"]);
    assert_eq!(server.finish(), (0, Vec::new()));
    let rows = home.log();
    assert_eq!(rows.len(), 3);
}

#[test]
fn x9_a_daemon_out_of_a_sandbox_is_gone_before_the_reply() {
    let home = Home::new();
    home.fake(
        "bare",
        &["leave-daemon", "bare"],
        json!({"sandbox": {}}),
        json!({}),
    );
    home.fake(
        "spin",
        &["spin"],
        json!({"sandbox": {"limits": {"cpu": "1s"}}}),
        json!({"retry": {"attempts": 1}}),
    );
    let mut server = home.serving();
    let daemon: i32 = text(&call(&mut server, "bare")).trim().parse().unwrap();
    assert!(!crate::life_harness::is_alive(daemon));
    // The limit of processor time ends it, long before its own time is up.
    let answer = call(&mut server, "spin");
    assert_eq!(problem(&answer)["code"], "BACKEND_FAILED", "{answer}");
    assert_eq!(server.finish(), (0, Vec::new()));
}
