//! The section `retention`: how long what happened is kept.

use std::time::Duration;

use super::super::{diagnostic::Findings, fields::Fields, source::Node, units};
use crate::base::limits::PRUNE_AGE_DAYS_MAX;

/// How long what happened is kept. Nothing is taken out unless that was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Calls, with the events that vouch for them.
    pub(crate) calls: Option<Duration>,
}

impl Retention {
    /// Reads the section.
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Self {
        let Some(mut fields) = Fields::open(node, "retention", findings) else {
            return Self::default();
        };
        let calls = fields
            .require("calls", findings)
            .and_then(|node| units::days(node, "calls", PRUNE_AGE_DAYS_MAX, findings));
        fields.close(findings);
        Self { calls }
    }
}
