//! How a process is known to belong to an operation, wherever it went: by its environment.

use std::{fs, time::Duration};

use rustix::process::{Pid, getpid};

use crate::{backend::process::OPERATION_ID, base::nap::nap};

/// How long a process is looked at again that is just becoming a program. The kernel needs
/// microseconds for it, and longer only where it waits for the file of the program.
const BECOMING_PATIENCE: Duration = Duration::from_secs(2);

/// Whether the environment with which `pid` was started names one of `operations`. A process
/// that is gone, dead, or not ours to look into does not.
pub(super) fn names_one_of(pid: Pid, operations: &[&str]) -> bool {
    environment(pid).split(|byte| *byte == 0).any(|entry| {
        let value = entry
            .strip_prefix(OPERATION_ID.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"="));
        value.is_some_and(|value| operations.iter().any(|one| one.as_bytes() == value))
    })
}

/// What `pid` was started with. In the midst of an execve(2) a process has lost its descriptors,
/// and with them every lock by which it could be waited for, before its new environment can be
/// read: an environment that is empty is looked at again until it was so all the while.
fn environment(pid: Pid) -> Vec<u8> {
    let mut waited = Duration::ZERO;
    let mut before = Memory::Becoming;
    loop {
        let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else {
            return Vec::new();
        };
        if !environment.is_empty() || waited >= BECOMING_PATIENCE {
            return environment;
        }
        let now = memory(&stat(pid));
        if now == Memory::Becoming {
            waited += nap();
        } else if now == before {
            return environment;
        }
        before = now;
    }
}

/// What of a process's memory bears on its environment.
#[derive(Debug, PartialEq, Eq)]
enum Memory {
    /// It has none: a thread of the kernel, dead, or gone.
    None,
    /// It is becoming that of a program, and no environment is in it yet.
    Becoming,
    /// It holds an environment that ends here.
    Program(String),
}

/// As proc_pid_stat(5) tells it by `vsize` and `env_end`.
fn memory(stat: &str) -> Memory {
    const VSIZE: usize = 23 - STATE;
    const ENV_END: usize = 51 - STATE;
    let field = |at| stat.split_ascii_whitespace().nth(at).unwrap_or("0");
    match (field(VSIZE), field(ENV_END)) {
        ("0", _) => Memory::None,
        (_, "0") => Memory::Becoming,
        (_, end) => Memory::Program(end.to_owned()),
    }
}

/// The number that proc_pid_stat(5) gives the first field of [`stat`].
const STATE: usize = 3;

/// What proc_pid_stat(5) says from the third field, the state, on; empty for one that is gone.
pub(super) fn stat(pid: Pid) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    after_name.unwrap_or_default().to_owned()
}

/// Every living process but this one whose environment names one of `operations`.
pub(super) fn alive(operations: &[&str]) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .filter(|pid| *pid != getpid() && names_one_of(*pid, operations))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_becoming_a_program_while_its_memory_holds_no_environment() {
        let stat = |vsize: &'static str, env_end: &'static str| {
            let fields = (STATE..=52).map(|number| match number {
                STATE => "S",
                23 => vsize,
                51 => env_end,
                _ => "1",
            });
            fields.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(memory(&stat("139264", "0")), Memory::Becoming);
        let program = Memory::Program("140722879000551".to_owned());
        assert_eq!(memory(&stat("139264", "140722879000551")), program);
        assert_eq!(memory(&stat("0", "0")), Memory::None);
        assert_eq!(memory(""), Memory::None);
        assert!(matches!(memory(&super::stat(getpid())), Memory::Program(_)));
    }
}
