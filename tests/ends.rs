//! How a server ends and what the next one finds: the end of input, signals, kills, a client
//! that no longer reads, and hosts that prepare nothing.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    time::Duration,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Pipe, Server, outcome, problem, text};

/// What a signal to end is given; the promise is 1.8 s, the rest is for a busy machine.
const FAST: Duration = Duration::from_secs(3);

/// How often each outcome stands in the ledger.
fn outcomes(home: &Home) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for row in home.log() {
        *outcomes.entry(outcome(&row).to_owned()).or_default() += 1;
    }
    outcomes
}

/// A server with a running read, two running writes and five calls that wait for a worker.
fn busy(home: &Home) -> (Server, Vec<Pipe>, Vec<std::fs::File>) {
    home.waiting("read", "read");
    home.waiting("write", "write");
    home.reply("echo");
    let pipes: Vec<Pipe> = (0..8).map(|n| home.pipe(&n.to_string())).collect();
    let mut server = home.serve(&["--no-watch", "--workers", "3"]);
    server.initialize();
    for (n, tool) in ["read", "write", "write"].into_iter().enumerate() {
        server.call(tool, json!({"text": n.to_string()}));
    }
    let held = pipes.iter().take(3).map(Pipe::reached).collect();
    for n in 3..8 {
        server.call("write", json!({"text": n.to_string()}));
    }
    // The ledger keeps the order: once this is answered, the five have begun.
    let id = server.call("echo", json!({"text": "x"}));
    server.answer(id);
    (server, pipes, held)
}

