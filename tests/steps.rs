//! Tools of several steps: what is done, what is undone, and what a person is left with.

use std::fs;

use serde_json::json;

use crate::{
    life_harness::{Home, call_id, fake_tool, outcome, problem},
    walks::{
        define, effects, ended, serve, sound, state, step, told, tolerant, waiting, walk,
        without_undo,
    },
};

#[test]
fn steps_hand_on_what_they_gave_and_the_last_gives_the_answer() {
    let home = Home::new();
    let program = fake_tool();
    let echo = |word: &str| json!({"command": [program, "echo", word], "output": "json"});
    let undo = json!({"exec": echo("x")});
    define(
        &home,
        &[
            json!({"name": "one", "run": {"exec": echo("{text}")}, "undo": undo}),
            json!({"name": "two", "run": {"exec": echo("{steps.one.output.0}!")}, "undo": undo}),
            json!({"name": "told", "run": {"reply": {"json": {
                "all": ["{steps.one.output}", "{steps.two.output.0}", "{text}"],
            }}}}),
        ],
        &json!({}),
    );
    let mut server = serve(&home);
    let answer = walk(&mut server);
    assert_eq!(
        answer["result"]["structuredContent"],
        json!({"all": [["x"], "x!", "x"]}),
        "{answer}"
    );
    let again = walk(&mut server);
    assert_eq!(again["result"]["_meta"]["tollgate/replayed"], true);
    assert_eq!(again["result"]["content"], answer["result"]["content"]);
    assert_eq!(server.finish().0, 0);
    sound(&home);
}

#[test]
fn x7_what_a_step_printed_is_not_handed_on_by_halves() {
    let home = Home::new();
    let program = fake_tool();
    let short = json!({"command": [program, "print", "order-1234"], "stdout_limit": 7});
    let undo = json!({"exec": {"command": [program, "echo", "{steps.a.output}"]}});
    define(
        &home,
        &[
            json!({"name": "a", "run": {"exec": short}, "undo": undo}),
            step(&home, "b", &["then-exit", "3"]),
        ],
        &json!({}),
    );
    let mut server = serve(&home);
    let answer = walk(&mut server);
    // It is done, and what undoes it would have to know which order it was.
    assert_eq!(problem(&answer)["code"], "NEEDS_ATTENTION", "{answer}");
    assert_eq!(told(&answer), ["a undo_failed", "b failed"]);
    assert_eq!(server.finish().0, 0);
    assert_eq!(state(&home), "attention");
}

#[test]
fn x30_when_a_step_fails_those_before_it_are_undone_in_reverse() {
    let home = Home::new();
    let steps = [
        step(&home, "a", &[]),
        step(&home, "b", &[]),
        step(&home, "c", &["then-exit", "3"]),
        step(&home, "d", &[]),
    ];
    define(&home, &steps, &json!({}));
    let mut server = serve(&home);
    let answer = walk(&mut server);
    assert_eq!(ended(&answer), ["ROLLED_BACK", "rolled_back"]);
    assert_eq!(
        told(&answer),
        ["a undone", "b undone", "c failed", "d not_run"]
    );
    assert_eq!(effects(&home), "a b c -b -a");
    let again = walk(&mut server);
    assert_eq!(problem(&again)["steps"], problem(&answer)["steps"]);
    assert_eq!(problem(&again)["message"], problem(&answer)["message"]);
    assert_eq!(again["result"]["_meta"]["tollgate/replayed"], true);
    assert_eq!(effects(&home), "a b c -b -a");
    assert_eq!(server.finish().0, 0);
    assert_eq!(state(&home), "rolled_back");
    assert_eq!(outcome(&home.log()[0]), "rolled_back");

    let log = home.run(&["log", call_id(&answer)]).success();
    let log = String::from_utf8(log.get_output().stdout.clone()).unwrap();
    let shown: Vec<&str> = log
        .lines()
        .filter_map(|line| line.strip_prefix("step "))
        .map(|line| line.trim().split(", ").next().unwrap())
        .collect();
    assert_eq!(
        shown,
        [
            "a: begun",
            "a: done",
            "b: begun",
            "b: done",
            "c: begun",
            "c: failed (exit 3)",
            "undo of b: begun",
            "undo of b: done",
            "undo of a: begun",
            "undo of a: done"
        ]
    );
    sound(&home);
}

