//! What programs leave behind: as a subreaper (prctl(2)) this process becomes its parent.

use std::{fs, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{
        Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpid, kill_process, pidfd_open, waitid,
    },
};

use super::cookie;
use crate::base::event::Event;

/// A tree that has grown back this often is left to the warden and to a later sweep.
const ROUNDS_MAX: usize = 1000;
/// How long a killed process may take to be gone; only the kernel can hold it up.
const DEATH_PATIENCE: Duration = Duration::from_secs(1);

/// Which of the processes that were left to us are meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose<'a> {
    /// Those of this process group or session, or started for this operation.
    Of(Pid, &'a str),
    /// All: no program is running that could own one.
    Everybodys,
}

/// Kills and reaps the processes that were left to us, and what they leave in turn, until
/// there are none; all but `except`. The leader of `whose` group must be dead and not yet
/// reaped. Two threads must not sweep at once.
pub(super) fn sweep(whose: Whose<'_>, except: Option<Pid>) {
    for _ in 0..ROUNDS_MAX {
        let left: Vec<Pid> = adopted()
            .filter(|pid| Some(*pid) != except)
            .filter(|pid| is_dead(*pid) || belongs(*pid, whose))
            .collect();
        if left.is_empty() {
            return;
        }
        left.into_iter().for_each(end);
    }
    Event::ProcessesLeft {}.emit();
}

/// The children of the main thread. It starts no programs, so all of them were left to us: the
/// kernel hands orphans to the first thread of their new parent.
fn adopted() -> impl Iterator<Item = Pid> {
    let main = getpid();
    let children = fs::read_to_string(format!("/proc/{main}/task/{main}/children"));
    let pids: Vec<Pid> = children
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
        .collect();
    pids.into_iter()
}

fn belongs(pid: Pid, whose: Whose<'_>) -> bool {
    match whose {
        Whose::Everybodys => true,
        Whose::Of(group, operation) => {
            stands_in(pid, group) || cookie::names_one_of(pid, &[operation])
        }
    }
}

/// Whether that is its process group or its session. Not by getpgid(2) and getsid(2): for a
/// leader outside our PID namespace they answer 0, which is no `Pid`.
fn stands_in(pid: Pid, group: Pid) -> bool {
    let stat = cookie::stat(pid);
    let group = group.to_string();
    let mut group_and_session = stat.split_ascii_whitespace().skip(2).take(2);
    group_and_session.any(|own| own == group)
}

/// Dead and waiting to be reaped, which nobody but us will do.
fn is_dead(pid: Pid) -> bool {
    cookie::stat(pid).starts_with('Z')
}

/// Only we can reap it, so its id is not given to another while we are here.
fn end(pid: Pid) {
    let _dead_already = kill_process(pid, Signal::KILL);
    let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    let patience = Timespec::try_from(DEATH_PATIENCE).ok();
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    if poll(&mut fds, patience.as_ref()).is_ok_and(|ready| ready > 0) {
        let _status = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED);
    }
}
