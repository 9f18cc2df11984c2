//! `tollgate ops verify`: the tool of an operation is asked whether it happened.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::Value;

use super::{named, unusable, write_down};
use crate::{
    base::{cancel::CancelToken, clock::SystemClock, thread},
    catalog::{principal::Claim, snapshot::Catalog, tool::Tool},
    cli::{
        args::OpsVerifyArgs,
        commands::validate_config::show_on_stderr,
        compose::{self, Declarations},
        exit::{CommandError, ExitStatus},
        print, user,
    },
    engine::{
        discreet::Discreet,
        verify::{Found, Inquiry, witness},
    },
    ledger::{
        log::{CallRecord, Found as FoundCall},
        resolution::Resolution,
        sqlite::{inquiry::OperationRecord, read::LogReader},
    },
};

/// Asks, and writes down what was found.
///
/// # Errors
/// When the operation needs nothing found out, its tool cannot be asked, or the ledger cannot
/// be read or written.
pub(super) fn verify(args: OpsVerifyArgs) -> Result<ExitStatus, CommandError> {
    let keeper = Arc::new(compose::harden()?);
    let dir = compose::state_dir(args.state_dir.state)?;
    let reader = LogReader::open(&dir).map_err(unusable)?;
    let operation = named(&reader, &args.operation)?;
    let attempt = attempt(&reader, &operation)?;
    drop(reader);
    let declared = Declarations::find(args.tools_dir, Claim::Operator)?.with_state(&dir);
    let loaded = declared.load();
    if loaded.config_is_broken {
        show_on_stderr(&loaded.diagnostics);
        return Err(compose::broken_config());
    }
    let (tool, arguments) = asked(&loaded.catalog, &operation, &attempt)?;
    let by = witness(&tool);
    let inquiry = {
        let programs = Arc::new(compose::programs(keeper, &dir));
        let backend = Discreet::new(programs, Arc::clone(declared.redactor()));
        let tool = Arc::clone(&tool);
        move || {
            Inquiry {
                backend: &backend,
                clock: &SystemClock,
                tool: &tool,
                arguments: &arguments,
                operation: operation.id,
                cancel: &CancelToken::default(),
                end: None,
            }
            .of_earlier()
        }
    };
    // Not here: what the main thread starts would be taken for what others left behind.
    let found = thread::spawn("verify", inquiry)
        .context("cannot start a thread")?
        .join()
        .unwrap_or_else(|_| Found::Unclear("a fault in the gate itself".to_owned()));
    let Some(finding) = found.finding() else {
        if let Found::Unclear(why) = found {
            print(format!("{}: {by} cannot tell: {why}\n", operation.id).as_bytes())?;
        }
        return Ok(ExitStatus::Attention);
    };
    let is_as_it_was = attempt.definition == Some(tool.digest);
    let changed = if is_as_it_was {
        ""
    } else {
        ", of a definition that was changed since"
    };
    let resolution = Resolution {
        finding,
        by,
        note: format!("asked by {}{changed}", user::number()),
        attempt: Some(attempt.row),
    };
    write_down(dir, operation.id, resolution)
}

/// The call of the last attempt at an operation whose outcome nobody knows.
fn attempt(reader: &LogReader, operation: &OperationRecord) -> Result<CallRecord, CommandError> {
    let id = operation.id;
    let is_orphaned = operation.state.is_open() && !operation.is_owner_alive;
    if !operation.state.is_unresolved() && !is_orphaned {
        let message = format!(
            "`{id}` is {} and needs nothing found out",
            operation.state.as_str()
        );
        return Err(CommandError::Usage(message));
    }
    match reader.call(&operation.last.to_string()).map_err(unusable)? {
        FoundCall::One(call) => Ok(*call),
        FoundCall::Nothing | FoundCall::Several(_) => {
            let message = format!("the call of the last attempt at `{id}` is not in the ledger");
            Err(CommandError::Unusable(message))
        }
    }
}

/// The tool that can tell, and the arguments that it is asked about.
fn asked(
    catalog: &Catalog,
    operation: &OperationRecord,
    attempt: &CallRecord,
) -> Result<(Arc<Tool>, Value), CommandError> {
    let cannot = |why: &str| {
        CommandError::Usage(format!(
            "`{}` cannot tell: {why}; find out yourself, then run `tollgate ops resolve {}`",
            operation.tool, operation.id
        ))
    };
    let tool = catalog
        .find(&operation.tool)
        .ok_or_else(|| cannot("no definition of that name can be used"))?;
    if tool.evidence().is_none() {
        return Err(cannot("its definition has no `verify`"));
    }
    let arguments: Value = attempt
        .effective_arguments
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| cannot("the arguments of the call cannot be read"))?;
    // A secret is not kept, and whatever stands in its place would find nothing.
    if !tool.input.secrets(&arguments).is_empty() {
        return Err(cannot(
            "one of the arguments is a secret, which is not kept",
        ));
    }
    Ok((Arc::clone(tool), arguments))
}
