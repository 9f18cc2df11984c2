//! A server under test: a conversation that never waits without a bound, and a look at the
//! process from outside.
#![expect(
    clippy::disallowed_methods,
    reason = "the bans on threads and processes are for the program itself"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read, Write as _},
    os::unix::process::ExitStatusExt as _,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::BOUND;

/// A running server and the conversation with it.
pub(crate) struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Receiver<String>,
    kept: Vec<Value>,
    ids: u64,
    exited: bool,
}

impl Server {
    pub(crate) fn start(command: Command) -> Self {
        Self::start_reading(command, usize::MAX)
    }

    /// A server whose client closes its end of standard output after so many lines.
    pub(crate) fn start_reading(mut command: Command, lines_max: usize) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let lines = lines(child.stdout.take().unwrap(), lines_max);
        let stderr = read(child.stderr.take().unwrap(), usize::MAX, |line| line);
        Self {
            child,
            stdin,
            lines,
            stderr,
            kept: Vec::new(),
            ids: 0,
            exited: false,
        }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Sends text as it is. That the server may be gone is not the business of the sender.
    pub(crate) fn send_raw(&mut self, text: &str) {
        let _gone = self.stdin.as_mut().unwrap().write_all(text.as_bytes());
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_raw(&format!("{message}\n"));
    }

    pub(crate) fn request(&mut self, method: &str, params: Value) -> u64 {
        self.ids += 1;
        let id = self.ids;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> u64 {
        self.request("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    pub(crate) fn cancel(&mut self, id: u64) {
        self.notify("notifications/cancelled", json!({"requestId": id}));
    }

    /// Shakes hands as a client of 2025-11-25; gives the result.
    pub(crate) fn initialize(&mut self) -> Value {
        let id = self.request(
            "initialize",
            json!({
                "protocolVersion": "2025-11-25", "capabilities": {},
                "clientInfo": {"name": "life", "version": "1"},
            }),
        );
        let mut answer = self.answer(id);
        self.notify("notifications/initialized", json!({}));
        answer["result"].take()
    }

    /// Waits until everything that was sent has been read.
    pub(crate) fn ping(&mut self) {
        let id = self.request("ping", json!({}));
        self.answer(id);
    }

    /// The next message; `None` at the end of output.
    pub(crate) fn next(&mut self) -> Option<Value> {
        self.line().map(|line| read_message(&line))
    }

    /// The next message of a server that may be killed while it writes; `None` at the end of
    /// what it has written whole.
    pub(crate) fn next_unless_killed(&mut self) -> Option<Value> {
        let line = self.line()?;
        (!line.starts_with(NOT_WHOLE)).then(|| read_message(&line))
    }

    fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(BOUND) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no message within {BOUND:?}"),
        }
    }

