//! A full disk, for real: the state lies on a small file system of its own, in a mount namespace
//! that ends with the server.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
};

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, problem};

/// A server whose state lies on a disk of eight megabytes.
fn on_small_disk(home: &Home) -> Server {
    fs::create_dir(home.path("state")).unwrap();
    let script =
        "mount -t tmpfs -o size=8m,mode=0700 none \"$TOLLGATE_STATE\" && exec \"$0\" \"$@\"";
    let command = home.serve_unshared(&["--mount", "sh", "-c", script]);
    let mut server = Server::start(command);
    server.initialize();
    server
}

/// A file on that disk, as the server sees it.
fn inside(server: &Server, home: &Home, name: &str) -> PathBuf {
    let state = home.path("state");
    let state = state.strip_prefix("/").unwrap();
    PathBuf::from(format!("/proc/{}/root", server.pid()))
        .join(state)
        .join(name)
}

/// Takes all the room there is.
fn fill(server: &Server, home: &Home) {
    let mut filler = File::options()
        .append(true)
        .create(true)
        .open(inside(server, home, "filler"))
        .unwrap();
    for size in [65_536, 4096, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}

fn make_room(server: &Server, home: &Home) {
    fs::remove_file(inside(server, home, "filler")).unwrap();
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
    let mut server = on_small_disk(&home);
    let (first, first_pipe) = begin(&mut server, &home, "first");
    let (second, second_pipe) = begin(&mut server, &home, "second");
    fill(&server, &home);
    check_refused(&mut server);

    // The room that was set aside takes the end of the first.
    drop(first_pipe);
    let answer = server.answer(first);
    assert_eq!(problem(&answer), &Value::Null, "{answer}");
    assert_eq!(answer["result"]["_meta"].get("tollgate/durability"), None);
    assert!(!inside(&server, &home, "ballast").exists());

    // When that is gone too, the end of the second stands beside the ledger.
    fill(&server, &home);
    drop(second_pipe);
    let answer = server.answer(second);
    assert_eq!(problem(&answer), &Value::Null, "{answer}");
    assert_eq!(answer["result"]["_meta"]["tollgate/durability"], "degraded");
    let journal = fs::read_to_string(inside(&server, &home, "emergency.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 1);
    check_refused(&mut server);

    // With room it goes on by itself, and the ledger has everything.
    make_room(&server, &home);
    let (third, third_pipe) = begin(&mut server, &home, "third");
    drop(third_pipe);
    assert_eq!(problem(&server.answer(third)), &Value::Null);
    let journal = fs::read_to_string(inside(&server, &home, "emergency.jsonl")).unwrap();
    assert_eq!(journal, "");
    let copy = home.path("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["ledger.db", "ledger.db-wal", "state.id"] {
        fs::copy(inside(&server, &home, name), copy.join(name)).unwrap();
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