#[test]
fn x31_an_undo_that_fails_five_times_waits_for_a_person_who_has_it_gone_on_with() {
    let home = Home::new();
    let mut second = step(&home, "b", &[]);
    let gate = home.text("gate");
    let undo = second["undo"]["exec"]["command"].as_array_mut().unwrap();
    undo.extend([json!("then-cat"), json!(gate)]);
    let steps = [
        step(&home, "a", &[]),
        second,
        step(&home, "c", &["then-exit", "3"]),
    ];
    define(&home, &steps, &json!({}));
    let mut server = serve(&home);
    let answer = walk(&mut server);
    assert_eq!(ended(&answer), ["NEEDS_ATTENTION", "unknown"]);
    assert_eq!(told(&answer), ["a done", "b undo_failed", "c failed"]);
    assert_eq!(effects(&home), "a b c -b -b -b -b -b");
    let again = walk(&mut server);
    assert_eq!(ended(&again), ["NEEDS_ATTENTION", "unknown"]);
    assert_eq!(server.finish().0, 0);
    home.run(&["ops", "list"]).code(3);

    let id = call_id(&answer);
    fs::write(home.path("gate"), "open").unwrap();
    let resumed = home.run(&["ops", "retry-undo", id]).success();
    let resumed = String::from_utf8(resumed.get_output().stdout.clone()).unwrap();
    assert_eq!(resumed, format!("{id}: rolled_back\n"));
    assert_eq!(effects(&home), "a b c -b -b -b -b -b -b -a");
    home.run(&["ops", "list"]).success();
    home.run(&["ops", "resume", id]).code(2);
    let mut server = serve(&home);
    let replay = walk(&mut server);
    assert_eq!(ended(&replay), ["ROLLED_BACK", "rolled_back"]);
    assert_eq!(told(&replay), ["a undone", "b undone", "c failed"]);
    assert_eq!(server.finish().0, 0);
    sound(&home);
}

#[test]
fn x32_what_may_have_happened_is_undone_only_where_its_undo_tolerates_that() {
    for (is_tolerant, code, left) in [
        (false, "NEEDS_ATTENTION", "a b"),
        (true, "ROLLED_BACK", "a b -b -a"),
    ] {
        let home = Home::new();
        let mut second = step(&home, "b", &["then-kill"]);
        if is_tolerant {
            second = tolerant(second);
        }
        define(&home, &[step(&home, "a", &[]), second], &json!({}));
        let mut server = serve(&home);
        assert_eq!(ended(&walk(&mut server))[0], code);
        assert_eq!(effects(&home), left);
        assert_eq!(server.finish().0, 0);
        sound(&home);
    }
}

#[test]
fn x33_after_the_pivot_a_step_is_tried_on_and_nothing_is_undone() {
    let home = Home::new();
    let pivot = without_undo(step(&home, "b", &[]), &json!({"pivot": true}));
    let last = step(&home, "c", &["then-exit", "3"]);
    let last = without_undo(last, &json!({"idempotent": true}));
    define(&home, &[step(&home, "a", &[]), pivot, last], &json!({}));
    let mut server = serve(&home);
    let answer = walk(&mut server);
    assert_eq!(ended(&answer), ["NEEDS_ATTENTION", "unknown"]);
    assert_eq!(told(&answer), ["a done", "b done", "c failed"]);
    assert_eq!(effects(&home), "a b c c c c c");
    assert_eq!(server.finish().0, 0);
}

#[test]
fn x34_what_is_undone_is_undone_although_the_client_cancels_or_goes() {
    let home = Home::new();
    let steps = [
        waiting(&home, "a"),
        step(&home, "b", &[]),
        step(&home, "c", &["then-exit", "3"]),
    ];
    define(&home, &steps, &json!({"on_cancel": "kill"}));
    let [done, undone] = ["a", "undo-a"].map(|name| home.pipe(name));
    let mut server = serve(&home);
    let id = server.call("walk", json!({"text": "x"}));
    drop(done.reached());
    let held = undone.reached();
    server.cancel(id);
    server.ping();
    drop(held);
    assert_eq!(server.finish().0, 0);
    assert_eq!(effects(&home), "a b c -b -a");
    assert_eq!(state(&home), "rolled_back");
}

#[test]
fn x34_a_cancelled_call_is_undone_where_its_tool_stops_then() {
    let home = Home::new();
    let steps = [
        step(&home, "a", &[]),
        tolerant(waiting(&home, "b")),
        step(&home, "c", &[]),
    ];
    define(&home, &steps, &json!({"on_cancel": "kill"}));
    let [done, undone] = ["b", "undo-b"].map(|name| home.pipe(name));
    let mut server = serve(&home);
    let id = server.call("walk", json!({"text": "x"}));
    let _held = done.reached();
    server.cancel(id);
    drop(undone.reached());
    assert_eq!(server.finish().0, 0);
    assert_eq!(effects(&home), "a b -b -a");
    assert_eq!(state(&home), "rolled_back");
}
