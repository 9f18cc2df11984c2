//! Eight servers on one ledger, each as busy as its client can make it: none is told that the
//! ledger is busy, none starves, and together they get what one may. With
//! `TOLLGATE_CROWD_SECONDS` they go on for so long.
//!
//! Starving is judged by counting: a window lasts until each server has answered a number of
//! calls while all others go on, and none may answer more than so many times as often in it.
//! (SQLite's own way of waiting for a lock lets one process have some ten thousand turns while
//! another has one.)
#![expect(
    clippy::disallowed_methods,
    reason = "how long it took is told, and decides nothing but when the long form ends"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    crash::number,
    life_harness::{Home, Server, problem},
};

const SERVERS: usize = 8;
/// Calls that a client has under way.
const DEPTH: usize = 8;
/// Windows of the short form.
const WINDOWS: usize = 3;
/// Answers that each server gives in a window, at least.
const ANSWERS: usize = 40;
/// Times as many that one may give, at most.
const SPREAD_MAX: usize = 10;
/// Calls that one has under way who floods.
const FLOOD: usize = 64;
/// Calls of another beside it, one after the other.
const QUIET: usize = 50;
/// Answers that the flood may get for each of those, on the average and for nine of ten.
const PASSED_MAX: usize = 20 * FLOOD;
/// The same for 99 of 100. Time would say less: that of a busy machine is nobody's fault, and the
/// flood has it too.
const PASSED_P99_MAX: usize = 10 * PASSED_MAX;
/// Calls that the rate and the budget leave to all of them together; fewer than there are.
const ALLOWED: usize = 40;

/// The calls of a client, in turn: writes, some reads, and what is restrained.
const TURN: [&str; 16] = [
    "put", "put", "get", "put", "put", "rated", "put", "get", "put", "put", "get", "put", "put",
    "paid", "put", "get",
];

/// A home with these tools; the two that are restrained write down that they ran.
fn home() -> Home {
    let home = Home::new();
    home.reply("get");
    let put = json!({
        "name": "put", "description": "Gives the text back, as a write.", "effect": "write",
        "inputSchema": {
            "type": "object", "additionalProperties": false, "required": ["text"],
            "properties": {"text": {"type": "string", "maxLength": 1000}},
        },
        "run": {"reply": {"text": "{text}"}},
    });
    home.define("put.json", &put.to_string());
    let rated = json!({"limits": {"rate": format!("{ALLOWED}/day")}});
    let paid = json!({"limits": {"cost": 1}});
    for (name, limits) in [("rated", rated), ("paid", paid)] {
        let effects = home.text(&format!("effects-{name}"));
        let program = crate::life_harness::fake_tool();
        let append = [program.as_str(), "append", &effects, "{text}"];
        home.exec(name, "write", &append, json!({}), limits);
    }
    home.configure(&format!("budgets: [{{tool: paid, day: {ALLOWED}}}]"));
    home
}

/// How far the servers have come.
struct Progress {
    /// Answers of each in the window that is open.
    window: [usize; SERVERS],
    windows: usize,
    /// The most that one answered in a window.
    most: usize,
    answers: [usize; SERVERS],
    /// How often each code was told; the empty one is success.
    codes: BTreeMap<(&'static str, String), usize>,
    slowest: Duration,
    until: Instant,
}

impl Progress {
    fn new(seconds: u64) -> Self {
        Self {
            window: [0; SERVERS],
            windows: 0,
            most: 0,
            answers: [0; SERVERS],
            codes: BTreeMap::new(),
            slowest: Duration::ZERO,
            until: Instant::now() + Duration::from_secs(seconds),
        }
    }

    fn has_one_starved(&self) -> bool {
        self.most > ANSWERS * SPREAD_MAX
    }

    fn is_done(&self) -> bool {
        self.has_one_starved() || self.windows >= WINDOWS && Instant::now() >= self.until
    }

