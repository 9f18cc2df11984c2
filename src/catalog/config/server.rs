//! The section `server`: what the server says of itself.

use super::super::{diagnostic::Findings, fields::Fields, source::Node};

/// What clients are told about the server, as it stands when the process starts; arguments of
/// the command line come first.
#[derive(Debug, Default)]
pub(crate) struct Server {
    /// The name in `serverInfo`.
    pub(crate) name: Option<String>,
    /// Text for the model.
    pub(crate) instructions: Option<String>,
    /// Whether to refuse to run as root.
    pub(crate) require_unprivileged: bool,
}

impl Server {
    /// Reads the section.
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Self {
        let Some(mut fields) = Fields::open(node, "server", findings) else {
            return Self::default();
        };
        let name = fields.text("name", findings).map(str::to_owned);
        let instructions = fields.text("instructions", findings).map(str::to_owned);
        let require_unprivileged = fields.flag("require_unprivileged", findings);
        fields.close(findings);
        Self {
            name,
            instructions,
            require_unprivileged,
        }
    }
}
