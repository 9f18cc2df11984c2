//! How a program is shut in, as its definition says.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a program is shut in. It has a session of its own and dies with the gate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Sandbox {
    /// The files that it may reach; `None` is all that its user may.
    pub(crate) files: Option<Reach>,
    /// Whether it may make and take TCP connections.
    pub(crate) network: bool,
    /// Whether it must not run where the kernel cannot hold it to this.
    pub(crate) require: bool,
    /// What it may use.
    pub(crate) limits: ProgramLimits,
}

/// The files that a program may reach, beyond itself and what every program needs to start:
/// folders with all that is in them, and single files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Reach {
    /// May be read and run.
    pub(crate) read: Vec<PathBuf>,
    /// May be read, run, written, made and removed.
    pub(crate) write: Vec<PathBuf>,
}

/// What a program may use; `None` is what this process may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct ProgramLimits {
    /// Processor time.
    pub(crate) cpu_seconds: Option<u64>,
    /// Address space of one process.
    pub(crate) memory_bytes: Option<u64>,
    /// Descriptors open at the same time.
    pub(crate) open_files: u64,
    /// Processes of its user, all programs together.
    pub(crate) processes: Option<u64>,
    /// Size of a file that it writes.
    pub(crate) file_size_bytes: Option<u64>,
}