    /// Takes in an answer of server `which` to a call of `tool`. Whether it shall go on.
    fn answered(
        &mut self,
        which: usize,
        tool: &'static str,
        answer: &Value,
        since: Instant,
    ) -> bool {
        let told = &problem(answer)["code"];
        assert!(answer.get("result").is_some(), "{answer}");
        let code = told.as_str().unwrap_or_default().to_owned();
        *self.codes.entry((tool, code)).or_default() += 1;
        self.slowest = self.slowest.max(since.elapsed());
        self.answers[which] += 1;
        if self.is_done() {
            return false;
        }
        self.window[which] += 1;
        self.most = self.most.max(self.window[which]);
        if self.window.iter().all(|answers| *answers >= ANSWERS) {
            self.window = [0; SERVERS];
            self.windows += 1;
        }
        !self.is_done()
    }

    fn told(&self, took: Duration) -> String {
        let (least, most) = (self.answers.iter().min(), self.answers.iter().max());
        format!(
            "crowd {SERVERS} servers, {} calls in {} s, {} to {} each\n\
             windows {}, in which one gave {} answers at most while another gave {ANSWERS}\n\
             slowest answer {} ms",
            self.answers.iter().sum::<usize>(),
            took.as_secs(),
            least.unwrap(),
            most.unwrap(),
            self.windows,
            self.most,
            self.slowest.as_millis(),
        )
    }

