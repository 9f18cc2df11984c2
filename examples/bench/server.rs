//! The server under measurement: a child process on two pipes.

use std::{
    fmt, fs,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::stats;

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// What is started.
    pub(crate) path: PathBuf,
    /// With what.
    pub(crate) arguments: Vec<String>,
}

impl Program {
    /// Takes a command apart at its blanks.
    pub(crate) fn parse(command: &str) -> Result<Self> {
        let mut words = command.split_whitespace().map(str::to_owned);
        Ok(Self {
            path: words.next().context("an empty command")?.into(),
            arguments: words.collect(),
        })
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.file_name() {
            Some(name) => f.write_str(&name.to_string_lossy()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}

/// A running server. Ended for good when dropped.
pub(crate) struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    patience: Timespec,
    buffer: Vec<u8>,
    filled: usize,
}

impl Server {
    /// Starts `program`; its standard error is ours.
    pub(crate) fn start(program: &Program, patience_ms: u32) -> Result<Self> {
        let mut child = Command::new(&program.path)
            .args(&program.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.path.display()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self {
            child,
            stdin,
            stdout,
            patience: Timespec::try_from(Duration::from_millis(patience_ms.into()))?,
            buffer: vec![0; 1 << 18],
            filled: 0,
        })
    }

    /// Sends lines.
    pub(crate) fn send(&mut self, lines: &[u8]) -> Result<()> {
        let stdin = self.stdin.as_mut().context("already closed")?;
        stdin.write_all(lines).context("the server reads no more")
    }

    /// Waits for the next lines, gives each to `take`, and keeps a beginning without an end.
    pub(crate) fn receive(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut waiting = [PollFd::new(&self.stdout, PollFlags::IN)];
        let ready = poll(&mut waiting, Some(&self.patience))?;
        ensure!(ready > 0, "no answer in time");
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = self.stdout.read(room)?;
        if read == 0 {
            bail!("the server ended before it had answered everything");
        }
        self.filled += read;
        let mut rest = self.buffer.get(..self.filled).unwrap_or_default();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            take(line)?;
            rest = after.get(1..).unwrap_or_default();
        }
        let kept = rest.len();
        self.buffer.copy_within(self.filled - kept..self.filled, 0);
        self.filled = kept;
        Ok(())
    }

    /// Processor time used so far, in microseconds.
    pub(crate) fn cpu_us(&self) -> Result<u64> {
        stats::cpu_us(&fs::read_to_string(self.proc("stat"))?)
    }

    /// Largest resident memory so far, in KiB.
    pub(crate) fn peak_rss_kib(&self) -> Result<u64> {
        stats::peak_rss_kib(&fs::read_to_string(self.proc("status"))?)
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.id())
    }

    /// Closes its standard input and waits for its end, which must be a good one. What it
    /// still says must not be an answer: everything was answered before.
    pub(crate) fn end(mut self) -> Result<()> {
        drop(self.stdin.take());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest)?;
        ensure!(
            !rest.contains("\"result\"") && !rest.contains("\"error\""),
            "a second answer: {rest}"
        );
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail harmlessly when it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_taken_apart_at_blanks() {
        let program = Program::parse("a/b  serve --x").unwrap();
        assert_eq!(program.arguments, ["serve", "--x"]);
        assert_eq!(program.to_string(), "b");
        assert!(Program::parse(" ").is_err());
    }

    #[test]
    fn lines_come_back_whole_and_the_end_is_good() {
        let mut server = Server::start(&Program::parse("cat").unwrap(), 10_000).unwrap();
        server.send(b"one\ntwo\nthr").unwrap();
        let mut lines = Vec::new();
        while lines.len() < 3 {
            if lines.len() == 2 {
                server.send(b"ee\n").unwrap();
            }
            let take = |line: &[u8]| {
                lines.push(String::from_utf8_lossy(line).into_owned());
                Ok(())
            };
            server.receive(take).unwrap();
        }
        assert_eq!(lines, ["one", "two", "three"]);
        assert!(server.peak_rss_kib().unwrap() > 0);
        server.end().unwrap();
    }
}
