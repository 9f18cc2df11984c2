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
}

impl Server {
    /// Reads the section.
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Self {
        let Some(mut fields) = Fields::open(node, "server", findings) else {
            return Self::default();
        };
        let name = fields.text("name", findings).map(str::to_owned);
        let instructions = fields.text("instructions", findings).map(str::to_owned);
        fields.close(findings);
        Self { name, instructions }
    }
}
