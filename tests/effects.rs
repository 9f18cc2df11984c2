//! Tools of every kind, called while servers die, and what they really did: that stands where no
//! server writes.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Mutex, MutexGuard},
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    harness::envelope,
    life_harness::{Home, Server, fake_tool, is_gone_soon},
    peer::{Answer, Peer},
};

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// A program without an effect.
    Read,
    /// A program that has its effect each time it runs, and of which nobody can tell whether it
    /// did.
    Plain,
    /// The same, which fails to at its first attempt, and says so.
    Flaky,
    /// The same as `Plain`, and it can be found out.
    Verified,
    /// The same as `Plain`, declared as safe to repeat.
    Idempotent,
    /// A statement whose mark tells.
    Marked,
    /// A request to a service that knows a repetition by its key, for longer than any test.
    Downstream,
}

impl Tool {
    pub(crate) const ALL: [Self; 7] = [
        Self::Read,
        Self::Plain,
        Self::Flaky,
        Self::Verified,
        Self::Idempotent,
        Self::Marked,
        Self::Downstream,
    ];

    /// Calls it with this argument, by which its effect is known too.
    pub(crate) fn call(self, server: &mut Server, text: &str, key: Option<&str>) -> u64 {
        let arguments = json!({"text": text});
        let mut params = json!({"name": self.name(), "arguments": arguments, "_meta": envelope()});
        if let Some(key) = key {
            params["idempotencyKey"] = json!(key);
        }
        server.request("tools/call", params)
    }

    /// Whether a repetition finds out what was done, or may do it again, whoever died.
    pub(crate) fn is_sure(self) -> bool {
        match self {
            Self::Read | Self::Verified | Self::Idempotent | Self::Marked | Self::Downstream => {
                true
            }
            Self::Plain | Self::Flaky => false,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Plain => "plain",
            Self::Flaky => "flaky",
            Self::Verified => "verified",
            Self::Idempotent => "idempotent",
            Self::Marked => "marked",
            Self::Downstream => "downstream",
        }
    }

    fn effect(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Plain
            | Self::Flaky
            | Self::Verified
            | Self::Idempotent
            | Self::Marked
            | Self::Downstream => "write",
        }
    }
}

/// What was done once.
#[derive(Debug)]
pub(crate) struct Effect {
    /// The argument that it was done for.
    pub(crate) text: String,
    /// For which operation, as far as whoever did it was told.
    pub(crate) operation: Option<String>,
    /// The same as its program wrote it down and answered.
    pub(crate) line: Option<String>,
}

/// A home with such tools, and what they write to.
pub(crate) struct World {
    pub(crate) home: Home,
    service: Mutex<Service>,
}

/// The service, and the requests that it was asked so far: what for, under which key.
struct Service {
    peer: Peer,
    asked: BTreeSet<(String, String)>,
}

impl World {
    /// `more` is added to the definition of each tool, and `config` to the configuration.
    pub(crate) fn new(tools: &[Tool], more: &Value, config: &str) -> Self {
        let home = Home::new();
        fs::write(home.path("effects"), "").unwrap();
        let peer = Peer::new(&[Answer::json("{}")]);
        let address = peer.address;
        home.configure(&format!(
            "hosts: [{{host: '{address}', private: true}}]\n\
             databases: {{shop: {{sqlite: shop.db}}}}\n{config}"
        ));
        let asked = BTreeSet::new();
        let service = Mutex::new(Service { peer, asked });
        let world = Self { home, service };
        let credits = "CREATE TABLE credits (what TEXT)";
        world.shop().execute_batch(credits).unwrap();
        for tool in tools {
            let mut definition = json!({
                "name": tool.name(), "description": "A tool under test.", "effect": tool.effect(),
                "inputSchema": {
                    "type": "object", "additionalProperties": false, "required": ["text"],
                    "properties": {"text": {"type": "string"}},
                },
            });
            for part in [world.definition(*tool), more.clone()] {
                let members = part.as_object().unwrap().clone();
                definition.as_object_mut().unwrap().extend(members);
            }
            let file = format!("{}.json", tool.name());
            world.home.define(&file, &definition.to_string());
        }
        world
    }

