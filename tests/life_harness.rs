//! A sealed home for the program under test, and what its tools leave behind.
#![expect(
    clippy::disallowed_methods,
    reason = "the bans on threads and processes are for the program itself"
)]

mod server;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

use rustix::fs::FileType;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use server::Server;

/// What takes longer than this has failed.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// The program that misbehaves on demand.
pub(crate) fn fake_tool() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_tollgate")).with_file_name("examples/fake-tool");
    assert!(program.exists(), "`cargo build --example fake-tool` first");
    program.to_str().unwrap().to_owned()
}

/// A folder of definitions, a folder for state, and nothing else.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// With no definition yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tools.d")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Puts a definition, or what should be one, into the folder.
    pub(crate) fn define(&self, file: &str, text: &str) {
        fs::write(self.path("tools.d").join(file), text).unwrap();
    }

    /// Writes the configuration, all at once.
    pub(crate) fn configure(&self, text: &str) {
        let new = self.path("tollgate.yaml.new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path("tollgate.yaml")).unwrap();
    }

    /// A tool that answers from memory with its argument `text`.
    pub(crate) fn reply(&self, name: &str) {
        let definition = json!({
            "name": name, "description": "Gives the text back.", "effect": "read",
            "inputSchema": {
                "type": "object", "additionalProperties": false, "required": ["text"],
                "properties": {"text": {"type": "string", "maxLength": 1000}},
            },
            "run": {"reply": {"text": "{text}"}},
        });
        self.define(&format!("{name}.json"), &definition.to_string());
    }

    /// A tool that runs `command`, whose elements may hold `{text}`. `exec` and `more` are added
    /// to the members of `exec` and of the definition.
    pub(crate) fn exec(
        &self,
        name: &str,
        effect: &str,
        command: &[&str],
        exec: Value,
        more: Value,
    ) {
        let takes = command.iter().any(|element| element.contains("{text}"));
        let mut definition = json!({
            "name": name, "description": "A program under test.", "effect": effect,
            "inputSchema": {
                "type": "object", "additionalProperties": false,
                "required": if takes { json!(["text"]) } else { json!([]) },
                "properties": {"text": {"type": "string"}},
            },
            "run": {"exec": {"command": command, "env": {"TEST_HOME": self.text("")}}},
        });
        merge(&mut definition["run"]["exec"], exec);
        merge(&mut definition, more);
        self.define(&format!("{name}.json"), &definition.to_string());
    }

    /// A tool that runs the fake tool.
    pub(crate) fn fake(&self, name: &str, args: &[&str], exec: Value, more: Value) {
        let program = fake_tool();
        let command: Vec<&str> = std::iter::once(program.as_str())
            .chain(args.iter().copied())
            .collect();
        self.exec(name, "read", &command, exec, more);
    }

    /// A tool that prints what comes through the pipe named by `text`, and so runs until the
    /// test lets it end.
    pub(crate) fn waiting(&self, name: &str, effect: &str) {
        let pipe = self.text("pipe-{text}");
        self.exec(name, effect, &["cat", &pipe], json!({}), json!({}));
    }

    /// The pipe `name`, to be made before the call that reads it.
    pub(crate) fn pipe(&self, name: &str) -> Pipe {
        let path = self.path(&format!("pipe-{name}"));
        make_node(&path, FileType::Fifo);
        let (tell, opened) = sync_channel(1);
        thread::spawn(move || tell.send(File::create(path).unwrap()));
        Pipe { opened }
    }

    /// `serve` in namespaces of its own: `unshare` takes `options`, which may end in a program
    /// that is given the server to start.
    pub(crate) fn serve_unshared(&self, options: &[&str]) -> Command {
        let serve = self.command(&["serve", "--no-watch"]);
        let mut command = crate::program_named("unshare");
        command
            .args(["--user", "--map-root-user"])
            .args(options)
            .arg(serve.get_program())
            .args(serve.get_args())
            .current_dir(self.path(""));
        for (name, value) in serve.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
    }

    /// The program with this home and nothing else in its environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = crate::process();
        command
            .args(args)
            .args(crate::patient(args))
            .env("HOME", self.folder.path())
            .env("TOLLGATE_TOOLS", self.path("tools.d"))
            .env("TOLLGATE_STATE", self.path("state"))
            .current_dir(self.folder.path());
        command
    }

    /// Runs a command that ends by itself.
    pub(crate) fn run(&self, args: &[&str]) -> assert_cmd::assert::Assert {
        assert_cmd::Command::from_std(self.command(args))
            .timeout(BOUND)
            .assert()
    }

    /// Every call in the ledger, oldest first.
    pub(crate) fn log(&self) -> Vec<Value> {
        let assert = self.run(&["log", "--json", "--limit", "1000000"]).success();
        let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        let mut rows: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        rows.reverse();
        rows
    }

    /// A server that has shaken hands and looks at no files again.
    pub(crate) fn serving(&self) -> Server {
        let mut server = self.serve(&["--no-watch"]);
        server.initialize();
        server
    }

    pub(crate) fn serve(&self, args: &[&str]) -> Server {
        Server::start(self.command(&[&["serve"], args].concat()))
    }

    /// The ids of living programs that tools of this home have started.
    pub(crate) fn programs(&self) -> Vec<i32> {
        let mark = format!("TEST_HOME={}\0", self.text(""));
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap() {
            let entry = entry.unwrap();
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
                continue;
            };
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            let holds = environment
                .windows(mark.len())
                .any(|part| part == mark.as_bytes());
            if holds && is_alive(pid) {
                found.push(pid);
            }
        }
        found
    }
}

