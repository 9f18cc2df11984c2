//! Arguments that name files: a program gets the file that is beneath its folder, open, and no
//! other way to it.

use std::{fs, io::Write as _, os::unix::fs::symlink};

use rustix::fs::FileType;
use serde_json::{Value, json};

use crate::life_harness::{Home, Server, make_node, outcome, problem, text};

/// A home with a folder `allowed` for files, and others beside it.
fn home() -> Home {
    let home = Home::new();
    for folder in ["allowed/sub", "allowed-evil"] {
        fs::create_dir_all(home.path(folder)).unwrap();
    }
    fs::write(home.path("allowed/file"), "inside").unwrap();
    fs::write(home.path("allowed-evil/secret"), "outside").unwrap();
    home
}

/// What a definition says of the argument `file`, and of everything else in `more`.
fn takes_a_file(more: Value) -> Value {
    let mut all = json!({"inputSchema": {
        "type": "object", "additionalProperties": false, "required": ["file"],
        "properties": {"file": {"type": "string", "x-kind": "path"}},
    }});
    let more = more.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    all
}

fn beneath(folder: &str) -> Value {
    json!({"files": {"file": {"root": folder}}})
}

/// A link to the secret stands where the file was.
fn swap(home: &Home) {
    fs::remove_file(home.path("allowed/file")).unwrap();
    symlink("../allowed-evil/secret", home.path("allowed/file")).unwrap();
}

fn call(server: &mut Server, tool: &str, file: &str) -> Value {
    let id = server.call(tool, json!({"file": file}));
    server.answer(id)
}

/// Code, effects and words of a refusal.
fn refusal(answer: &Value) -> [&str; 3] {
    ["code", "effects", "message"].map(|key| problem(answer)[key].as_str().unwrap_or(""))
}

#[test]
fn v25_v26_what_is_not_a_file_beneath_the_folder_is_refused_before_anything_begins() {
    let home = home();
    let allowed = home.path("allowed");
    symlink("../allowed-evil/secret", allowed.join("out")).unwrap();
    symlink("../allowed-evil/none", allowed.join("dangling")).unwrap();
    symlink("../allowed-evil", allowed.join("folder")).unwrap();
    make_node(&allowed.join("pipe"), FileType::Fifo);
    make_node(&allowed.join("socket"), FileType::Socket);
    let args = ["read", "{file}"];
    home.fake(
        "read",
        &args,
        beneath(&home.text("allowed")),
        takes_a_file(json!({})),
    );
    home.fake("device", &args, beneath("/dev"), takes_a_file(json!({})));
    let mut server = home.serving();
    assert_eq!(text(&call(&mut server, "read", "file")), "inside");
    let open = server.descriptors();

    let answer = call(&mut server, "read", "../allowed-evil/secret");
    assert_eq!(refusal(&answer)[0], "NORMALIZATION_REFUSED");
    let mut words = Vec::new();
    for (tool, file) in [
        ("read", "out"),
        ("read", "dangling"),
        ("read", "folder/secret"),
        ("read", "folder/none"),
        ("read", "pipe"),
        ("read", "socket"),
        ("read", "sub"),
        ("device", "zero"),
        ("read", "none"),
    ] {
        let answer = call(&mut server, tool, file);
        let [code, effects, message] = refusal(&answer);
        assert_eq!(
            [code, effects],
            ["VALIDATION_FAILED", "none"],
            "{file}: {answer}"
        );
        words.push(message.to_owned());
    }
    let distinct: Vec<usize> = words.chunk_by(|a, b| a == b).map(<[_]>::len).collect();
    assert_eq!(distinct, [4, 4, 1], "links, no files, nothing: {words:#?}");
    assert_eq!(text(&call(&mut server, "read", "file")), "inside");
    assert!(server.descriptors_fall_to(open));
    assert_eq!(server.finish(), (0, Vec::new()));
    let log = home.log();
    let ends: Vec<&str> = log.iter().map(outcome).collect();
    assert_eq!(ends[0], "succeeded");
    assert_eq!(ends[1..11], ["refused"; 10]);
    // What was asked for is a name, also in the record.
    assert_eq!(
        log[11]["effective_arguments"],
        json!({"file": "file"}),
        "{}",
        log[11]
    );
}

