//! A full disk, for real: the state, or the files of lines, lie on a small file system of their own,
//! in a mount namespace that ends with the server.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::PathBuf,
};

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, call_id, problem};

/// A server with these arguments, `folder` of whose home is a disk of this size.
fn on_small_disk(home: &Home, folder: &str, size: &str, args: &[&str]) -> Server {
    let place = home.text(folder);
    fs::create_dir(&place).unwrap();
    let script =
        format!("mount -t tmpfs -o size={size},mode=0700 none {place} && exec \"$0\" \"$@\"");
    let mut command = home.serve_unshared(&["--mount", "sh", "-c", &script]);
    command.args(args);
    let mut server = Server::start(command);
    server.initialize();
    server
}

/// A file of the home, as the server sees it.
fn inside(server: &Server, home: &Home, name: &str) -> PathBuf {
    let path = home.path(name);
    let below = path.strip_prefix("/").unwrap();
    PathBuf::from(format!("/proc/{}/root", server.pid())).join(below)
}

/// Takes all the room there is in `folder`.
fn fill(server: &Server, home: &Home, folder: &str) {
    let mut filler = File::options()
        .append(true)
        .create(true)
        .open(inside(server, home, &format!("{folder}/filler")))
        .unwrap();
    for size in [65_536, 4096, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}

fn make_room(server: &Server, home: &Home, folder: &str) {
    fs::remove_file(inside(server, home, &format!("{folder}/filler"))).unwrap();
}

/// Begins a write that runs until its pipe is dropped.
fn begin(server: &mut Server, home: &Home, name: &str) -> (u64, File) {
    let pipe = home.pipe(name);
    let id = server.call("work", json!({"text": name}));
    (id, pipe.reached())
}

#[track_caller]
fn check_refused(server: &mut Server) {
    let id = server.call("work", json!({"text": "never"}));
    let answer = server.answer(id);
    let told = problem(&answer);
    let expected = (&json!("STATE_UNAVAILABLE"), &json!("none"));
    assert_eq!((&told["code"], &told["effects"]), expected, "{answer}");
}

#[test]
fn s20_on_a_full_disk_nothing_begins_and_what_runs_is_still_recorded() {
    let home = Home::new();
    home.waiting("work", "write");
    let mut server = on_small_disk(&home, "state", "8m", &[]);
    let (first, first_pipe) = begin(&mut server, &home, "first");
    let (second, second_pipe) = begin(&mut server, &home, "second");
    fill(&server, &home, "state");
    check_refused(&mut server);

    // The room that was set aside takes the end of the first.
    drop(first_pipe);
    let answer = server.answer(first);
    assert_eq!(problem(&answer), &Value::Null, "{answer}");
    assert_eq!(answer["result"]["_meta"].get("tollgate/durability"), None);
    assert!(!inside(&server, &home, "state/ballast").exists());

    // When that is gone too, the end of the second stands beside the ledger.
    fill(&server, &home, "state");
    drop(second_pipe);
    let answer = server.answer(second);
    assert_eq!(problem(&answer), &Value::Null, "{answer}");
    assert_eq!(answer["result"]["_meta"]["tollgate/durability"], "degraded");
    let journal = fs::read_to_string(inside(&server, &home, "state/emergency.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 1);
    check_refused(&mut server);

    // With room it goes on by itself, and the ledger has everything.
    make_room(&server, &home, "state");
    let (third, third_pipe) = begin(&mut server, &home, "third");
    drop(third_pipe);
    assert_eq!(problem(&server.answer(third)), &Value::Null);
    let journal = fs::read_to_string(inside(&server, &home, "state/emergency.jsonl")).unwrap();
    assert_eq!(journal, "");
    let copy = home.path("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["ledger.db", "ledger.db-wal", "state.id"] {
        fs::copy(
            inside(&server, &home, &format!("state/{name}")),
            copy.join(name),
        )
        .unwrap();
    }
    let state = copy.to_str().unwrap();
    let log = home.run(&["log", "--json", "--oldest-first", "--state", state]);
    let log = String::from_utf8(log.success().get_output().stdout.clone()).unwrap();
    let stages: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|row| format!("{} {}", row["end"]["outcome"], row["end"]["stage"]))
        .collect();
    let expected = [
        r#""succeeded" "exec""#,
        r#""succeeded" "emergency""#,
        r#""succeeded" "exec""#,
    ];
    assert_eq!(stages, expected);
    home.run(&["audit", "verify", "--state", state]).success();
    assert_eq!(server.finish().0, 0);
}

/// O6: a disk that is full in the middle of a line costs that line and no other that has room.
#[test]
fn o6_on_a_full_disk_lines_are_lost_and_told_once_and_calls_go_on() {
    let home = Home::new();
    home.reply("echo");
    let log = home.text("log");
    let args = [
        "--log-dir",
        &log,
        "--log-level",
        "debug",
        "--log-format",
        "json",
    ];
    let mut server = on_small_disk(&home, "log", "64k", &args);
    let call = |server: &mut Server| {
        let id = server.call("echo", json!({"text": "hello"}));
        let answer = server.answer(id);
        assert_eq!(problem(&answer), &Value::Null, "{answer}");
        call_id(&answer).to_owned()
    };
    call(&mut server);
    fill(&server, &home, "log");
    // The page that the file ends in has room for some more.
    for _ in 0..20 {
        call(&mut server);
    }
    server.told("log_files_failed");
    make_room(&server, &home, "log");
    let later: Vec<String> = (0..20).map(|_| call(&mut server)).collect();
    let mut file = File::open(inside(&server, &home, "log/tollgate.jsonl")).unwrap();
    server.close_stdin();
    let told = server.errors();
    assert_eq!(server.finish().0, 0);
    assert!(!told.contains("log_files_failed"), "{told}");
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert!(text.ends_with('\n'));
    let mut ended = Vec::new();
    let mut torn = 0;
    for line in text.lines() {
        match serde_json::from_str::<Value>(line) {
            Ok(event) if event["event"] == "call_ended" => ended.push(event["call_id"].clone()),
            Ok(_) => {}
            Err(_) => torn += 1,
        }
    }
    assert!(torn <= 1, "{torn} lines are not whole:\n{text}");
    for id in later {
        assert!(ended.contains(&json!(id)), "{id} is missing:\n{text}");
    }
}
