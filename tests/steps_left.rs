//! Steps whose process ends in the middle of them: the next one goes on.

use std::fs;

use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;
use serde_json::json;

use crate::{
    life_harness::{BOUND, Home, text},
    walks::{
        define, effects, ended, serve, sound, state, step, told, tolerant, waiting, walk,
        without_undo,
    },
};

/// A walk of three waiting steps of which the last fails, so that it goes there and back again:
/// `a`, `b`, then the undos of both.
fn there_and_back(home: &Home) -> [&'static str; 4] {
    let last = step(home, "c", &["then-exit", "3"]);
    let steps = [
        tolerant(waiting(home, "a")),
        tolerant(waiting(home, "b")),
        last,
    ];
    define(home, &steps, &json!({}));
    ["a", "b", "undo-b", "undo-a"]
}

/// What programs wait for at these places is there at once from now on.
fn set_free(home: &Home, places: &[&str]) {
    for name in places {
        let pipe = home.path(&format!("pipe-{name}"));
        fs::remove_file(&pipe).unwrap();
        fs::write(pipe, "free").unwrap();
    }
}

#[test]
fn h4_a_server_killed_at_any_step_there_or_back_leaves_nothing_done() {
    for killed_at in 0..4 {
        let home = Home::new();
        let places = there_and_back(&home);
        let pipes = places.map(|name| home.pipe(name));
        let mut server = serve(&home);
        server.call("walk", json!({"text": "x"}));
        let mut reached = pipes.iter();
        for pipe in reached.by_ref().take(killed_at) {
            drop(pipe.reached());
        }
        let _held = reached.next().unwrap().reached();
        server.signal(Signal::KILL);
        assert_eq!(server.exit_within(BOUND), 128 + 9);
        drop(pipes);

        set_free(&home, &places);
        // Nobody calls anything: the next server goes on by itself, and ends when it is done.
        let next = serve(&home);
        assert_eq!(next.finish().0, 0);
        let expected = match killed_at {
            0 => "a -a",
            1 => "a b -b -a",
            2 => "a b c -b -b -a",
            _ => "a b c -b -a -a",
        };
        assert_eq!(effects(&home), expected, "{killed_at}");
        assert_eq!(state(&home), "rolled_back");
        let mut later = serve(&home);
        assert_eq!(ended(&walk(&mut later)), ["ROLLED_BACK", "rolled_back"]);
        assert_eq!(later.finish().0, 0);
        sound(&home);
    }
}

#[test]
fn s19_what_is_undone_is_undone_by_the_definition_of_then_and_after_the_pivot_done_by_it() {
    let home = Home::new();
    let pivot = without_undo(step(&home, "b", &[]), &json!({"pivot": true}));
    let last = without_undo(waiting(&home, "c"), &json!({"idempotent": true}));
    define(&home, &[step(&home, "a", &[]), pivot, last], &json!({}));
    let pipe = home.pipe("c");
    let mut server = serve(&home);
    let id = server.call("walk", json!({"text": "x"}));
    let _held = pipe.reached();
    server.signal(Signal::KILL);
    assert_eq!(server.exit_within(BOUND), 128 + 9);
    drop((pipe, id));
    set_free(&home, &["c"]);

    define(&home, &[step(&home, "other", &[])], &json!({}));
    let mut next = serve(&home);
    // It asks for the same operation, and waits until somebody has gone on with it.
    let answer = walk(&mut next);
    assert_eq!(text(&answer), "free", "{answer}");
    assert_eq!(effects(&home), "a b c c");
    assert_eq!(next.finish().0, 0);
    assert_eq!(state(&home), "succeeded");
    sound(&home);
}

