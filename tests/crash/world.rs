//! The tools that are called while servers die, and what they really did: that stands where no
//! server writes.

use std::{collections::BTreeSet, fs, sync::Mutex};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    harness::envelope,
    life_harness::{Home, Server, fake_tool, is_gone_soon},
    peer::{Answer, Peer},
};

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// Has no effect.
    Read,
    /// A program that has its effect each time it runs, and of which nobody can tell whether it
    /// did.
    Plain,
    /// The same, called without a key.
    Unnamed,
    /// The same, and it can be found out.
    Verified,
    /// The same, declared as safe to repeat.
    Idempotent,
    /// A statement whose mark tells.
    Marked,
    /// A request to a service that knows a repetition by its key.
    Downstream,
}

/// Programs are what costs most, so there are fewer of them than would be called.
const MIX: [Tool; 12] = [
    Tool::Plain,
    Tool::Marked,
    Tool::Read,
    Tool::Verified,
    Tool::Plain,
    Tool::Downstream,
    Tool::Unnamed,
    Tool::Read,
    Tool::Plain,
    Tool::Marked,
    Tool::Idempotent,
    Tool::Downstream,
];

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Plain | Self::Unnamed => "plain",
            Self::Verified => "verified",
            Self::Idempotent => "idempotent",
            Self::Marked => "marked",
            Self::Downstream => "downstream",
        }
    }

    /// Whether a repetition finds out what was done, whoever died.
    pub(super) fn is_sure(self) -> bool {
        !matches!(self, Self::Plain | Self::Unnamed | Self::Downstream)
    }
}

/// One call under the key of this number, with the arguments that belong to the key or with
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) key: u64,
    pub(super) is_other: bool,
}

impl Call {
    pub(super) fn under(key: u64) -> Self {
        Self {
            key,
            is_other: false,
        }
    }

    /// With other arguments under the same key.
    pub(super) fn other(self) -> Self {
        Self {
            is_other: true,
            ..self
        }
    }

    /// The call that an argument `text` was made for.
    pub(super) fn of(text: &str) -> Self {
        let key = text.trim_end_matches("-other");
        Self {
            key: key.parse().unwrap(),
            is_other: key != text,
        }
    }

    pub(super) fn tool(self) -> Tool {
        MIX[usize::try_from(self.key).unwrap() % MIX.len()]
    }

    /// Its argument, by which its effect is known too.
    pub(super) fn text(self) -> String {
        let other = if self.is_other { "-other" } else { "" };
        format!("{}{other}", self.key)
    }

    pub(super) fn make(self, server: &mut Server) -> u64 {
        let arguments = json!({"text": self.text()});
        let mut params =
            json!({"name": self.tool().name(), "arguments": arguments, "_meta": envelope()});
        if self.tool() != Tool::Unnamed {
            params["idempotencyKey"] = json!(format!("key-{}", self.key));
        }
        server.request("tools/call", params)
    }
}

/// What was done once.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) call: Call,
    /// For which operation, as far as whoever did it was told.
    pub(super) operation: Option<String>,
    /// The same as its program wrote it down and answered.
    pub(super) line: Option<String>,
}

/// A home with all tools, and what they write to.
pub(super) struct World {
    pub(super) home: Home,
    service: Mutex<Peer>,
}

impl World {
    pub(super) fn new() -> Self {
        let home = Home::new();
        home.reply(Tool::Read.name());
        fs::write(home.path("effects"), "").unwrap();
        let (program, effects) = (fake_tool(), home.text("effects"));
        let command = [program.as_str(), "effect", &effects, "{text}"];
        let verify = json!({
            "exec": {"command": [program, "happened", effects, "{text}"]}, "applied": "result == 'true'",
        });
        let more = [
            (Tool::Plain, json!({"limits": {"cost": 0.01}})),
            (Tool::Verified, json!({"verify": verify})),
            (Tool::Idempotent, json!({"idempotent": true})),
        ];
        for (tool, more) in more {
            home.exec(tool.name(), "write", &command, json!({}), more);
        }
        let marked = json!({"sql": {
            "database": "shop", "statement": "insert into credits (what) values (:text)",
            "marker": true,
        }});
        let service = Peer::new(&[Answer::json("{}")]);
        let url = format!("http://{}/{{text}}", service.address);
        let downstream = json!({"http": {"method": "POST", "url": url, "downstream_key": true}});
        for (tool, run) in [(Tool::Marked, marked), (Tool::Downstream, downstream)] {
            let definition = json!({
                "name": tool.name(), "description": "A write under test.", "effect": "write",
                "inputSchema": {
                    "type": "object", "additionalProperties": false, "required": ["text"],
                    "properties": {"text": {"type": "string"}},
                },
                "run": run,
            });
            home.define(&format!("{}.json", tool.name()), &definition.to_string());
        }
        home.configure(&format!(
            "hosts: [{{host: '{}', private: true}}]\ndatabases: {{shop: {{sqlite: shop.db}}}}\n\
             budgets: [{{tool: plain, day: 1000000}}]",
            service.address
        ));
        let service = Mutex::new(service);
        let world = Self { home, service };
        let shop = world.database("shop.db", OpenFlags::default());
        shop.execute_batch("CREATE TABLE credits (what TEXT)")
            .unwrap();
        world
    }

    /// A server without a handshake: it can die before it has said anything.
    pub(super) fn serve(&self) -> Server {
        self.home.serve(&["--no-watch"])
    }

    /// Everything that was done, when nobody is left who could do more.
    pub(super) fn effects(&self) -> Vec<Effect> {
        assert!(self.home.programs().into_iter().all(is_gone_soon));
        let lines = fs::read_to_string(self.home.path("effects")).unwrap();
        let of_programs = lines.lines().map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            Effect {
                call: Call::of(words[0]),
                operation: Some(words[1].to_owned()),
                line: Some(line.to_owned()),
            }
        });
        let mut effects: Vec<Effect> = of_programs.collect();
        let shop = self.database("shop.db", OpenFlags::SQLITE_OPEN_READ_ONLY);
        let mut credits = shop.prepare("SELECT what FROM credits").unwrap();
        let texts = credits.query_map([], |row| row.get(0)).unwrap();
        effects.extend(texts.map(|text: rusqlite::Result<String>| Effect {
            call: Call::of(&text.unwrap()),
            operation: None,
            line: None,
        }));
        let requests = self.service.lock().unwrap().rest();
        let requests: BTreeSet<_> = requests.iter().filter_map(|one| request(one)).collect();
        effects.extend(requests.into_iter().map(|(text, operation)| Effect {
            call: Call::of(text),
            operation: Some(operation.to_owned()),
            line: None,
        }));
        effects
    }

    /// The ledger as SQLite reads it, for what no command lists.
    pub(super) fn ledger(&self) -> Connection {
        self.database("state/ledger.db", OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn database(&self, file: &str, flags: OpenFlags) -> Connection {
        Connection::open_with_flags(self.home.path(file), flags).unwrap()
    }

    /// What is set aside for calls that have not ended.
    pub(super) fn reserved(&self) -> Value {
        let list = self.home.run(&["budget", "list", "--json"]).success();
        let mut list: Value = serde_json::from_slice(&list.get_output().stdout).unwrap();
        list["budgets"][0]["reserved"].take()
    }
}

/// What a request that arrived whole asks for, and under which key.
fn request(text: &str) -> Option<(&str, &str)> {
    let (head, _) = text.split_once("\r\n\r\n")?;
    let path = head.split(' ').nth(1)?.trim_start_matches('/');
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let (_, key) = headers.find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"))?;
    Some((path, key.trim_matches('"')))
}
