//! Programs that a process left running which died: they are waited for, by whoever wants to know
//! what became of their operation.

use std::time::Duration;

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, pidfd_open},
};

use super::cookie;
use crate::base::{
    clock::{Clock, Moment},
    nap::nap,
};

/// Waits, at most until `deadline`, until no process lives that was started for `operation`;
/// whether that is so. The process that started them must be dead: it holds the lock of its
/// instance until what it was just starting is known by its environment, because the child of a
/// `vfork` has that lock too until it becomes the program.
pub(in crate::backend) fn outlast(operation: &str, clock: &dyn Clock, deadline: Moment) -> bool {
    loop {
        let alive = cookie::alive(&[operation]);
        let Some(one) = alive.first() else {
            return true;
        };
        let left = deadline.since(clock.now());
        if left.is_zero() {
            return false;
        }
        wait_for(*one, left);
    }
}

fn wait_for(pid: Pid, patience: Duration) {
    let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) else {
        // It is gone in the meantime, or no descriptor is free: it is looked at again.
        nap();
        return;
    };
    let patience = Timespec::try_from(patience).ok();
    let _ended = poll(&mut [PollFd::new(&fd, PollFlags::IN)], patience.as_ref());
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;
    use crate::base::clock::{ManualClock, SystemClock};

    #[test]
    fn what_still_runs_is_seen_and_waited_for() {
        let name = format!("heir-of-{}", std::process::id());
        let clock = ManualClock::at_seconds(1);
        let mut heir = start(&name);
        assert!(!outlast(&name, &clock, clock.now()));
        // It ends with its input.
        drop(heir.stdin.take());
        let soon = SystemClock.now().plus(Duration::from_secs(20));
        assert!(outlast(&name, &SystemClock, soon));
        heir.wait().unwrap();
        assert!(outlast(&name, &clock, clock.now()));
    }

    /// The one who starts it goes on before the kernel has written its environment.
    #[test]
    fn what_was_started_just_now_is_seen() {
        let name = format!("young-heir-of-{}", std::process::id());
        let clock = ManualClock::at_seconds(1);
        for _ in 0..200 {
            let mut heir = start(&name);
            assert!(!outlast(&name, &clock, clock.now()));
            drop(heir.stdin.take());
            heir.wait().unwrap();
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a program that nobody watches")]
    fn start(name: &str) -> Child {
        Command::new("/bin/cat")
            .env(crate::backend::process::OPERATION_ID, name)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }
}
