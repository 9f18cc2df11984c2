//! Which `tools.lock` the calls of a process are held to, for the audit trail.

/// The lock of one folder of definitions, as a process has it in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldTo {
    /// Where it is, or would be.
    pub(crate) path: String,
    /// What it approves; `None` where nothing is held to it.
    pub(crate) approvals: Option<Approvals>,
}

/// What a lock approves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Approvals {
    /// SHA-256 of the text of the lock, in hexadecimal digits.
    pub(crate) digest: String,
    /// Each tool with the digests of its definition and programs, and who approved it when: JSON.
    pub(crate) tools: String,
}
