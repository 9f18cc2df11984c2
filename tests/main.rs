//! The tests that see only the program and its source text. One binary, because each costs a
//! link; a module that is missing here is found by `tidy`. They start programs, which is not done on
//! Windows yet, and send signals.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "clippy lets these pass in test functions only, not in what they share"
)]

mod asking;
mod asking_by_return;
mod attempts;
mod audit;
mod background;
mod batches;
mod browser;
mod bursts;
mod calls;
mod cases;
mod commands;
mod config;
mod conversations;
mod crash;
mod crowd;
mod databases;
mod degraded;
mod deliveries;
mod doctor;
mod effects;
mod ends;
mod eras;
mod events;
#[cfg(feature = "failpoints")]
mod failpoints;
mod figures;
mod first_steps;
mod flood;
mod generated;
mod harness;
mod http;
mod imports;
mod install;
mod life_harness;
mod lines;
mod lint;
mod lists;
mod locked;
mod named_files;
mod notices;
mod openings;
mod operations;
mod overdue;
mod pages;
mod parts;
mod peer;
#[cfg(feature = "postgres")]
mod postgres;
mod principals;
mod program;
mod programs;
mod recoverability;
mod reload;
mod replay;
mod report;
mod reruns;
mod restraint;
mod samples;
mod sandboxes;
mod secrets;
mod seeing;
mod soak;
mod source;
mod statistics;
mod steps;
mod steps_left;
mod terminals;
mod texts;
mod tidy;
mod verifying;
mod walks;

use std::path::{Path, PathBuf};

/// The folder that the package stands in.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name ends in `.ending`, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The program, with nothing in its environment.
fn tollgate() -> assert_cmd::Command {
    assert_cmd::Command::from_std(process())
}

/// The same, for a test that sets the streams itself.
fn process() -> std::process::Command {
    program_named(env!("CARGO_BIN_EXE_tollgate"))
}

/// Another program, with nothing in its environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the ban is for the program itself"
)]
fn program_named(path: &str) -> std::process::Command {
    let mut command = std::process::Command::new(path);
    command.env_clear();
    command
}

/// What a server is told beside `arguments`: where a test does not say how long calls may take
/// when the input has ended, a slow machine loses none.
fn patient<T: AsRef<str>>(arguments: &[T]) -> &'static [&'static str] {
    let is_serving = arguments
        .first()
        .is_some_and(|first| first.as_ref() == "serve");
    match is_serving && arguments.iter().all(|one| one.as_ref() != "--drain") {
        true => &["--drain", "5m"],
        false => &[],
    }
}
