//! What follows from what happened, case by case.

use super::*;
use crate::{catalog::tool::Run, testing};

/// Four steps: `a`, `b` and `c` can be undone, `c` also where there is nothing; `d` is the pivot,
/// `e` may be repeated. `r` only reads.
const DEFINITION: &str = r#"
name: walk
description: Walks.
inputSchema: {type: object}
steps:
  - {name: a, run: {exec: {command: [/bin/true]}}, undo: {exec: {command: [/bin/true]}}}
  - {name: r, effect: read, run: {exec: {command: [/bin/true]}}}
  - {name: b, run: {exec: {command: [/bin/true]}}, undo: {exec: {command: [/bin/true]}}}
  - {name: c, run: {exec: {command: [/bin/true]}}, undo: {exec: {command: [/bin/true]}, tolerates_absent: true}}
  - {name: d, pivot: true, run: {exec: {command: [/bin/true]}}}
  - {name: e, idempotent: true, run: {exec: {command: [/bin/true]}}}
"#;

/// Events as text: `a+` is done, `a?` may be, `a!` failed, `a0` did not happen, `a>` is begun;
/// after `-` of the undo.
fn entries(steps: &Steps, text: &str) -> Vec<StepEntry> {
    let one = |word: &str| {
        let (side, word) = match word.strip_prefix('-') {
            Some(word) => (Side::Undo, word),
            None => (Side::Act, word),
        };
        let (name, event) = word.split_at(1);
        let event = match event {
            ">" => StepEvent::Begun,
            "+" => StepEvent::Done,
            "0" => StepEvent::Nothing,
            "!" => StepEvent::Failed,
            "?" => StepEvent::Unknown,
            other => panic!("{other}"),
        };
        StepEntry {
            step: steps.all.iter().position(|step| step.name == name).unwrap(),
            name: name.to_owned(),
            side,
            event,
            attempt: 1,
            status: None,
            output: None,
        }
    };
    text.split_whitespace().map(one).collect()
}

fn with_steps(body: impl Fn(&Steps)) {
    let catalog = testing::catalog(DEFINITION);
    let tool = catalog.find("walk").unwrap();
    let Run::Steps(steps) = &tool.run else {
        panic!("{:?}", tool.run);
    };
    body(steps);
}

fn word(steps: &Steps, next: Next) -> String {
    let name = |at: usize| steps.all[at].name.clone();
    match next {
        Next::Act(at) => name(at),
        Next::Undo(at) => format!("-{}", name(at)),
        Next::Finished => "finished".to_owned(),
        Next::RolledBack => "rolled back".to_owned(),
        Next::Attention(at) => format!("attention {}", name(at)),
    }
}

/// What follows here; where something failed before the pivot, the walk has turned back.
#[track_caller]
fn check(text: &str, expected: &str) {
    with_steps(|steps| {
        let mut course = Course::new(steps);
        let entries = entries(steps, text);
        for entry in &entries {
            course.note(entry);
        }
        let is_bad = |entry: &StepEntry| entry.event != StepEvent::Done;
        if entries.iter().any(is_bad) && !course.is_past_pivot(steps) {
            course.turn_back();
        }
        assert_eq!(word(steps, course.next(steps)), expected, "{text}");
    });
}

/// What follows where the process that did so much has died, and where a person says go on.
#[track_caller]
fn check_resumed(text: &str, alone: &str, by_a_person: &str) {
    with_steps(|steps| {
        let entries = entries(steps, text);
        for (is_person, expected) in [(false, alone), (true, by_a_person)] {
            let course = Course::resumed(steps, &entries, is_person);
            assert_eq!(
                word(steps, course.next(steps)),
                expected,
                "{text} {is_person}"
            );
        }
    });
}

#[test]
fn steps_are_done_in_their_order() {
    check("", "a");
    check("a+", "r");
    check("a+ r+ b+ c+ d+", "e");
    check("a+ r+ b+ c+ d+ e+", "finished");
}

