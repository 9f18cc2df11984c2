//! Whatever bytes come: every reader of foreign text holds its laws and none panics.
//!
//! Seeds (`tests/data/fuzz/NAME.txt`, one a line) are mutated blindly. Each run of the tests
//! tries some thousand inputs a target; `.ci/fuzz` gives each target its seconds. A failure
//! prints the seed and the input.

mod frames;
mod targets;

use std::{fs, panic::AssertUnwindSafe, path::Path, time::Duration};

use super::random::{Random, number_from};
use crate::base::clock::{Clock, SystemClock};

/// Longest input.
const BYTES_MAX: usize = 4096;

/// Pieces that mean something to one reader or another.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\\u0000",
    "\\ud800",
    "\n",
    "\t",
    "\0",
    "-",
    "+",
    "@",
    "0",
    "1e400",
    "9007199254740993",
    "18446744073709551616",
    "-0",
    "1.0",
    "null",
    "true",
    "..",
    "./",
    "%2e",
    "~",
    "\u{202e}",
    "\u{200b}",
    "\u{e0041}",
    "．",
    "２",
    "é",
    "👩\u{200d}👧",
    "{x}",
    "{x...}",
    "{{",
    "}}",
    "&&",
    "||",
    "args.",
    "size(",
    "has(",
    ".matches('",
    "?:",
    "#",
    "- ",
    "&a",
    "*a",
    "!!",
    "|",
    ">",
    "<<:",
    "\u{feff}",
    "\r\n",
    "$ref",
    "'",
];

/// Takes `bytes` through the changes that come to a blind mind.
fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.place(seeds.len())].clone();
    for _ in 0..random.below(6) {
        let at = random.place(bytes.len() + 1);
        let end = (at + random.place(16)).min(bytes.len());
        match random.below(6) {
            0 => {
                bytes.drain(at..end);
            }
            1 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            2 => {
                bytes.splice(at..at, random.pick(WORDS).bytes());
            }
            3 => {
                let other = &seeds[random.place(seeds.len())];
                let from = random.place(other.len() + 1);
                let piece = other[from..].iter().copied().take(64).collect::<Vec<_>>();
                bytes.splice(at..end, piece);
            }
            4 if at < bytes.len() => bytes[at] = random.next() as u8,
            _ => {
                let count = random.place(200);
                let piece = bytes[at..end].repeat(count);
                bytes.splice(at..end, piece);
            }
        }
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

/// Tries a target: `tries` inputs, or for the seconds that the environment says.
fn fuzz(name: &str, tries: u64, check: impl Fn(&[u8])) {
    let clock = SystemClock;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/fuzz/{name}.txt"));
    let seeds: Vec<Vec<u8>> = fs::read_to_string(file)
        .unwrap()
        .lines()
        .map(|line| line.replace("␤", "\n").into_bytes())
        .collect();
    let first = number_from("TOLLGATE_SEED").unwrap_or(0);
    let seconds = number_from("TOLLGATE_FUZZ_SECONDS").map(Duration::from_secs);
    let begun = clock.now();
    let mut tried = 0;
    let goes_on = |tried: u64| match seconds {
        Some(limit) => !tried.is_multiple_of(64) || clock.now().since(begun) < limit,
        None => tried < tries,
    };
    let judge = |input: &[u8]| std::panic::catch_unwind(AssertUnwindSafe(|| check(input))).is_ok();
    for seed in &seeds {
        assert!(judge(seed), "{name}: {:?}", String::from_utf8_lossy(seed));
    }
    while goes_on(tried) {
        let seed = first.wrapping_add(tried);
        let input = mutate(&mut Random(seed), &seeds);
        assert!(
            judge(&input),
            "{name}: seed {seed}: {:?}",
            String::from_utf8_lossy(&input)
        );
        tried += 1;
    }
    println!("fuzz {name} {tried} inputs from seed {first}, no failure");
}
