//! The program behind a tool: found once, and safe to start with a model's words.

use std::path::{Path, PathBuf};

use super::{
    super::{
        definition::{ExecDefinition, Spanned},
        diagnostic::{Findings, tick},
        fields::text,
        permission::{self, Writable},
        secret::{Secrets, Told},
        template::{ConfidentialTemplate, TextTemplate},
    },
    placeholder::Placeholders,
};

/// Programs that run whatever their arguments say.
const INTERPRETERS: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "ash",
    "zsh",
    "ksh",
    "mksh",
    "csh",
    "tcsh",
    "fish",
    "cmd",
    "powershell",
    "pwsh",
    "env",
    "xargs",
    "busybox",
];

/// Environment names that change which code a program loads; `*` ends a beginning.
const UNSAFE_ENV: &[&str] = &[
    "LD_*",
    "DYLD_*",
    "BASH_ENV",
    "ENV",
    "IFS",
    "PYTHON*",
    "NODE_OPTIONS",
    "PERL5*",
    "RUBYOPT",
    "GIT_*",
    "SSH_*",
];

/// The absolute path of the program.
pub(super) fn resolve(
    exec: &ExecDefinition<'_>,
    path: &[PathBuf],
    findings: &mut Findings,
) -> Option<PathBuf> {
    let Some(first) = exec.command.first() else {
        let message = "`command` is empty".to_owned();
        let help = "its first element is the program";
        findings.error("program", exec.command_span, message, help);
        return None;
    };
    let given = first.value;
    let template = TextTemplate::parse(given.text).ok();
    let Some(name) = template.as_ref().and_then(TextTemplate::as_literal) else {
        let message = "the program cannot come from an argument".to_owned();
        let help = "name one program, and make one tool for each";
        findings.error("program", given.span, message, help);
        return None;
    };
    let found = find(name, path).and_then(|program| check(&program).map(|()| program));
    let program = match found {
        Ok(program) => program,
        Err((message, help)) => {
            findings.error("program", given.span, message, help);
            return None;
        }
    };
    if !exec.unsafe_interpreter
        && let Some(name) = interpreter(&program)
    {
        let message = format!("`{name}` runs whatever its arguments say");
        let help = "start the program itself; if it must be, set `unsafe_interpreter: true`";
        findings.error("interpreter", given.span, message, help);
        return None;
    }
    Some(program)
}

fn find(name: &str, path: &[PathBuf]) -> Result<PathBuf, Told> {
    if Path::new(name).is_absolute() {
        return Ok(PathBuf::from(name));
    }
    if name.is_empty() || name.contains('/') {
        let message = format!("{} is neither an absolute path nor a bare name", tick(name));
        return Err((message, "write the absolute path"));
    }
    let absolute = path.iter().filter(|folder| folder.is_absolute());
    let found = absolute.map(|folder| folder.join(name)).find(|file| {
        file.metadata()
            .is_ok_and(|facts| permission::is_executable(&facts))
    });
    found.ok_or_else(|| {
        let message = format!("no program {} in `PATH`", tick(name));
        (message, "install it, or write its absolute path")
    })
}

fn check(program: &Path) -> Result<(), Told> {
    let shown = tick(&program.to_string_lossy());
    let facts = program.metadata().map_err(|_| {
        (
            format!("no program {shown}"),
            "install it, or correct the path",
        )
    })?;
    if !permission::is_executable(&facts) {
        let message = format!("{shown} is not an executable file");
        return Err((message, "name a program; `chmod +x` makes one of a script"));
    }
    if permission::writable(&facts) == Writable::Everyone {
        let message = format!("anybody may change {shown}");
        return Err((message, "take the right to write away: `chmod o-w`"));
    }
    let folder = program.parent().and_then(|folder| folder.metadata().ok());
    if folder.is_some_and(|facts| permission::entries_replaceable_by_all(&facts)) {
        let message = format!("anybody may replace {shown}");
        return Err((
            message,
            "take the right to write to its folder away: `chmod o-w`",
        ));
    }
    Ok(())
}

/// The name of the interpreter that `program` is, under its own name or behind a link.
fn interpreter(program: &Path) -> Option<&'static str> {
    let called = program
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let real = program.canonicalize().ok();
    let real = real.as_deref().and_then(Path::file_name);
    // A link to busybox is one of its small programs, chosen by the name of the link.
    let real = real
        .map(|name| name.to_string_lossy().to_lowercase())
        .filter(|name| name != "busybox");
    [called, real].into_iter().flatten().find_map(|name| {
        let name = name.strip_suffix(".exe").unwrap_or(&name);
        INTERPRETERS.iter().copied().find(|known| *known == name)
    })
}

/// The environment: names checked, values compiled.
pub(super) fn environment(
    exec: &ExecDefinition<'_>,
    placeholders: &Placeholders<'_>,
    secrets: &Secrets,
    findings: &mut Findings,
) -> Vec<(String, ConfidentialTemplate)> {
    let mut environment = Vec::new();
    for entry in exec.env {
        let name = entry.key.as_str();
        if !is_env_name(name) {
            let message = format!("{} is not the name of an environment variable", tick(name));
            let help = "use letters, digits and `_`, and no digit first";
            findings.error("env-name", entry.key_span, message, help);
        } else if !exec.unsafe_env && is_unsafe_env(name) {
            let message = format!("`{name}` changes what code a program loads");
            let help = "leave it out; if it must be, set `unsafe_env: true`";
            findings.error("env-name", entry.key_span, message, help);
        }
        let span = entry.value.span;
        let value = text(&entry.value, name, findings)
            .and_then(|text| placeholders.confidential(Spanned { text, span }, secrets, findings));
        environment.extend(value.map(|value| (name.to_owned(), value)));
    }
    environment
}

fn is_env_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|char: char| char.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_unsafe_env(name: &str) -> bool {
    UNSAFE_ENV
        .iter()
        .any(|known| match known.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == *known,
        })
}

/// A folder that a definition names: absolute, and there. `key` is where it stands, and findings
/// have `code`.
pub(super) fn folder<'a>(
    given: Spanned<'a>,
    (key, code): (&str, &'static str),
    findings: &mut Findings,
) -> Option<&'a Path> {
    let folder = Path::new(given.text);
    let (wrong, help) = if given.text.contains(['{', '}']) {
        ("takes no placeholders", "pass the folder as an argument")
    } else if !folder.is_absolute() {
        ("must be an absolute path", "")
    } else if !folder.is_dir() {
        ("is not a folder that exists", "make it first")
    } else {
        return Some(folder);
    };
    findings.error(code, given.span, format!("`{key}` {wrong}"), help);
    None
}