    /// What makes the definition one of `tool`.
    fn definition(&self, tool: Tool) -> Value {
        let (program, effects) = (fake_tool(), self.home.text("effects"));
        let run = |command: &[&str]| {
            let command = [&[program.as_str()], command].concat();
            json!({"exec": {"command": command, "env": {"TEST_HOME": self.home.text("")}}})
        };
        let effect = ["effect", &effects, "{text}"];
        let tried = self.home.text("tried-{text}");
        match tool {
            Tool::Read => json!({"run": run(&["print", "{text}"])}),
            Tool::Plain => json!({"run": run(&effect)}),
            Tool::Flaky => json!({
                "run": run(&[&["once-tried", &tried], &effect[..]].concat()),
                "retry": {"attempts": 3, "exit_codes": [75]},
            }),
            Tool::Verified => {
                let happened = ["happened", &effects, "{text}"];
                let exec = run(&happened)["exec"].take();
                let verify = json!({"exec": exec, "applied": "result == 'true'"});
                json!({"run": run(&effect), "verify": verify})
            }
            Tool::Idempotent => json!({"run": run(&effect), "idempotent": true}),
            Tool::Marked => json!({"run": {"sql": {
                "database": "shop", "statement": "insert into credits (what) values (:text)",
                "marker": true,
            }}}),
            Tool::Downstream => {
                let url = format!("http://{}/{{text}}", self.service().peer.address);
                json!({"run": {"http": {"method": "POST", "url": url, "downstream_key": {"valid_for": "24h"}}}})
            }
        }
    }

    /// A server without a handshake: it can die before it has said anything.
    pub(crate) fn serve(&self, failpoints: &str) -> Server {
        let mut command = self.home.command(&["serve", "--no-watch"]);
        command.env("TOLLGATE_FAILPOINTS", failpoints);
        Server::start(command)
    }

    /// Waits until the programs of servers that died are gone, too.
    pub(crate) fn fall_quiet(&self) {
        assert!(self.home.programs().into_iter().all(is_gone_soon));
    }

    /// Everything that was done so far.
    pub(crate) fn effects(&self) -> Vec<Effect> {
        let lines = fs::read_to_string(self.home.path("effects")).unwrap();
        let of_programs = lines.lines().filter(|line| !line.is_empty()).map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            Effect {
                text: words[0].to_owned(),
                operation: Some(words[1].to_owned()),
                line: Some(line.to_owned()),
            }
        });
        let mut effects: Vec<Effect> = of_programs.collect();
        let shop = self.shop();
        let mut credits = shop.prepare("SELECT what FROM credits").unwrap();
        let texts = credits.query_map([], |row| row.get(0)).unwrap();
        effects.extend(texts.map(|text| Effect {
            text: text.unwrap(),
            operation: None,
            line: None,
        }));
        let mut service = self.service();
        let new = service.peer.rest();
        service
            .asked
            .extend(new.iter().filter_map(|one| request(one)));
        effects.extend(service.asked.iter().map(|(text, key)| Effect {
            text: text.clone(),
            operation: Some(key.clone()),
            line: None,
        }));
        effects
    }

    /// The call and the argument of every attempt that the ledger knew of before it was made.
    pub(crate) fn intents(&self) -> Vec<(String, String)> {
        let sql = "SELECT lower(hex(c.call_id)), c.effective_arguments ->> '$.text'
            FROM intents i JOIN calls c ON c.row = i.call";
        let ledger = self.ledger();
        let mut intents = ledger.prepare(sql).unwrap();
        let intents = intents.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        intents.unwrap().map(Result::unwrap).collect()
    }

    /// The ledger as SQLite reads it, for what no command lists.
    pub(crate) fn ledger(&self) -> Connection {
        self.database("state/ledger.db", OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap()
    }

    fn shop(&self) -> Connection {
        self.database("shop.db", OpenFlags::default())
    }

    fn database(&self, file: &str, flags: OpenFlags) -> Connection {
        Connection::open_with_flags(self.home.path(file), flags).unwrap()
    }
}

/// What a request that arrived whole asks for, and under which key.
fn request(text: &str) -> Option<(String, String)> {
    let (head, _) = text.split_once("\r\n\r\n")?;
    let path = head.split(' ').nth(1)?.trim_start_matches('/');
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let (_, key) = headers.find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"))?;
    Some((path.to_owned(), key.trim_matches('"').to_owned()))
}
