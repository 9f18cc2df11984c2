//! `tollgate init` and `tollgate new`: a folder that works, and one more definition in it.

use std::{
    fmt::Write as _,
    fs,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::Path,
};

use anyhow::Context as _;

use crate::{
    catalog::{diagnostic::Diagnostic, principal::Claim, tool::Effect},
    cli::{
        args::{InitArgs, NewArgs, NewEffect},
        commands::validate_config::show_on_stderr,
        compose::Declarations,
        exit::{CommandError, ExitStatus},
        print,
        private::make_private,
        scaffold::{self, Asked},
    },
};

/// Writes the files of a new folder; where one is there already, none is written.
///
/// # Errors
/// When a file is there already, or the folder cannot be written.
pub(crate) fn init(args: &InitArgs) -> Result<ExitStatus, CommandError> {
    let folder = std::path::absolute(&args.dir).context("cannot tell the current folder")?;
    let notes = folder.join("notes.jsonl");
    let files = scaffold::folder(&notes.to_string_lossy());
    for file in &files {
        refuse_existing(&folder.join(file.path))?;
    }
    make_folder(&folder.join("tools.d"))?;
    let mut told = String::new();
    for file in &files {
        let path = folder.join(file.path);
        write_new(&path, &file.text)?;
        let _infallible = writeln!(told, "wrote {}", path.display());
    }
    let tools = args.dir.join("tools.d");
    let tools = tools.display();
    let _infallible = write!(
        told,
        "\nnext:\n  tollgate validate-config --tools {tools}\n  tollgate call time_now --tools {tools}\n  tollgate new NAME --help\n  tollgate install CLIENT --tools {tools}\n"
    );
    print(told.as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// Writes a definition and checks it with all the others.
///
/// # Errors
/// When there is no tools folder, the file is there already, or the definition has an error; then
/// no file is left.
pub(crate) fn new(args: NewArgs) -> Result<ExitStatus, CommandError> {
    let declarations = Declarations::find(args.tools_dir, Claim::Operator)?;
    let tools = &declarations.tools;
    let path = tools.join(format!("{}.yaml", args.name));
    refuse_existing(&path)?;
    let description = match args.description {
        Some(description) => description,
        None => ask("What does it do, in a sentence that a model reads? ")?,
    };
    let text = scaffold::definition(&Asked {
        name: &args.name,
        description: &description,
        effect: match args.effect {
            NewEffect::Read => Effect::Read,
            NewEffect::Write => Effect::Write,
            NewEffect::Destroy => Effect::Destroy,
        },
        idempotent: args.idempotent,
        command: &args.command,
    });
    write_new(&path, &text)?;
    let loaded = declarations.load();
    let is_offered = loaded.catalog.find(&args.name).is_some();
    let about_it = |one: &&Diagnostic| one.plain().contains(&args.name);
    let found: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(about_it)
        .cloned()
        .collect();
    show_on_stderr(&found);
    if !is_offered {
        fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        let message = "the definition would have an error; nothing was left behind";
        return Err(CommandError::Unusable(message.to_owned()));
    }
    let told = format!(
        "wrote {}; read it, say what the arguments are, and bound them better\n",
        path.display()
    );
    print(told.as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// Asks a person; where nobody is there to ask, says which option to give.
fn ask(question: &str) -> Result<String, CommandError> {
    if !io::stdin().is_terminal() {
        let message = "give `--description TEXT`; nobody is here to ask".to_owned();
        return Err(CommandError::Usage(message));
    }
    let mut stderr = io::stderr().lock();
    // Nobody is asked when standard error is gone; the answer is read all the same.
    let _gone = stderr
        .write_all(question.as_bytes())
        .and_then(|()| stderr.flush());
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .context("cannot read the answer")?;
    Ok(answer.trim().to_owned())
}

fn refuse_existing(path: &Path) -> Result<(), CommandError> {
    if path.symlink_metadata().is_ok() {
        let message = format!("`{}` is there already; nothing was written", path.display());
        return Err(CommandError::Unusable(message));
    }
    Ok(())
}

/// Makes a folder that only its owner may write, as definitions demand.
fn make_folder(path: &Path) -> Result<(), CommandError> {
    let make = || format!("cannot make the folder `{}`", path.display());
    fs::create_dir_all(path).with_context(make)?;
    make_private(path).with_context(make)?;
    Ok(())
}

fn write_new(path: &Path, text: &str) -> Result<(), CommandError> {
    let write = || format!("cannot write `{}`", path.display());
    let mut file = fs::File::create_new(path).with_context(write)?;
    file.write_all(text.as_bytes()).with_context(write)?;
    make_private(path).with_context(write)?;
    Ok(())
}