    /// The next message that `wanted` takes; the others are kept for [`Self::rest`].
    pub(crate) fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at);
        }
        loop {
            let message = self.next().expect("the server has ended");
            if wanted(&message) {
                return message;
            }
            self.kept.push(message);
        }
    }

    pub(crate) fn answer(&mut self, id: u64) -> Value {
        self.until(|message| message["id"] == id)
    }

    /// Waits for a line on standard error that holds `part`.
    pub(crate) fn told(&mut self, part: &str) -> String {
        loop {
            let line = self.stderr.recv_timeout(BOUND).expect(part);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// What is left on standard error, to its end.
    pub(crate) fn errors(&mut self) -> String {
        self.stderr.iter().collect()
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// Every message that was not asked for yet, to the end of output.
    pub(crate) fn rest(&mut self) -> Vec<Value> {
        while let Some(message) = self.next() {
            self.kept.push(message);
        }
        std::mem::take(&mut self.kept)
    }

    /// Every message, to the end of output, of a server that was killed while it wrote.
    pub(crate) fn rest_after_kill(&mut self) -> Vec<Value> {
        while let Some(message) = self.next_unless_killed() {
            self.kept.push(message);
        }
        std::mem::take(&mut self.kept)
    }

    /// Waits for the end of the process, at most `bound`; its status, 128 + N after signal N.
    pub(crate) fn exit_within(&mut self, bound: Duration) -> i32 {
        let pid = Pid::from_raw(self.pid()).unwrap();
        let (tell, told) = sync_channel(1);
        // Waits without reaping, so that the child stays ours.
        thread::spawn(move || {
            use rustix::process::{WaitId, WaitIdOptions, waitid};
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            tell.send(waitid(WaitId::Pid(pid), options).is_ok())
        });
        assert_eq!(
            told.recv_timeout(bound),
            Ok(true),
            "still there after {bound:?}"
        );
        self.exited = true;
        let status = self.child.wait().unwrap();
        status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap())
    }

    /// Closes standard input; the status and what was not asked for yet.
    pub(crate) fn finish(mut self) -> (i32, Vec<Value>) {
        self.close_stdin();
        let rest = self.rest();
        (self.exit_within(BOUND), rest)
    }

    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid()))
            .unwrap()
            .count()
    }

    /// Whether it comes to hold no more than so many, in time: what a call was given is given back
    /// after its answer. And one more: a server that is slow to look whether others left steps in the ledger
    /// finds the one that a call has made, and SQLite keeps that open for the next one, because closing it
    /// would give up the locks of all.
    pub(crate) fn descriptors_fall_to(&self, most: usize) -> bool {
        let begun = std::time::Instant::now();
        while self.descriptors() > most + 1 {
            if begun.elapsed() > BOUND {
                return false;
            }
            std::thread::yield_now();
        }
        true
    }

    /// The programs that the server has started and not yet waited for, zombies too.
    pub(crate) fn children(&self) -> Vec<i32> {
        let mut children = self.processes();
        children.retain(|pid| !is_warden(*pid));
        children
    }

    /// The process that would end the programs if the server were killed, once there is one.
    pub(crate) fn warden(&self) -> Option<i32> {
        self.processes().into_iter().find(|pid| is_warden(*pid))
    }

    fn processes(&self) -> Vec<i32> {
        let mut found = Vec::new();
        for entry in fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap() {
            let list = entry.unwrap().path().join("children");
            let text = fs::read_to_string(list).unwrap_or_default();
            found.extend(
                text.split_whitespace()
                    .map(|pid| pid.parse::<i32>().unwrap()),
            );
        }
        found
    }

    /// The most memory that the server has ever held, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.status("VmHWM")
    }

    /// A number that the system keeps of the process, as `VmRSS` in KiB.
    pub(crate) fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let mut lines = status.lines().filter_map(|line| line.strip_prefix(name));
        let number = lines.find_map(|rest| rest.strip_prefix(':')?.split_whitespace().next());
        number.unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.exited {
            let _gone = self.child.kill();
            let _gone = self.child.wait();
        }
    }
}

fn is_warden(pid: i32) -> bool {
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    arguments.ends_with(b"\0__warden\0")
}

const LINES_MAX: usize = 100_000;

/// Before a line that the process did not end, so that no test takes it for a message.
const NOT_WHOLE: &str = "not a whole line: ";

fn read_message(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))
}

/// Complete lines, and [`NOT_WHOLE`] before what is none.
fn lines(stream: impl Read + Send + 'static, lines_max: usize) -> Receiver<String> {
    read(stream, lines_max, |line| {
        if line.ends_with('\n') {
            line
        } else {
            format!("{NOT_WHOLE}{line}")
        }
    })
}

/// The stream is closed before the receiver learns that nothing more comes.
fn read(
    stream: impl Read + Send + 'static,
    lines_max: usize,
    form: impl Fn(String) -> String + Send + 'static,
) -> Receiver<String> {
    let (tell, lines): (SyncSender<String>, _) = sync_channel(LINES_MAX);
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        for _ in 0..lines_max {
            let mut line = String::new();
            let ended = matches!(stream.read_line(&mut line), Ok(0) | Err(_));
            if ended || tell.send(form(line)).is_err() {
                break;
            }
        }
        drop(stream);
        drop(tell);
    });
    lines
}
