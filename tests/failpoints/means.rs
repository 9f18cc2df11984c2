//! Steps that have their effects by programs, statements or requests, what they really did, and
//! whether the ledger says the same. What was done stands where no server writes.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    life_harness::Home,
    peer::{Answer, Peer},
    walks,
};

/// By what a step has its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// A program, of which nobody can tell whether it did something.
    Program,
    /// A statement, whose mark tells.
    Statement,
    /// A request, which bears the name of its part.
    Request,
}

/// The name of the step that fails.
const FAILS: &str = "c";

/// A home whose steps have their effects by one means.
pub(super) struct World {
    pub(super) home: Home,
    means: Means,
    service: Option<Service>,
}

/// The service, one that refuses everything, and for which effect and under which key the first
/// was asked so far.
struct Service {
    peer: Peer,
    refusing: Peer,
    asked: RefCell<Vec<(String, String)>>,
}

impl World {
    pub(super) fn new(means: Means) -> Self {
        let home = Home::new();
        let service = (means == Means::Request).then(|| Service {
            peer: Peer::new(&[Answer::json("{}")]),
            refusing: Peer::new(&[Answer::whole("422 Unprocessable Content", &[], "{}")]),
            asked: RefCell::default(),
        });
        match &service {
            Some(service) => {
                let hosts = [&service.peer, &service.refusing]
                    .map(|peer| json!({"host": peer.address.to_string(), "private": true}));
                home.configure(&json!({"hosts": hosts}).to_string());
            }
            None => {
                home.configure("databases: {shop: {sqlite: shop.db}}");
            }
        }
        let world = Self {
            home,
            means,
            service,
        };
        let effects = "create table effects (what text not null)";
        world.shop().execute_batch(effects).unwrap();
        world
    }

    /// A step with the effect `name`, whose undo has the effect `-name`.
    pub(super) fn step(&self, name: &str) -> Value {
        let by = |effect: &str| match &self.service {
            None => json!({"sql": {
                "database": "shop", "marker": true,
                "statement": format!("insert into effects (what) values ('{effect}')"),
            }}),
            Some(service) => {
                let url = format!("http://{}/{effect}", service.peer.address);
                json!({"http": {"method": "POST", "url": url}})
            }
        };
        match self.means {
            Means::Program => walks::step(&self.home, name, &[]),
            Means::Statement | Means::Request => {
                json!({"name": name, "run": by(name), "undo": by(&format!("-{name}"))})
            }
        }
    }

    /// The step [`FAILS`]. A program fails when it has had its effect, the others have none.
    pub(super) fn failing(&self) -> Value {
        let mut step = match self.means {
            Means::Program => walks::step(&self.home, FAILS, &["then-exit", "3"]),
            Means::Statement | Means::Request => self.step(FAILS),
        };
        if self.means == Means::Statement {
            step["run"]["sql"]["statement"] = json!("insert into effects (what) values (null)");
        }
        if let Some(service) = &self.service {
            let url = format!("http://{}/", service.refusing.address);
            step["run"]["http"]["url"] = json!(url);
        }
        step
    }

    /// What the steps did to the world, in order.
    pub(super) fn effects(&self) -> String {
        match self.means {
            Means::Program => walks::effects(&self.home),
            Means::Statement => {
                let sql = "select what from effects order by rowid";
                texts(&self.shop(), sql).join(" ")
            }
            Means::Request => {
                let asked = self.asked().into_iter().map(|(effect, _)| effect);
                asked.collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// Whatever was done was begun in the ledger as often, whatever the ledger calls done was, and
    /// what it was done under is the name that the ledger has for it.
    pub(super) fn agrees(&self) {
        let row = self.home.log().swap_remove(0);
        let call = row["call_id"].as_str().unwrap();
        let file = self.home.path("state/ledger.db");
        let ledger = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let parts = |went: &str| {
            let undo = "case side when 'undo' then '.undo' else '' end";
            let sql = format!("select name || {undo} from steps where went = '{went}'");
            counted(texts(&ledger, &sql))
        };
        let (begun, known) = (parts("begun"), parts("done"));
        let effects = self.effects();
        let done = counted(effects.split_whitespace().map(part));
        for (part, times) in &done {
            assert!(
                begun.get(part) >= Some(times),
                "{part}: {begun:?}: {effects}"
            );
        }
        let is_done = |part: &&String| done.contains_key(*part);
        assert!(
            known.keys().all(|part| is_done(&part)),
            "{known:?}: {effects}"
        );
        match self.means {
            Means::Program => {}
            Means::Statement => {
                assert!(done.values().all(|times| *times == 1), "{effects}");
                let marks = match self.has_marks() {
                    true => texts(&self.shop(), "select operation from tollgate_operations"),
                    false => Vec::new(),
                };
                let named = done.keys().map(|part| format!("{call}.{part}"));
                let marks: BTreeSet<String> = marks.into_iter().collect();
                assert_eq!(marks, named.collect(), "{effects}");
            }
            Means::Request => {
                for (effect, key) in self.asked() {
                    assert_eq!(key, format!("{call}.{}", part(&effect)));
                }
            }
        }
    }

    fn asked(&self) -> Vec<(String, String)> {
        let Some(service) = &self.service else {
            return Vec::new();
        };
        let mut asked = service.asked.borrow_mut();
        for request in service.peer.rest() {
            let path = request.split(' ').nth(1).unwrap();
            let mut headers = request.lines().filter_map(|line| line.split_once(": "));
            let key = headers.find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
            let key = key.unwrap().1.trim_matches('"');
            asked.push((path.trim_start_matches('/').to_owned(), key.to_owned()));
        }
        asked.clone()
    }

    /// They are made with the first change.
    fn has_marks(&self) -> bool {
        let sql = "select name from sqlite_master where name = 'tollgate_operations'";
        !texts(&self.shop(), sql).is_empty()
    }

    fn shop(&self) -> Connection {
        Connection::open_with_flags(self.home.path("shop.db"), OpenFlags::default()).unwrap()
    }
}

/// The part of the call whose effect it is.
fn part(effect: &str) -> String {
    match effect.strip_prefix('-') {
        Some(name) => format!("{name}.undo"),
        None => effect.to_owned(),
    }
}

fn counted(all: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for one in all {
        *counted.entry(one).or_default() += 1;
    }
    counted
}

fn texts(database: &Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    let texts = statement.query_map([], |row| row.get(0)).unwrap();
    texts.map(Result::unwrap).collect()
}
