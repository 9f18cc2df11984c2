//! A process of ours that outlives us for a moment: it ends our programs when we were killed.
//!
//! It holds one end of a pipe and sleeps until the other end is closed, which the kernel does
//! however we die. Then it reads the journal and kills what is still in it.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt as _},
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal},
};

use super::{
    super::inherit::start,
    cookie,
    journal::{self, Noted},
};
use crate::backend::process::WARDEN;

const ROUNDS_MAX: usize = 100;
const DEATH_PATIENCE: Duration = Duration::from_millis(200);

/// The warden's side: waits for the end of whoever started it, and ends what it left running.
pub(crate) fn run() -> ExitCode {
    let mut buffer = [0; 16];
    while let Ok(1..) | Err(Errno::INTR) = rustix::io::read(rustix::stdio::stdin(), &mut buffer) {}
    end_all(&journal::read(rustix::stdio::stdout()));
    ExitCode::SUCCESS
}

fn end_all(left: &[Noted]) {
    for group in left.iter().filter_map(|noted| noted.group) {
        let _nobody_left = kill_process_group(group, Signal::KILL);
    }
    let operations: Vec<&str> = left.iter().map(|noted| noted.operation.as_str()).collect();
    if operations.is_empty() {
        return;
    }
    for _ in 0..ROUNDS_MAX {
        let alive = cookie::alive(&operations);
        if alive.is_empty() {
            return;
        }
        alive.into_iter().for_each(|pid| end(pid, &operations));
    }
}

/// It is no child of ours: it is held by a descriptor, and looked at again before the kill.
fn end(pid: Pid, operations: &[&str]) {
    let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    if cookie::names_one_of(pid, operations) {
        let _gone = pidfd_send_signal(&fd, Signal::KILL);
        let patience = Timespec::try_from(DEATH_PATIENCE).ok();
        let _dead = poll(&mut [PollFd::new(&fd, PollFlags::IN)], patience.as_ref());
    }
}

/// Our side of a warden. Dropping it lets it go.
#[derive(Debug)]
pub(super) struct Warden(Child);

impl Warden {
    /// Starts a warden that will read `journal`.
    ///
    /// # Errors
    /// When it did not start.
    #[expect(
        clippy::disallowed_methods,
        reason = "it guards the one place that starts programs"
    )]
    pub(super) fn start(journal: OwnedFd) -> io::Result<Self> {
        let mut command = Command::new(super::keeper::OURSELVES);
        command
            .arg(WARDEN)
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(journal)
            .stderr(Stdio::null());
        start(&mut command, &[]).map(Self)
    }

    /// Its process id.
    pub(super) fn id(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    /// Whether it is still there.
    pub(super) fn is_awake(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}