#[test]
fn x30_what_was_done_is_undone_in_reverse_and_what_only_reads_is_not() {
    check("a+ r+ b+ c0", "-b");
    check("a+ r+ b+ c0 -b+", "-a");
    check("a+ r+ b+ c0 -b+ -a+", "rolled back");
    check("a!", "rolled back");
    check("a+ r?", "-a");
    check("a+ r+ b!", "-a");
    check("a+ r+ b+ c+ d!", "-c");
    // What tolerates it is undone although it says that it failed.
    check("a+ r+ b+ c!", "-c");
}

#[test]
fn x31_an_undo_that_fails_stops_the_way_back() {
    check("a+ r+ b+ c0 -b!", "attention b");
    check("a+ r+ b+ c? -c?", "attention c");
}

#[test]
fn x32_what_may_have_happened_is_undone_only_where_that_is_harmless() {
    check("a?", "attention a");
    check("a+ r+ b?", "attention b");
    check("a+ r+ b+ c?", "-c");
    check("a+ r+ b+ c+ d?", "attention d");
}

#[test]
fn x33_after_the_pivot_nothing_is_undone() {
    check("a+ r+ b+ c+ d+ e!", "attention e");
    check("a+ r+ b+ c+ d+ e?", "attention e");
}

#[test]
fn h4_a_dead_process_is_gone_on_for_backwards_before_the_pivot_and_forwards_after_it() {
    check_resumed("a+", "-a", "-a");
    check_resumed("a+ r>", "-a", "-a");
    check_resumed("a>", "attention a", "-a");
    check_resumed("a+ r+ b>", "attention b", "-b");
    check_resumed("a+ r+ b+ c>", "-c", "-c");
    check_resumed("a+ r+ b+ c+", "-c", "-c");
    check_resumed("a+ r+ b+ c+ d>", "attention d", "attention d");
    check_resumed("a+ r+ b+ c+ d+", "e", "e");
    check_resumed("a+ r+ b+ c+ d+ e>", "e", "e");
    check_resumed("a+ r+ b+ c+ d+ e!", "e", "e");
    check_resumed("a+ r+ b+ c+ d+ e+", "finished", "finished");
    check_resumed("a+ r+ b+ c0 -b+", "-a", "-a");
    check_resumed("a+ r+ b+ c0 -b>", "attention b", "-b");
    check_resumed("a+ r+ b+ c0 -b!", "-b", "-b");
    check_resumed("a+ r+ b+ c? -c>", "-c", "-c");
    check_resumed("a+ r+ b+ c? -c+ -b+ -a+", "rolled back", "rolled back");
}

#[test]
fn h4_what_an_earlier_process_may_have_done_is_told_as_such_until_it_is_known() {
    for (text, name, expected) in [
        ("a+ r+ b+ c+ d+ e>", "e", "unknown"),
        ("a+ r+ b+ c+ d+ e!", "e", "not_run"),
        ("a+ r+ b+ c? -c>", "c", "undo_unknown"),
        ("a+ r+ b+ c? -c+ -b!", "b", "done"),
    ] {
        with_steps(|steps| {
            let course = Course::resumed(steps, &entries(steps, text), false);
            let told = course.told(steps);
            let one = told.iter().find(|step| step.name == name).unwrap();
            assert_eq!(one.state.as_str(), expected, "{text}");
            assert!(!course.is_untouched(), "{text}");
        });
    }
}

#[test]
fn each_step_is_told_with_where_it_stands() {
    with_steps(|steps| {
        let mut course = Course::new(steps);
        for entry in entries(steps, "a+ r+ b+ c? -c+ -b!") {
            course.note(&entry);
        }
        let told: Vec<String> = course
            .told(steps)
            .iter()
            .map(|step| format!("{} {}", step.name, step.state.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                "a done",
                "r done",
                "b undo_failed",
                "c undone",
                "d not_run",
                "e not_run"
            ]
        );
    });
}
