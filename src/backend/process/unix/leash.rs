//! Holding a started program: whatever happens here, its group dies and it is waited for.

use std::{
    ffi::OsStr,
    io,
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid},
};

use super::{
    super::{Keeper, OPERATION_ID, Program, StartFailure},
    inherit::start,
    platform::{Kept, shim_command},
};

/// A child that leads its own process group. Dropping it kills the group and waits: after
/// `SIGKILL` that is over at once, unless the kernel itself holds a member back.
#[derive(Debug)]
pub(super) struct Leash<'a> {
    child: Child,
    kept: Kept<'a>,
    group: Pid,
    reaped: bool,
}

impl<'a> Leash<'a> {
    /// Starts `program`, with `progress` as `$PROGRESS`.
    ///
    /// # Errors
    /// When it did not start; nothing has run then.
    pub(super) fn start(
        program: &Program<'a>,
        progress: Option<&OsStr>,
        keeper: &'a Keeper,
    ) -> Result<Self, StartFailure> {
        let kept = keeper.keep(program.operation).map_err(classify)?;
        let child = start(&mut command(program, progress), program.files).map_err(classify)?;
        let group = Pid::from_child(&child);
        kept.started(group);
        Ok(Self {
            child,
            kept,
            group,
            reaped: false,
        })
    }

    /// The process id of the leader, which is that of the group.
    pub(super) fn pid(&self) -> Pid {
        self.group
    }

    /// The child, to take its pipes from.
    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Signals the whole group. Safe only before [`Leash::reap`], while the leader, dead or
    /// alive, keeps the id from being given to others; so it does nothing afterwards.
    pub(super) fn signal(&self, signal: Signal) {
        if !self.reaped {
            // Fails when nobody is left (or, on some systems, only the dead leader), and while
            // a shim has no group yet.
            if kill_process_group(self.group, signal).is_err() {
                let _nobody_left = kill_process(self.group, signal);
            }
        }
    }

    /// Kills the group and those who left it, and waits for the leader.
    ///
    /// # Errors
    /// When somebody else has waited for the leader.
    pub(super) fn reap(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        // Dead, but not reaped: its id is still the group's alone, and all that it left is ours.
        let _dead = waitid(
            WaitId::Pid(self.group),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        );
        self.bury()
    }

    /// The same for a leader that is known to have ended.
    ///
    /// # Errors
    /// When somebody else has waited for it.
    pub(super) fn bury(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        self.kept.sweep(self.group);
        let status = self.child.wait();
        self.reaped = true;
        status
    }
}

impl Drop for Leash<'_> {
    fn drop(&mut self) {
        if !self.reaped {
            // Nobody is left to whom the status could be told.
            let _status = self.reap();
        }
    }
}

/// Keeps to what `posix_spawn` can do: `fork` copies the page tables of this whole process.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that starts programs"
)]
fn command(program: &Program<'_>, progress: Option<&OsStr>) -> Command {
    let mut command = if program.sandbox.is_some() {
        // It makes its own group, with its own session.
        shim_command(program.path)
    } else {
        let mut command = Command::new(program.path);
        command.process_group(0);
        command
    };
    command
        .args(program.args)
        .env_clear()
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .env(OPERATION_ID, program.operation)
        .current_dir(program.cwd)
        .stdin(if program.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(path) = progress {
        command.env("PROGRESS", path);
    }
    command
}

/// Tells what will pass from what will be the same next time.
pub(super) fn classify(error: io::Error) -> StartFailure {
    match Errno::from_io_error(&error) {
        Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::TXTBSY) => {
            StartFailure::Passing(error)
        }
        Some(_) | None => StartFailure::Lasting(error),
    }
}