#[test]
fn h1_p5_at_the_end_of_input_everything_that_was_accepted_is_answered() {
    let home = Home::new();
    let (mut server, pipes, held) = busy(&home);
    // P5: the last line has no newline.
    server.send_raw(r#"{"jsonrpc":"2.0","id":"last","method":"ping"}"#);
    server.close_stdin();
    let last = server.until(|message| message["id"] == "last");
    assert_eq!(last["result"], json!({}));
    drop(held);
    for pipe in pipes.iter().skip(3) {
        drop(pipe.reached());
    }
    let rest = server.rest();
    assert_eq!(server.exit_within(BOUND), 0);
    assert_eq!(rest.len(), 8, "{rest:?}");
    assert!(
        rest.iter().all(|answer| text(answer).is_empty()),
        "{rest:?}"
    );
    assert_eq!(
        outcomes(&home),
        BTreeMap::from([("succeeded".to_owned(), 9)])
    );
}

#[test]
fn h2_a_signal_ends_fast_leaves_no_program_and_tells_what_became_of_each_call() {
    let home = Home::new();
    let (mut server, _pipes, _held) = busy(&home);
    server.signal(Signal::TERM);
    assert_eq!(server.exit_within(FAST), 143);
    assert_eq!(home.programs(), Vec::<i32>::new());
    assert_eq!(server.rest().len(), 8);
    let rows = home.log();
    let end = |row: &Value| {
        ["outcome", "code", "effects"]
            .map(|name| row["end"][name].as_str().unwrap_or("").to_owned())
    };
    let ends: Vec<[String; 3]> = rows.iter().map(end).collect();
    assert_eq!(ends[0], ["cancelled", "CANCELLED", "none"]);
    for ended in &ends[1..3] {
        assert_eq!(ended[1..], ["CANCELLED", "unknown"], "{ends:?}");
    }
    for ended in &ends[3..8] {
        assert_eq!(ended[1..], ["SHUTTING_DOWN", "none"], "{ends:?}");
    }
}

#[test]
fn h2_a_signal_ends_fast_even_where_a_program_ignores_it() {
    let home = Home::new();
    home.fake(
        "deaf",
        &["ignore-term"],
        json!({"progress": true}),
        json!({}),
    );
    let mut server = home.serving();
    let params = json!({"name": "deaf", "arguments": {}, "_meta": {"progressToken": 1}});
    server.request("tools/call", params);
    server.until(|message| message["method"] == "notifications/progress");
    server.signal(Signal::INT);
    assert_eq!(server.exit_within(FAST), 130);
    assert_eq!(home.programs(), Vec::<i32>::new());
}

#[test]
fn h3_h4_after_a_kill_the_next_start_settles_what_was_running() {
    let home = Home::new();
    home.waiting("read", "read");
    home.waiting("write", "write");
    home.reply("echo");
    let pipes = [home.pipe("a"), home.pipe("b")];
    let mut server = home.serving();
    server.call("read", json!({"text": "a"}));
    server.call("write", json!({"text": "b"}));
    let _held = pipes.each_ref().map(Pipe::reached);
    server.signal(Signal::KILL);
    assert_eq!(server.exit_within(BOUND), 128 + 9);
    assert_eq!(outcomes(&home), BTreeMap::from([("running".to_owned(), 2)]));
    // Who looks before that is not told that they run.
    let status = home.run(&["status"]).code(3);
    let told = String::from_utf8_lossy(&status.get_output().stdout).into_owned();
    for part in [
        "2 calls began in a process that has died; the next start of `tollgate serve` settles them",
        "0 calls are running",
    ] {
        assert!(told.contains(part), "{part}:\n{told}");
    }

    let mut next = home.serving();
    let id = next.call("echo", json!({"text": "x"}));
    next.answer(id);
    assert_eq!(next.finish().0, 0);
    let rows = home.log();
    let ends: BTreeMap<&str, [&str; 3]> = rows
        .iter()
        .map(|row| {
            let end = ["outcome", "code", "effects"];
            let end = end.map(|name| row["end"][name].as_str().unwrap_or(""));
            (row["tool"].as_str().unwrap(), end)
        })
        .collect();
    assert_eq!(ends["read"], ["failed", "INTERNAL", "none"]);
    assert_eq!(ends["write"], ["unknown", "OUTCOME_UNKNOWN", "unknown"]);
    assert_eq!(ends["echo"], ["succeeded", "", "none"]);
}

#[test]
fn h3_the_end_of_the_client_ends_the_server_although_a_program_hangs() {
    let home = Home::new();
    home.fake(
        "hang",
        &["ready-then-sleep"],
        json!({"progress": true}),
        json!({}),
    );
    let mut server = home.serve(&["--no-watch", "--drain", "100ms"]);
    server.initialize();
    let params = json!({"name": "hang", "arguments": {}, "_meta": {"progressToken": 1}});
    let id = server.request("tools/call", params);
    server.until(|message| message["method"] == "notifications/progress");
    let (status, rest) = server.finish();
    assert_eq!((status, rest.len()), (0, 1), "{rest:?}");
    assert_eq!(rest[0]["id"], id);
    assert_eq!(problem(&rest[0])["code"], "CANCELLED");
    assert_eq!(home.programs(), Vec::<i32>::new());
}

#[test]
fn p31_a_client_that_no_longer_reads_ends_the_server() {
    let home = Home::new();
    home.reply("echo");
    let mut server = Server::start_reading(home.command(&["serve", "--no-watch"]), 0);
    assert_eq!(server.next(), None);
    server.request(
        "initialize",
        json!({"protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "life", "version": "1"}}),
    );
    assert_eq!(server.exit_within(FAST), 74);
}

#[test]
fn p31_calls_that_ended_before_the_client_went_are_in_the_ledger() {
    let home = Home::new();
    home.waiting("write", "write");
    let pipe = home.pipe("a");
    let mut server = Server::start_reading(home.command(&["serve", "--no-watch"]), 1);
    server.initialize();
    assert_eq!(server.next(), None);
    server.call("write", json!({"text": "a"}));
    drop(pipe.reached());
    assert_eq!(server.exit_within(BOUND), 74);
    assert_eq!(
        outcomes(&home),
        BTreeMap::from([("succeeded".to_owned(), 1)])
    );
}

#[test]
fn the_end_of_input_at_once_is_no_fault_and_nothing_is_made_before_the_first_call() {
    let home = Home::new();
    home.reply("echo");
    let mut server = home.serve(&[]);
    server.close_stdin();
    assert_eq!(server.exit_within(BOUND), 0);
    assert!(!home.path("state").exists());

    let mut server = home.serve(&[]);
    server.initialize();
    let list = server.request("tools/list", json!({}));
    assert_eq!(server.answer(list)["result"]["tools"][0]["name"], "echo");
    let meta = json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}}});
    let discover = server.request("server/discover", meta);
    assert_eq!(
        server.answer(discover)["result"]["supportedVersions"],
        json!(["2026-07-28"])
    );
    assert!(!home.path("state").exists());
    let call = server.call("echo", json!({"text": "x"}));
    server.answer(call);
    assert!(home.path("state").exists());
    assert_eq!(server.finish().0, 0);
}