    fn count(&self, tool: &'static str, code: &str) -> usize {
        let told = self.codes.get(&(tool, code.to_owned()));
        told.copied().unwrap_or_default()
    }
}

/// So many servers that have all opened the ledger.
fn servers(home: &Home, count: usize) -> Vec<Server> {
    let mut servers: Vec<Server> = (0..count).map(|_| home.serve(&["--no-watch"])).collect();
    for server in &mut servers {
        server.initialize();
        let id = server.call("get", json!({"text": "x"}));
        server.answer(id);
    }
    servers
}

/// Has `server`, the one of this number, called without a pause until there is enough.
fn client(mut server: Server, which: usize, progress: &Mutex<Progress>) {
    let (mut calls, mut asked) = (0, BTreeMap::new());
    let mut ask = |server: &mut Server, asked: &mut BTreeMap<u64, _>| {
        let tool = TURN[(calls + which) % TURN.len()];
        calls += 1;
        let id = server.call(tool, json!({"text": format!("{which}-{calls}")}));
        asked.insert(id, (tool, Instant::now()));
    };
    for _ in 0..DEPTH {
        ask(&mut server, &mut asked);
    }
    while !asked.is_empty() {
        let answer = server.next().unwrap();
        let (tool, since) = asked.remove(&answer["id"].as_u64().unwrap()).unwrap();
        let goes_on = progress
            .lock()
            .unwrap()
            .answered(which, tool, &answer, since);
        if goes_on {
            ask(&mut server, &mut asked);
        }
    }
    assert_eq!(server.finish(), (0, Vec::new()));
}

/// What was done of what is restrained, and on how many days it was asked for.
fn done(home: &Home, tool: &str, rows: &[Value]) -> (usize, usize) {
    let effects = fs::read_to_string(home.path(&format!("effects-{tool}"))).unwrap();
    let rows = rows.iter().filter(|row| row["tool"] == tool);
    let days: BTreeSet<&str> = rows
        .map(|row| &row["end"]["finished"].as_str().unwrap()[..10])
        .collect();
    let done = effects.lines().filter(|line| !line.is_empty());
    (done.count(), days.len())
}

#[test]
fn s26_s30_s31_o5_eight_busy_servers_are_served_evenly_and_get_what_one_may() {
    let home = home();
    let servers = servers(&home, SERVERS);
    let seconds = number("TOLLGATE_CROWD_SECONDS").unwrap_or(0);
    let began = Instant::now();
    let progress = Mutex::new(Progress::new(seconds));
    thread::scope(|scope| {
        for (which, server) in servers.into_iter().enumerate() {
            let progress = &progress;
            scope.spawn(move || client(server, which, progress));
        }
    });
    let progress = progress.into_inner().unwrap();
    println!("{}", progress.told(began.elapsed()));
    let rows = home.log();
    let (rated, _) = done(&home, "rated", &rows);
    let (paid, days) = done(&home, "paid", &rows);
    println!("spent {paid} of {ALLOWED} in the budget, {rated} of {ALLOWED} in the rate");

    assert!(!progress.has_one_starved());
    for (tool, code) in progress.codes.keys() {
        let refusals = [("rated", "RATE_LIMITED"), ("paid", "BUDGET_EXCEEDED")];
        let is_due = code.is_empty() || refusals.contains(&(tool, code));
        assert!(is_due, "{:?}", progress.codes);
    }
    assert_eq!(
        (progress.count("rated", ""), progress.count("paid", "")),
        (rated, paid)
    );
    // A part of a day lets no further call through.
    assert_eq!(rated, ALLOWED);
    assert!(
        (ALLOWED..=ALLOWED * days).contains(&paid),
        "{paid} on {days} days"
    );
    assert_eq!(rows.len(), progress.answers.iter().sum::<usize>() + SERVERS);
    home.run(&["audit", "verify"]).success();
}

/// How long each of [`QUIET`] calls waits for its answer, and how many `answers` somebody else got
/// in that time; both from the least.
fn quiet(server: &mut Server, answers: &AtomicUsize) -> (Vec<Duration>, Vec<usize>) {
    let one = |number: usize| {
        let (since, before) = (Instant::now(), answers.load(Ordering::Relaxed));
        let id = server.call("put", json!({"text": format!("quiet-{number}")}));
        let answer = server.answer(id);
        assert_ne!(answer["result"]["isError"], true, "{answer}");
        (since.elapsed(), answers.load(Ordering::Relaxed) - before)
    };
    let (mut waits, mut passed): (Vec<Duration>, Vec<usize>) = (0..QUIET).map(one).unzip();
    waits.sort_unstable();
    passed.sort_unstable();
    (waits, passed)
}

/// What so many of a hundred are at most.
fn percentile<T: Copy>(sorted: &[T], percent: usize) -> T {
    sorted[QUIET * percent / 100 - 1]
}

#[test]
fn s27_a_quiet_server_is_answered_beside_one_that_floods() {
    let home = home();
    let mut servers = servers(&home, 2);
    let (mut flooding, mut other) = (servers.remove(0), servers.remove(0));
    let (answers, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (alone, _) = quiet(&mut other, &answers);
    let (tell, told) = sync_channel(1);
    let (beside, passed) = thread::scope(|scope| {
        scope.spawn(|| {
            let mut calls = 0;
            let mut ask = |server: &mut Server| {
                calls += 1;
                server.call("put", json!({"text": format!("flood-{calls}")}))
            };
            for _ in 0..FLOOD {
                ask(&mut flooding);
            }
            for count in 1.. {
                assert!(flooding.next().is_some());
                answers.store(count, Ordering::Relaxed);
                if count == FLOOD {
                    tell.send(()).unwrap();
                }
                if is_over.load(Ordering::Relaxed) || count > QUIET * PASSED_MAX {
                    break;
                }
                ask(&mut flooding);
            }
        });
        told.recv_timeout(crate::life_harness::BOUND).unwrap();
        let beside = quiet(&mut other, &answers);
        is_over.store(true, Ordering::Relaxed);
        beside
    });
    let all: usize = passed.iter().sum();
    let (p90, p99) = (percentile(&passed, 90), percentile(&passed, 99));
    println!(
        "quiet one call at a time, p99 {} us alone, {} us beside {FLOOD} of another at once, which \
         got {all} answers to its {QUIET}, {p90} to nine of ten and {p99} to 99 of 100 at most",
        percentile(&alone, 99).as_micros(),
        percentile(&beside, 99).as_micros(),
    );
    assert!(all < QUIET * PASSED_MAX, "{passed:?}");
    assert!(p90 < PASSED_MAX, "{passed:?}");
    assert!(p99 < PASSED_P99_MAX, "{passed:?}");
    for server in [flooding, other] {
        assert_eq!(server.finish().0, 0);
    }
}
