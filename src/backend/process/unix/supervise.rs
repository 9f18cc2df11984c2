//! One thread, one `poll`: feeds a program, hears it out, and ends it when it must end.

use std::{io, os::unix::process::ExitStatusExt as _, path::Path, process::ExitStatus};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::Signal,
};

use super::{
    super::{Ended, Ending, Program, StartFailure, Watch},
    bell::Bell,
    exit::ExitWatch,
    leash::{Leash, classify},
    pipe::{Inlet, Keep, Outlet},
    platform::Orders,
    progress::Fifo,
};
use crate::{
    backend::still_running::StillRunning,
    base::{
        cancel::Cancelled,
        clock::Moment,
        failpoint::{self, Point},
        later,
        limits::{
            KILL_GRACE_SHUTDOWN, OUTPUT_TOTAL_BYTES_MAX, PIPE_LINGER, STDERR_BYTES_MAX,
            programs::{OUTPUT_MUCH_BYTES, OUTPUT_PATIENCE},
        },
    },
};

const BUFFER_BYTES: usize = 32 * 1024;
/// Times that an output is read in one turn: all that a pipe holds, and its end.
const READS_MAX: usize = 3;

/// Runs a program to its end on the calling thread.
///
/// It is over when the leader has ended and its pipes are closed, or `PIPE_LINGER` after it
/// has ended. At the deadline, or when the call is cancelled, the group is asked to end
/// (`SIGTERM`) and after the grace made to (`SIGKILL`). In every case, also when this panics,
/// the leader has been waited for, its group is dead, and no descriptor is left open, or
/// [left](later::leave) to be closed when nobody waits for that.
///
/// # Errors
/// When the program did not start.
pub(in crate::backend) fn run(
    program: &Program<'_>,
    watch: &Watch<'_>,
) -> Result<Ended, StartFailure> {
    let bell = Bell::for_token(watch.cancel).map_err(classify)?;
    let fifo = program
        .progress
        .map(Fifo::create)
        .transpose()
        .map_err(classify)?;
    let orders = program.sandbox.map(|sandbox| {
        let progress = fifo.as_ref().map(|fifo| Path::new(fifo.path()));
        Orders::new(sandbox, progress, program.files)
    });
    let fed = orders
        .as_ref()
        .map(|orders| orders.before(program.stdin.unwrap_or_default()))
        .transpose()
        .map_err(classify)?;
    let program = &Program {
        stdin: fed.as_deref().or(program.stdin),
        ..*program
    };
    let leash = Leash::start(program, fifo.as_ref().map(Fifo::path), watch.keeper)?;
    let started = match failpoint::fails(Point::ProgramStarted) {
        true => Err(io::ErrorKind::Other.into()),
        false => Run::new(program, watch, leash, bell, fifo),
    };
    let ended = started.and_then(Run::finish);
    let ended = ended.unwrap_or_else(|error| Ended {
        ending: Ending::Lost(error.kind()),
        stdout: Vec::new(),
        stdout_bytes: 0,
        stderr_tail: Vec::new(),
    });
    match orders {
        Some(orders) => orders.judge(ended),
        None => Ok(ended),
    }
}

/// What something happened to.
#[derive(Clone, Copy, Debug)]
enum Source {
    Stdin,
    Stdout,
    Stderr,
    Progress,
    Exit,
    Cancel,
}

/// How far the end of the program has come, and when the next step is due.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing is asked of it.
    Running,
    /// Asked to end.
    Asked { kill_at: Moment },
    /// Made to end.
    Killed,
    /// The leader has ended; its pipes may still be open.
    Exited { close_at: Moment },
}

/// Why we ended it.
#[derive(Clone, Copy, Debug)]
enum Stop {
    TimedOut,
    Cancelled(Cancelled),
    Flooded,
}

struct Run<'a> {
    watch: &'a Watch<'a>,
    // Before `exit`: its drop ends the child, which the watch may be waiting for.
    leash: Leash<'a>,
    exit: ExitWatch,
    bell: Bell,
    fifo: Option<Fifo>,
    stdin: Outlet<'a>,
    stdout: Inlet,
    stderr: Inlet,
    phase: Phase,
    /// Until then nobody listens to what it prints, unless it ends: to be woken for it takes
    /// processor time from it, and nobody is told of it before the end. `None` where it prints
    /// much: a pipe that is full holds it up.
    deaf_until: Option<Moment>,
    stop: Option<Stop>,
    still_running: Option<StillRunning>,
    buffer: Vec<u8>,
}

