//! What the program does to the programs that it starts: what they are given, what they leave
//! behind, and what becomes of them when it is killed.

use std::os::unix::process::CommandExt as _;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Server, is_alive, is_gone_soon, text};

#[test]
fn x9_x10_a_daemon_is_gone_before_the_reply_wherever_it_went() {
    let home = Home::new();
    home.fake("child", &["leave-child"], json!({}), json!({}));
    home.fake("session", &["leave-daemon", "named"], json!({}), json!({}));
    home.fake("bare", &["leave-daemon", "bare"], json!({}), json!({}));
    let mut server = home.serving();
    for tool in ["child", "session", "bare"] {
        let id = server.call(tool, json!({}));
        let answer = server.answer(id);
        let daemon: i32 = text(&answer).trim().parse().unwrap();
        assert!(!is_alive(daemon), "{tool}");
        assert_eq!(home.programs(), Vec::<i32>::new(), "{tool}");
    }
    assert_eq!(server.children(), Vec::<i32>::new());
    assert_eq!(server.finish(), (0, Vec::new()));
}

/// A container started from outside: what the session of the server is, nobody in it can say.
#[test]
fn x9_a_daemon_is_told_from_others_where_the_session_was_begun_outside() {
    let home = Home::new();
    home.waiting("wait", "read");
    home.fake("group", &["leave-daemon", "group"], json!({}), json!({}));
    let pipe = home.pipe("a");
    let mut server = Server::start(home.serve_unshared(&["--pid", "--fork", "--mount-proc"]));
    server.initialize();
    let waiting = server.call("wait", json!({"text": "a"}));
    let open = pipe.reached();
    let running = home.programs();
    let id = server.call("group", json!({}));
    server.answer(id);
    assert_eq!(home.programs(), running);
    drop(open);
    assert_eq!(text(&server.answer(waiting)), "");
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn x10_a_daemon_without_a_name_is_gone_once_no_program_runs() {
    let home = Home::new();
    home.waiting("wait", "read");
    home.fake("named", &["leave-daemon", "named"], json!({}), json!({}));
    home.fake("bare", &["leave-daemon", "bare"], json!({}), json!({}));
    let pipe = home.pipe("a");
    let mut server = home.serving();
    let waiting = server.call("wait", json!({"text": "a"}));
    let open = pipe.reached();
    let daemon = |server: &mut Server, tool: &str| -> i32 {
        let id = server.call(tool, json!({}));
        text(&server.answer(id)).trim().parse().unwrap()
    };
    let named = daemon(&mut server, "named");
    let bare = daemon(&mut server, "bare");
    // The one that runs was not taken for a leftover, the one without a name might be its own.
    assert_eq!((is_alive(named), is_alive(bare)), (false, true));
    drop(open);
    assert_eq!(text(&server.answer(waiting)), "");
    assert!(!is_alive(bare));
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn x11_a_tree_of_processes_in_sessions_of_their_own_is_gone_before_the_reply() {
    let home = Home::new();
    home.fake("bomb", &["bomb", "5"], json!({}), json!({}));
    let mut server = home.serving();
    let id = server.call("bomb", json!({}));
    assert_eq!(text(&server.answer(id)), "done");
    assert_eq!(home.programs(), Vec::<i32>::new());
    assert_eq!(server.children(), Vec::<i32>::new());
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn h4_a_kill_of_the_server_is_the_end_of_its_programs() {
    let home = Home::new();
    home.waiting("wait", "read");
    home.fake("session", &["leave-daemon", "named"], json!({}), json!({}));
    let pipes = [home.pipe("a"), home.pipe("b")];
    let mut server = home.serving();
    for name in ["a", "b"] {
        server.call("wait", json!({"text": name}));
    }
    let _open = pipes.each_ref().map(crate::life_harness::Pipe::reached);
    let running = home.programs();
    assert_eq!(running.len(), 2);
    let warden = server.warden();
    assert!(warden.is_some());
    server.signal(Signal::KILL);
    assert_eq!(server.exit_within(BOUND), 128 + 9);
    for pid in running.into_iter().chain(warden) {
        assert!(is_gone_soon(pid), "{pid}");
    }
}

#[test]
fn h4_a_warden_that_was_killed_is_replaced() {
    let home = Home::new();
    home.fake("echo", &["echo", "x"], json!({}), json!({}));
    home.waiting("wait", "read");
    let pipe = home.pipe("a");
    let mut server = home.serving();
    let id = server.call("echo", json!({}));
    server.answer(id);
    let warden = server.warden().unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(warden).unwrap(),
        Signal::KILL,
    )
    .unwrap();
    assert!(is_gone_soon(warden));
    server.call("wait", json!({"text": "a"}));
    let _open = pipe.reached();
    let running = home.programs();
    server.signal(Signal::KILL);
    assert_eq!(server.exit_within(BOUND), 128 + 9);
    assert!(running.into_iter().all(is_gone_soon));
}

#[test]
fn x19_a_program_gets_three_descriptors_and_no_privilege_whoever_started_the_server() {
    let home = Home::new();
    home.fake("fds", &["fds"], json!({}), json!({}));
    home.fake("itself", &["self"], json!({}), json!({}));
    // A shell that leaves a descriptor open and a mask that lets everyone in.
    let mut command = crate::program_named("/bin/sh");
    let script = r#"umask 000; exec 7</dev/null; exec "$1" serve --no-watch"#;
    command
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_tollgate")])
        .env("TOLLGATE_TOOLS", home.path("tools.d"))
        .env("TOLLGATE_STATE", home.path("state"))
        .arg0("sh");
    let mut server = Server::start(command);
    server.initialize();
    let id = server.call("fds", json!({}));
    assert_eq!(text(&server.answer(id)), "[0,1,2]");
    let id = server.call("itself", json!({}));
    let told: Value = serde_json::from_str(text(&server.answer(id))).unwrap();
    assert_eq!(told["leads_group"], true, "{told}");
    assert_eq!(told["no_new_privs"], "1");
    assert_eq!(told["umask"], "0077");
    assert_eq!(limit(&told, "Max core file size"), ["0", "0"]);
    assert_eq!(server.finish(), (0, Vec::new()));
}

/// The soft and the hard limit.
fn limit<'a>(told: &'a Value, name: &str) -> [&'a str; 2] {
    let lines = told["limits"].as_array().unwrap();
    let mut lines = lines.iter().map(|line| line.as_str().unwrap());
    let line = lines.find_map(|line| line.strip_prefix(name)).unwrap();
    let mut words = line.split_whitespace();
    [words.next().unwrap(), words.next().unwrap()]
}
