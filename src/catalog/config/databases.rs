//! The section `databases`: SQLite files and PostgreSQL servers that tools may use.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    super::{
        diagnostic::{Findings, tick},
        fields::{Fields, text, truth, wrong_type},
        secret::Reference,
        source::{Node, NodeValue},
        surroundings::{Database, Host, Place, Server, ServerAddress},
    },
    authorities::CaFile,
};
use crate::base::url::{is_host, is_public, literal};

/// The port of a server that is written without one.
const POSTGRES_PORT_DEFAULT: u16 = 5432;

/// Every database by its name.
#[derive(Debug, Default)]
pub(crate) struct Databases {
    by_name: BTreeMap<String, Arc<Database>>,
    /// Where the certificates are that vouch for the server of the database with this name.
    files: Vec<(String, CaFile)>,
}

impl Databases {
    /// Reads the section: a name and `{sqlite: PATH}` or `{postgres: {...}}` for each. A path that
    /// is not absolute begins in `folder`, where the file stands.
    pub(super) fn read(node: &Node, folder: &Path, findings: &mut Findings) -> Self {
        let mut read = Self::default();
        if Fields::open(node, "databases", findings).is_none() {
            return read;
        }
        for entry in node.entries() {
            let name = entry.key.clone();
            if let Some((place, ca)) = place(&entry.value, &name, folder, findings) {
                read.files.extend(ca.map(|ca| (name.clone(), ca)));
                let database = Database {
                    name: name.clone(),
                    place,
                };
                read.by_name.insert(name, Arc::new(database));
            }
        }
        read
    }

    /// Reads the files that the section names.
    pub(super) fn read_roots(&mut self, findings: &mut Findings) {
        for (name, file) in std::mem::take(&mut self.files) {
            let roots = file.read("database", findings);
            let database = self.by_name.get_mut(&name).and_then(Arc::get_mut);
            if let Some(Place::Postgres(server)) = database.map(|one| &mut one.place)
                && let ServerAddress::Elsewhere(host) = &mut server.at
            {
                host.roots = roots;
            }
        }
    }

    /// The database called `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Database>> {
        self.by_name.get(name)
    }

    /// All names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

#[cfg(test)]
impl FromIterator<Database> for Databases {
    fn from_iter<T: IntoIterator<Item = Database>>(databases: T) -> Self {
        let named = databases.into_iter();
        Self {
            by_name: named
                .map(|database| (database.name.clone(), Arc::new(database)))
                .collect(),
            files: Vec::new(),
        }
    }
}

/// Where a database is, and who may vouch for that.
type Placed = (Place, Option<CaFile>);

fn place(node: &Node, name: &str, folder: &Path, findings: &mut Findings) -> Option<Placed> {
    let mut fields = Fields::open(node, name, findings)?;
    let postgres = fields.take("postgres");
    let sqlite = match postgres {
        None => fields.require("sqlite", findings),
        Some(_) => fields.take("sqlite"),
    };
    fields.close(findings);
    match (sqlite, postgres) {
        (Some(node), None) => Some((Place::Sqlite(file(node, folder, findings)?), None)),
        (None, Some(node)) => server(node, folder, findings),
        (None, None) => None,
        (Some(_), Some(other)) => {
            let message = "a database is one of `sqlite` and `postgres`".to_owned();
            findings.error("database", other.span, message, "give each its own name");
            None
        }
    }
}

/// The file of one database; absolute, whatever it is named like.
fn file(node: &Node, folder: &Path, findings: &mut Findings) -> Option<PathBuf> {
    let path = text(node, "sqlite", findings)?;
    if path.is_empty() || path == ":memory:" || path.contains('\0') {
        let help = "name a file; an empty or passing database holds nothing for a tool";
        findings.error("database", node.span, "this names no file".to_owned(), help);
        return None;
    }
    std::path::absolute(folder.join(path)).ok()
}

