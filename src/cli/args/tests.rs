//! What command lines are understood as.

use std::time::Duration;

use super::*;
use crate::{cli::span::Since, ledger::record::Outcome, observe};
use clap::CommandFactory as _;
use tracing::level_filters::LevelFilter;

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

/// What `line` asks for, or the first line of what it is told.
fn parse(line: &str) -> Result<Command, String> {
    let words = std::iter::once("tollgate").chain(line.split_whitespace());
    match Cli::try_parse_from(words) {
        Ok(cli) => cli.command.ok_or_else(|| "no command".to_owned()),
        Err(error) => Err(error.to_string().lines().next().unwrap_or("").to_owned()),
    }
}

#[track_caller]
fn check(line: &str, expected: &str) {
    let error = parse(line).err();
    assert_eq!(error.as_deref(), Some(expected), "{line}");
}

#[test]
fn no_command_is_not_an_error() {
    check("", "no command");
}

#[test]
fn serve_has_working_defaults() {
    let Ok(Command::Serve(serve)) = parse("serve") else {
        panic!("`serve` alone must do");
    };
    assert_eq!(serve.drain, Duration::from_secs(4));
    assert_eq!(serve.workers.get(), 8);
    assert_eq!(serve.page_size, None);
    assert_eq!(serve.audit_sync, AuditSync::Writes);
    let log = serve.log.resolve();
    assert_eq!(log.level, LevelFilter::INFO);
    assert_eq!(log.format, observe::Format::Text);
    assert!(log.files.is_none());
    assert_eq!(serve.name, None);
}

#[test]
fn log_filters_are_typed() {
    let line = "log --outcome timed_out --code OVERLOADED --since 2h --limit 5";
    let Ok(Command::Log(log)) = parse(line) else {
        panic!("a log command");
    };
    assert_eq!(log.outcome, Some(Outcome::TimedOut));
    assert_eq!(log.code, Some("OVERLOADED"));
    assert_eq!(
        log.selection.since,
        Some(Since::Ago(Duration::from_secs(7200)))
    );
    assert_eq!(log.limit, 5);
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    check(
        "serve --drain 4",
        "error: invalid value '4' for '--drain <DURATION>': write a whole number and a unit, \
         as `500ms`, `4s`, `2m`, `1h`",
    );
    check(
        "serve --workers 0",
        "error: invalid value '0' for '--workers <N>': number would be zero for non-zero type",
    );
    check(
        "log --limit 0",
        "error: invalid value '0' for '--limit <N>': 0 is not in 1..=1000000",
    );
    check(
        "log abc --tool echo",
        "error: the argument '[CALL]' cannot be used with '--tool <NAME>'",
    );
    check("srve", "error: unrecognized subcommand 'srve'");
}
