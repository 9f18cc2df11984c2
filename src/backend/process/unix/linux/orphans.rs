//! What programs leave behind: as a subreaper (prctl(2)) this process becomes its parent.

use std::{fs::File, io, os::unix::fs::FileExt as _, time::Duration};

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

/// The processes that were left to us.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    /// The kernel's list of them, open from the first sweep on: to find it takes fifteen times as
    /// long as to read it.
    list: Option<File>,
}

impl Orphans {
    /// Kills and reaps them, and what they leave in turn, until there are none; all but `except`.
    /// The leader of `whose` group must be dead and not yet reaped.
    pub(super) fn sweep(&mut self, whose: Whose<'_>, except: Option<Pid>) {
        for _ in 0..ROUNDS_MAX {
            let list = self.read().unwrap_or_default();
            let left: Vec<Pid> = list
                .split(u8::is_ascii_whitespace)
                .filter_map(|pid| Pid::from_raw(std::str::from_utf8(pid).ok()?.parse().ok()?))
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

    /// The children of the main thread. It starts no programs, so all of them were left to us:
    /// the kernel hands orphans to the first thread of their new parent.
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let list = match &mut self.list {
            Some(list) => list,
            none => {
                let main = getpid();
                none.insert(File::open(format!("/proc/{main}/task/{main}/children"))?)
            }
        };
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let at = u64::try_from(all.len()).unwrap_or(u64::MAX);
            match list.read_at(&mut buffer, at)? {
                0 => return Ok(all),
                count => all.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            }
        }
    }
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
