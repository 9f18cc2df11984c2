//! From the folder `tools.d` to a catalog, with everything that is wrong on the way.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{
    compile::{compile, is_tool_name},
    diagnostic::{Diagnostic, Findings, Severity, SourceFile},
    permission::{self, Writable},
    snapshot::Catalog,
    source::{self, Node, Syntax},
    tool::Tool,
};
use crate::base::{
    limits::{DEFINITION_BYTES_MAX, DEFINITIONS_MAX},
    text::{count, list},
};

#[cfg(test)]
mod tests;

/// Names of tools that [`Loaded::summary`] tells; the rest is counted.
const SUMMARY_NAMES_MAX: usize = 20;

/// What became of a folder.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The tools without an error.
    pub(crate) catalog: Catalog,
    /// Everything that is wrong, in the order of the files.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many definition files there are.
    pub(crate) files: usize,
    /// Tools that are not in the catalog, as far as their names could be read.
    left_out: BTreeSet<String>,
    /// Files with an error.
    broken_files: BTreeSet<String>,
}

impl Loaded {
    /// What there is where no folder could be found.
    pub(crate) fn nowhere() -> Self {
        let notice =
            "There is no folder of tool definitions; the operator can give one with `--tools`.";
        Self {
            catalog: Catalog::new(Vec::new(), Some(notice.to_owned())),
            ..Self::default()
        }
    }

    /// Whether nothing is wrong that would leave a tool out; warnings do not count.
    pub(crate) fn is_clean(&self) -> bool {
        self.errors().next().is_none()
    }

    fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        let all = self.diagnostics.iter();
        all.filter(|one| one.severity == Severity::Error)
    }

    /// One sentence for the server's instructions when tools were left out, so that a model
    /// knows what is missing and whom to ask; `None` when nothing was.
    pub(crate) fn summary(&self) -> Option<String> {
        if self.is_clean() {
            return None;
        }
        let missing = if self.left_out.is_empty() {
            let files = self.broken_files.len();
            match files {
                0 => "No tools could be loaded".to_owned(),
                _ => format!("The tools of {} could not be loaded", count(files, "file")),
            }
        } else {
            let names = self.left_out.iter().map(String::as_str);
            let told = list(names.take(SUMMARY_NAMES_MAX));
            let more = self.left_out.len().saturating_sub(SUMMARY_NAMES_MAX);
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("These tools could not be loaded: {told}{more}")
        };
        Some(format!(
            "{missing}; the operator can see why with `tollgate validate-config`."
        ))
    }
}

/// A tool or a broken definition, with the name that it claims.
struct Claimed {
    name: Option<String>,
    location: Diagnostic,
    tool: Option<Tool>,
}

/// Reads every definition in `dir`: `*.yaml`, `*.yml` and `*.json` in the order of their
/// names, not in sub-folders, not hidden ones. Programs that are not absolute are looked for
/// in the folders of `path`. A broken definition takes out its own tool only; a name that is
/// claimed twice takes out all who claim it.
pub(crate) fn load(dir: &Path, path: &[PathBuf]) -> Loaded {
    let mut loaded = Loaded::default();
    let files = match definition_files(dir, &mut loaded.diagnostics) {
        Ok(files) => files,
        Err(diagnostic) => {
            loaded.diagnostics.push(*diagnostic);
            return loaded;
        }
    };
    loaded.files = files.len();
    let real_dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    let mut claimed = Vec::new();
    for file in &files {
        if claimed.len() > DEFINITIONS_MAX {
            break;
        }
        match read(file, &real_dir) {
            Ok((text, warning)) => {
                loaded.diagnostics.extend(warning);
                let found = definitions(file, text, path, &mut claimed);
                loaded.diagnostics.extend(found);
            }
            Err(diagnostic) => loaded.diagnostics.push(*diagnostic),
        }
    }
    if claimed.len() > DEFINITIONS_MAX {
        let message = format!("more than {DEFINITIONS_MAX} definitions");
        let help = "serve them from several folders; the rest is left out";
        let code = "too-many-definitions";
        let one = Diagnostic::about_path(Severity::Error, code, dir, message, help);
        loaded.diagnostics.push(one);
        claimed.truncate(DEFINITIONS_MAX);
    }
    refuse_duplicates(&mut claimed, &mut loaded.diagnostics);
    conclude(loaded, claimed)
}

fn conclude(mut loaded: Loaded, claimed: Vec<Claimed>) -> Loaded {
    let mut tools = Vec::with_capacity(claimed.len());
    for Claimed { name, tool, .. } in claimed {
        match tool {
            Some(tool) => tools.push(tool),
            None => loaded
                .left_out
                .extend(name.filter(|name| is_tool_name(name))),
        }
    }
    loaded.broken_files = loaded.errors().map(|one| one.file().to_owned()).collect();
    loaded.catalog = Catalog::new(tools, loaded.summary());
    loaded
}

