//! Generated arguments: whatever comes, it is run in normal form or refused with reasons.

use serde_json::{Map, Value, json};

use super::{Coerce, run, tool};
use crate::{
    guard::normalize::bring,
    testing::random::{Random, number_from},
};

const CASES: u64 = 50_000;

const TEXTS: &[&str] = &[
    "5",
    "-0",
    "1e2",
    "true",
    "null",
    "[1]",
    "[\"a\"]",
    "{}",
    "{\"n\":\"5\"}",
    "open",
    "OPEN",
    "a/b",
    "./a//b",
    "../x",
    " 5",
    "x",
    "\0",
    "\u{202e}",
    "https://a.org/",
    "HTTPS://A.org",
    "9223372036854775808",
    "‥",
    "é",
    "",
];
const NAMES: &[&str] = &[
    "n", "num", "flag", "list", "obj", "path", "id", "url", "state", "secret", "maybe", "State",
    "lits", "x~/y", "pth",
];
const INNER: &[&str] = &["n", "path", "m", "secret", "other"];

fn value(random: &mut Random, depth: u64) -> Value {
    match random.below(10) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 => json!(random.below(30)),
        3 => json!(random.next() as i64),
        4 => json!(f64::from_bits(random.next())),
        5 | 6 => json!(random.pick(TEXTS)),
        7 => json!(char::from_u32(random.below(0x11_0000) as u32).map(String::from)),
        8 if depth > 0 => (0..random.below(3))
            .map(|_| value(random, depth - 1))
            .collect(),
        9 if depth > 0 => object(random, INNER, depth - 1),
        _ => json!(random.pick(TEXTS)),
    }
}

fn object(random: &mut Random, names: &[&str], depth: u64) -> Value {
    let member = |random: &mut Random| (random.pick(names).to_owned(), value(random, depth));
    (0..random.below(5))
        .map(|_| member(random))
        .collect::<Map<_, _>>()
        .into()
}

fn broad() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "maxProperties": 9,
        "$defs": {"obj": {"type": "object", "properties": {
            "n": {"type": "integer", "minimum": 0, "default": 7},
            "path": {"type": "string", "x-kind": "path"},
            "secret": {"type": "string", "writeOnly": true},
            "m": {"$ref": "#/$defs/obj"},
        }}},
        "properties": {
            "n": {"type": "integer", "maximum": 20},
            "num": {"type": "number"},
            "flag": {"type": "boolean", "default": false},
            "list": {"type": "array", "items": {"type": ["integer", "string"]}, "uniqueItems": true},
            "obj": {"$ref": "#/$defs/obj"},
            "path": {"type": "string", "x-kind": "path"},
            "id": {"type": "string", "x-kind": "identifier"},
            "url": {"type": "string", "x-kind": "url"},
            "state": {"enum": ["open", "closed"], "default": "open"},
            "secret": {"type": "integer", "x-secret": true},
            "maybe": {"oneOf": [{"type": "null"}, {"type": "array"}, {"$ref": "#/$defs/obj"}]},
            "x~/y": {"not": {"type": "string"}},
        },
    })
}

/// Microseconds that this thread has computed: what else the machine does does not count.
#[cfg(unix)]
fn computed() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

/// What is not told is not judged.
#[cfg(not(unix))]
fn computed() -> i64 {
    0
}

#[test]
fn generated_arguments_are_run_in_normal_form_or_refused_with_reasons() {
    let tools = [
        tool(&broad(), Coerce::OnMismatch),
        tool(&broad(), Coerce::Never),
    ];
    let (mut ran, mut corrected) = (0, 0);
    let cases = number_from("TOLLGATE_GUARD_INPUTS").unwrap_or(CASES);
    let mut slowest = (0, 0);
    for seed in 0..cases {
        let mut random = Random(seed);
        let tool = &tools[usize::from(seed % 4 == 0)];
        let arguments = object(&mut random, NAMES, 2);
        let given = arguments.clone();
        let begun = computed();
        let judged = run(tool, given);
        slowest = slowest.max((computed() - begun, seed));
        match judged {
            Ok((effective, changes)) => {
                ran += 1;
                assert!(tool.input.is_valid(&effective), "seed {seed}");
                assert_eq!(changes.is_empty(), effective == arguments, "seed {seed}");
                assert_eq!(
                    run(tool, effective.clone()),
                    Ok((effective, vec![])),
                    "seed {seed}"
                );
            }
            Err(problem) => {
                assert!(!problem.details.is_empty(), "seed {seed}");
                if let Some(mut arguments) = problem.corrected_arguments {
                    corrected += 1;
                    assert!(tool.input.is_valid(&arguments), "seed {seed}");
                    assert!(bring(&tool.input, &mut arguments).is_ok(), "seed {seed}");
                }
            }
        }
    }
    println!(
        "guard inputs {cases}, run {ran}, refused {}, corrected {corrected}",
        cases - ran
    );
    println!("guard slowest {} µs (seed {})", slowest.0, slowest.1);
    assert!(cfg!(debug_assertions) || slowest.0 < 50_000, "too slow");
    // The run means something only if both ends are reached often.
    assert!(
        ran > 5_000 && corrected > 500,
        "{ran} ran, {corrected} corrected"
    );
}
