//! The server is killed again and again at moments nobody chose, and no answer that a client
//! has seen may be missing in the ledger. `TOLLGATE_KILLS` says how often, `TOLLGATE_SEED` from
//! where.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hash::BuildHasher as _,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::life_harness::{BOUND, Home, Server, call_id};

const KILLS: u64 = 30;
/// Kills of one ledger; then the next begins with a new one, so that looking stays cheap.
const KILLS_PER_HOME: u64 = 30;
const DEPTH: usize = 8;
/// Answers that are read before a kill, at most.
const ANSWERS_MAX: u64 = 60;

#[expect(
    clippy::disallowed_methods,
    reason = "the ban is for the program itself"
)]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap())
}

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What the client knows of one ledger.
struct Witness {
    home: Home,
    calls: u64,
    answered: BTreeSet<String>,
}

impl Witness {
    fn new() -> Self {
        let home = Home::new();
        home.reply("echo");
        let program = crate::life_harness::fake_tool();
        let effects = home.text("effects");
        let append = [program.as_str(), "append", &effects, "{text}"];
        home.exec("append", "write", &append, json!({}), json!({}));
        Self {
            home,
            calls: 0,
            answered: BTreeSet::new(),
        }
    }

    fn call(&mut self, server: &mut Server, dice: &mut Dice) {
        let tool = if dice.below(3) == 0 { "append" } else { "echo" };
        self.calls += 1;
        server.call(tool, json!({"text": format!("line-{}", self.calls)}));
    }

    /// Calls at depth 8, reads some answers, kills; what had left the server counts as seen.
    fn round(&mut self, dice: &mut Dice) {
        let mut server = self.home.serve(&["--no-watch"]);
        server.initialize();
        for _ in 0..DEPTH {
            self.call(&mut server, dice);
        }
        for _ in 0..dice.below(ANSWERS_MAX) {
            let answer = server.until(|message| message.get("id").is_some());
            self.answered.insert(call_id(&answer).to_owned());
            self.call(&mut server, dice);
        }
        server.signal(Signal::KILL);
        assert_eq!(server.exit_within(BOUND), 128 + 9);
        for answer in server.rest_after_kill() {
            self.answered.insert(call_id(&answer).to_owned());
        }
    }

    /// Calls that were answered and have no end in the ledger, and effects without a beginning.
    fn lost(&self) -> Vec<String> {
        let rows = self.home.log();
        let settled: BTreeSet<&str> = rows
            .iter()
            .filter(|row| row.get("end").is_some())
            .map(|row| row["call_id"].as_str().unwrap())
            .collect();
        let seen = self.answered.iter();
        let mut lost: Vec<String> = seen
            .filter(|id| !settled.contains(id.as_str()))
            .map(|id| format!("answered: {id}"))
            .collect();
        let begun: BTreeMap<&str, &Value> = rows
            .iter()
            .filter(|row| row["tool"] == "append")
            .filter_map(|row| Some((row["effective_arguments"]["text"].as_str()?, row)))
            .collect();
        let effects = fs::read_to_string(self.home.path("effects")).unwrap_or_default();
        for line in effects.lines() {
            match begun.get(line) {
                None => lost.push(format!("happened: {line}")),
                Some(row) if self.lacks_intent(row) => lost.push(format!("no intent: {line}")),
                Some(_) => {}
            }
        }
        lost
    }

    /// Only calls without an answer are looked at one by one: an end is not written without an
    /// intent.
    fn lacks_intent(&self, row: &Value) -> bool {
        let id = row["call_id"].as_str().unwrap();
        if self.answered.contains(id) {
            return false;
        }
        let assert = self.home.run(&["log", id, "--json"]).success();
        let whole: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
        whole["intents"].as_array().is_none_or(Vec::is_empty)
    }

    /// After the last kill: one more start, after which nothing is left running and each effect
    /// happened once.
    fn close(&self) {
        let mut server = self.home.serve(&["--no-watch"]);
        server.initialize();
        let id = server.call("echo", json!({"text": "last"}));
        server.answer(id);
        assert_eq!(server.finish(), (0, Vec::new()));
        let rows = self.home.log();
        let open = rows.iter().filter(|row| row.get("end").is_none());
        assert_eq!(open.collect::<Vec<_>>(), Vec::<&Value>::new());
        let effects = fs::read_to_string(self.home.path("effects")).unwrap_or_default();
        let once: BTreeSet<&str> = effects.lines().collect();
        assert_eq!(
            effects.lines().count(),
            once.len(),
            "an effect happened twice"
        );
        for row in rows.iter().filter(|row| row["tool"] == "append") {
            if row["end"]["outcome"] == "succeeded" {
                let line = row["effective_arguments"]["text"].as_str().unwrap();
                assert!(once.contains(line), "succeeded without effect: {row}");
            }
        }
    }
}

#[test]
fn s1_nothing_that_was_answered_is_lost_when_the_server_is_killed() {
    let seed =
        number("TOLLGATE_SEED").unwrap_or_else(|| std::hash::RandomState::new().hash_one("seed"));
    let kills = number("TOLLGATE_KILLS").unwrap_or(KILLS);
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let (mut answered, mut left) = (0, kills);
    let mut lost = Vec::new();
    while left > 0 {
        let mut witness = Witness::new();
        for _ in 0..left.min(KILLS_PER_HOME) {
            witness.round(&mut dice);
            lost.extend(witness.lost());
            left -= 1;
        }
        witness.close();
        answered += witness.answered.len();
    }
    println!(
        "kills {kills}\nanswered calls {answered}\nlost rows {}",
        lost.len()
    );
    assert_eq!(lost, Vec::<String>::new());
    assert!(answered > 0);
}
