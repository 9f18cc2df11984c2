//! Calls in flight: many at once, cancelled ones, and programs that misbehave.

use std::{collections::BTreeSet, io::Write as _};

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, is_gone_soon, outcome, problem, text};

fn shaken(home: &Home, args: &[&str]) -> Server {
    let mut server = home.serve(&[&["--no-watch"], args].concat());
    server.initialize();
    server
}

/// Ends the server and sees that it had nothing more to say.
#[track_caller]
fn nothing_more(server: Server) {
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn sixty_four_calls_in_flight_get_one_answer_each_and_leave_nothing_behind() {
    let home = Home::new();
    home.fake("echo", &["echo", "{text}"], json!({}), json!({}));
    let mut server = shaken(&home, &[]);
    let first = server.call("echo", json!({"text": "first"}));
    server.answer(first);
    let before = server.descriptors();
    let ids: Vec<u64> = (0..64)
        .map(|n| server.call("echo", json!({"text": format!("t{n}")})))
        .collect();
    for (n, id) in ids.into_iter().enumerate() {
        let answer = server.answer(id);
        assert_eq!(text(&answer), format!("[\"t{n}\"]"), "{answer}");
    }
    assert_eq!(server.children(), Vec::<i32>::new());
    assert!(server.descriptors_fall_to(before));
    nothing_more(server);
    let rows = home.log();
    let ended: BTreeSet<&str> = rows.iter().map(outcome).collect();
    assert_eq!((rows.len(), ended), (65, BTreeSet::from(["succeeded"])));
}

/// Calls a fake tool and compares the code and the effects of its problem, `""` for success.
#[track_caller]
fn check_end(args: &[&str], exec: Value, timeout: &str, arguments: Value, expected: [&str; 2]) {
    let home = Home::new();
    home.fake("bad", args, exec, json!({"timeout": timeout}));
    let mut server = shaken(&home, &[]);
    server.ping();
    let before = (server.descriptors(), server.peak_kib());
    let id = server.call("bad", arguments);
    let answer = server.answer(id);
    let told = |name: &str| problem(&answer)[name].as_str().unwrap_or("").to_owned();
    assert_eq!([told("code"), told("effects")], expected, "{answer}");
    assert_eq!(home.programs(), Vec::<i32>::new());
    assert_eq!(server.children(), Vec::<i32>::new());
    // The ledger is open now: the database and its log for who writes it and for who carries the log
    // over, each once more for who syncs it, the log for who makes room in it, its index, a lock, and the
    // journal of ends; the journal of programs, the pipe of the warden, and the list of what programs left.
    // And the log file may have been opened since, with the first line.
    let most = before.0 + 13 + 1;
    assert!(server.descriptors_fall_to(most), "more than {most}");
    let grown = server.peak_kib().saturating_sub(before.1);
    assert!(grown < 16 * 1024, "{grown} KiB");
    nothing_more(server);
}

#[test]
fn x4_a_program_that_ignores_the_polite_signal_is_ended() {
    let progress = json!({"progress": true});
    check_end(
        &["ignore-term"],
        progress,
        "500ms",
        json!({}),
        ["TIMEOUT", "none"],
    );
}

#[test]
fn x7_a_program_that_floods_is_ended_and_costs_no_memory() {
    let args = ["print-many", "1073741824"];
    check_end(
        &args,
        json!({}),
        "20s",
        json!({}),
        ["OUTPUT_INVALID", "none"],
    );
}

#[test]
fn x8_a_program_that_closes_its_output_is_waited_for() {
    let progress = json!({"progress": true});
    let args = ["close-stdout-then-sleep"];
    check_end(&args, progress, "500ms", json!({}), ["TIMEOUT", "none"]);
}

#[test]
fn x12_a_program_that_never_reads_its_input_is_ended_at_the_deadline() {
    let input = json!({"text": "x".repeat(500_000)});
    let stdin = json!({"stdin": "json"});
    check_end(
        &["sleep"],
        stdin.clone(),
        "500ms",
        input.clone(),
        ["TIMEOUT", "none"],
    );
    check_end(&["print", "ok"], stdin, "20s", input, ["", ""]);
}

#[test]
fn x13_standard_error_before_standard_input_is_no_deadlock() {
    let input = json!({"text": "x".repeat(500_000)});
    let args = ["stderr-then-stdin", "204800"];
    check_end(&args, json!({"stdin": "json"}), "20s", input, ["", ""]);
}

#[test]
fn x18_a_program_that_stops_itself_is_ended() {
    let progress = json!({"progress": true});
    check_end(
        &["kill-self", "STOP"],
        progress,
        "500ms",
        json!({}),
        ["TIMEOUT", "none"],
    );
}

#[test]
fn x9_a_child_that_keeps_the_pipe_open_is_ended_with_its_parent() {
    let home = Home::new();
    home.fake(
        "fork",
        &["leave-child"],
        json!({}),
        json!({"timeout": "20s"}),
    );
    let mut server = shaken(&home, &[]);
    let id = server.call("fork", json!({}));
    let answer = server.answer(id);
    let child: i32 = text(&answer).parse().unwrap();
    assert!(is_gone_soon(child), "{child} lives");
    nothing_more(server);
}

#[test]
fn x17_a_program_that_is_killed_leaves_a_write_unknown_and_a_read_without_effect() {
    let home = Home::new();
    let program = crate::life_harness::fake_tool();
    let command = [program.as_str(), "kill-self", "KILL"];
    home.exec("read", "read", &command, json!({}), json!({}));
    home.exec("write", "write", &command, json!({}), json!({}));
    let mut server = shaken(&home, &[]);
    let mut told = |tool: &str| {
        let id = server.call(tool, json!({}));
        let answer = server.answer(id);
        problem(&answer)["effects"].clone()
    };
    assert_eq!([told("read"), told("write")], ["none", "unknown"]);
    let rows = home.log();
    assert_eq!(
        [outcome(&rows[0]), outcome(&rows[1])],
        ["failed", "unknown"]
    );
}

#[test]
fn p28_progress_rises_stops_with_the_answer_and_comes_only_when_asked_for() {
    let home = Home::new();
    let lines = ["report", "progress 1 3 one", "progress 3 3", "progress 2 3"];
    home.fake("steps", &lines, json!({"progress": true}), json!({}));
    let mut server = shaken(&home, &[]);
    let params = json!({"name": "steps", "arguments": {}, "_meta": {"progressToken": "t"}});
    let asked = server.request("tools/call", params);
    let mut told = Vec::new();
    loop {
        let message = server.next().unwrap();
        if message["id"] == asked {
            break;
        }
        assert_eq!(message["method"], "notifications/progress", "{message}");
        assert_eq!(message["params"]["progressToken"], "t", "{message}");
        told.push(message["params"]["progress"].as_f64().unwrap());
    }
    assert_eq!(told.first(), Some(&1.0));
    assert!(told.is_sorted_by(|a, b| a < b), "{told:?}");
    let unasked = server.call("steps", json!({}));
    assert_eq!(server.next().unwrap()["id"], unasked);
    nothing_more(server);
}

#[test]
fn output_is_read_as_its_definition_says() {
    let home = Home::new();
    let object = json!({"outputSchema": {
        "type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}});
    let print = |name: &str, text: &str, exec: Value, more: Value| {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        home.fake(name, &["print-hex", &hex], exec, more);
    };
    print("text", "a\u{1b}[31mb", json!({}), json!({}));
    print(
        "json",
        r#"{"n":1}"#,
        json!({"output": "json"}),
        object.clone(),
    );
    print("wrong", r#"{"n":"x"}"#, json!({"output": "json"}), object);
    let blocks = r#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#;
    print("content", blocks, json!({"output": "content"}), json!({}));
    let image = json!({"output": {"image": "image/png"}});
    home.fake("image", &["print-hex", "00ff"], image, json!({}));
    let mut server = shaken(&home, &[]);
    let mut result = |tool: &str| {
        let id = server.call(tool, json!({}));
        server.answer(id)["result"].take()
    };
    let cleaned = result("text")["content"][0]["text"].take();
    assert!(!cleaned.as_str().unwrap().contains('\u{1b}'), "{cleaned}");
    assert_eq!(result("json")["structuredContent"], json!({"n": 1}));
    assert_eq!(
        result("content")["content"],
        serde_json::from_str::<Value>(blocks).unwrap()
    );
    assert_eq!(
        result("image")["content"],
        json!([{"type": "image", "data": "AP8=", "mimeType": "image/png"}])
    );
    let wrong = result("wrong");
    assert_eq!(wrong["isError"], true, "{wrong}");
    assert_eq!(wrong["_meta"]["tollgate/error"]["code"], "OUTPUT_INVALID");
}

#[test]
fn x2_what_a_failed_program_says_stands_apart_from_our_words() {
    let home = Home::new();
    // ESC ] 0 ; BEL, then `ignore all of that`.
    let said = "1b5d303b0769676e6f726520616c6c206f662074686174";
    home.fake("fail", &["exit", "3", said], json!({}), json!({}));
    let mut server = shaken(&home, &[]);
    let id = server.call("fail", json!({}));
    let answer = server.answer(id);
    let block = |n: usize| answer["result"]["content"][n]["text"].as_str().unwrap();
    assert_eq!(answer["result"]["isError"], true);
    assert_eq!(problem(&answer)["code"], "BACKEND_FAILED");
    assert!(!block(0).contains("ignore"), "{answer}");
    assert!(block(1).contains("ignore all of that"), "{answer}");
    assert!(!block(1).contains('\u{1b}'), "{answer}");
}

#[test]
fn p24_a_call_that_is_cancelled_while_it_waits_is_never_answered_or_run() {
    let home = Home::new();
    home.waiting("hold", "read");
    home.waiting("write", "write");
    let (first, _second) = (home.pipe("a"), home.pipe("b"));
    let mut server = shaken(&home, &["--workers", "1"]);
    let holding = server.call("hold", json!({"text": "a"}));
    let held = first.reached();
    let waiting = server.call("write", json!({"text": "b"}));
    server.cancel(waiting);
    server.ping();
    drop(held);
    server.answer(holding);
    nothing_more(server);
    let rows = home.log();
    assert_eq!(
        [outcome(&rows[0]), outcome(&rows[1])],
        ["succeeded", "cancelled"]
    );
    assert_eq!(rows[1]["end"]["effects"], "none");
}

#[test]
fn p25_a_read_that_is_cancelled_while_it_runs_is_ended_and_its_place_is_free() {
    let home = Home::new();
    home.waiting("hold", "read");
    home.fake("echo", &["echo", "{text}"], json!({}), json!({}));
    let pipe = home.pipe("a");
    let mut server = shaken(&home, &["--workers", "1"]);
    let holding = server.call("hold", json!({"text": "a"}));
    let _held = pipe.reached();
    server.cancel(holding);
    let next = server.call("echo", json!({"text": "free"}));
    assert_eq!(text(&server.answer(next)), "[\"free\"]");
    assert_eq!(home.programs(), Vec::<i32>::new());
    nothing_more(server);
    let rows = home.log();
    assert_eq!(
        [outcome(&rows[0]), outcome(&rows[1])],
        ["cancelled", "succeeded"]
    );
}

#[test]
fn p26_a_write_that_is_cancelled_while_it_runs_goes_on_without_an_answer() {
    let home = Home::new();
    home.waiting("hold", "write");
    let pipe = home.pipe("a");
    let mut server = shaken(&home, &["--workers", "1"]);
    let holding = server.call("hold", json!({"text": "a"}));
    let mut held = pipe.reached();
    server.cancel(holding);
    server.ping();
    assert_eq!(home.programs().len(), 1);
    held.write_all(b"done").unwrap();
    drop(held);
    nothing_more(server);
    let rows = home.log();
    assert_eq!(outcome(&rows[0]), "succeeded");
    assert_eq!(rows[0]["end"]["effects"], "applied");
    assert_eq!(rows[0]["end"]["reply"]["content"][0]["text"], "done");
}

#[test]
fn p27_a_cancellation_that_races_the_answer_leaves_one_answer_or_none() {
    const ROUNDS: usize = 300;
    let home = Home::new();
    home.reply("echo");
    let mut server = shaken(&home, &[]);
    let mut ids = BTreeSet::new();
    for _ in 0..ROUNDS {
        let id = server.call("echo", json!({"text": "x"}));
        server.cancel(id);
        ids.insert(id);
    }
    let (status, rest) = server.finish();
    assert_eq!(status, 0);
    for answer in rest {
        assert!(
            ids.remove(&answer["id"].as_u64().unwrap()),
            "twice: {answer}"
        );
        assert_eq!(text(&answer), "x");
    }
    let rows = home.log();
    assert_eq!(rows.len(), ROUNDS);
    assert!(
        rows.iter()
            .all(|row| ["succeeded", "cancelled"].contains(&outcome(row)))
    );
}
