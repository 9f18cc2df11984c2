//! What must hold of a ledger whose servers were killed, of what was answered, and of what was
//! done.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde_json::Value;

use super::world::{Call, Effect, Tool, World};
use crate::life_harness::{call_id, problem, text};

/// What a repetition may be told beside an answer.
const TOLD: [&str; 4] = [
    "IDEMPOTENCY_MISMATCH",
    "IN_PROGRESS",
    "OUTCOME_UNKNOWN",
    "NEEDS_ATTENTION",
];

/// An answer that arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) call: Call,
    call_id: String,
    /// Of what went wrong; empty for success.
    pub(super) code: String,
    text: String,
    is_replay: bool,
}

impl Seen {
    /// `answer`, which is to one of the calls that were `asked`.
    pub(super) fn new(answer: &Value, asked: &mut BTreeMap<u64, Call>) -> Self {
        let call = answer["id"].as_u64().and_then(|id| asked.remove(&id));
        Self {
            call: call.unwrap_or_else(|| panic!("to nothing that was asked: {answer}")),
            call_id: call_id(answer).to_owned(),
            code: problem(answer)["code"].as_str().unwrap_or("").to_owned(),
            text: text(answer).to_owned(),
            is_replay: answer["result"]["_meta"]["tollgate/replayed"] == true,
        }
    }

    fn is_done(&self) -> bool {
        self.code.is_empty()
    }
}

/// The ledger at one moment, while servers ran and died.
#[derive(Debug)]
pub(super) struct Early {
    rows: Vec<Value>,
    anchor: Vec<u8>,
}

impl Early {
    pub(super) fn look(world: &World) -> Self {
        let rows = world.home.log();
        let anchor = world.home.run(&["audit", "anchor"]).success();
        Self {
            rows,
            anchor: anchor.get_output().stdout.clone(),
        }
    }
}

/// What was found, of one ledger or of several.
#[derive(Default)]
pub(super) struct Verdict {
    answered: usize,
    replayed: usize,
    /// Keys of which nobody will know whether it was done.
    unknown: usize,
    effects: usize,
    /// Effects beyond those that a key allows.
    doubled: Vec<String>,
    /// Rows that had an end in the middle, and have it no more.
    lost: Vec<String>,
    /// Answers whose call has no row with an end that says the same.
    unrecorded: Vec<String>,
    /// Effects that no intent was written for.
    unintended: Vec<String>,
    /// Answers that say what was not so.
    untrue: Vec<String>,
}

impl Verdict {
    pub(super) fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.replayed += other.replayed;
        self.unknown += other.unknown;
        self.effects += other.effects;
        self.doubled.extend(other.doubled);
        self.lost.extend(other.lost);
        self.unrecorded.extend(other.unrecorded);
        self.unintended.extend(other.unintended);
        self.untrue.extend(other.untrue);
    }

    fn wrongs(&self) -> [(&'static str, &[String]); 5] {
        [
            ("doubled effects", &self.doubled),
            ("effects without an intent", &self.unintended),
            ("lost rows", &self.lost),
            ("answers without a row", &self.unrecorded),
            ("untrue answers", &self.untrue),
        ]
    }

    /// All of it, a line each.
    pub(super) fn told(&self) -> String {
        let (answered, replayed) = (self.answered, self.replayed);
        let (effects, unknown) = (self.effects, self.unknown);
        let mut lines = vec![
            format!("answered {answered} calls, {replayed} of them replays"),
            format!("effects {effects}, and {unknown} keys of which nobody knows"),
        ];
        let wrongs = self.wrongs();
        lines.extend(wrongs.map(|(what, which)| format!("{what} {}", which.len())));
        lines.join("\n")
    }

    pub(super) fn check(&self) {
        for (what, which) in self.wrongs() {
            assert!(which.is_empty(), "{what}: {which:#?}");
        }
        assert!(self.answered > 0 && self.replayed > 0 && self.effects > 0);
    }
}

/// Judges what is left of `world`: the answers `seen`, of which the `last` ones are final.
pub(super) fn judge(world: &World, seen: &[Seen], last: &[Seen], early: &Early) -> Verdict {
    let effects = world.effects();
    let rows = world.home.log();
    let by_id: BTreeMap<&str, &Value> = rows
        .iter()
        .map(|row| (row["call_id"].as_str().unwrap(), row))
        .collect();
    let open = rows.iter().filter(|row| row.get("end").is_none());
    assert_eq!(open.collect::<Vec<_>>(), Vec::<&Value>::new());
    assert_eq!(world.reserved(), 0, "nothing runs");
    let anchor = world.home.path("anchor");
    std::fs::write(&anchor, &early.anchor).unwrap();
    let verify = ["audit", "verify", "--anchor", anchor.to_str().unwrap()];
    world.home.run(&verify).success();
    let ledger = world.ledger();
    let sound: String = ledger
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");

    let ended = early.rows.iter().filter(|row| row.get("end").is_some());
    let lost = ended.filter(|row| by_id.get(row["call_id"].as_str().unwrap()) != Some(row));
    let unrecorded = seen.iter().filter(|one| !is_recorded(one, &by_id));
    Verdict {
        answered: seen.len(),
        replayed: seen.iter().filter(|one| one.is_replay).count(),
        unknown: last.iter().filter(|one| !one.is_done()).count(),
        effects: effects.len(),
        doubled: doubled(&effects, seen),
        lost: lost.map(Value::to_string).collect(),
        unrecorded: unrecorded.map(|one| format!("{one:?}")).collect(),
        unintended: unintended(&effects, &ledger),
        untrue: untrue(seen, last, &effects),
    }
}

