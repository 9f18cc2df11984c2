//! Tools on a real PostgreSQL server, from the file of declarations to the answer. Needs the
//! feature `postgres`; where no server is installed, each test says that it was skipped.
#![expect(
    clippy::disallowed_methods,
    reason = "the bans on threads and processes are for the program itself"
)]

mod bounds;
mod changes;
mod cluster;
mod deaths;
mod lost;
mod queries;
mod refusals;
mod tls;

use std::time::Instant;

use postgres::Client;
use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Server};
use cluster::{Cluster, PASSWORD, cluster};

/// A home whose tools work on a database of its own.
struct Shop {
    cluster: &'static Cluster,
    home: Home,
    database: String,
}

impl Shop {
    /// With these tables and functions; `None` where there is no server.
    fn new(schema: &str) -> Option<Self> {
        let cluster = cluster()?;
        let shop = Self {
            cluster,
            home: Home::new(),
            database: cluster.database(),
        };
        shop.root().batch_execute(schema).unwrap();
        shop.root()
            .batch_execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO gate")
            .unwrap();
        shop.configure(&json!({"password": "${secret:env:SHOP_PASSWORD}"}));
        Some(shop)
    }

    /// Declares the database, with `more` members.
    fn configure(&self, more: &Value) {
        let mut server = json!({
            "host": self.cluster.folder, "port": self.cluster.address.port(),
            "database": self.database, "user": "gate",
        });
        let more = more.as_object().unwrap().clone();
        server.as_object_mut().unwrap().extend(more);
        let config = json!({"databases": {"shop": {"postgres": server}}});
        self.home.configure(&config.to_string());
    }

    /// A connection of somebody who may do anything.
    fn root(&self) -> Client {
        self.cluster.connect(&self.database)
    }

    /// The one number that `query` gives.
    fn number(&self, query: &str) -> i64 {
        self.root().query_one(query, &[]).unwrap().get(0)
    }

    /// Waits until `query` gives `wanted`. What it asks for is on its way.
    fn until(&self, query: &str, wanted: i64) {
        let (mut root, begun) = (self.root(), Instant::now());
        loop {
            let found: i64 = root.query_one(query, &[]).unwrap().get(0);
            if found == wanted {
                return;
            }
            assert!(begun.elapsed() < BOUND, "{query}: {found}");
            std::thread::yield_now();
        }
    }

    /// Waits until so many statements wait for locks in this database.
    fn until_waiting(&self, many: i64) {
        self.until(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
            many,
        );
    }

    /// A tool that reads.
    fn query(&self, name: &str, query: &str) {
        self.define(name, "read", json!({"query": query}), json!({}));
    }

    /// A tool that changes something, and says so by `sql`, beside the database.
    fn define(&self, name: &str, effect: &str, mut sql: Value, more: Value) {
        sql["database"] = json!("shop");
        let mut definition = json!({
            "name": name, "description": "A tool under test.", "effect": effect,
            "inputSchema": {"type": "object", "properties": {
                "a": {}, "b": {}, "c": {}, "d": {},
            }},
            "run": {"sql": sql},
        });
        let more = more.as_object().unwrap().clone();
        definition.as_object_mut().unwrap().extend(more);
        let file = format!("{name}.json");
        self.home.define(&file, &definition.to_string());
    }

    /// A server that knows the password.
    fn serve(&self, failpoints: &str) -> Server {
        let mut command = self.home.command(&["serve", "--no-watch"]);
        command
            .env("SHOP_PASSWORD", PASSWORD)
            .env("TOLLGATE_FAILPOINTS", failpoints);
        let mut server = Server::start(command);
        server.initialize();
        server
    }

    /// A server that has looked at every definition, and answered a call of this one: what waits
    /// from now on is a call.
    fn serve_loaded(&self, tool: &str) -> Server {
        let mut server = self.serve("");
        let id = server.call(tool, json!({}));
        given(&server.answer(id));
        server
    }

    /// What comes of one call by a server of its own.
    fn call(&self, tool: &str, arguments: Value) -> Value {
        let mut server = self.serve("");
        let id = server.call(tool, arguments);
        let answer = server.answer(id);
        assert_eq!(server.finish().0, 0);
        answer
    }

    /// What `validate-config` says.
    fn validated(&self) -> String {
        let mut command = self.home.command(&["validate-config"]);
        command.env("SHOP_PASSWORD", PASSWORD);
        let output = command.output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }
}

/// What a call gave.
#[track_caller]
fn given(answer: &Value) -> &Value {
    let given = &answer["result"]["structuredContent"];
    assert!(given.is_object(), "{answer}");
    given
}

/// That a call failed with this code, and what it says of its effects.
#[track_caller]
fn check_failed<'a>(answer: &'a Value, code: &str, effects: &str) -> &'a Value {
    let problem = crate::life_harness::problem(answer);
    assert_eq!(
        (&problem["code"], &problem["effects"]),
        (&json!(code), &json!(effects)),
        "{answer}"
    );
    problem
}
