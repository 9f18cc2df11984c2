//! `tollgate lock`: a person approves the definitions as they are.

use std::{collections::BTreeSet, fmt::Write as _};

use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        text,
    },
    catalog::{
        lock::{self, Currents, Lock},
        principal::Claim,
    },
    cli::{
        args::{LockArgs, LockCommand},
        commands::validate_config::show_on_stderr,
        compose::Declarations,
        exit::{CommandError, ExitStatus},
        print, user,
    },
};

/// Writes the lock, or says what differs from it.
///
/// # Errors
/// When the folder or the lock cannot be used, or a tool to be approved does not exist.
pub(crate) fn lock(args: LockArgs) -> Result<ExitStatus, CommandError> {
    match args.command {
        Some(LockCommand::Diff(tools)) => {
            diff(&Declarations::find(tools, Claim::Operator)?.unheld())
        }
        None => approve(
            &Declarations::find(args.tools_dir, Claim::Operator)?.unheld(),
            args.update,
        ),
    }
}

/// The definitions as they are now; `None` when one of them has an error, which has been told.
fn currents(declared: &Declarations) -> Result<Option<Currents>, CommandError> {
    let loaded = declared.load();
    if !loaded.is_clean() {
        show_on_stderr(&loaded.diagnostics);
        return Ok(None);
    }
    let currents = lock::currents(&declared.tools, &loaded.catalog)
        .map_err(|error| CommandError::Unusable(error.to_string()))?;
    Ok(Some(currents))
}

fn unusable(error: &lock::LockError) -> CommandError {
    CommandError::Unusable(error.to_string())
}

fn approve(declared: &Declarations, update: Vec<String>) -> Result<ExitStatus, CommandError> {
    let Some(currents) = currents(declared)? else {
        return Ok(ExitStatus::Findings);
    };
    let path = Lock::path(&declared.tools);
    let mut lock = match path.try_exists().unwrap_or(true) {
        // A broken lock is not overwritten by the way: some of its approvals may matter.
        true => Lock::read(&path).map_err(|error| unusable(&error))?,
        false => Lock::default(),
    };
    let update: BTreeSet<String> = update.into_iter().collect();
    let known = |name: &String| currents.contains_key(name) || lock.has(name);
    if let Some(unknown) = update.iter().find(|name| !known(name)) {
        let shown = text::clip(unknown, 128);
        let near = text::nearest(unknown, currents.keys().map(String::as_str));
        let hint = match near.first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`tollgate tools` lists them".to_owned(),
        };
        return Err(CommandError::Usage(format!("no tool `{shown}`; {hint}")));
    }
    let only = (!update.is_empty()).then_some(&update);
    let now = SystemClock.wall().rfc3339();
    lock.approve(&currents, only, (&now, &user::name_and_number()));
    lock.write(&path).map_err(|error| {
        CommandError::Unusable(format!("`{}` cannot be written: {error}", path.display()))
    })?;
    let told = format!(
        "{} in {}\n",
        text::count(lock.len(), "tool"),
        path.display()
    );
    print(told.as_bytes())?;
    Ok(ExitStatus::Fine)
}

fn diff(declared: &Declarations) -> Result<ExitStatus, CommandError> {
    let lock = Lock::read(&Lock::path(&declared.tools)).map_err(|error| unusable(&error))?;
    let Some(currents) = currents(declared)? else {
        return Ok(ExitStatus::Findings);
    };
    let drift = lock.drift(&currents);
    let mut told = String::new();
    for one in &drift {
        let _infallible = writeln!(told, "{}: {}", one.name, one.what);
        for change in &one.changes {
            let _infallible = writeln!(told, "  {change}");
        }
    }
    if drift.is_empty() {
        told = "nothing differs\n".to_owned();
    }
    print(told.as_bytes())?;
    Ok(match drift.is_empty() {
        true => ExitStatus::Fine,
        false => ExitStatus::Findings,
    })
}
