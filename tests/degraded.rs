//! A full disk, for real: the state lies on a small file system of its own, in a mount namespace
//! that ends with the server.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::Command,
};

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, problem};

/// A server whose state lies on a disk of eight megabytes.
fn on_small_disk(home: &Home) -> Server {
    fs::create_dir(home.path("state")).unwrap();
    let serve = home.command(&["serve", "--no-watch"]);
    let script =
        "mount -t tmpfs -o size=8m,mode=0700 none \"$TOLLGATE_STATE\" && exec \"$0\" \"$@\"";
    #[expect(
        clippy::disallowed_methods,
        reason = "the ban is for the program itself"
    )]
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(serve.get_program())
        .args(serve.get_args())
        .current_dir(home.path(""));
    for (name, value) in serve.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
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
    let names = ["a", "b", "c", "d", "e", "f"];
    let begun: Vec<_> = names
        .into_iter()
        .map(|name| begin(&mut server, &home, name))
        .collect();
    fill(&server, &home);
    check_refused(&mut server);

    // Whether an end finds room in what the files have already, takes what was set aside for it,
    // or stands beside the ledger is the file system's affair; it is kept in any case.
    let mut beside = 0;
    for (call, pipe) in begun {
        drop(pipe);
        let answer = server.answer(call);
        assert_eq!(problem(&answer), &Value::Null, "{answer}");
        let meta = &answer["result"]["_meta"];
        beside += usize::from(meta["tollgate/durability"] == "degraded");
        fill(&server, &home);
    }
    let journal = fs::read_to_string(inside(&server, &home, "emergency.jsonl"));
    assert_eq!(journal.unwrap_or_default().lines().count(), beside);
    check_refused(&mut server);

    // With room it goes on by itself, and the ledger has everything.
    make_room(&server, &home);
    let (last, last_pipe) = begin(&mut server, &home, "last");
    drop(last_pipe);
    assert_eq!(problem(&server.answer(last)), &Value::Null);
    let journal = fs::read_to_string(inside(&server, &home, "emergency.jsonl"));
    assert_eq!(journal.unwrap_or_default(), "");
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
    assert_eq!(stages.len(), names.len() + 1);
    let kept = [r#""succeeded" "exec""#, r#""succeeded" "emergency""#];
    assert!(
        stages.iter().all(|stage| kept.contains(&stage.as_str())),
        "{stages:?}"
    );
    home.run(&["audit", "verify", "--state", state]).success();
    assert_eq!(server.finish().0, 0);
}