fn is_recorded(seen: &Seen, rows: &BTreeMap<&str, &Value>) -> bool {
    rows.get(seen.call_id.as_str()).is_some_and(|row| {
        row["effective_arguments"]["text"] == *seen.call.text()
            && row.get("end").is_some()
            && row["end"]["code"].as_str().unwrap_or("") == seen.code
    })
}

/// How often each thing was done that the elements of `done` tell.
fn counted<K: Ord>(done: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counted = BTreeMap::new();
    for one in done {
        *counted.entry(one).or_default() += 1;
    }
    counted
}

fn doubled(effects: &[Effect], seen: &[Seen]) -> Vec<String> {
    let done = seen.iter().filter(|one| one.is_done());
    let answered = counted(done.map(|one| one.call.key));
    let mut doubled = Vec::new();
    for (key, count) in counted(effects.iter().map(|effect| effect.call.key)) {
        let call = Call::under(key);
        let most = match call.tool() {
            Tool::Read => 0,
            Tool::Plain | Tool::Verified | Tool::Marked | Tool::Downstream => 1,
            // What was answered may be done again on purpose, since nobody named it.
            Tool::Unnamed => 1 + answered.get(&key).copied().unwrap_or(0),
            // As often as there are intents, see [`unintended`].
            Tool::Idempotent => usize::MAX,
        };
        if count > most {
            doubled.push(format!("{:?} {key}: {count} times", call.tool()));
        }
    }
    doubled
}

fn unintended(effects: &[Effect], ledger: &Connection) -> Vec<String> {
    let mut intents = ledger
        .prepare(
            "SELECT lower(hex(c.call_id)), c.effective_arguments ->> '$.text'
             FROM intents i JOIN calls c ON c.row = i.call",
        )
        .unwrap();
    let intents: Vec<(String, String)> = intents
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let begun: BTreeSet<&str> = intents.iter().map(|(id, _)| id.as_str()).collect();
    let intended = counted(intents.iter().map(|(_, text)| text.clone()));
    let mut unintended = Vec::new();
    for (text, count) in counted(effects.iter().map(|effect| effect.call.text())) {
        let most = intended.get(&text).copied().unwrap_or(0);
        if count > most {
            unintended.push(format!("{text}: {count} times, {most} intents"));
        }
    }
    let of_none = effects.iter().filter(|effect| {
        let operation = effect.operation.as_ref();
        operation.is_some_and(|id| !begun.contains(id.replace('-', "").as_str()))
    });
    unintended.extend(of_none.map(|effect| format!("of no call: {effect:?}")));
    unintended
}

fn untrue(seen: &[Seen], last: &[Seen], effects: &[Effect]) -> Vec<String> {
    let happened: BTreeSet<String> = effects.iter().map(|one| one.call.text()).collect();
    let lines: BTreeSet<&str> = effects
        .iter()
        .filter_map(|one| one.line.as_deref())
        .collect();
    let is_true = |one: &&Seen| {
        if !one.is_done() {
            return TOLD.contains(&one.code.as_str());
        }
        match one.call.tool() {
            Tool::Read => one.text == one.call.text(),
            Tool::Marked | Tool::Downstream => happened.contains(&one.call.text()),
            Tool::Plain | Tool::Unnamed | Tool::Idempotent => lines.contains(one.text.as_str()),
            Tool::Verified => {
                let is_found = one.text.starts_with("Done. Its own answer was lost");
                lines.contains(one.text.as_str()) || is_found && happened.contains(&one.call.text())
            }
        }
    };
    let is_final = |one: &&Seen| {
        one.is_done()
            || one.code == "NEEDS_ATTENTION"
            || one.code == "OUTCOME_UNKNOWN" && !one.call.tool().is_sure()
    };
    let untrue = seen.iter().filter(|one| !is_true(one));
    let not_final = last.iter().filter(|one| !is_final(one));
    let told = untrue.map(|one| format!("{one:?}"));
    told.chain(not_final.map(|one| format!("is not final: {one:?}")))
        .collect()
}