impl<'a> Run<'a> {
    fn new(
        program: &Program<'a>,
        watch: &'a Watch<'a>,
        mut leash: Leash<'a>,
        bell: Bell,
        fifo: Option<Fifo>,
    ) -> io::Result<Self> {
        let child = leash.child();
        let mut stdin = Outlet::new(child.stdin.take(), program.stdin.unwrap_or_default())?;
        let stdout = Inlet::new(child.stdout.take(), Keep::First(program.stdout_bytes_max))?;
        let stderr = Inlet::new(child.stderr.take(), Keep::Last(STDERR_BYTES_MAX))?;
        // Last: dropping it may wait for the child, which only dropping the leash ends.
        let exit = ExitWatch::new(leash.pid())?;
        // The pipe is empty: no need to be told that there is room.
        stdin.write();
        let now = watch.clock.now();
        let still = || StillRunning::new(now, watch.still_running);
        let still_running = fifo.is_none().then(still);
        Ok(Self {
            watch,
            leash,
            exit,
            bell,
            fifo,
            stdin,
            stdout,
            stderr,
            phase: Phase::Running,
            deaf_until: Some(now.plus(OUTPUT_PATIENCE)),
            stop: None,
            still_running,
            buffer: Vec::with_capacity(BUFFER_BYTES),
        })
    }

    fn finish(mut self) -> io::Result<Ended> {
        while !self.is_over() {
            for source in self.wait()? {
                self.serve(source);
            }
            self.advance();
        }
        let status = self.leash.bury()?;
        // The leader is waited for, so nothing hangs on these any more.
        later::leave((self.exit, self.bell));
        Ok(Ended {
            ending: ending(self.stop, status),
            stdout_bytes: self.stdout.bytes(),
            stdout: self.stdout.into_kept(),
            stderr_tail: self.stderr.into_kept(),
        })
    }

