//! `tollgate.yaml`: what holds for all tools; read strictly, believed whole or not at all.

mod authorities;
pub(crate) mod budgets;
pub(crate) mod databases;
pub(crate) mod flags;
pub(crate) mod hosts;
pub(crate) mod limits;
pub(crate) mod principals;
pub(crate) mod retention;
pub(crate) mod server;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use self::{
    budgets::Budgets, databases::Databases, flags::Flags, hosts::Hosts, limits::Limits,
    principals::Principals, retention::Retention, server::Server,
};
use super::{
    diagnostic::{Diagnostic, Findings, Severity, SourceFile},
    fields::Fields,
    file::{Refusal, read, refuse},
    permission,
    source::{self, Node, Syntax},
};
use crate::base::canonical;

/// What the file declares. Without a file nothing is declared, and one local principal may do
/// what the definitions allow.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// What the server says of itself.
    pub(crate) server: Server,
    /// Switches that definitions name.
    pub(crate) flags: Flags,
    /// How often tools may be called.
    pub(crate) limits: Limits,
    /// What may be spent.
    pub(crate) budgets: Budgets,
    /// What statements of tools run on.
    pub(crate) databases: Databases,
    /// Where requests of tools may go.
    pub(crate) hosts: Hosts,
    /// Who may act.
    pub(crate) principals: Principals,
    /// How long what happened is kept.
    pub(crate) retention: Retention,
    digest: Option<[u8; 32]>,
}

impl Config {
    /// Whether there is a file that declares it.
    pub(crate) fn is_from_file(&self) -> bool {
        self.digest.is_some()
    }

    /// Whether both were read from the same text, or neither from any.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// Reads all sections; what is wrong is among the findings, and everything of it.
    pub(super) fn read(node: &Node, folder: &Path, findings: &mut Findings) -> Self {
        let Some(mut fields) = Fields::open(node, "the configuration", findings) else {
            return Self::default();
        };
        let server = fields.take("server");
        let flags = fields.take("flags");
        let limits = fields.take("limits");
        let budgets = fields.take("budgets");
        let databases = fields.take("databases");
        let hosts = fields.take("hosts");
        let principals = fields.take("principals");
        let retention = fields.take("retention");
        fields.close(findings);
        Self {
            server: server.map_or_else(Server::default, |node| Server::read(node, findings)),
            flags: flags.map_or_else(Flags::default, |node| Flags::read(node, findings)),
            limits: limits.map_or_else(Limits::default, |node| Limits::read(node, findings)),
            budgets: budgets.map_or_else(Budgets::default, |node| Budgets::read(node, findings)),
            databases: databases.map_or_else(Databases::default, |node| {
                Databases::read(node, folder, findings)
            }),
            hosts: hosts.map_or_else(Hosts::default, |node| Hosts::read(node, folder, findings)),
            principals: principals
                .map_or_else(Principals::default, |node| Principals::read(node, findings)),
            retention: retention
                .map_or_else(Retention::default, |node| Retention::read(node, findings)),
            digest: Some(canonical::digest(node)),
        }
    }
}

/// Where the configuration is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigPlace {
    /// The file.
    pub(crate) file: PathBuf,
    /// Whether it must be there: somebody named it.
    is_given: bool,
}

impl ConfigPlace {
    /// The file that somebody named, else `tollgate.yaml` beside the folder `tools` as that
    /// was written: a link is not followed.
    pub(crate) fn new(given: Option<PathBuf>, tools: &Path) -> Self {
        let is_given = given.is_some();
        let beside = || match tools.file_name() {
            Some(_) => tools.with_file_name("tollgate.yaml"),
            None => tools.join("../tollgate.yaml"),
        };
        Self {
            file: given.unwrap_or_else(beside),
            is_given,
        }
    }
}

/// What became of the file.
#[derive(Debug, Default)]
pub(crate) struct ReadConfig {
    /// What it declares, as far as that could be read.
    pub(crate) config: Arc<Config>,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Nothing may be served by it.
    pub(crate) is_broken: bool,
}

impl ReadConfig {
    /// Reads the file. The same demands on owner and mode hold as for definitions.
    pub(crate) fn at(place: &ConfigPlace) -> Self {
        let (config, diagnostics) = match text(place) {
            Ok(None) => return Self::default(),
            Ok(Some((text, warning))) => {
                let (config, found) = compile(&place.file, text);
                (config, warning.into_iter().chain(found).collect())
            }
            Err(diagnostic) => (Config::default(), vec![*diagnostic]),
        };
        let is_broken = diagnostics
            .iter()
            .any(|one| one.severity == Severity::Error);
        Self {
            config: Arc::new(config),
            diagnostics,
            is_broken,
        }
    }
}

/// The text, with a warning about its mode; nothing where no file is and none must be.
fn text(place: &ConfigPlace) -> Result<Option<(String, Option<Diagnostic>)>, Refusal> {
    let file = place.file.as_path();
    // A link that leads nowhere is something that is there and cannot be read.
    if let Err(error) = file.symlink_metadata()
        && error.kind() == std::io::ErrorKind::NotFound
    {
        if !place.is_given {
            return Ok(None);
        }
        let help = "make it, or name another with `--config`";
        return Err(refuse("no-config", file, "there is no such file", help));
    }
    let folder = folder(file);
    if let Ok(facts) = folder.metadata()
        && permission::entries_replaceable_by_all(&facts)
    {
        let message = "anybody may replace the files in this folder";
        let help = "take that right away: `chmod o-w`";
        return Err(refuse("world-writable", folder, message, help));
    }
    let real_folder = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf());
    read(file, &real_folder).map(Some)
}

/// The folder that the file stands in.
fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Compiles the one document of the file.
fn compile(file: &Path, text: String) -> (Config, Vec<Diagnostic>) {
    let source = SourceFile::new(file, text);
    let mut findings = Findings::new(&source);
    let syntax = match file.extension().and_then(OsStr::to_str) {
        Some("json") => Syntax::Json,
        _ => Syntax::Yaml,
    };
    let documents = source::parse(syntax, &mut findings);
    let config = match documents.as_slice() {
        [] => {
            // A file that is being written begins empty: it must not lift what was declared.
            if findings.errors() == 0 {
                let message = "this file declares nothing".to_owned();
                let help = "take it away, or write `{}` if that is meant";
                findings.error("empty-file", Default::default(), message, help);
            }
            Config::default()
        }
        [first, others @ ..] => {
            if let Some(second) = others.first() {
                let message = "a configuration is one document".to_owned();
                findings.error("documents", second.span, message, "take out the `---`");
            }
            let mut config = Config::read(first, folder(file), &mut findings);
            config.hosts.read_roots(&mut findings);
            config.databases.read_roots(&mut findings);
            config
        }
    };
    (config, findings.into_diagnostics())
}

#[cfg(test)]
mod tests;
