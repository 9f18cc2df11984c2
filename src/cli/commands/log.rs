//! `tollgate log`: what was called and what became of it.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    sync::mpsc::sync_channel,
};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    base::{
        clock::{Clock as _, SystemClock, Timestamp},
        limits::FOLLOW_INTERVAL,
        text,
    },
    cli::{
        args::{LogArgs, LogCommand, OneCallArgs},
        compose,
        exit::{CommandError, ExitStatus},
        follow::Follower,
        print,
        signals::{self, Asked},
        stats::table::duration,
        why::{self, decisions},
    },
    ledger::{
        LedgerError,
        log::{CallEnd, CallFilter, CallRecord, Found, IntentRecord, Order},
        record::Outcome,
        sqlite::{inquiry::OperationRecord, read::LogReader},
        steps::{Side, StepRecord},
    },
};

/// Prints calls, or one call whole, or why it fared so.
///
/// # Errors
/// When there is no ledger, it cannot be read, or the call is not in it.
pub(crate) fn log(args: LogArgs) -> Result<ExitStatus, CommandError> {
    match args.command {
        Some(LogCommand::Show(one)) => return show(one),
        Some(LogCommand::Why(one)) => return why(one),
        None => {}
    }
    if let Some(call) = args.call {
        let (state_dir, json) = (args.selection.state_dir, args.json);
        return show(OneCallArgs {
            call,
            state_dir,
            json,
        });
    }
    let (state, selected) = args.selection.resolve(SystemClock.wall());
    let reader = LogReader::open(&compose::state_dir(state)?).map_err(unusable)?;
    let filter = CallFilter {
        outcome: args.outcome,
        code: args.code.map(str::to_owned),
        limit: usize::try_from(args.limit).ok(),
        order: if args.oldest_first {
            Order::OldestFirst
        } else {
            Order::NewestFirst
        },
        ..selected
    };
    let show = |call: &CallRecord| {
        let line = if args.json {
            call_json(call, &Done::default()).to_string()
        } else {
            line(call)
        };
        print(format!("{line}\n").as_bytes())
    };
    if args.follow {
        return follow(&reader, filter, show);
    }
    let mut shown = 0;
    for call in reader.calls(&filter) {
        show(&call.map_err(unusable)?)?;
        shown += 1;
    }
    let found = reader.count(&filter).map_err(unusable)?;
    if found > shown {
        // Nobody is left to tell when standard error is gone.
        let _gone = writeln!(
            io::stderr().lock(),
            "{shown} of {found} calls; `--limit N` shows more"
        );
    }
    Ok(ExitStatus::Fine)
}

/// Shows the newest calls that have ended and then each that ends, until a signal comes. It
/// looks at the ledger a few times a second, because nothing tells of commits that other
/// processes make.
fn follow(
    reader: &LogReader,
    filter: CallFilter,
    show: impl Fn(&CallRecord) -> Result<(), CommandError>,
) -> Result<ExitStatus, CommandError> {
    let (tell, told) = sync_channel(1);
    signals::listen(move |asked| match asked {
        Asked::Reload => {}
        // The first is enough.
        Asked::Interrupt | Asked::Terminate => drop(tell.try_send(asked)),
    })
    .context("cannot listen for signals")?;
    let (mut follower, newest) = Follower::start(reader, filter).map_err(unusable)?;
    newest.iter().try_for_each(&show)?;
    loop {
        match told.recv_timeout(FOLLOW_INTERVAL) {
            Ok(Asked::Terminate) => return Ok(ExitStatus::Terminated),
            Ok(Asked::Interrupt | Asked::Reload) => return Ok(ExitStatus::Interrupted),
            Err(_) => follower
                .ended()
                .map_err(unusable)?
                .iter()
                .try_for_each(&show)?,
        }
    }
}

pub(crate) fn unusable(error: LedgerError) -> CommandError {
    CommandError::Unusable(error.to_string())
}

/// The call whose id is `name` or begins so; nothing where there is none.
///
/// # Errors
/// When several begin so, or the ledger cannot be read.
pub(super) fn find(
    reader: &LogReader,
    name: &str,
) -> Result<Option<Box<CallRecord>>, CommandError> {
    match reader.call(name).map_err(unusable)? {
        Found::One(call) => Ok(Some(call)),
        Found::Nothing => Ok(None),
        Found::Several(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            let ids = text::list(ids.iter().map(String::as_str));
            let message = format!("several calls begin so: {ids}");
            Err(CommandError::Usage(message))
        }
    }
}

