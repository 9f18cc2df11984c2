//! How a process is known to belong to an operation, wherever it went: by its environment.

use std::fs;

use rustix::process::{Pid, getpid};

use crate::backend::process::OPERATION_ID;

/// Whether the environment with which `pid` was started names one of `operations`. A process
/// that is gone, dead, or not ours to look into does not.
pub(super) fn names_one_of(pid: Pid, operations: &[&str]) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else {
        return false;
    };
    environment.split(|byte| *byte == 0).any(|entry| {
        let value = entry
            .strip_prefix(OPERATION_ID.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"="));
        value.is_some_and(|value| operations.iter().any(|one| one.as_bytes() == value))
    })
}

/// Every living process but this one whose environment names one of `operations`.
pub(super) fn alive(operations: &[&str]) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .filter(|pid| *pid != getpid() && names_one_of(*pid, operations))
        .collect()
}
