//! Everything that could be wrong, looked at in one go: what was found, and the way out of it.

mod clients;
mod ours;

use std::{fmt::Write as _, path::PathBuf};

use serde_json::{Value, json};

use super::{args::ToolsDir, install::client::Platform, locate::Environment};
use crate::base::clock::Timestamp;

/// What is looked at.
pub(super) struct Subject {
    /// Where the definitions are, as far as it was said.
    pub(super) tools: ToolsDir,
    /// Where the ledger is, as far as it was said.
    pub(super) state: Option<PathBuf>,
    /// The folders of this user.
    pub(super) environment: Environment,
    /// What the clients run on.
    pub(super) platform: Platform,
    /// What time the clock says it is.
    pub(super) now: Timestamp,
}

/// How much a finding matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It is as it should be.
    Fine,
    /// Worth knowing.
    Note,
    /// A person should look at it.
    Warning,
    /// Something does not work.
    Error,
}

impl Weight {
    /// The word in the output.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What it is about.
    pub(super) area: &'static str,
    /// How much it matters.
    pub(super) weight: Weight,
    /// What was found.
    pub(super) what: String,
    /// What to do about it; none where there is nothing to do.
    pub(super) way_out: Option<String>,
}

impl Finding {
    fn new(area: &'static str, weight: Weight, what: impl Into<String>) -> Self {
        Self {
            area,
            weight,
            what: what.into(),
            way_out: None,
        }
    }

    fn way_out(self, way_out: impl Into<String>) -> Self {
        Self {
            way_out: Some(way_out.into()),
            ..self
        }
    }
}

/// Looks at everything. Reads only; starts no program of a tool.
pub(super) fn examine(subject: &Subject) -> Vec<Finding> {
    let mut findings = ours::definitions(subject);
    findings.extend(ours::state(subject));
    findings.extend(ours::system(subject));
    findings.extend(clients::entries(subject));
    findings
}

/// The findings as a person reads them.
pub(super) fn told(findings: &[Finding]) -> String {
    let mut told = String::new();
    for one in findings {
        // Writing to a text cannot fail.
        let weight = one.weight.as_str();
        let _written = writeln!(told, "{weight:<8} {:<12} {}", one.area, one.what);
        if let Some(way_out) = &one.way_out {
            let _written = writeln!(told, "{:<21} -> {way_out}", "");
        }
    }
    told
}

/// The same for a program.
pub(super) fn json(findings: &[Finding]) -> Value {
    let list = findings.iter().map(|one| {
        json!({
            "area": one.area, "weight": one.weight.as_str(), "what": one.what,
            "way_out": one.way_out,
        })
    });
    json!({"worst": worst(findings).as_str(), "findings": list.collect::<Vec<_>>()})
}

/// The heaviest of them.
pub(super) fn worst(findings: &[Finding]) -> Weight {
    let weights = findings.iter().map(|one| one.weight);
    weights.max().unwrap_or(Weight::Fine)
}
