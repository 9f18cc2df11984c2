//! What must hold of a ledger whose servers were killed, of what was answered, and of what was
//! done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::call::Call;
use crate::{
    effects::{Effect, Tool, World},
    life_harness::{Home, call_id, problem, text},
};

/// Whether a caller of `tool` may be told this instead of an answer.
fn may_be_told(tool: Tool, code: &str) -> bool {
    match code {
        "IDEMPOTENCY_MISMATCH" | "IN_PROGRESS" | "NEEDS_ATTENTION" => true,
        "OUTCOME_UNKNOWN" => tool != Tool::Read,
        // A tool does not try so often again that each call of this one could succeed.
        "BACKEND_UNAVAILABLE" => tool == Tool::Flaky,
        _ => false,
    }
}

/// Whether it may be all that is ever known under a key.
fn may_be_final(tool: Tool, code: &str) -> bool {
    match code {
        "NEEDS_ATTENTION" => true,
        "OUTCOME_UNKNOWN" | "BACKEND_UNAVAILABLE" => !tool.is_sure(),
        _ => false,
    }
}

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

/// What is never changed of a call that has ended: that its answer has arrived is noted later.
fn but_for_delivery(row: &Value) -> Value {
    let mut row = row.clone();
    let end = row.get_mut("end").and_then(Value::as_object_mut);
    end.unwrap().remove("delivered").unwrap();
    row
}

/// Operations that the index of keys lacks and should have.
const OVERLOOKED: &str = "
SELECT count(*) FROM operations o WHERE row <= (SELECT row FROM key_index_end) AND NOT EXISTS
    (SELECT 1 FROM key_index WHERE prefix = substr(o.key, 1, 6) AND operation = o.row)";

/// Judges what is left of `world`: the answers `seen`, of which the `last` ones are final.
pub(super) fn judge(world: &World, seen: &[Seen], last: &[Seen], early: &Early) -> Verdict {
    world.fall_quiet();
    let effects = world.effects();
    let rows = world.home.log();
    let by_id: BTreeMap<&str, &Value> = rows
        .iter()
        .map(|row| (row["call_id"].as_str().unwrap(), row))
        .collect();
    let open = rows.iter().filter(|row| row.get("end").is_none());
    assert_eq!(open.collect::<Vec<_>>(), Vec::<&Value>::new());
    assert_eq!(reserved(&world.home), 0, "nothing runs");
    let anchor = world.home.path("anchor");
    std::fs::write(&anchor, &early.anchor).unwrap();
    let verify = ["audit", "verify", "--anchor", anchor.to_str().unwrap()];
    world.home.run(&verify).success();
    let sound: String = world
        .ledger()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let dangling: i64 = world
        .ledger()
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(dangling, 0);
    let overlooked: i64 = world
        .ledger()
        .query_row(OVERLOOKED, [], |row| row.get(0))
        .unwrap();
    assert_eq!(overlooked, 0);

    let ended = early.rows.iter().filter(|row| row.get("end").is_some());
    let lost = ended.filter(|row| {
        let now = by_id.get(row["call_id"].as_str().unwrap());
        now.is_none_or(|now| but_for_delivery(now) != but_for_delivery(row))
    });
    let unrecorded = seen.iter().filter(|one| !is_recorded(one, &by_id));
    Verdict {
        answered: seen.len(),
        replayed: seen.iter().filter(|one| one.is_replay).count(),
        unknown: last.iter().filter(|one| !one.is_done()).count(),
        effects: effects.len(),
        doubled: doubled(&effects, seen),
        lost: lost.map(Value::to_string).collect(),
        unrecorded: unrecorded.map(|one| format!("{one:?}")).collect(),
        unintended: unintended(&effects, &world.intents()),
        untrue: untrue(seen, last, &effects),
    }
}

/// What is set aside for calls that have not ended.
fn reserved(home: &Home) -> Value {
    let list = home.run(&["budget", "list", "--json"]).success();
    let mut list: Value = serde_json::from_slice(&list.get_output().stdout).unwrap();
    list["budgets"][0]["reserved"].take()
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
    let keys = effects.iter().map(|effect| Call::of(&effect.text).key);
    for (key, count) in counted(keys) {
        let call = Call::under(key);
        let most = match call.tool() {
            Tool::Read => 0,
            // What was answered may be done again on purpose, since nobody named it.
            _ if !call.is_named() => 1 + answered.get(&key).copied().unwrap_or(0),
            Tool::Plain | Tool::Flaky | Tool::Verified | Tool::Marked | Tool::Downstream => 1,
            // As often as there are intents, see [`unintended`].
            Tool::Idempotent => usize::MAX,
        };
        if count > most {
            doubled.push(format!("{:?} {key}: {count} times", call.tool()));
        }
    }
    doubled
}

fn unintended(effects: &[Effect], intents: &[(String, String)]) -> Vec<String> {
    let begun: BTreeSet<&str> = intents.iter().map(|(id, _)| id.as_str()).collect();
    let intended = counted(intents.iter().map(|(_, text)| text));
    let mut unintended = Vec::new();
    for (text, count) in counted(effects.iter().map(|effect| &effect.text)) {
        let most = intended.get(text).copied().unwrap_or(0);
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
    let happened: BTreeSet<String> = effects.iter().map(|one| one.text.clone()).collect();
    let lines: BTreeSet<&str> = effects
        .iter()
        .filter_map(|one| one.line.as_deref())
        .collect();
    let is_true = |one: &&Seen| {
        if !one.is_done() {
            return may_be_told(one.call.tool(), &one.code);
        }
        match one.call.tool() {
            Tool::Read => one.text == one.call.text(),
            Tool::Marked | Tool::Downstream => happened.contains(&one.call.text()),
            Tool::Plain | Tool::Flaky | Tool::Idempotent => lines.contains(one.text.as_str()),
            Tool::Verified => {
                let is_found = one.text.starts_with("Done. Its own answer was lost");
                lines.contains(one.text.as_str()) || is_found && happened.contains(&one.call.text())
            }
        }
    };
    let is_final = |one: &&Seen| one.is_done() || may_be_final(one.call.tool(), &one.code);
    let untrue = seen.iter().filter(|one| !is_true(one));
    let not_final = last.iter().filter(|one| !is_final(one));
    let told = untrue.map(|one| format!("{one:?}"));
    told.chain(not_final.map(|one| format!("is not final: {one:?}")))
        .collect()
}
