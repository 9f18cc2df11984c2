//! `tollgate breaker`: which backends are left alone.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::status::{give, list};
use crate::{
    base::clock::SystemClock,
    cli::{
        args::{BreakerArgs, BreakerCommand},
        exit::{CommandError, ExitStatus},
    },
    ledger::sqlite::{
        operator::Order,
        read::LogReader,
        restraint::{BreakerVerdict, BreakerView},
    },
};

/// Lists breakers, or changes one.
///
/// # Errors
/// When the ledger cannot be used.
pub(crate) fn breaker(args: BreakerArgs) -> Result<ExitStatus, CommandError> {
    match args.command {
        BreakerCommand::List(args) => {
            let read = |reader: &LogReader| reader.breakers(&SystemClock);
            list(args, "breakers", read, table, breaker_json)
        }
        BreakerCommand::Reset(of) => give(
            of.state_dir,
            &Order::Breaker(of.backend, BreakerVerdict::Reset),
        ),
        BreakerCommand::Trip(of) => give(
            of.state_dir,
            &Order::Breaker(of.backend, BreakerVerdict::Trip),
        ),
    }
}

fn table(breakers: &[BreakerView]) -> String {
    let mut table = String::new();
    if breakers.is_empty() {
        table.push_str("no backend with a breaker has been asked yet\n");
    }
    for breaker in breakers {
        let (failures, all) = breaker.failures;
        let wait = breaker.remaining.map_or(String::new(), |wait| {
            format!(", for {} s more", wait.as_secs())
        });
        let _infallible = writeln!(
            table,
            "{:8}  {:32}  {failures} of the last {all} calls failed{wait}",
            breaker.phase, breaker.backend,
        );
    }
    table
}

/// A breaker under the names that the docs promise.
pub(super) fn breaker_json(breaker: &BreakerView) -> Value {
    let (failures, calls) = breaker.failures;
    json!({
        "backend": breaker.backend,
        "state": breaker.phase,
        "remaining_ms": breaker.remaining.map(millis),
        "openings": breaker.openings,
        "failures": failures,
        "calls": calls,
    })
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