/// Every file below `folder` with its mode.
fn modes(folder: &std::path::Path) -> Vec<(String, u32)> {
    let mut modes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        modes.push((path.display().to_string(), mode));
        if path.is_dir() {
            modes.extend(self::modes(&path));
        }
    }
    modes
}

#[test]
fn h9_without_home_folder_or_mask_it_works_and_its_files_are_its_own() {
    let home = Home::new();
    home.reply("echo");
    let gone = home.path("gone");
    fs::create_dir(&gone).unwrap();
    // A shell can leave a folder and a mask behind that no test may give to its own process.
    let mut command = crate::program_named("/bin/sh");
    let script = r#"cd "$1" && rmdir "$1" && umask 000 && exec "$2" serve --no-watch"#;
    command
        .args([
            "-c",
            script,
            "sh",
            &home.text("gone"),
            env!("CARGO_BIN_EXE_tollgate"),
        ])
        .env("TOLLGATE_TOOLS", home.path("tools.d"))
        .env("TOLLGATE_STATE", home.path("state"))
        .arg0("sh");
    let mut server = Server::start(command);
    server.initialize();
    let id = server.call("echo", json!({"text": "x"}));
    assert_eq!(text(&server.answer(id)), "x");
    let state = home.path("state");
    assert_eq!(
        state.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    let open: Vec<(String, u32)> = modes(&state)
        .into_iter()
        .filter(|(_, mode)| mode & 0o077 != 0)
        .collect();
    assert_eq!(open, Vec::new());
    assert_eq!(server.finish().0, 0);
}

#[test]
fn h9_without_a_place_for_state_it_says_so_and_how_to_give_one() {
    let output = crate::tollgate().arg("serve").assert().code(78);
    let told = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert_eq!(
        told,
        "error: there is no place for state: `HOME` is not set; give one with `--state DIR`\n"
    );
}

#[test]
fn h8_two_servers_share_one_ledger_and_do_not_disturb_each_other() {
    let home = Home::new();
    home.reply("echo");
    home.waiting("write", "write");
    let pipe = home.pipe("a");
    let mut servers = [home.serve(&["--no-watch"]), home.serve(&["--no-watch"])];
    for server in &mut servers {
        server.initialize();
    }
    let [first, second] = &mut servers;
    let held = first.call("write", json!({"text": "a"}));
    let open = pipe.reached();
    for n in 0..50 {
        let ids = [&mut *first, &mut *second].map(|server| {
            let id = server.call("echo", json!({"text": n.to_string()}));
            (server, id)
        });
        for (server, id) in ids {
            assert_eq!(text(&server.answer(id)), n.to_string());
        }
    }
    // The second, ending and starting anew, leaves alone what the first still runs.
    let [mut first, second] = servers;
    assert_eq!(second.finish(), (0, Vec::new()));
    let mut third = home.serving();
    let id = third.call("echo", json!({"text": "x"}));
    third.answer(id);
    drop(open);
    assert_eq!(text(&first.answer(held)), "");
    assert_eq!(first.finish(), (0, Vec::new()));
    assert_eq!(third.finish(), (0, Vec::new()));
    assert_eq!(
        outcomes(&home),
        BTreeMap::from([("succeeded".to_owned(), 102)])
    );
}
