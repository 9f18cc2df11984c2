//! What people see: arguments, commands, exit statuses, and the one place where everything
//! is put together.

pub(crate) mod args;
pub(crate) mod commands;
mod compose;
mod doctor;
pub(crate) mod exit;
mod follow;
pub(crate) mod help;
pub(crate) mod install;
mod judge;
mod key;
pub(crate) mod locate;
mod loopback;
mod panels;
mod person;
mod private;
mod replay;
mod rerun;
mod sarif;
mod scaffold;
mod signals;
pub(crate) mod span;
mod standing;
mod stats;
mod streams;
mod top;
mod user;
pub(crate) mod welcome;
mod why;

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

#[cfg(feature = "failpoints")]
use crate::base::failpoint;
use crate::{
    backend::process,
    catalog::format::{CONFIG_SCHEMA, DEFINITION_SCHEMA},
    observe,
};
use args::{Cli, Command, SchemaOf};
use exit::{CommandError, ExitStatus};

/// Runs the command that `arguments` (the program's name first) ask for, on the streams of
/// this process, and says how to end.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match arguments.get(1).and_then(|first| first.to_str()) {
        Some(process::WARDEN) => return process::run_warden(),
        Some(process::SHIM) => return process::run_shim(arguments.get(2..).unwrap_or_default()),
        Some(_) | None => {}
    }
    #[cfg(feature = "failpoints")]
    arm_failpoints();
    let ended = match Cli::read(&arguments) {
        Ok(cli) => dispatch(cli.command),
        Err(answer) => show(&answer),
    };
    match ended {
        Ok(status) => status.into(),
        Err(error) => {
            if let Some(text) = error.text() {
                // Nobody is left to tell when standard error is gone as well.
                let _ = writeln!(io::stderr().lock(), "{text}");
            }
            error.status().into()
        }
    }
}

/// Arms what a test has put into the environment.
#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "no argument of a release")]
fn arm_failpoints() {
    let armed = std::env::var("TOLLGATE_FAILPOINTS").unwrap_or_default();
    if let Err(part) = failpoint::arm(&armed) {
        // Its test waits for what will not happen.
        let _ = writeln!(io::stderr().lock(), "no such failpoint: `{part}`");
    }
}

/// Writes to standard output and sees that it arrives.
///
/// # Errors
/// [`CommandError::Stdout`].
pub(crate) fn print(bytes: &[u8]) -> Result<(), CommandError> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(CommandError::Stdout)
}

/// Shows a help text, the version, or what is wrong with the command line.
fn show(answer: &clap::Error) -> Result<ExitStatus, CommandError> {
    if answer.use_stderr() {
        // The status tells as well, when standard error is gone.
        let _ = answer.print();
        return Ok(ExitStatus::Usage);
    }
    answer
        .print()
        .and_then(|()| io::stdout().flush())
        .map_err(CommandError::Stdout)?;
    Ok(ExitStatus::Fine)
}

fn dispatch(command: Option<Command>) -> Result<ExitStatus, CommandError> {
    match command {
        None if io::stdin().is_terminal() => {
            print(welcome::WELCOME.as_bytes())?;
            Ok(ExitStatus::Fine)
        }
        None => match Cli::read(&["tollgate", "serve"].map(OsString::from)) {
            Ok(Cli {
                command: Some(Command::Serve(args)),
            }) => commands::serve::serve(args),
            Ok(_) => Err(CommandError::Internal(anyhow::anyhow!(
                "`serve` has no defaults"
            ))),
            Err(answer) => show(&answer),
        },
        Some(Command::Serve(args)) => commands::serve::serve(args),
        Some(Command::Call(args)) => commands::call::call(args),
        Some(Command::Tools(args)) => commands::tools::tools(args),
        Some(Command::ValidateConfig(args)) => commands::validate_config::validate_config(args),
        Some(Command::Lock(args)) => commands::lock::lock(args),
        Some(Command::Schema(args)) => {
            match args.of {
                SchemaOf::Definition => print(DEFINITION_SCHEMA.as_bytes())?,
                SchemaOf::Config => print(CONFIG_SCHEMA.as_bytes())?,
                SchemaOf::Events => print(observe::schema::schema().as_bytes())?,
            }
            Ok(ExitStatus::Fine)
        }
        Some(Command::Log(args)) => commands::log::log(args),
        Some(Command::Stats(args)) => commands::stats::stats(args),
        Some(Command::Top(args)) => commands::top::top(args),
        Some(Command::Report(args)) => commands::stats::report(args),
        Some(Command::Metrics(args)) => commands::stats::metrics(args),
        Some(Command::ReplayLog(args)) => commands::replay_log::replay_log(args),
        Some(Command::Ops(args)) => commands::ops::ops(args),
        Some(Command::Audit(args)) => commands::audit::audit(args),
        Some(Command::Budget(args)) => commands::budget::budget(args),
        Some(Command::Breaker(args)) => commands::breaker::breaker(args),
        Some(Command::Doctor(args)) => commands::doctor::doctor(args),
        Some(Command::Status(args)) => commands::status::status(args),
        Some(Command::Explain(args)) => commands::explain::explain(&args),
        Some(Command::Init(args)) => commands::init::init(&args),
        Some(Command::New(args)) => commands::init::new(args),
        Some(Command::Install(args)) => commands::install::install(args),
        Some(Command::Completions(args)) => commands::completions::completions(&args),
        Some(Command::Man(args)) => commands::man::man(&args),
    }
}
