//! Three servers on one ledger are killed again and again at moments nobody chose, while their
//! clients call under the same operation keys. `TOLLGATE_KILLS` says how often, `TOLLGATE_SEED`
//! from where.

mod call;
mod judge;

use std::{
    collections::BTreeMap,
    hash::BuildHasher as _,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::{
    effects::{Tool, World},
    life_harness::{BOUND, Server},
};
use call::Call;
use judge::{Early, Seen, Verdict};

const SERVERS: usize = 3;
const KILLS: u64 = 300;
/// Kills on one ledger; then the next begins with a new one.
const KILLS_PER_HOME: u64 = 100;
/// Calls that a client has under way.
const DEPTH: usize = 8;
/// The same at the end, when every key is called once more: fewer than may wait for one tool.
const DEPTH_AT_END: usize = 32;
/// Of so many answers, to whichever client, one brings about a kill.
const ANSWERS_PER_KILL: u64 = 8;
/// Half of the calls repeat one of so many latest keys.
const KEYS_RECENT: u64 = 12;
/// Of so many repetitions, one has other arguments under the same key.
const OTHERS: u64 = 16;

#[expect(
    clippy::disallowed_methods,
    reason = "the ban is for the program itself"
)]
pub(crate) fn number(variable: &str) -> Option<u64> {
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

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }
}

/// One ledger, and the servers that live and die on it.
struct Storm {
    world: World,
    /// Who may be killed. Whoever kills takes the id away under the lock, and only then may the
    /// process be waited for: no id is used that could be another's by then.
    living: [Mutex<Option<Pid>>; SERVERS],
    kills: u64,
    kills_left: AtomicU64,
    /// How many keys there are, and the number of the next.
    keys: AtomicU64,
    /// The ledger in the middle of it all.
    early: OnceLock<Early>,
}

impl Storm {
    fn new(kills: u64) -> Self {
        // What fails at its first attempt would be left alone for a while.
        let cost = json!({"cost": 0.01});
        let more = json!({"limits": cost, "breaker": "off", "loop_guard": "off"});
        let budget = "budgets: [{day: 1000000}]";
        Self {
            world: World::new(&Tool::ALL, &more, budget),
            living: Default::default(),
            kills,
            kills_left: AtomicU64::new(kills),
            keys: AtomicU64::new(0),
            early: OnceLock::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.kills_left.load(Ordering::SeqCst) == 0
    }

    /// All of it; what came of it.
    fn run(self, dice: &mut Dice) -> Verdict {
        let mut seen = thread::scope(|scope| {
            let clients: [_; SERVERS] = std::array::from_fn(|which| {
                let (own, storm) = (Dice(dice.below(u64::MAX)), &self);
                scope.spawn(move || storm.client(which, own))
            });
            let seen = clients.map(|client| client.join().unwrap());
            seen.into_iter().flatten().collect::<Vec<Seen>>()
        });
        let last = self.call_all_again();
        seen.extend(last.iter().cloned());
        judge::judge(&self.world, &seen, &last, self.early.get().unwrap())
    }

    /// One server after the other; every answer that any of them gave.
    fn client(&self, which: usize, mut dice: Dice) -> Vec<Seen> {
        let mut seen = Vec::new();
        while !self.is_over() {
            self.life(which, &mut dice, &mut seen);
        }
        seen
    }

    /// One server to its end, which is a kill unless there have been enough of them.
    fn life(&self, which: usize, dice: &mut Dice, seen: &mut Vec<Seen>) {
        let mut server = self.world.serve("");
        *self.living[which].lock().unwrap() = Pid::from_raw(server.pid());
        let mut asked = BTreeMap::new();
        for _ in 0..DEPTH {
            self.ask(&mut server, dice, &mut asked);
        }
        while let Some(answer) = server.next_unless_killed() {
            seen.push(Seen::new(&answer, &mut asked));
            if !self.is_over() {
                if dice.below(ANSWERS_PER_KILL) == 0 {
                    self.kill(dice.index(SERVERS));
                }
                self.ask(&mut server, dice, &mut asked);
            } else if asked.is_empty() {
                break;
            }
        }
        let was_killed = self.living[which].lock().unwrap().take().is_none();
        if was_killed {
            assert_eq!(server.exit_within(BOUND), 128 + 9);
            for answer in server.rest_after_kill() {
                seen.push(Seen::new(&answer, &mut asked));
            }
        } else {
            assert_eq!(server.finish(), (0, Vec::new()));
            assert_eq!(asked, BTreeMap::new(), "not answered");
        }
    }

    fn ask(&self, server: &mut Server, dice: &mut Dice, asked: &mut BTreeMap<u64, Call>) {
        let call = if dice.below(2) == 0 {
            Call::under(self.keys.fetch_add(1, Ordering::SeqCst))
        } else {
            let newest = self.keys.load(Ordering::SeqCst);
            let repeated = Call::under(newest.saturating_sub(dice.below(KEYS_RECENT)));
            if repeated.is_named() && dice.below(OTHERS) == 0 {
                repeated.other()
            } else {
                repeated
            }
        };
        asked.insert(call.make(server), call);
    }

    /// Kills a server that lives, as long as there are kills left.
    fn kill(&self, which: usize) {
        let mut living = self.living[which].lock().unwrap();
        if living.is_none() {
            return;
        }
        let one_less = |left: u64| left.checked_sub(1);
        let order = Ordering::SeqCst;
        let Ok(left) = self.kills_left.fetch_update(order, order, one_less) else {
            return;
        };
        kill_process(living.take().unwrap(), Signal::KILL).unwrap();
        drop(living);
        if left == self.kills.div_ceil(2) {
            assert!(self.early.set(Early::look(&self.world)).is_ok());
        }
    }

    /// Every key once more, in a server that nobody kills: what is known now is final.
    fn call_all_again(&self) -> Vec<Seen> {
        let mut server = self.world.serve("");
        let mut seen = Vec::new();
        let all = 0..=self.keys.load(Ordering::SeqCst);
        let mut calls: Vec<Call> = all.map(Call::under).collect();
        calls.retain(|call| call.is_named());
        while !calls.is_empty() {
            let now = calls.split_off(calls.len().saturating_sub(DEPTH_AT_END));
            let mut asked: BTreeMap<u64, Call> = now
                .into_iter()
                .map(|call| (call.make(&mut server), call))
                .collect();
            while !asked.is_empty() {
                let one = Seen::new(&server.next().unwrap(), &mut asked);
                if one.code == "IDEMPOTENCY_MISMATCH" && !one.call.is_other {
                    calls.push(one.call.other());
                } else {
                    seen.push(one);
                }
            }
        }
        assert_eq!(server.finish(), (0, Vec::new()));
        seen
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how long it took is told, and decides nothing"
)]
fn s1_s10_nothing_is_lost_or_done_twice_when_three_servers_are_killed_at_random() {
    let seed =
        number("TOLLGATE_SEED").unwrap_or_else(|| std::hash::RandomState::new().hash_one("seed"));
    let kills = number("TOLLGATE_KILLS").unwrap_or(KILLS);
    println!("seed {seed}");
    let (began, mut dice) = (Instant::now(), Dice(seed));
    let (mut verdict, mut left) = (Verdict::default(), kills);
    while left > 0 {
        let now = left.min(KILLS_PER_HOME);
        verdict.add(Storm::new(now).run(&mut dice));
        left -= now;
    }
    let seconds = began.elapsed().as_secs();
    println!("kills {kills} in {seconds} s\n{}", verdict.told());
    verdict.check();
}
