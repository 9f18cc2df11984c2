//! `tollgate ops`: operations whose outcome nobody knows, and what was found out.

mod resume;
mod verify;

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use serde_json::{Value, json};

use super::log::{find, unusable};
use crate::{
    base::{
        clock::{SystemClock, Timestamp},
        id::CallId,
    },
    cli::{
        args::{OpsArgs, OpsCommand, OpsListArgs, OpsResolveArgs, OpsShowArgs},
        compose,
        exit::{CommandError, ExitStatus},
        print, user,
    },
    ledger::{
        Ledger as _,
        operation::OperationState,
        resolution::{Resolution, Resolved},
        sqlite::{
            AuditSync, SqliteLedger,
            inquiry::{OperationRecord, ResolutionRecord},
            read::LogReader,
        },
        wait,
    },
};

/// Lists, shows, looks into, goes on with or resolves operations.
///
/// # Errors
/// When there is no ledger, it cannot be read or written, or the operation is not in it.
pub(crate) fn ops(args: OpsArgs) -> Result<ExitStatus, CommandError> {
    match args.command {
        OpsCommand::List(args) => list(args),
        OpsCommand::Show(args) => show(args),
        OpsCommand::Verify(args) => verify::verify(args),
        OpsCommand::Resume(args) => resume::resume(args),
        OpsCommand::Resolve(args) => resolve(args),
    }
}

fn list(args: OpsListArgs) -> Result<ExitStatus, CommandError> {
    let reader = LogReader::open(&compose::state_dir(args.state_dir.state)?).map_err(unusable)?;
    let wanted = |state: OperationState| match args.states.as_slice() {
        [] => state.is_unresolved(),
        states => states.contains(&state),
    };
    let found = reader.operations(wanted).map_err(unusable)?;
    for operation in &found {
        let line = if args.json {
            operation_json(operation).to_string()
        } else {
            line(operation)
        };
        print(format!("{line}\n").as_bytes())?;
    }
    let open = reader
        .operations(OperationState::is_unresolved)
        .map_err(unusable)?;
    Ok(status(open.is_empty()))
}

fn status(is_nothing_open: bool) -> ExitStatus {
    if is_nothing_open {
        ExitStatus::Fine
    } else {
        ExitStatus::Attention
    }
}

fn line(operation: &OperationRecord) -> String {
    format!(
        "{}  {}  {:<12}  {}  for {}",
        operation.began.rfc3339(),
        operation.id,
        state_word(operation),
        operation.tool,
        operation.principal
    )
}

/// The state; of one whose process died, that nobody has written so yet.
fn state_word(operation: &OperationRecord) -> &'static str {
    if operation.state.is_open() && !operation.is_owner_alive {
        "orphaned"
    } else {
        operation.state.as_str()
    }
}

fn operation_json(operation: &OperationRecord) -> Value {
    json!({
        "op_id": operation.id.to_string(),
        "state": state_word(operation),
        "tool": operation.tool,
        "principal": operation.principal,
        "key": operation.source.as_str(),
        "began": operation.began.rfc3339(),
        "ended": operation.ended.map(Timestamp::rfc3339),
        "last_call": operation.last.to_string(),
        "deaths": operation.deaths,
        "resolutions": operation.resolutions.iter().map(resolution_json).collect::<Vec<_>>(),
    })
}

fn resolution_json(resolution: &ResolutionRecord) -> Value {
    json!({
        "at": resolution.at.rfc3339(), "was": resolution.was, "became": resolution.became,
        "by": resolution.by, "note": resolution.note,
    })
}

/// The operation that the call `name`, or the call whose id begins so, is for.
fn named(reader: &LogReader, name: &str) -> Result<OperationRecord, CommandError> {
    let unknown = || {
        let message =
            format!("no operation has the id `{name}`; `tollgate ops list` lists those that wait");
        CommandError::Usage(message)
    };
    let call = find(reader, name)?.ok_or_else(unknown)?;
    reader
        .operation_of(call.row)
        .map_err(unusable)?
        .ok_or_else(unknown)
}

fn show(args: OpsShowArgs) -> Result<ExitStatus, CommandError> {
    let reader = LogReader::open(&compose::state_dir(args.state_dir.state)?).map_err(unusable)?;
    let operation = named(&reader, &args.operation)?;
    let text = if args.json {
        format!("{:#}\n", operation_json(&operation))
    } else {
        whole(&operation)
    };
    print(text.as_bytes())?;
    Ok(status(!operation.state.is_unresolved()))
}

fn whole(operation: &OperationRecord) -> String {
    let mut text = String::new();
    let mut put = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<11} {value}");
    };
    put("operation", &operation.id.to_string());
    put("state", state_word(operation));
    put("tool", &operation.tool);
    put("principal", &operation.principal);
    put("key", operation.source.as_str());
    put("began", &operation.began.rfc3339());
    if let Some(ended) = operation.ended {
        put("ended", &ended.rfc3339());
    }
    put("deaths", &operation.deaths.to_string());
    put("last call", &operation.last.to_string());
    for one in &operation.resolutions {
        let told = format!(
            "{} {} -> {} by {}: {}",
            one.at.rfc3339(),
            one.was,
            one.became,
            one.by,
            one.note
        );
        put("resolved", &told);
    }
    let id = operation.last;
    let _ = writeln!(
        text,
        "\n`tollgate log {id}` shows what was asked for and what is known."
    );
    if operation.state == OperationState::Attention {
        let id = operation.id;
        let _ = writeln!(
            text,
            "`tollgate ops resume {id}` goes on with its steps, if it has some."
        );
    }
    if operation.state.is_unresolved() {
        let id = operation.id;
        let _ = writeln!(
            text,
            "`tollgate ops verify {id}` asks its tool, if that can tell. When you know:\n`tollgate ops resolve {id} --as succeeded|not-applied|rolled-back --note TEXT`."
        );
    }
    text
}

fn resolve(args: OpsResolveArgs) -> Result<ExitStatus, CommandError> {
    let dir = compose::state_dir(args.state_dir.state)?;
    let operation = named(&LogReader::open(&dir).map_err(unusable)?, &args.operation)?;
    let resolution = Resolution {
        finding: args.finding,
        by: user::number(),
        note: args.note,
        attempt: None,
    };
    write_down(dir, operation.id, resolution)
}

fn write_down(
    dir: PathBuf,
    id: CallId,
    resolution: Resolution,
) -> Result<ExitStatus, CommandError> {
    let became = resolution.finding.state();
    let ledger = SqliteLedger::new(dir, Arc::new(SystemClock), AuditSync::Writes);
    let resolved = wait(|then| ledger.resolve(id, resolution, then));
    ledger.close();
    let refused = match resolved.map_err(unusable)? {
        Resolved::Done(was) => {
            let told = format!("{id}: {} -> {}\n", was.as_str(), became.as_str());
            print(told.as_bytes())?;
            return Ok(ExitStatus::Fine);
        }
        Resolved::NotFound => format!("no operation has the id `{id}`"),
        Resolved::StillRunning => {
            format!("`{id}` is in the hands of a living process; wait for it, or end that first")
        }
        Resolved::Overtaken => format!("`{id}` was tried again in the meantime; look again"),
        Resolved::Settled(state) => {
            format!("`{id}` is {} and needs nothing found out", state.as_str())
        }
    };
    Err(CommandError::Usage(refused))
}
