//! `tollgate audit`: whether the ledger is as it was written, and what shows it elsewhere.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        limits::{ANCHORS_BYTES_MAX, PRUNE_AGE_MIN},
        text,
    },
    cli::{
        args::{AuditArgs, AuditCommand, AuditPruneArgs, AuditVerifyArgs},
        compose,
        exit::{CommandError, ExitStatus},
        print, user,
    },
    ledger::sqlite::{
        audit::{
            anchor::Anchors,
            chain::{Verdict, Whole},
            export::ExportError,
            exported,
        },
        prune::{self, Obstacle, Pruned},
        read::LogReader,
    },
};

/// Follows the audit trail, prints the end of it, or writes all of it.
///
/// # Errors
/// When there is no ledger, it cannot be read, or what was asked for cannot be written.
pub(crate) fn audit(args: AuditArgs) -> Result<ExitStatus, CommandError> {
    let open = |state: Option<PathBuf>| -> Result<LogReader, CommandError> {
        Ok(LogReader::open(&compose::state_dir(state)?)?)
    };
    match args.command {
        AuditCommand::Verify(args) => verify(args),
        AuditCommand::Anchor(args) => {
            let anchor = open(args.state)?.anchor(SystemClock.wall());
            print(format!("{}\n", anchor?).as_bytes())?;
            Ok(ExitStatus::Fine)
        }
        AuditCommand::Export(args) => {
            export(&open(args.state)?)?;
            Ok(ExitStatus::Fine)
        }
        AuditCommand::Prune(args) => prune(args),
    }
}

fn verify(args: AuditVerifyArgs) -> Result<ExitStatus, CommandError> {
    let anchors = match &args.anchor {
        None => Anchors::default(),
        Some(file) => anchors(file)?,
    };
    let verdict = match &args.file {
        None => LogReader::open(&compose::state_dir(args.state_dir.state)?)
            .and_then(|reader| reader.verify(&anchors))?,
        Some(file) => File::open(file)
            .and_then(|open| exported::verify(&mut BufReader::new(open), &anchors))
            .map_err(|error| unreadable(file, &error))?,
    };
    let (told, status) = match verdict {
        Verdict::Whole(whole) => (found_whole(&whole), ExitStatus::Fine),
        Verdict::Broken { seq, call, fault } => {
            let call = call.map_or_else(String::new, |row| format!(" (call in row {row})"));
            let told = format!("broken at event {seq}{call}: {}", fault.as_str());
            (told, ExitStatus::LedgerAmiss)
        }
    };
    print(format!("{told}\n").as_bytes())?;
    Ok(status)
}

fn found_whole(whole: &Whole) -> String {
    let events = usize::try_from(whole.events).unwrap_or(usize::MAX);
    let mut told = format!("{}, each as it was written", text::count(events, "event"));
    if whole.pruned > 0 {
        told.push_str(&format!("; {} before them pruned", whole.pruned));
    }
    if whole.anchors > 0 {
        told.push_str(&format!(
            "; {} found in it",
            text::count(whole.anchors, "anchor")
        ));
    }
    told
}

fn anchors(path: &Path) -> Result<Anchors, CommandError> {
    let mut text = String::new();
    let open = File::open(path).map_err(|error| unreadable(path, &error))?;
    let read = open.take(ANCHORS_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| unreadable(path, &error))?;
    Anchors::parse(&text)
        .map_err(|told| CommandError::Usage(format!("`{}`: {told}", path.display())))
}

fn export(reader: &LogReader) -> Result<(), CommandError> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = reader.export(SystemClock.wall(), &mut out);
    written.map_err(|error| match error {
        ExportError::Ledger(error) => error.into(),
        ExportError::Write(error) => CommandError::Stdout(error),
    })?;
    out.flush().map_err(CommandError::Stdout)
}

fn prune(args: AuditPruneArgs) -> Result<ExitStatus, CommandError> {
    let dir = compose::state_dir(args.state_dir.state)?;
    let now = SystemClock.wall();
    let before = args.before.resolve(now);
    if before > now.minus(PRUNE_AGE_MIN) {
        let hours = PRUNE_AGE_MIN.as_secs() / 3600;
        let told = format!("what happened in the last {hours} hours stays; give an earlier time");
        return Err(CommandError::Usage(told));
    }
    // Said before anything is made where there is nothing.
    LogReader::open(&dir)?;
    let by = format!("operator:{}", user::name());
    let pruned = prune::carry_out(&dir, before, &by, &SystemClock)?;
    print(found_old(&pruned).as_bytes())?;
    Ok(ExitStatus::Fine)
}

fn found_old(pruned: &Pruned) -> String {
    let count = |number, one| text::count(usize::try_from(number).unwrap_or(usize::MAX), one);
    let mut told = format!(
        "{} and {} taken out\n",
        count(pruned.calls, "call"),
        count(pruned.events, "event")
    );
    if pruned.events > 0 {
        told.push_str("anchors of those events prove nothing any more; take a new one\n");
    }
    match pruned.obstacle {
        None => {}
        Some(Obstacle::Running(call)) => {
            told.push_str(&format!("`{call}` still runs, so it stays, and all after it\n"));
        }
        Some(Obstacle::Needed(call)) => told.push_str(&format!(
            "the operation of `{call}` is still needed, so it stays, and all after it: its key protects a write, or its outcome is unknown\n"
        )),
    }
    told
}

fn unreadable(path: &Path, error: &io::Error) -> CommandError {
    CommandError::Unusable(format!("`{}` cannot be read: {error}", path.display()))
}
