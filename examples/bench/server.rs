//! The server under measurement: a child process on two pipes.

use std::{
    fmt, fs,
    io::{ErrorKind, Read as _, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use crate::stats;
use anyhow::{Context as _, Result, bail, ensure};

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// What it is called in the report.
    pub(crate) name: String,
    /// What is started.
    pub(crate) path: PathBuf,
    /// With what.
    pub(crate) arguments: Vec<String>,
}

impl Program {
    /// The program at `path`, called by the last part of it.
    pub(crate) fn new(path: PathBuf, arguments: Vec<String>) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        Self {
            name: name.to_string_lossy().into_owned(),
            path,
            arguments,
        }
    }

    /// Takes a command apart at its blanks; `NAME=` before it says what it is called.
    pub(crate) fn parse(command: &str) -> Result<Self> {
        let (name, command) = match command.split_once('=') {
            Some((name, rest)) if !name.contains(['/', ' ']) => (Some(name), rest),
            Some(_) | None => (None, command),
        };
        let mut words = command.split_whitespace().map(str::to_owned);
        let path = words.next().context("an empty command")?;
        let program = Self::new(path.into(), words.collect());
        Ok(match name {
            Some(name) => program.called(name),
            None => program,
        })
    }

    /// The same under another name.
    pub(crate) fn called(self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self
        }
    }

    /// The same with `text` wherever an argument has `place`.
    pub(crate) fn with(&self, place: &str, text: &str) -> Self {
        let put = |argument: &String| argument.replace(place, text);
        Self {
            arguments: self.arguments.iter().map(put).collect(),
            ..self.clone()
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A running server. Ended for good when dropped.
pub(crate) struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    /// What the pipe had no room for yet.
    unsent: Vec<u8>,
    patience: Duration,
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
        let stdin = child.stdin.take().context("no standard input")?;
        // What does not fit the pipe waits here: both sides could wait for each other otherwise.
        pipes::never_block(&stdin)?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self {
            child,
            stdin: Some(stdin),
            stdout,
            unsent: Vec::new(),
            patience: Duration::from_millis(patience_ms.into()),
            buffer: vec![0; 1 << 18],
            filled: 0,
        })
    }

    /// Sends lines, as far as the server takes them; the rest goes with [`Server::receive`].
    pub(crate) fn send(&mut self, lines: &[u8]) -> Result<()> {
        self.unsent.extend_from_slice(lines);
        self.send_rest()
    }

    fn send_rest(&mut self) -> Result<()> {
        let stdin = self.stdin.as_mut().context("already closed")?;
        let mut sent = 0;
        while let Some(rest) = self.unsent.get(sent..).filter(|rest| !rest.is_empty()) {
            match stdin.write(rest) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("the server reads no more"),
            }
        }
        self.unsent.drain(..sent);
        Ok(())
    }

    /// Waits until there is something to read, and sends meanwhile.
    fn wait(&mut self) -> Result<()> {
        loop {
            let unsent = self.stdin.as_ref().filter(|_| !self.unsent.is_empty());
            let (can_read, can_send) = pipes::wait(&self.stdout, unsent, self.patience)?;
            ensure!(can_read || can_send, "no answer in time");
            if can_send {
                self.send_rest()?;
            }
            if can_read {
                return Ok(());
            }
        }
    }

    /// Waits for the next lines, gives each to `take`, and keeps a beginning without an end.
    pub(crate) fn receive(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.wait()?;
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

    /// Resident memory now, in KiB.
    pub(crate) fn rss_kib(&self) -> Result<u64> {
        stats::rss_kib(&fs::read_to_string(self.proc("status"))?)
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
        assert_eq!(program.with("rv", "-").arguments, ["se-e", "--x"]);
        assert!(Program::parse(" ").is_err());
        let named = Program::parse("raw=a/b --x=y").unwrap();
        assert_eq!(
            (named.to_string(), named.arguments),
            ("raw".to_owned(), vec!["--x=y".to_owned()])
        );
        assert_eq!(Program::parse("a/b --x=y").unwrap().to_string(), "b");
    }

    #[test]
    fn more_than_a_pipe_holds_comes_back_whole() {
        let mut server = Server::start(&Program::parse("cat").unwrap(), 10_000).unwrap();
        let line = "x".repeat(1 << 20);
        // Sent before anything is read: `cat` cannot take it all, having nobody who reads.
        server
            .send(format!("{line}\n").repeat(3).as_bytes())
            .unwrap();
        let mut lengths = Vec::new();
        while lengths.len() < 3 {
            let take = |line: &[u8]| {
                lengths.push(line.len());
                Ok(())
            };
            server.receive(take).unwrap();
        }
        assert_eq!(lengths, [1 << 20; 3]);
        server.end().unwrap();
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
        assert!(server.peak_rss_kib().unwrap() >= server.rss_kib().unwrap());
        server.end().unwrap();
    }
}

#[cfg(unix)]
mod pipes {
    //! Pipes that are read and written by turns.
    use std::{
        io,
        process::{ChildStdin, ChildStdout},
        time::Duration,
    };

    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        fs::{OFlags, fcntl_setfl},
    };

    pub(super) fn never_block(stdin: &ChildStdin) -> io::Result<()> {
        Ok(fcntl_setfl(stdin, OFlags::NONBLOCK)?)
    }

    /// Whether there is something to read, and room to write.
    pub(super) fn wait(
        stdout: &ChildStdout,
        stdin: Option<&ChildStdin>,
        patience: Duration,
    ) -> io::Result<(bool, bool)> {
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        let mut waiting = vec![PollFd::new(stdout, PollFlags::IN)];
        waiting.extend(stdin.map(|stdin| PollFd::new(stdin, PollFlags::OUT)));
        poll(&mut waiting, Some(&patience))?;
        let is_ready = |at: usize| waiting.get(at).is_some_and(|fd| !fd.revents().is_empty());
        Ok((is_ready(0), is_ready(1)))
    }
}

#[cfg(not(unix))]
mod pipes {
    //! Nothing is measured here.
    use std::{
        io,
        process::{ChildStdin, ChildStdout},
        time::Duration,
    };

    pub(super) fn never_block(_stdin: &ChildStdin) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn wait(
        _stdout: &ChildStdout,
        _stdin: Option<&ChildStdin>,
        _patience: Duration,
    ) -> io::Result<(bool, bool)> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