/// What stands for the id of the newest call; no id has such letters.
const LAST: &str = "last";

/// The call that `args` name, and the ledger it is in.
fn one(args: &OneCallArgs) -> Result<(LogReader, Box<CallRecord>), CommandError> {
    let dir = compose::state_dir(args.state_dir.state.clone())?;
    let reader = LogReader::open(&dir).map_err(unusable)?;
    let found = if args.call == LAST {
        let newest = CallFilter {
            limit: Some(1),
            ..CallFilter::default()
        };
        let mut calls = reader.calls(&newest);
        calls.next().transpose().map_err(unusable)?.map(Box::new)
    } else {
        find(&reader, &args.call)?
    };
    let call = found.ok_or_else(|| {
        let name = &args.call;
        let message = format!("no call has the id `{name}`; `tollgate log` lists them");
        CommandError::Usage(message)
    })?;
    Ok((reader, call))
}

fn show(args: OneCallArgs) -> Result<ExitStatus, CommandError> {
    let (reader, call) = one(&args)?;
    let is_unknown = |end: &CallEnd| end.outcome == Outcome::Unknown;
    let operation = match call.end.as_ref().is_some_and(is_unknown) {
        true => reader.operation_of(call.row).map_err(unusable)?,
        false => None,
    };
    let done = Done {
        intents: reader.intents(call.row).map_err(unusable)?,
        steps: reader.steps(call.row).map_err(unusable)?,
        operation,
    };
    let text = if args.json {
        format!("{:#}\n", call_json(&call, &done))
    } else {
        whole(&call, &done)
    };
    print(text.as_bytes())?;
    Ok(ExitStatus::Fine)
}

fn why(args: OneCallArgs) -> Result<ExitStatus, CommandError> {
    let (reader, call) = one(&args)?;
    let intents = reader.intents(call.row).map_err(unusable)?;
    let operation = reader.operation_of(call.row).map_err(unusable)?;
    let decisions = decisions(&call, &intents, operation.as_ref());
    let text = if args.json {
        format!("{:#}\n", why::json(&call, &decisions))
    } else {
        why::told(&call, &decisions)
    };
    print(text.as_bytes())?;
    Ok(ExitStatus::Fine)
}

fn line(call: &CallRecord) -> String {
    let [received, name, outcome, took, code, id] = cells(call);
    format!("{received}  {id}  {name:24} {outcome:10} {took:>9}  {code}")
        .trim_end()
        .to_owned()
}

/// When a call came in, its tool, how it ended, how long it took, its problem and its id.
pub(super) fn cells(call: &CallRecord) -> [String; 6] {
    let end = call.end.as_ref();
    let outcome = end.map_or("running", |end| end.outcome.as_str());
    let took = end.map_or(0, |end| end.guard_us + end.wait_us + end.run_us);
    [
        call.received.rfc3339(),
        text::harmless(text::clip(&call.tool, 40)),
        outcome.to_owned(),
        end.map(|_| duration(took)).unwrap_or_default(),
        end.and_then(CallEnd::problem)
            .unwrap_or_default()
            .to_owned(),
        call.call_id.to_string(),
    ]
}

/// What was done for one call, as far as it was written before its end.
#[derive(Default)]
struct Done {
    intents: Vec<IntentRecord>,
    steps: Vec<StepRecord>,
    /// What the call is to, where its outcome is unknown.
    operation: Option<OperationRecord>,
}

/// One event of a step: `undo of pay: failed (exit 3), attempt 2, TIME`.
fn step_line(record: &StepRecord) -> String {
    let StepRecord { at, entry } = record;
    let of = match entry.side {
        Side::Act => "",
        Side::Undo => "undo of ",
    };
    let status = entry.status.as_ref();
    let status = status.map_or_else(String::new, |status| format!(" ({status})"));
    format!(
        "{of}{}: {}{status}, attempt {}, {}",
        entry.name,
        entry.event.as_str(),
        entry.attempt,
        at.rfc3339()
    )
}

