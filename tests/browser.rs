//! A browser without a window, where the machine has one: driven through a pipe, kept from the
//! network, and killed with everything that it started.
#![expect(
    clippy::disallowed_methods,
    reason = "the bans on threads and processes are for the program itself"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::life_harness::BOUND;

/// What it is called on Debian.
const PROGRAM: &str = "/usr/bin/chromium";

/// It takes commands at descriptor 3 and answers at 4, each message ended by a zero byte.
const START: &str = r#"exec "$0" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --no-first-run --disable-background-networking --disable-component-update --disable-sync \
    --disable-breakpad --disable-extensions --hide-scrollbars --host-resolver-rules='MAP * ~NOTFOUND' \
    --user-data-dir="$HOME" --remote-debugging-pipe about:blank \
    3<&0 4>&1 </dev/null >/dev/null 2>"$HOME/log""#;

/// A browser with one page.
pub(crate) struct Browser {
    home: tempfile::TempDir,
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    asked: u64,
    /// What it told without being asked, since the page was opened.
    told: Vec<Value>,
}

/// What a page is shown as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// In pixels.
    pub(crate) width: u32,
    /// `screen` or `print`.
    pub(crate) media: &'static str,
    /// `light` or `dark`.
    pub(crate) scheme: &'static str,
}

impl Browser {
    /// Starts one; `None` where there is none, which is told on standard error.
    pub(crate) fn start(what: &str) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            skipped(what, "there is no browser at");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let mut child = crate::program_named("/bin/sh")
            .args(["-c", START, PROGRAM])
            .env("HOME", home.path())
            .env("PATH", "/usr/bin:/bin")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, messages) = sync_channel(1024);
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            let mut message = Vec::new();
            while let Ok(1..) = answers.read_until(0, &mut message) {
                let whole = message.strip_suffix(b"\0").unwrap_or(&message);
                let Ok(value) = serde_json::from_slice(whole) else {
                    return;
                };
                if tell.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let commands = child.stdin.take().unwrap();
        let mut browser = Self {
            home,
            child,
            commands,
            messages,
            session: None,
            asked: 0,
            told: Vec::new(),
        };
        // One that does not start here says nothing about the page.
        let Ok(page) = browser.try_ask("Target.createTarget", &json!({"url": "about:blank"}))
        else {
            skipped(what, "no answer from the browser at");
            return None;
        };
        let page = json!({"targetId": page["targetId"], "flatten": true});
        let attached = browser.ask("Target.attachToTarget", &page);
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Opens a file, and waits until it is there whole.
    pub(crate) fn open(&mut self, file: &Path) {
        self.told.clear();
        let url = format!("file://{}", file.display());
        let opened = self.ask("Page.navigate", &json!({"url": url}));
        assert_eq!(opened.get("errorText"), None, "{opened}");
        while !self.has_told("Page.loadEventFired") {
            let message = self.next().expect("word of the page");
            self.told.push(message);
        }
    }

    /// What `script` evaluates to in the page as it is laid out for `view`: whatever it measures
    /// is laid out before it is told.
    pub(crate) fn look(&mut self, view: View, script: &str) -> Value {
        let View {
            width,
            media,
            scheme,
        } = view;
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let media = json!({"media": media, "features": features});
        self.ask("Emulation.setEmulatedMedia", &media);
        let asked = json!({"expression": script, "returnByValue": true});
        let found = self.ask("Runtime.evaluate", &asked);
        let text = found["result"]["value"].as_str();
        let text = text.unwrap_or_else(|| panic!("no text: {found}"));
        serde_json::from_str(text).unwrap()
    }

    /// What the page complained about, and what it asked for beside itself.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let told = self.told.iter().filter_map(|message| {
            let params = &message["params"];
            match message["method"].as_str()? {
                "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" => Some(params.to_string()),
                "Log.entryAdded" => Some(params["entry"]["text"].to_string()),
                "Network.requestWillBeSent" => {
                    let url = params["request"]["url"].as_str()?;
                    let is_own = url.starts_with("data:") || url == params["documentURL"];
                    (!is_own).then(|| format!("asks for {url}"))
                }
                _ => None,
            }
        });
        told.collect()
    }

    fn has_told(&self, method: &str) -> bool {
        self.told.iter().any(|message| message["method"] == method)
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.try_ask(method, params).unwrap_or_else(|error| {
            let log = fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
            panic!("the browser says nothing: {error}\n{log}")
        })
    }

    fn try_ask(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        self.asked += 1;
        let mut command = json!({"id": self.asked, "method": method, "params": params});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let sent = self.commands.write_all(format!("{command}\0").as_bytes());
        sent.map_err(|error| error.to_string())?;
        loop {
            let mut message = self.next()?;
            if message["id"] == self.asked {
                assert_eq!(message.get("error"), None, "{method}: {message}");
                return Ok(message["result"].take());
            }
            self.told.push(message);
        }
    }

    fn next(&self) -> Result<Value, String> {
        let message = self.messages.recv_timeout(BOUND);
        message.map_err(|error| error.to_string())
    }
}

/// Tells past the test runner, which would keep it to itself.
fn skipped(what: &str, why: &str) {
    let line = format!("skipped: {what}: {why} {PROGRAM}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.child);
        let _may_be_gone = kill_process_group(group, Signal::KILL);
        let _ended = self.child.wait();
    }
}
