//! The section `databases`: SQLite files and PostgreSQL servers that tools may use.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::super::{
    diagnostic::{Findings, tick},
    fields::{Fields, text, wrong_type},
    secret::Reference,
    source::{Node, NodeValue},
    surroundings::{Database, Place, Server, ServerAddress},
};

/// The port of a server that is written without one.
const POSTGRES_PORT_DEFAULT: u16 = 5432;

/// Every database by its name.
#[derive(Debug, Default)]
pub(crate) struct Databases {
    by_name: BTreeMap<String, Arc<Database>>,
}

impl Databases {
    /// Reads the section: a name and `{sqlite: PATH}` or `{postgres: {...}}` for each. A path that
    /// is not absolute begins in `folder`, where the file stands.
    pub(super) fn read(node: &Node, folder: &Path, findings: &mut Findings) -> Self {
        if Fields::open(node, "databases", findings).is_none() {
            return Self::default();
        }
        let by_name = node.entries().iter().filter_map(|entry| {
            let name = entry.key.clone();
            let place = place(&entry.value, &name, folder, findings)?;
            Some((name.clone(), Arc::new(Database { name, place })))
        });
        Self {
            by_name: by_name.collect(),
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
        }
    }
}

fn place(node: &Node, name: &str, folder: &Path, findings: &mut Findings) -> Option<Place> {
    let mut fields = Fields::open(node, name, findings)?;
    let postgres = fields.take("postgres");
    let sqlite = match postgres {
        None => fields.require("sqlite", findings),
        Some(_) => fields.take("sqlite"),
    };
    fields.close(findings);
    match (sqlite, postgres) {
        (Some(node), None) => file(node, folder, findings).map(Place::Sqlite),
        (None, Some(node)) => server(node, findings).map(Place::Postgres),
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

fn server(node: &Node, findings: &mut Findings) -> Option<Server> {
    let mut fields = Fields::open(node, "postgres", findings)?;
    let host = fields.require("host", findings);
    let port = fields.take("port");
    let database = fields.require("database", findings);
    let user = fields.require("user", findings);
    let password = fields.take("password");
    fields.close(findings);
    let port = port.map_or(Some(POSTGRES_PORT_DEFAULT), |node| port_of(node, findings));
    let password = match password {
        None => Some(None),
        Some(node) => reference(node, findings).map(Some),
    };
    let at = address(host?, findings);
    let database = word(database?, "database", findings);
    let user = word(user?, "user", findings);
    Some(Server {
        at: at?,
        port: port?,
        database: database?,
        user: user?,
        password: password?,
    })
}

/// A socket or an address of this machine: nothing that is sent there is heard on a network.
fn address(node: &Node, findings: &mut Findings) -> Option<ServerAddress> {
    let host = text(node, "host", findings)?;
    if host.starts_with('/') && !host.contains('\0') {
        return Some(ServerAddress::Socket(PathBuf::from(host)));
    }
    if let Ok(address) = host.parse::<IpAddr>()
        && address.is_loopback()
    {
        return Some(ServerAddress::Loopback(address));
    }
    let message = format!(
        "{} is neither the folder of a socket nor an address of this machine",
        tick(host)
    );
    let help = "write `/run/postgresql` or `127.0.0.1`; reach a server elsewhere through a proxy \
                or tunnel on this machine, which encrypts";
    findings.error("database", node.span, message, help);
    None
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
