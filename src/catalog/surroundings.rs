//! What definitions are compiled against: where programs are found, what the operator declares,
//! and how statements are held against their databases.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use super::{
    config::Config,
    plan::SqlPlan,
    secret::{Reference, Secrets},
};
use crate::base::url::{is_private, is_public};

/// A database that tools may use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Database {
    /// The name by which definitions call it.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) place: Place,
}

/// Where a database is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this SQLite file; absolute, taken literally.
    Sqlite(PathBuf),
    /// On a PostgreSQL server.
    Postgres(Server),
}

/// A PostgreSQL server, and who the gate is there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// How it is reached.
    pub(crate) at: ServerAddress,
    /// Its port, which is part of the name of its socket too.
    pub(crate) port: u16,
    /// Which of its databases.
    pub(crate) database: String,
    /// The role.
    pub(crate) user: String,
    /// Where the role's password is; none where the server asks for none.
    pub(crate) password: Option<Reference>,
}

/// How a server is reached: so that nobody can listen in between.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ServerAddress {
    /// By a socket in this folder; absolute.
    Socket(PathBuf),
    /// By an address of this machine.
    Loopback(IpAddr),
    /// On any other host, and therefore by TLS.
    Elsewhere(Host),
}

/// A host that tools may reach over a network.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// A domain name or an address, in lower case.
    pub(crate) name: String,
    /// The one port of it.
    pub(crate) port: u16,
    /// Whether it may be at an address that is not public.
    pub(crate) is_private: bool,
    /// The certificates of those who may vouch for it, in DER; `None` is Mozilla's.
    pub(crate) roots: Option<Vec<Vec<u8>>>,
}

impl Host {
    /// Whether it may be at this address.
    pub(crate) fn may_be_at(&self, address: IpAddr) -> bool {
        is_public(address) || (self.is_private && is_private(address))
    }
}

/// What was found when a statement was held against its database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inspected {
    /// It can be run, as far as can be told now.
    Sound,
    /// It may never be run: why, and what to do.
    Refused(String, &'static str),
    /// Nothing can be said now: why.
    Open(String),
}

/// Holds a statement against its database without running it.
pub(crate) type InspectSql = dyn Fn(&Arc<SqlPlan>) -> Inspected + Send + Sync;

/// What definitions are compiled against. The same definitions in the same surroundings give
/// the same tools.
pub(crate) struct Surroundings<'a> {
    /// Folders in which programs that are not absolute are looked for, in order.
    pub(crate) path: &'a [PathBuf],
    /// What the names in a definition stand for.
    pub(crate) config: &'a Config,
    /// Where the secrets are that a definition refers to.
    pub(crate) secrets: &'a Secrets,
    /// How statements are inspected; without one they are first prepared when they are run.
    pub(crate) inspect_sql: Option<&'a InspectSql>,
}