#[test]
fn v25_a_link_that_is_swapped_in_after_the_guard_is_not_followed() {
    let home = home();
    let pipe = home.pipe("go");
    // The check is made after the guard, and before the files are opened.
    let check = json!({"checks": [{
        "exec": {"command": ["cat", home.text("pipe-go")]}, "require": "result == 'go'",
        "code": "NO", "message": "No.",
    }]});
    let files = beneath(&home.text("allowed"));
    home.fake("read", &["read", "{file}"], files, takes_a_file(check));
    let mut server = home.serving();
    let id = server.call("read", json!({"file": "file"}));
    let mut held = pipe.reached();
    swap(&home);
    held.write_all(b"go").unwrap();
    drop(held);
    let answer = server.answer(id);
    assert_eq!(
        refusal(&answer)[..2],
        ["VALIDATION_FAILED", "none"],
        "{answer}"
    );
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn v25_x19_a_program_keeps_its_file_through_a_swap_and_shares_it_with_no_other() {
    let home = home();
    let (files, pipe) = (beneath(&home.text("allowed")), home.pipe("go"));
    let held = home.text("pipe-go");
    let command = ["cat", held.as_str(), "{file}"];
    home.exec(
        "hold",
        "read",
        &command,
        files.clone(),
        takes_a_file(json!({})),
    );
    home.fake("with", &["fds"], files, takes_a_file(json!({})));
    home.fake("without", &["fds"], json!({}), json!({}));
    let mut server = home.serving();
    let holds = server.call("hold", json!({"file": "file"}));
    let mut held = pipe.reached();
    let with: Vec<u32> = serde_json::from_str(text(&call(&mut server, "with", "file"))).unwrap();
    assert_eq!((&with[..3], with.len()), (&[0, 1, 2][..], 4), "{with:?}");
    let id = server.call("without", json!({}));
    assert_eq!(text(&server.answer(id)), "[0,1,2]");
    swap(&home);
    held.write_all(b"still ").unwrap();
    drop(held);
    assert_eq!(text(&server.answer(holds)), "still inside");
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn x19_a_program_that_is_shut_in_opens_what_it_was_handed_and_no_more() {
    let home = home();
    let shut = |access: &str| {
        json!({
            "sandbox": {"read": [], "require": true},
            "files": {"file": {"root": home.text("allowed"), "access": access}},
        })
    };
    let secret = home.text("allowed-evil/secret");
    let more = || takes_a_file(json!({"retry": {"attempts": 1}}));
    home.fake("read", &["read", "{file}"], shut("read"), more());
    home.fake("no_write", &["write", "{file}"], shut("read"), more());
    home.fake("beside", &["read", &secret], shut("read"), more());
    home.fake("write", &["write", "{file}"], shut("write"), more());
    let mut server = home.serving();
    assert_eq!(text(&call(&mut server, "read", "file")), "inside");
    for tool in ["no_write", "beside"] {
        let answer = call(&mut server, tool, "file");
        assert_eq!(refusal(&answer)[0], "BACKEND_FAILED", "{tool}: {answer}");
    }
    assert_eq!(
        fs::read_to_string(home.path("allowed/file")).unwrap(),
        "inside"
    );
    let answer = call(&mut server, "write", "file");
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    assert_eq!(fs::read_to_string(home.path("allowed/file")).unwrap(), "x");
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn what_is_looked_up_names_files_in_the_same_way() {
    let home = home();
    let fake = crate::life_harness::fake_tool();
    let mut exec = beneath(&home.text("allowed"));
    exec["command"] = json!([fake, "read", "{file}"]);
    let check = json!({
        "run": {"reply": {"text": "ok"}},
        "checks": [{"exec": exec, "require": "result == 'inside'", "code": "NO", "message": "No."}],
    });
    home.fake("checked", &[], json!({}), takes_a_file(check));
    let mut server = home.serving();
    assert_eq!(text(&call(&mut server, "checked", "file")), "ok");
    swap(&home);
    let answer = call(&mut server, "checked", "file");
    assert_eq!(
        refusal(&answer)[..2],
        ["VALIDATION_FAILED", "none"],
        "{answer}"
    );
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn v25_the_file_of_a_step_is_opened_when_the_step_begins() {
    let home = home();
    let fake = crate::life_harness::fake_tool();
    let mut read = beneath(&home.text("allowed"));
    read["command"] = json!([fake, "read", "{file}"]);
    let undo = json!({"exec": {"command": [fake, "echo"]}});
    let mut definition = takes_a_file(json!({
        "name": "walk", "description": "Waits, then reads.", "effect": "write", "idempotent": false,
        "steps": [
            {"name": "wait", "run": {"exec": {"command": ["cat", home.text("pipe-go")]}}, "undo": undo},
            {"name": "read", "run": {"exec": read}, "undo": undo},
        ],
    }));
    definition["idempotency"] = json!("off");
    home.define("walk.json", &definition.to_string());
    let walk = |server: &mut Server, meanwhile: &dyn Fn()| {
        let pipe = home.pipe("go");
        let id = server.call("walk", json!({"file": "file"}));
        let held = pipe.reached();
        meanwhile();
        drop(held);
        let answer = server.answer(id);
        fs::remove_file(home.path("pipe-go")).unwrap();
        answer
    };
    let mut server = home.serving();
    assert_eq!(text(&walk(&mut server, &|| {})), "inside");
    let answer = walk(&mut server, &|| swap(&home));
    assert_eq!(
        refusal(&answer)[..2],
        ["ROLLED_BACK", "rolled_back"],
        "{answer}"
    );
    assert_eq!(server.finish(), (0, Vec::new()));
}
