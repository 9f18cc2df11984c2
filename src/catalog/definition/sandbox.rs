//! The part of a definition that says how its program is shut in.

use std::time::Duration;

use super::{
    super::{
        diagnostic::{Findings, Span},
        fields::{Fields, items, truth},
        quantity::count,
        sandbox::ProgramLimits,
        source::{Entry, Node},
        units,
    },
    Spanned, spanned,
};
use crate::base::limits::{OPEN_FILES_DEFAULT, PROGRAM_LIMIT_MAX, TIMEOUT_MAX};

/// Most descriptors, or processes, that a definition can speak of.
const COUNT_MAX: u32 = 1_000_000;

/// `sandbox`, see [`super::super::sandbox::Sandbox`].
#[derive(Debug)]
pub(crate) struct SandboxDefinition<'a> {
    pub(crate) span: Span,
    /// `None` where neither `read` nor `write` is there: files are not restricted.
    pub(crate) files: Option<Reach<'a>>,
    /// The key, where the network is forbidden.
    pub(crate) no_network: Option<Span>,
    pub(crate) require: bool,
    pub(crate) limits: ProgramLimits,
}

/// `read` and `write`.
#[derive(Debug, Default)]
pub(crate) struct Reach<'a> {
    pub(crate) read: Vec<Spanned<'a>>,
    pub(crate) write: Vec<Spanned<'a>>,
}

/// Reads `sandbox`.
pub(super) fn read<'a>(entry: &'a Entry, findings: &mut Findings) -> Option<SandboxDefinition<'a>> {
    let mut fields = Fields::open(&entry.value, "sandbox", findings)?;
    let read = fields
        .take("read")
        .map(|node| paths(node, "read", findings));
    let write = fields
        .take("write")
        .map(|node| paths(node, "write", findings));
    let network = fields.take_entry("network");
    let open = network.is_none_or(|entry| truth(&entry.value, "network", findings) != Some(false));
    let require = fields.flag("require", findings);
    let limits = fields.take("limits");
    fields.close(findings);
    let files = (read.is_some() || write.is_some()).then(|| Reach {
        read: read.unwrap_or_default(),
        write: write.unwrap_or_default(),
    });
    Some(SandboxDefinition {
        span: entry.key_span,
        files,
        no_network: network.filter(|_| !open).map(|entry| entry.key_span),
        require,
        limits: limits.map_or_else(unlimited, |node| program_limits(node, findings)),
    })
}

fn paths<'a>(node: &'a Node, name: &str, findings: &mut Findings) -> Vec<Spanned<'a>> {
    let paths = items(node, name, findings).iter();
    paths
        .filter_map(|node| spanned(node, "a path", findings))
        .collect()
}

fn unlimited() -> ProgramLimits {
    ProgramLimits {
        open_files: OPEN_FILES_DEFAULT,
        ..ProgramLimits::default()
    }
}

fn program_limits(node: &Node, findings: &mut Findings) -> ProgramLimits {
    let Some(mut fields) = Fields::open(node, "limits", findings) else {
        return unlimited();
    };
    let cpu = fields
        .take("cpu")
        .and_then(|node| units::duration(node, "cpu", TIMEOUT_MAX, findings));
    let mut bytes = |name: &'static str, fields: &mut Fields<'_>| {
        let node = fields.take(name)?;
        let bytes = units::bytes(node, name, PROGRAM_LIMIT_MAX, findings)?;
        u64::try_from(bytes).ok()
    };
    let memory_bytes = bytes("memory", &mut fields);
    let file_size_bytes = bytes("file_size", &mut fields);
    let open_files = fields
        .take("open_files")
        .and_then(|node| count(node, "open_files", COUNT_MAX, findings));
    let processes = fields
        .take("processes")
        .and_then(|node| count(node, "processes", COUNT_MAX, findings));
    fields.close(findings);
    ProgramLimits {
        cpu_seconds: cpu.map(whole_seconds),
        memory_bytes,
        open_files: open_files.map_or(OPEN_FILES_DEFAULT, u64::from),
        processes: processes.map(u64::from),
        file_size_bytes,
    }
}

/// The kernel counts whole seconds; a part of one counts as one.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