fn server(node: &Node, folder: &Path, findings: &mut Findings) -> Option<Placed> {
    let mut fields = Fields::open(node, "postgres", findings)?;
    let host = fields.require("host", findings);
    let port = fields.take("port");
    let private = fields.take("private");
    let ca = fields.take("ca");
    let database = fields.require("database", findings);
    let user = fields.require("user", findings);
    let password = fields.take("password");
    fields.close(findings);
    let port = port.map_or(Some(POSTGRES_PORT_DEFAULT), |node| port_of(node, findings));
    let password = match password {
        None => Some(None),
        Some(node) => reference(node, findings).map(Some),
    };
    let is_private = private.and_then(|node| truth(node, "private", findings));
    let other = Host {
        name: String::new(),
        port: port.unwrap_or(POSTGRES_PORT_DEFAULT),
        is_private: is_private.unwrap_or(false),
        roots: None,
    };
    let at = address(host?, other, findings);
    let ca = match at {
        Some(ServerAddress::Elsewhere(_)) => {
            ca.and_then(|node| CaFile::named(node, folder, findings))
        }
        Some(ServerAddress::Socket(_) | ServerAddress::Loopback(_)) => {
            if let Some(node) = private.or(ca) {
                let message = "`private` and `ca` are for a server on another host".to_owned();
                let help = "leave them out: what stays on this machine needs neither";
                findings.error("database", node.span, message, help);
            }
            None
        }
        None => None,
    };
    let database = word(database?, "database", findings);
    let user = word(user?, "user", findings);
    let server = Server {
        at: at?,
        port: port?,
        database: database?,
        user: user?,
        password: password?,
    };
    Some((Place::Postgres(server), ca))
}

/// A socket, an address of this machine, where nothing that is sent is heard on a network, or
/// `other` under its name.
fn address(node: &Node, other: Host, findings: &mut Findings) -> Option<ServerAddress> {
    let written = text(node, "host", findings)?;
    if written.starts_with('/') && !written.contains('\0') {
        return Some(ServerAddress::Socket(PathBuf::from(written)));
    }
    let address = written.parse().ok().or_else(|| literal(written));
    if let Some(address) = address.filter(IpAddr::is_loopback) {
        return Some(ServerAddress::Loopback(address));
    }
    let mut wrong = |message: String, help: &str| {
        findings.error("database", node.span, message, help);
        None
    };
    if address.is_none() && !is_host(written) {
        let message = format!(
            "{} is neither the folder of a socket nor a host",
            tick(written)
        );
        let help = "write `/run/postgresql`, `127.0.0.1`, or a name as `db.example.com`, with its \
                    port under `port`";
        return wrong(message, help);
    }
    if !other.is_private && address.is_some_and(|address| !is_public(address)) {
        let message = format!("{} is not a public address", tick(written));
        return wrong(
            message,
            "write `private: true` beside it if tools may reach it",
        );
    }
    let name = address.map_or_else(
        || written.to_ascii_lowercase(),
        |address| address.to_string(),
    );
    Some(ServerAddress::Elsewhere(Host { name, ..other }))
}

fn port_of(node: &Node, findings: &mut Findings) -> Option<u16> {
    let NodeValue::Number(number) = &node.value else {
        wrong_type(node, "port", "a number", "", findings);
        return None;
    };
    let port = number.as_u64().and_then(|port| u16::try_from(port).ok());
    let port = port.filter(|port| *port > 0);
    if port.is_none() {
        let message = "`port` must be from 1 to 65535".to_owned();
        findings.error("amount", node.span, message, "");
    }
    port
}

fn word(node: &Node, key: &'static str, findings: &mut Findings) -> Option<String> {
    let word = text(node, key, findings)?;
    if word.is_empty() || word.contains('\0') {
        let message = format!("`{key}` names nothing");
        findings.error("database", node.span, message, "write its name");
        return None;
    }
    Some(word.to_owned())
}

/// Where a password is; never the password.
fn reference(node: &Node, findings: &mut Findings) -> Option<Reference> {
    let written = text(node, "password", findings)?;
    let inside = written
        .strip_prefix("${secret:")
        .and_then(|rest| rest.strip_suffix('}'));
    let reference = inside.and_then(Reference::parse);
    if reference.is_none() {
        let message = "`password` does not say where the password is".to_owned();
        let help =
            "write `${secret:env:NAME}`, or `${secret:file:PATH}` with an absolute path, alone";
        findings.error("secret", node.span, message, help);
    }
    reference
}
