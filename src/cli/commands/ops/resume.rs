//! `tollgate ops resume`: a person has steps gone on with.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use super::{named, unusable};
use crate::{
    base::thread,
    catalog::principal::Claim,
    cli::{
        args::OpsResumeArgs,
        commands::validate_config::show_on_stderr,
        compose::{self, Choices, Declarations, Gate},
        exit::{CommandError, ExitStatus},
        print, user,
    },
    engine::steps::recovery::GoneOn,
    ledger::{
        operation::OperationState,
        sqlite::{AuditSync, read::LogReader},
    },
};

/// Undoes what is left of the steps of an operation, or does the rest of them, and prints how
/// that ended.
///
/// # Errors
/// When there is nothing to go on with, or the ledger cannot be read or written.
pub(super) fn resume(args: OpsResumeArgs) -> Result<ExitStatus, CommandError> {
    let keeper = Arc::new(compose::harden()?);
    let state = compose::state_dir(args.state_dir.state)?;
    let reader = LogReader::open(&state).map_err(unusable)?;
    let id = named(&reader, &args.operation)?.id;
    let declared = Declarations::find(args.tools_dir, Claim::default())?.with_state(&state);
    let loaded = declared.load();
    if loaded.config_is_broken {
        show_on_stderr(&loaded.diagnostics);
        return Err(compose::broken_config());
    }
    let gate = Gate::assemble(Choices {
        keeper,
        state,
        keeping: AuditSync::Writes.into(),
        workers: 1,
        redactor: Arc::clone(declared.redactor()),
        settings: compose::settings(),
    })?;
    gate.catalog.swap(Arc::new(loaded.catalog));
    let engine = Arc::clone(&gate.engine);
    // The main thread gets what programs leave behind, so it starts none.
    let going_on = thread::spawn("resume", move || engine.go_on(id, &user::number()))
        .context("cannot start a thread")?;
    let gone_on = going_on.join();
    gate.close();
    let gone_on = gone_on.map_err(|_| anyhow!("the thread that went on with it has failed"))?;
    let refused = match gone_on.map_err(unusable)? {
        GoneOn::Now(state) => {
            print(format!("{id}: {}\n", state.as_str()).as_bytes())?;
            return Ok(match state {
                OperationState::Attention => ExitStatus::Attention,
                OperationState::Claimed
                | OperationState::Running
                | OperationState::Succeeded
                | OperationState::Failed
                | OperationState::FailedClean
                | OperationState::Abandoned
                | OperationState::Unknown
                | OperationState::Compensating
                | OperationState::RolledBack => ExitStatus::Fine,
            });
        }
        GoneOn::Settled(state) => {
            format!("`{id}` is {}; nothing is left to be done", state.as_str())
        }
        GoneOn::NotFound => format!("`{id}` has no steps that were begun"),
        GoneOn::StillRunning => {
            format!("`{id}` is in the hands of a living process; wait for it, or end that first")
        }
        GoneOn::Undefined => format!(
            "`{id}` cannot be gone on with: the definition that its steps were begun by is not in \
             the ledger any more; see what was done with `tollgate ops show {id}`, put it right by \
             hand, and then say so with `tollgate ops resolve {id}`"
        ),
        GoneOn::Interrupted => format!("`{id}` is not at its end; the process was told to stop"),
    };
    Err(CommandError::Usage(refused))
}
