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
    match Cli::read(&words.map(OsString::from).collect::<Vec<_>>()) {
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
fn serve_is_read_alone_as_it_is_among_the_other_commands() {
    let alike = |line: &str| {
        let words = std::iter::once("tollgate").chain(line.split_whitespace());
        let whole = Cli::try_parse_from(words).map_err(|error| error.to_string());
        let words = line.split_whitespace().skip(1).map(OsString::from);
        let alone = Cli::serve_alone(&words.collect::<Vec<_>>());
        match (&alone, &whole) {
            (Some(alone), Ok(whole)) => assert_eq!(format!("{alone:?}"), format!("{whole:?}")),
            (alone, whole) => assert_eq!(alone.is_some(), whole.is_ok(), "{line}: {whole:?}"),
        }
    };
    for line in [
        "serve",
        "serve --tools x --state=y --name n --drain 1s --workers 3 --strict --no-watch",
        "serve --log-format json --log-dir z --audit-sync all --page-size 7 --no-lock",
        "serve --help",
        "serve -h",
        "serve --version",
        "serve --worker 3",
        "serve --workers",
        "serve extra",
        "serve -- extra",
        "serve --name a --name b",
    ] {
        alike(line);
    }
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