#[test]
fn h2_a_server_told_to_end_in_the_middle_leaves_the_rest_to_the_next() {
    let home = Home::new();
    let places = there_and_back(&home);
    let pipes = places.map(|name| home.pipe(name));
    let mut server = serve(&home);
    let id = server.call("walk", json!({"text": "x"}));
    drop(pipes[0].reached());
    let _held = pipes[1].reached();
    server.signal(Signal::TERM);
    let answer = server.answer(id);
    assert_eq!(ended(&answer), ["SHUTTING_DOWN", "unknown"]);
    assert_eq!(server.exit_within(BOUND), 143);
    drop(pipes);
    set_free(&home, &places);
    assert_eq!(serve(&home).finish().0, 0);
    assert_eq!(effects(&home), "a b -b -a");
    assert_eq!(state(&home), "rolled_back");
}

/// A walk past its pivot whose server was killed while its last step ran.
fn killed_in_the_last_step(home: &Home) {
    let pivot = without_undo(step(home, "b", &[]), &json!({"pivot": true}));
    let last = without_undo(waiting(home, "c"), &json!({"idempotent": true}));
    define(home, &[step(home, "a", &[]), pivot, last], &json!({}));
    let pipe = home.pipe("c");
    let mut server = serve(home);
    server.call("walk", json!({"text": "x"}));
    let _held = pipe.reached();
    server.signal(Signal::KILL);
    assert_eq!(server.exit_within(BOUND), 128 + 9);
}

#[test]
fn h4_a_last_step_that_gives_too_much_when_it_is_run_again_leaves_nothing_to_a_person() {
    let home = Home::new();
    killed_in_the_last_step(&home);
    let pipe = home.path("pipe-c");
    fs::remove_file(&pipe).unwrap();
    fs::write(pipe, "x".repeat(256 * 1024)).unwrap();

    assert_eq!(serve(&home).finish().0, 0);
    assert_eq!(effects(&home), "a b c c");
    assert_eq!(state(&home), "failed");
    home.run(&["ops", "list"]).success();
    let mut later = serve(&home);
    let answer = walk(&mut later);
    assert_eq!(ended(&answer), ["OUTPUT_INVALID", "applied"]);
    assert_eq!(told(&answer), ["a done", "b done", "c done"]);
    assert_eq!(later.finish().0, 0);
    assert_eq!(effects(&home), "a b c c");
    sound(&home);
}

/// As if a person had cleaned up too much.
fn forget_definitions(home: &Home) {
    let ledger = home.path("state/ledger.db");
    let ledger = Connection::open_with_flags(ledger, OpenFlags::default()).unwrap();
    assert_eq!(ledger.execute("delete from definitions", []), Ok(1));
}

#[test]
fn s19_steps_whose_definition_is_gone_say_so_and_what_a_person_can_do() {
    let home = Home::new();
    killed_in_the_last_step(&home);
    let first = home.log().swap_remove(0);
    let id = first["call_id"].as_str().unwrap();
    forget_definitions(&home);

    for _ in 0..2 {
        let asked = home.run(&["ops", "resume", id]).code(2);
        let said = String::from_utf8_lossy(&asked.get_output().stderr).into_owned();
        assert!(
            said.contains("the definition that its steps were"),
            "{said}"
        );
        assert!(
            said.contains(&format!("`tollgate ops resolve {id}`")),
            "{said}"
        );
        assert_eq!(state(&home), "attention");
    }
    let resolve = ["ops", "resolve", id, "--as", "succeeded", "--note", "seen"];
    home.run(&resolve).success();
    assert_eq!(state(&home), "succeeded");
    sound(&home);
}

#[test]
fn s19_a_server_that_meets_steps_whose_definition_is_gone_tells_its_operator() {
    let home = Home::new();
    killed_in_the_last_step(&home);
    forget_definitions(&home);
    let mut next = serve(&home);
    let said = next.told("a person has to look");
    assert!(said.contains("is not kept"), "{said}");
    assert_eq!(next.finish().0, 0);
    assert_eq!(state(&home), "attention");
    assert_eq!(effects(&home), "a b c");
    sound(&home);
}
