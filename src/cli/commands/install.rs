//! `tollgate install`: puts Tollgate into the configuration of a client, or takes it out again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use similar::TextDiff;

use crate::catalog::principal::Claim;
use crate::cli::{
    args::InstallArgs,
    compose::Declarations,
    exit::{CommandError, ExitStatus},
    install::{
        Entry,
        client::Platform,
        edit,
        file::{ClientFile, Restored},
    },
    locate::Environment,
    print,
};

/// Changes one file, after showing how.
///
/// # Errors
/// When the file cannot be found, read, edited or written; it is as it was then.
pub(crate) fn install(args: InstallArgs) -> Result<ExitStatus, CommandError> {
    let path = place(&args)?;
    let file = ClientFile::read(&path).map_err(|error| unusable(&path, &error))?;
    if args.undo {
        return undo(&args, &file);
    }
    let entry = entry(&args)?;
    let before = file.text.as_deref().unwrap_or_default();
    let after = edit::add(before, args.client.shape(), &entry, args.replace)
        .map_err(|error| unusable(&path, &error))?;
    if after == before {
        let message = format!("{}: is there already; nothing to do\n", path.display());
        print(message.as_bytes())?;
        return Ok(ExitStatus::Fine);
    }
    show(&file, before, &after)?;
    if args.dry_run {
        return Ok(ExitStatus::Fine);
    }
    let copy = file
        .write(&after)
        .map_err(|error| unusable(&path, &error))?;
    let kept = copy.map_or_else(String::new, |copy| {
        format!("what was there before is kept in {}\n", copy.display())
    });
    let way_back = way_back(&args);
    let message = format!("{kept}start the client anew to see the tools; to go back: {way_back}\n");
    print(message.as_bytes())?;
    Ok(ExitStatus::Fine)
}

fn undo(args: &InstallArgs, file: &ClientFile) -> Result<ExitStatus, CommandError> {
    let before = file.text.as_deref().unwrap_or_default();
    let after = edit::remove(before, args.client.shape(), &args.name)
        .map_err(|error| unusable(file.path(), &error))?;
    if args.dry_run {
        show(file, before, &after)?;
        return Ok(ExitStatus::Fine);
    }
    let path = file.path().display();
    let message = match file.restore(&after) {
        Ok(Restored::Before) => format!("{path}: is as it was before the installation\n"),
        Ok(Restored::NoFile) => format!("{path}: is gone, as before the installation\n"),
        Ok(Restored::Edited) => {
            show(file, before, &after)?;
            format!("{path}: was changed since the installation, so only the entry is gone\n")
        }
        Err(error) => return Err(unusable(file.path(), &error)),
    };
    print(message.as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// The file that is changed.
fn place(args: &InstallArgs) -> Result<PathBuf, CommandError> {
    if let Some(file) = &args.file {
        return Ok(file.clone());
    }
    if args.project {
        let here = std::env::current_dir().context("cannot tell the current folder")?;
        return args.client.project_file(&here).ok_or_else(|| {
            let message = "this client reads no file of a project; leave out `--project`";
            CommandError::Usage(message.to_owned())
        });
    }
    let found = args
        .client
        .user_file(Platform::here(), &Environment::read());
    found.ok_or_else(|| {
        let message = "the home folder is not known; name the client's file with `--file FILE`";
        CommandError::Unusable(message.to_owned())
    })
}

/// What the client will start, with absolute paths: it has another working directory.
fn entry(args: &InstallArgs) -> Result<Entry, CommandError> {
    let command = match &args.command {
        Some(command) => command.clone(),
        None => std::env::current_exe().context("cannot tell where this program is")?,
    };
    let tools = absolute(&Declarations::find(args.tools_dir.clone(), Claim::default())?.tools)?;
    if !Path::new(&tools).is_dir() {
        let message = format!("`{tools}` is no folder; `tollgate init` makes one");
        return Err(CommandError::Unusable(message));
    }
    let mut words = vec!["serve".to_owned(), "--tools".to_owned(), tools];
    if let Some(config) = &args.tools_dir.config {
        words.extend(["--config".to_owned(), absolute(config)?]);
    }
    if let Some(state) = &args.state_dir.state {
        words.extend(["--state".to_owned(), absolute(state)?]);
    }
    Ok(Entry {
        name: args.name.clone(),
        command: absolute(&command)?,
        args: words,
    })
}

fn absolute(path: &Path) -> Result<String, CommandError> {
    let path = std::path::absolute(path).context("cannot tell the current folder")?;
    path.into_os_string().into_string().map_err(|path| {
        let message = format!(
            "{} is no UTF-8; a client's file cannot hold it",
            path.display()
        );
        CommandError::Unusable(message)
    })
}

fn show(file: &ClientFile, before: &str, after: &str) -> Result<(), CommandError> {
    let path = file.path().display().to_string();
    let diff = TextDiff::from_lines(before, after);
    let diff = diff.unified_diff().header(&path, &path).to_string();
    print(diff.as_bytes())
}

fn way_back(args: &InstallArgs) -> String {
    let client = clap::ValueEnum::to_possible_value(&args.client);
    let client = client.map_or_else(String::new, |value| value.get_name().to_owned());
    let mut words = vec![format!("tollgate install {client} --undo")];
    if args.project {
        words.push("--project".to_owned());
    }
    if let Some(file) = &args.file {
        words.push(format!("--file {}", file.display()));
    }
    if args.name != "tollgate" {
        words.push(format!("--name {}", args.name));
    }
    words.join(" ")
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> CommandError {
    CommandError::Unusable(format!("{}: {error}; nothing was changed", path.display()))
}