/// Everything about one call, on one screen.
fn whole(call: &CallRecord, done: &Done) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _infallible = writeln!(text, "{name:20} {}", text::harmless(value));
    };
    line("call", &call.call_id.to_string());
    line("received", &call.received.rfc3339());
    line("tool", &text::quote(&call.tool));
    line("effect", call.effect.as_deref().unwrap_or("-"));
    line("principal", call.principal.as_str());
    line("client", call.client.as_deref().unwrap_or("-"));
    line("protocol", &call.protocol_version);
    line("request id", &call.request_id);
    line("trace", call.trace_id.as_deref().unwrap_or("-"));
    line("arguments sent", &call.raw_arguments);
    line(
        "arguments run",
        call.effective_arguments
            .as_deref()
            .unwrap_or("none: it was not run"),
    );
    line("changes", call.changes.as_deref().unwrap_or("none"));
    for intent in &done.intents {
        let mut told = format!(
            "attempt {} with {}, {}",
            intent.attempt,
            intent.backend,
            intent.at.rfc3339()
        );
        if let Some(after) = &intent.after {
            let _infallible = write!(told, ", after {after}");
        }
        line("intent", &told);
    }
    for step in &done.steps {
        line("step", &step_line(step));
    }
    let Some(end) = &call.end else {
        line(
            "outcome",
            "still running, or its process died and was not recovered yet",
        );
        return text;
    };
    line("outcome", end.outcome.as_str());
    if let Some(operation) = &done.operation {
        let (state, id) = (operation.state.as_str(), operation.id);
        let now = format!("{state}; `tollgate ops show {id}` has what is known of it");
        line("operation", &now);
    }
    line("decided by", &end.stage);
    line("code", end.problem().unwrap_or("-"));
    line("effects", &end.effects);
    line(
        "backend status",
        end.backend_status.as_deref().unwrap_or("-"),
    );
    line("guard", &duration(end.guard_us));
    line("waiting", &duration(end.wait_us));
    line("running", &duration(end.run_us));
    line("finished", &end.finished.rfc3339());
    line("reply", end.reply.as_deref().unwrap_or("-"));
    if let Some(bytes) = end.reply_clipped_from {
        line("reply cut from", &format!("{bytes} bytes"));
    }
    let delivered = end.delivered.map(Timestamp::rfc3339);
    // Of a read nobody wants to know.
    if delivered.is_some() || call.effect.as_deref() != Some("read") {
        line("delivered", delivered.as_deref().unwrap_or("not noted"));
    }
    text
}

fn call_json(call: &CallRecord, done: &Done) -> Value {
    let parsed = |text: &Option<String>| -> Value {
        text.as_deref().map_or(Value::Null, |text| {
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
        })
    };
    let mut json = json!({
        "call_id": call.call_id.to_string(),
        "received": call.received.rfc3339(),
        "tool": call.tool,
        "effect": call.effect,
        "principal": call.principal.as_str(),
        "client": call.client,
        "protocol_version": call.protocol_version,
        "request_id": call.request_id,
        "trace_id": call.trace_id,
        "raw_arguments": call.raw_arguments,
        "effective_arguments": parsed(&call.effective_arguments),
        "changes": parsed(&call.changes),
    });
    let Some(object) = json.as_object_mut() else {
        return json;
    };
    let attempts = |intent: &IntentRecord| {
        json!({
            "attempt": intent.attempt, "backend": intent.backend, "at": intent.at.rfc3339(),
            "after": intent.after,
        })
    };
    if !done.intents.is_empty() {
        let intents = done.intents.iter().map(attempts).collect();
        object.insert("intents".to_owned(), intents);
    }
    let step = |StepRecord { at, entry }: &StepRecord| {
        json!({
            "step": entry.name, "side": entry.side.as_str(), "event": entry.event.as_str(),
            "attempt": entry.attempt, "at": at.rfc3339(), "status": entry.status,
            "output": parsed(&entry.output),
        })
    };
    if !done.steps.is_empty() {
        object.insert("steps".to_owned(), done.steps.iter().map(step).collect());
    }
    if let Some(end) = &call.end {
        let end = json!({
            "outcome": end.outcome.as_str(), "stage": end.stage, "code": end.problem(),
            "effects": end.effects, "backend_status": end.backend_status,
            "guard_us": end.guard_us, "wait_us": end.wait_us, "run_us": end.run_us,
            "finished": end.finished.rfc3339(), "reply": parsed(&end.reply),
            "reply_clipped_from": end.reply_clipped_from,
            "delivered": end.delivered.map(Timestamp::rfc3339),
        });
        object.insert("end".to_owned(), end);
    }
    json
}
