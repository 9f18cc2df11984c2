//! `tollgate status`: whether all is well, in one look.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{breaker::breaker_json, budget::budget_json};
use crate::{
    base::clock::SystemClock,
    cli::{
        args::{ListArgs, StateDir},
        compose,
        exit::{CommandError, ExitStatus},
        print, standing, user,
    },
    ledger::{
        LedgerError,
        sqlite::{
            health::{self, Health},
            operator::{self, Order},
            read::LogReader,
        },
    },
};

/// Prints how things stand.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn status(args: ListArgs) -> Result<ExitStatus, CommandError> {
    let dir = compose::state_dir(args.state_dir.state)?;
    let health = health::look(&dir);
    let text = if args.json {
        format!("{:#}\n", json(&health))
    } else {
        let (verdict, dir) = (health.verdict().as_str(), health.dir.display());
        let mut text = format!("{verdict}  {dir}\n");
        for line in told(&health) {
            let _infallible = writeln!(text, "  {line}");
        }
        text
    };
    print(text.as_bytes())?;
    Ok(match health.verdict() {
        health::Verdict::Fine => ExitStatus::Fine,
        health::Verdict::Attention => ExitStatus::Attention,
        health::Verdict::Degraded => ExitStatus::LedgerAmiss,
    })
}

fn json(health: &Health) -> Value {
    let breakers = health.breakers_open().map(breaker_json);
    let budgets = health.budgets_near().map(budget_json);
    json!({
        "status": health.verdict().as_str(),
        "state": health.dir.display().to_string(),
        "degraded": health.trouble,
        "emergency_rows": health.emergency_rows,
        "unknown": health.unknown,
        "attention": health.attention,
        "running": health.running,
        "abandoned": health.abandoned,
        "breakers": breakers.collect::<Vec<_>>(),
        "budgets": budgets.collect::<Vec<_>>(),
    })
}

/// What there is to see, one thing a line.
fn told(health: &Health) -> Vec<String> {
    let mut lines = standing::matters(health);
    lines.push(standing::running(health));
    lines
}

/// Prints what `read` finds in the ledger: a table, or one JSON document that has it as `name`.
///
/// # Errors
/// When there is no ledger or it cannot be read.
pub(super) fn list<T>(
    args: ListArgs,
    name: &str,
    read: impl FnOnce(&LogReader) -> Result<Vec<T>, LedgerError>,
    table: fn(&[T]) -> String,
    json: fn(&T) -> Value,
) -> Result<ExitStatus, CommandError> {
    let reader = LogReader::open(&compose::state_dir(args.state_dir.state)?)?;
    let found = read(&reader)?;
    let text = if args.json {
        let list: Vec<Value> = found.iter().map(json).collect();
        format!("{:#}\n", json!({name: list}))
    } else {
        table(&found)
    };
    print(text.as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// Carries out an order on the ledger.
///
/// # Errors
/// When it cannot be written, or there is nothing of that name.
pub(super) fn give(state_dir: StateDir, order: &Order) -> Result<ExitStatus, CommandError> {
    let dir = compose::state_dir(state_dir.state)?;
    let found = operator::carry_out(&dir, order, &user::name(), &SystemClock)?;
    if !found {
        let message = "there is no such budget; `tollgate budget list` shows all";
        return Err(CommandError::Usage(message.to_owned()));
    }
    Ok(ExitStatus::Fine)
}
