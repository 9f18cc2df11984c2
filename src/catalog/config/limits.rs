//! The section `limits`: how often tools may be called that say nothing of it themselves.

use super::super::{
    diagnostic::Findings,
    fields::Fields,
    quantity::{count, rate},
    source::Node,
};
use crate::base::quota::Rate;

/// Rates for each principal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of each tool that declares no rate.
    pub(crate) rate: Option<Rate>,
    /// Of all tools together.
    pub(crate) total: Option<Rate>,
}

impl Limits {
    /// Reads the section.
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Self {
        let Some(mut fields) = Fields::open(node, "limits", findings) else {
            return Self::default();
        };
        let says_each = node.get("rate").is_some() || node.get("burst").is_some();
        let total = fields.take("total");
        let each = if says_each || total.is_none() {
            rate_of(&mut fields, findings)
        } else {
            None
        };
        let total = total.and_then(|node| {
            let mut fields = Fields::open(node, "total", findings)?;
            let total = rate_of(&mut fields, findings);
            fields.close(findings);
            total
        });
        fields.close(findings);
        Self { rate: each, total }
    }
}

/// `rate` with its `burst`.
fn rate_of(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Rate> {
    let burst = fields
        .take("burst")
        .and_then(|node| count(node, "burst", u32::MAX, findings));
    let node = fields.require("rate", findings)?;
    rate(node, burst, findings)
}
