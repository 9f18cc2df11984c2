//! The section `hosts`: where requests of tools may go.

use std::{path::Path, sync::Arc};

use super::{
    super::{
        diagnostic::{Findings, tick},
        fields::{Fields, items, text},
        source::{Node, NodeValue},
        surroundings::Host,
    },
    authorities::CaFile,
};
use crate::base::url::{is_host, is_public, literal, split_port};

/// The port of a host that is written without one.
const PORT_DEFAULT: u16 = 443;

/// Every host and port that may be reached.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    hosts: Vec<Arc<Host>>,
    /// Where the certificates are that vouch for the host at this place.
    files: Vec<(usize, CaFile)>,
}

impl Hosts {
    /// Reads the section: a list of `NAME`, `NAME:PORT` and `{host: NAME:PORT, private: true,
    /// ca: FILE}`. A file that is not absolute is looked for in `folder`.
    pub(super) fn read(node: &Node, folder: &Path, findings: &mut Findings) -> Self {
        let mut read = Self::default();
        for node in items(node, "hosts", findings) {
            if let Some((host, ca)) = host(node, folder, findings) {
                read.files.extend(ca.map(|ca| (read.hosts.len(), ca)));
                read.hosts.push(Arc::new(host));
            }
        }
        read
    }

    /// Reads the files that the section names.
    pub(super) fn read_roots(&mut self, findings: &mut Findings) {
        for (at, file) in std::mem::take(&mut self.files) {
            let roots = file.read("host", findings);
            if let Some(host) = self.hosts.get_mut(at).and_then(Arc::get_mut) {
                host.roots = roots;
            }
        }
    }

    /// The one of this name, in whatever case, and port.
    pub(crate) fn find(&self, name: &str, port: u16) -> Option<&Arc<Host>> {
        let mut hosts = self.hosts.iter();
        hosts.find(|host| host.port == port && host.name.eq_ignore_ascii_case(name))
    }

    /// All of them, in the order of the file, as `NAME:PORT`.
    pub(crate) fn written(&self) -> impl Iterator<Item = String> {
        let hosts = self.hosts.iter();
        hosts.map(|host| format!("{}:{}", host.name, host.port))
    }
}

#[cfg(test)]
impl From<Host> for Hosts {
    fn from(host: Host) -> Self {
        Self {
            hosts: vec![Arc::new(host)],
            files: Vec::new(),
        }
    }
}

fn host(node: &Node, folder: &Path, findings: &mut Findings) -> Option<(Host, Option<CaFile>)> {
    let (named, is_private, ca) = if matches!(node.value, NodeValue::Map(_)) {
        let mut fields = Fields::open(node, "a host", findings)?;
        let named = fields.require("host", findings);
        let is_private = fields.flag("private", findings);
        let ca = fields.take("ca");
        fields.close(findings);
        (named?, is_private, ca)
    } else {
        (node, false, None)
    };
    let given = text(named, "a host", findings)?;
    let Some((name, port)) = split_port(given).filter(|(name, _)| is_host(name)) else {
        let message = format!("{} is not a host", tick(given));
        let help = "write a name as `api.example.com` or an address in its usual form, \
                    with a port as `api.example.com:8443`";
        findings.error("host", named.span, message, help);
        return None;
    };
    if !is_private && literal(name).is_some_and(|address| !is_public(address)) {
        let message = format!("{} is not a public address", tick(name));
        let help = "write `{host: …, private: true}` if tools may reach it";
        findings.error("host", named.span, message, help);
        return None;
    }
    let ca = ca.and_then(|node| CaFile::named(node, folder, findings));
    let port = port.strip_prefix(':').and_then(|port| port.parse().ok());
    let host = Host {
        name: name.to_ascii_lowercase(),
        port: port.unwrap_or(PORT_DEFAULT),
        is_private,
        roots: None,
    };
    Some((host, ca))
}