    /// Sleeps until something happens or the next step is due.
    fn wait(&self) -> io::Result<Vec<Source>> {
        let running = matches!(self.phase, Phase::Running);
        let exited = matches!(self.phase, Phase::Exited { .. });
        let now = self.watch.clock.now();
        let deaf_until = self.deaf_until.filter(|until| *until > now);
        let input = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
        let output = |fd| PollFd::from_borrowed_fd(fd, PollFlags::OUT);
        let heard = |inlet| Inlet::fd(inlet).filter(|_| deaf_until.is_none());
        let (sources, mut fds): (Vec<Source>, Vec<PollFd<'_>>) = [
            self.stdin.fd().map(|fd| (Source::Stdin, output(fd))),
            heard(&self.stdout).map(|fd| (Source::Stdout, input(fd))),
            heard(&self.stderr).map(|fd| (Source::Stderr, input(fd))),
            self.fifo
                .as_ref()
                .map(|fifo| (Source::Progress, PollFd::new(fifo, PollFlags::IN))),
            (!exited).then(|| (Source::Exit, PollFd::new(&self.exit, PollFlags::IN))),
            running.then(|| (Source::Cancel, PollFd::new(&self.bell, PollFlags::IN))),
        ]
        .into_iter()
        .flatten()
        .unzip();
        match poll(&mut fds, self.timeout(now, deaf_until).as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        let happened =
            |(source, fd): (Source, PollFd<'_>)| (!fd.revents().is_empty()).then_some(source);
        Ok(sources.into_iter().zip(fds).filter_map(happened).collect())
    }

    /// How long the phase lasts if nothing happens; `None` is as long as it takes.
    fn timeout(&self, now: Moment, deaf_until: Option<Moment>) -> Option<Timespec> {
        let next = match self.phase {
            Phase::Running => {
                let due = self.still_running.as_ref().map(|still| still.due);
                Some(due.map_or(self.watch.deadline, |due| due.min(self.watch.deadline)))
            }
            Phase::Asked { kill_at } => Some(kill_at),
            Phase::Killed => None,
            Phase::Exited { close_at } => Some(close_at),
        };
        let listen = deaf_until.filter(|_| !self.is_silent());
        let until = next.into_iter().chain(listen).min()?;
        // The kernel does not count suspended time here, the clock may: after a suspension this
        // wakes late, and sees then that the deadline has passed. An absurdly far deadline is
        // as good as none.
        Timespec::try_from(until.since(now)).ok()
    }

    /// Whether it can print no more.
    fn is_silent(&self) -> bool {
        self.stdout.fd().is_none() && self.stderr.fd().is_none()
    }

    fn serve(&mut self, source: Source) {
        match source {
            Source::Stdin => self.stdin.write(),
            Source::Stdout | Source::Stderr => self.listen(),
            Source::Progress => self.read_progress(),
            Source::Exit => {
                let close_at = self.watch.clock.now().plus(PIPE_LINGER);
                self.phase = Phase::Exited { close_at };
                self.listen();
                self.deaf_until = None;
            }
            Source::Cancel => {
                if let Some(why) = self.watch.cancel.fired() {
                    self.ask(Stop::Cancelled(why));
                }
            }
        }
    }

    /// Reads what there is of both outputs.
    fn listen(&mut self) {
        let before = self.printed();
        for inlet in [&mut self.stdout, &mut self.stderr] {
            for _ in 0..READS_MAX {
                if inlet.bytes() > OUTPUT_TOTAL_BYTES_MAX || !inlet.read(&mut self.buffer) {
                    break;
                }
            }
        }
        let is_much = self.printed() - before >= OUTPUT_MUCH_BYTES;
        let next = self.watch.clock.now().plus(OUTPUT_PATIENCE);
        self.deaf_until = self.deaf_until.filter(|_| !is_much).map(|_| next);
    }

    /// Reads reports; once the program was told to end nobody is told of them any more.
    fn read_progress(&mut self) {
        let Some(fifo) = &mut self.fifo else { return };
        let tell: &dyn Fn(_) = match self.stop {
            None => self.watch.progress,
            Some(_) => &|_| {},
        };
        fifo.read(&mut self.buffer, tell);
    }

    /// Takes the step that is due, if one is.
    fn advance(&mut self) {
        let flooded = self.flooded();
        let now = self.watch.clock.now();
        match self.phase {
            Phase::Running | Phase::Asked { .. } if flooded => {
                self.stop.get_or_insert(Stop::Flooded);
                self.stdout.close();
                self.stderr.close();
                self.kill();
            }
            Phase::Running if now >= self.watch.deadline => self.ask(Stop::TimedOut),
            Phase::Running => {
                if let Some(still) = &mut self.still_running {
                    still.tell(now, self.watch.progress);
                }
            }
            Phase::Asked { kill_at } if now >= kill_at => self.kill(),
            Phase::Asked { .. } | Phase::Killed | Phase::Exited { .. } => {}
        }
    }

    fn printed(&self) -> u64 {
        self.stdout.bytes().saturating_add(self.stderr.bytes())
    }

    fn flooded(&self) -> bool {
        self.printed() > OUTPUT_TOTAL_BYTES_MAX
    }

    fn ask(&mut self, stop: Stop) {
        // A leader that ended in the same moment has ended by itself.
        if !matches!(self.phase, Phase::Running) {
            return;
        }
        let grace = match stop {
            Stop::Cancelled(Cancelled::Shutdown) => self.watch.kill_grace.min(KILL_GRACE_SHUTDOWN),
            Stop::Cancelled(Cancelled::ByClient) | Stop::TimedOut | Stop::Flooded => {
                self.watch.kill_grace
            }
        };
        self.stop = Some(stop);
        self.leash.signal(Signal::TERM);
        let kill_at = self.watch.clock.now().plus(grace);
        self.phase = Phase::Asked { kill_at };
    }

    fn kill(&mut self) {
        self.leash.signal(Signal::KILL);
        self.phase = Phase::Killed;
    }

    fn is_over(&self) -> bool {
        let Phase::Exited { close_at } = self.phase else {
            return false;
        };
        self.is_silent()
            || self.stop.is_some()
            || self.flooded()
            || self.watch.clock.now() >= close_at
    }
}

fn ending(stop: Option<Stop>, status: ExitStatus) -> Ending {
    match stop {
        Some(Stop::TimedOut) => Ending::TimedOut,
        Some(Stop::Cancelled(why)) => Ending::Cancelled(why),
        Some(Stop::Flooded) => Ending::Flooded,
        None => status.code().map_or_else(
            || Ending::Signalled(status.signal().unwrap_or(0)),
            Ending::Exited,
        ),
    }
}
