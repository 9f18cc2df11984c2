//! From the folder `tools.d` to a catalog, with everything that is wrong on the way.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    compile::{compile, is_tool_name},
    config::{Config, ReadConfig},
    diagnostic::{Diagnostic, Findings, Severity, SourceFile},
    file::{Refusal, check_owner_and_mode, read, refuse},
    lock::Lock,
    secret::Secrets,
    snapshot::Catalog,
    source::{self, Node, Syntax},
    surroundings::{InspectSql, Surroundings},
    tool::Tool,
};
use crate::base::{
    held::{Approvals, HeldTo},
    limits::DEFINITIONS_MAX,
    text::{count, list},
};

mod reading;
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
    /// The configuration has an error: nothing may be served by it, and the catalog is empty.
    pub(crate) config_is_broken: bool,
    /// The lock of the folder, and what it approves where the set is held to it.
    pub(crate) held: Option<HeldTo>,
}

impl Loaded {
    /// What there is where no folder could be found.
    pub(crate) fn nowhere() -> Self {
        let notice =
            "There is no folder of tool definitions; the operator can give one with `--tools`.";
        Self {
            catalog: Catalog::new(Vec::new(), Arc::default(), Some(notice.to_owned())),
            ..Self::default()
        }
    }

    /// Whether nothing is wrong that would leave a tool out; warnings do not count.
    pub(crate) fn is_clean(&self) -> bool {
        self.errors().next().is_none()
    }

    /// Holds the set to what was approved in the lock at `path`: what is not in it as it is now
    /// is not listed and not run, and told. A lock that cannot be used approves nothing. Returns
    /// what it approves.
    pub(crate) fn hold_to(&mut self, path: &Path) -> Approvals {
        let lock = Lock::read(path).unwrap_or_else(|error| {
            let help = "correct it, or take it away with care";
            self.diagnostics
                .push(*refuse("lock", path, error.to_string(), help));
            Lock::default()
        });
        let refused = lock.refused(&self.catalog);
        for name in &refused {
            let message = match lock.has(name) {
                true => format!("`{name}` is not what was approved"),
                false => format!("`{name}` was never approved"),
            };
            let help = format!("see `tollgate lock diff`, then `tollgate lock --update {name}`");
            let severity = Severity::Warning;
            let one = Diagnostic::about_path(severity, "not-approved", path, message, &help);
            self.diagnostics.push(one);
        }
        self.catalog.refuse(refused);
        lock.approvals()
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
/// in the folders of `path`, what is to be kept secret in `secrets`. A broken definition takes out its own tool only; a name that is
/// claimed twice takes out all who claim it. A broken configuration takes out everything: what
/// it could not say might have been a restriction.
pub(crate) fn load(
    dir: &Path,
    config: ReadConfig,
    path: &[PathBuf],
    secrets: &Secrets,
    inspect_sql: Option<&InspectSql>,
) -> Loaded {
    let mut loaded = Loaded {
        config_is_broken: config.is_broken,
        diagnostics: config.diagnostics,
        ..Loaded::default()
    };
    let config = config.config;
    let around = Surroundings {
        path,
        config: &config,
        secrets,
        inspect_sql,
    };
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
    for read in reading::read_all(&files, &real_dir, &around) {
        if claimed.len() > DEFINITIONS_MAX {
            break;
        }
        loaded.diagnostics.extend(read.diagnostics);
        claimed.extend(read.claimed);
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
    conclude(loaded, config, claimed)
}

fn conclude(mut loaded: Loaded, config: Arc<Config>, claimed: Vec<Claimed>) -> Loaded {
    let mut tools = Vec::with_capacity(claimed.len());
    for Claimed { name, tool, .. } in claimed {
        match tool {
            Some(tool) if !loaded.config_is_broken => tools.push(tool),
            Some(_) | None => loaded
                .left_out
                .extend(name.filter(|name| is_tool_name(name))),
        }
    }
    loaded.broken_files = loaded.errors().map(|one| one.file().to_owned()).collect();
    loaded.catalog = Catalog::new(tools, config, loaded.summary());
    loaded
}

/// Compiles the definitions of one file; gives what is wrong with them.
fn definitions(
    file: &Path,
    text: String,
    around: &Surroundings<'_>,
    claimed: &mut Vec<Claimed>,
) -> Vec<Diagnostic> {
    let source = SourceFile::new(file, text);
    let mut findings = Findings::new(&source);
    let documents = source::parse(syntax(file), &mut findings);
    if documents.is_empty() && findings.errors() == 0 {
        let message = "this file holds no definition".to_owned();
        findings.warn("empty-file", Default::default(), message, "");
    }
    for node in &documents {
        let tool = compile(node, around, &mut findings);
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

/// Compiles the text of a definition as a ledger kept it.
///
/// # Errors
/// What is wrong with it now, in one line.
pub(crate) fn kept(text: &str, around: &Surroundings<'_>) -> Result<Tool, String> {
    let source = SourceFile::new(Path::new("ledger"), text.to_owned());
    let mut findings = Findings::new(&source);
    let documents = source::parse(Syntax::Json, &mut findings);
    let tool = documents
        .first()
        .and_then(|node| compile(node, around, &mut findings));
    tool.ok_or_else(|| {
        let found = findings.into_diagnostics();
        let mut errors = found.iter().filter(|one| one.severity == Severity::Error);
        errors.next().map(Diagnostic::plain).unwrap_or_default()
    })
}

/// The documents of the files in `dir` that can be read, for whoever looks at more than a tool
/// needs. What is wrong with them is told by [`load`].
pub(crate) fn documents(dir: &Path) -> Vec<(Arc<SourceFile>, Vec<Node>)> {
    let files = definition_files(dir, &mut Vec::new()).unwrap_or_default();
    let real_dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    let readable = files.iter().filter_map(|file| {
        let (text, _) = read(file, &real_dir).ok()?;
        let source = SourceFile::new(file, text);
        let documents = source::parse(syntax(file), &mut Findings::new(&source));
        Some((source, documents))
    });
    readable.collect()
}

fn syntax(file: &Path) -> Syntax {
    match file.extension().and_then(OsStr::to_str) {
        Some("json") => Syntax::Json,
        _ => Syntax::Yaml,
    }
}

/// The definition files of the folder, in the order of their names.
pub(super) fn definition_files(
    dir: &Path,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<PathBuf>, Refusal> {
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