/// Compiles the definitions of one file; gives what is wrong with them.
fn definitions(
    file: &Path,
    text: String,
    path: &[PathBuf],
    claimed: &mut Vec<Claimed>,
) -> Vec<Diagnostic> {
    let source = SourceFile::new(file, text);
    let mut findings = Findings::new(&source);
    let syntax = match file.extension().and_then(OsStr::to_str) {
        Some("json") => Syntax::Json,
        _ => Syntax::Yaml,
    };
    let documents = source::parse(syntax, &mut findings);
    if documents.is_empty() && findings.errors() == 0 {
        let message = "this file holds no definition".to_owned();
        findings.warn("empty-file", Default::default(), message, "");
    }
    for node in &documents {
        let tool = compile(node, path, &mut findings);
        let name = node.get("name");
        let span = name.map_or(node.span, |name| name.span);
        claimed.push(Claimed {
            name: name.and_then(Node::as_text).map(str::to_owned),
            location: Diagnostic::about_text(
                Severity::Error,
                "duplicate-name",
                (&source, span),
                "",
                "rename one of them",
            ),
            tool,
        });
    }
    findings.into_diagnostics()
}

/// Takes out the tools whose names differ by case at most: which of them a call means must
/// not depend on the order of files.
fn refuse_duplicates(claimed: &mut [Claimed], diagnostics: &mut Vec<Diagnostic>) {
    let mut by_name: BTreeMap<String, Vec<&mut Claimed>> = BTreeMap::new();
    for one in claimed {
        if let Some(name) = &one.name {
            by_name.entry(name.to_lowercase()).or_default().push(one);
        }
    }
    for (_, same) in by_name {
        let [first, others @ ..] = same.as_slice() else {
            continue;
        };
        for other in others {
            let mut diagnostic = other.location.clone();
            let name = super::diagnostic::tick(other.name.as_deref().unwrap_or_default());
            let spelled = match first.name == other.name {
                true => "",
                false => " in other letters",
            };
            let there = first.location.location();
            diagnostic.message = format!("the name {name} is taken{spelled} at {there}");
            diagnostics.push(diagnostic);
        }
        if !others.is_empty() {
            same.into_iter().for_each(|one| one.tool = None);
        }
    }
}

type Refusal = Box<Diagnostic>;

fn refuse(code: &'static str, path: &Path, message: impl Into<String>, help: &str) -> Refusal {
    let severity = Severity::Error;
    Box::new(Diagnostic::about_path(severity, code, path, message, help))
}

/// The definition files of the folder, in the order of their names.
fn definition_files(dir: &Path, warnings: &mut Vec<Diagnostic>) -> Result<Vec<PathBuf>, Refusal> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let help = "make it, or name another with `--tools`";
            refuse("no-folder", dir, "there is no such folder", help)
        }
        _ => {
            let message = format!("the folder cannot be read: {error}");
            refuse("no-folder", dir, message, "name a folder that can be read")
        }
    };
    let facts = fs::metadata(dir).map_err(unreadable)?;
    if !facts.is_dir() {
        let help = "name the folder that holds the definitions";
        return Err(refuse("no-folder", dir, "this is not a folder", help));
    }
    warnings.extend(check_owner_and_mode(dir, &facts)?);
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let extension = path.extension().and_then(OsStr::to_str);
        if !name.starts_with('.') && matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What others may write to is refused; what the group may write to is a warning.
fn check_owner_and_mode(path: &Path, facts: &fs::Metadata) -> Result<Option<Diagnostic>, Refusal> {
    if !permission::is_trusted_owner(facts) {
        let message = "it belongs neither to you nor to root";
        return Err(refuse(
            "owner",
            path,
            message,
            "change its owner with `chown`",
        ));
    }
    match permission::writable(facts) {
        Writable::Everyone => {
            let message = "anybody may write to it";
            let help = "take that right away: `chmod o-w`";
            Err(refuse("world-writable", path, message, help))
        }
        Writable::Group => Ok(Some(Diagnostic::about_path(
            Severity::Warning,
            "group-writable",
            path,
            "its group may write to it",
            "take that right away: `chmod g-w`",
        ))),
        Writable::OwnerOnly => Ok(None),
    }
}

/// The text of one definition file. What is checked is what is read: the open file, not its
/// name.
fn read(file: &Path, real_dir: &Path) -> Result<(String, Option<Diagnostic>), Refusal> {
    let unreadable = |error: std::io::Error| {
        let message = format!("the file cannot be read: {error}");
        refuse(
            "unreadable",
            file,
            message,
            "correct its mode, or take it away",
        )
    };
    let link = fs::symlink_metadata(file).map_err(unreadable)?;
    if link.is_symlink() {
        let target = file.canonicalize().map_err(unreadable)?;
        if !target.starts_with(real_dir) {
            let message = "this link leads out of the folder";
            return Err(refuse("link", file, message, "put the file itself here"));
        }
    }
    // A pipe would keep the one who opens it waiting; only the open file is trusted below.
    if !fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err(refuse(
            "unreadable",
            file,
            "this is not a file",
            "take it away",
        ));
    }
    let open = File::open(file).map_err(unreadable)?;
    let facts = open.metadata().map_err(unreadable)?;
    let warning = check_owner_and_mode(file, &facts)?;
    let mut text = String::new();
    let mut bounded = open.take(DEFINITION_BYTES_MAX + 1);
    bounded
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => {
                refuse("syntax", file, "this file is not UTF-8", "save it as UTF-8")
            }
            _ => unreadable(error),
        })?;
    if bounded.limit() == 0 {
        let message = format!("longer than {} KiB", DEFINITION_BYTES_MAX / 1024);
        return Err(refuse(
            "too-large",
            file,
            message,
            "split it into several files",
        ));
    }
    Ok((text, warning))
}