/// The test's end of a pipe that a tool reads.
pub(crate) struct Pipe {
    opened: Receiver<File>,
}

impl Pipe {
    /// Waits until the tool runs.
    pub(crate) fn reached(&self) -> File {
        self.opened.recv_timeout(BOUND).unwrap()
    }
}

/// Makes something other than a file: a pipe, which a program reads when a test writes, or a socket.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn make_node(path: &Path, kind: FileType) {
    use rustix::fs::{CWD, Mode, mknodat};
    mknodat(CWD, path, kind, Mode::from_raw_mode(0o600), 0).unwrap();
}

/// The same where only the one or the other can be made.
#[cfg(target_vendor = "apple")]
pub(crate) fn make_node(path: &Path, kind: FileType) {
    use nix::{sys::stat::Mode, unistd::mkfifo};
    match kind {
        FileType::Fifo => mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap(),
        FileType::Socket => drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        other => panic!("{other:?}"),
    }
}

fn merge(into: &mut Value, more: Value) {
    let Value::Object(more) = more else {
        panic!("{more}");
    };
    into.as_object_mut().unwrap().extend(more);
}

/// Waits until a process is gone or a zombie: a signal that ends it is on its way. Whether it
/// was in time.
#[cfg(target_os = "linux")]
pub(crate) fn is_gone_soon(pid: i32) -> bool {
    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        process::{Pid, PidfdFlags, pidfd_open},
    };
    let Ok(exit) = pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()) else {
        return true;
    };
    let bound = Timespec {
        tv_sec: i64::try_from(BOUND.as_secs()).unwrap(),
        tv_nsec: 0,
    };
    poll(&mut [PollFd::new(&exit, PollFlags::IN)], Some(&bound)).unwrap() == 1
}

/// The same where nothing wakes who waits for another's child.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_gone_soon(pid: i32) -> bool {
    let begun = std::time::Instant::now();
    while is_alive(pid) {
        if begun.elapsed() > BOUND {
            return false;
        }
        thread::yield_now();
    }
    true
}

/// Whether a process exists and is no zombie.
#[cfg(target_os = "linux")]
pub(crate) fn is_alive(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(") ")
            .next()
            .unwrap_or("")
            .starts_with(['Z', 'X'])
    })
}

/// Whether a process exists. A zombie is taken for one.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_alive(pid: i32) -> bool {
    rustix::process::test_kill_process(rustix::process::Pid::from_raw(pid).unwrap()).is_ok()
}

/// The error that a result carries.
pub(crate) fn problem(answer: &Value) -> &Value {
    &answer["result"]["_meta"]["tollgate/error"]
}

pub(crate) fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
}

pub(crate) fn call_id(answer: &Value) -> &str {
    let result = &answer["result"]["_meta"]["tollgate/callId"];
    let error = &answer["error"]["data"]["tollgate/callId"];
    let found = result.as_str().or(error.as_str());
    found.unwrap_or_else(|| panic!("{answer}"))
}

/// The outcome in a row of the ledger; `running` where it has none.
pub(crate) fn outcome(row: &Value) -> &str {
    row["end"]["outcome"].as_str().unwrap_or("running")
}
