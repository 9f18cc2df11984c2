//! Files of those who may vouch for a host, instead of Mozilla's.

use std::path::{Path, PathBuf};

use ureq::tls::{PemItem, parse_pem};

use super::super::{
    diagnostic::{Findings, Span},
    fields::text,
    file::read,
    source::Node,
};

/// A file of certificates, and where it is named.
#[derive(Debug)]
pub(super) struct CaFile {
    path: PathBuf,
    span: Span,
}

impl CaFile {
    /// The file that the value of `ca` names. One that is not absolute is looked for in `folder`.
    pub(super) fn named(node: &Node, folder: &Path, findings: &mut Findings) -> Option<Self> {
        Some(Self {
            path: folder.join(text(node, "ca", findings)?),
            span: node.span,
        })
    }

    /// The certificates in it, in DER; what is wrong with it is told under `code`.
    pub(super) fn read(&self, code: &'static str, findings: &mut Findings) -> Option<Vec<Vec<u8>>> {
        let mut wrong = |why: &str| {
            let message = format!("`ca` names no file of certificates: {why}");
            let help = "name a file with `-----BEGIN CERTIFICATE-----`";
            findings.error(code, self.span, message, help);
            None
        };
        let pem = match read(&self.path, Path::new("/")) {
            Ok((pem, _)) => pem,
            Err(refusal) => return wrong(&refusal.message),
        };
        let mut roots = Vec::new();
        for item in parse_pem(pem.as_bytes()) {
            match item {
                Ok(PemItem::Certificate(certificate)) => roots.push(certificate.der().to_vec()),
                Ok(_) => return wrong("something else stands in it"),
                Err(_) => return wrong("it cannot be read as PEM"),
            }
        }
        match roots.is_empty() {
            true => wrong("none stands in it"),
            false => Some(roots),
        }
    }
}
