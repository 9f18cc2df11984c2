//! What a ledger in memory holds, and how it decides.

use super::{
    super::{
        Coming,
        admission::{Doubt, Ending, Notes, Replay, Running},
        fetch::{Fetch, Standing, standing},
        operation::{
            KeySource, Known, Meeting, Operation, OperationState, after_death, in_progress, meet,
        },
        policy::time::{Mark, Now},
        record::{CallRow, Outcome, Settlement},
        resolution::told,
    },
    Verb,
    steps::Walk,
};
use crate::base::{
    clock::{Moment, Timestamp},
    id::Principal,
    problem::{Effects, Problem},
};

#[derive(Default)]
pub(super) struct State {
    pub(super) rows: i64,
    pub(super) verbs: Vec<Verb>,
    pub(super) announced: Vec<Coming>,
    pub(super) failing: usize,
    pub(super) operations: Vec<Stored>,
}

/// An operation as it is kept.
pub(super) struct Stored {
    pub(super) known: Known,
    pub(super) key: [u8; 32],
    pub(super) source: KeySource,
    pub(super) principal: Principal,
    pub(super) is_read: bool,
    pub(super) deaths: u32,
    pub(super) end: Option<Settlement>,
    pub(super) resolved: Option<String>,
    pub(super) walk: Walk,
}

/// What was found out about the operation of a call.
#[derive(Debug)]
pub(super) enum Looked {
    Go(Option<i64>, Notes),
    Join(Running),
    Doubt(Doubt, Settlement, Box<Problem>),
    Otherwise(Settlement, Result<Box<Replay>, Box<Problem>>),
}

impl State {
    pub(super) fn of(&mut self, row: i64) -> &mut Stored {
        let at = usize::try_from(row - 1).unwrap();
        self.operations.get_mut(at).unwrap()
    }

    pub(super) fn bury(&mut self, row: i64, now: Timestamp) {
        let stored = self.of(row);
        let walk = &stored.walk;
        if walk.is_stepped && !walk.entries.is_empty() {
            return;
        }
        stored.deaths += 1;
        stored.known.state = match walk.is_stepped {
            true => OperationState::FailedClean,
            false => after_death(stored.known.state, stored.is_read, stored.deaths),
        };
        stored.known.ended = Some(now);
    }

    pub(super) fn look(
        &mut self,
        asked: Option<&Operation>,
        guard_us: u64,
        now: Timestamp,
    ) -> Looked {
        let latest = |state: &Self, asked: &Operation| {
            let mut all = state.operations.iter().rev();
            all.find(|stored| stored.key == asked.key)
                .map(|stored| stored.known.clone())
        };
        let Some((asked, mut known)) = asked.and_then(|asked| Some((asked, latest(self, asked)?)))
        else {
            return Looked::Go(None, Notes::default());
        };
        let present = present(now);
        let mut meeting = meet(&known, asked, &present);
        if meeting == Meeting::Recover {
            self.bury(known.row, now);
            known = latest(self, asked).unwrap();
            meeting = meet(&known, asked, &present);
        }
        match meeting {
            Meeting::Fresh => Looked::Go(None, Notes::default()),
            Meeting::Similar => {
                let similar = Some(known.id);
                Looked::Go(
                    None,
                    Notes {
                        similar,
                        ..Notes::default()
                    },
                )
            }
            Meeting::Again => Looked::Go(Some(known.row), Notes::default()),
            Meeting::Join | Meeting::Recover => Looked::Join(known.as_running()),
            Meeting::Doubt(problem) => {
                let settlement = Settlement::refusal("operation", &problem, guard_us, now);
                Looked::Doubt(known.doubt(), settlement, problem)
            }
            Meeting::Replay => {
                let replay = Box::new(self.replay(&known));
                Looked::Otherwise(Settlement::replay(&replay, guard_us, now), Ok(replay))
            }
            Meeting::Refuse(problem) => Looked::refused(problem, guard_us, now),
        }
    }

    /// The answer that `known` was given.
    pub(super) fn replay(&mut self, known: &Known) -> Replay {
        let stored = self.of(known.row);
        let end = stored.end.as_ref();
        let own = end.map_or((Outcome::Unknown, Effects::Unknown, None), |end| {
            (end.outcome, end.effects, end.code)
        });
        let (outcome, effects, code) = told(known.state, own);
        let own = end.and_then(|end| end.reply.clone());
        Replay {
            id: known.id,
            last: stored.known.last,
            ended: known.ended.unwrap(),
            outcome,
            effects,
            code,
            reply: stored.resolved.clone().or(own).unwrap_or_default(),
            is_windowed: stored.source == KeySource::Content,
        }
    }

    /// The operation that `fetch` asks for, and where it stands, recovered if need be.
    pub(super) fn wanted(&mut self, fetch: &Fetch, now: Timestamp) -> Option<(Known, Standing)> {
        let (id, principal) = (fetch.id, &fetch.row.principal);
        let mut all = self.operations.iter();
        let found = all.find(|one| one.known.id == id && one.principal == *principal);
        let mut known = found?.known.clone();
        if standing(&known) == Standing::Recover {
            self.bury(known.row, now);
            known = self.of(known.row).known.clone();
        }
        let standing = standing(&known);
        Some((known, standing))
    }

    /// Takes the key for the call of row `row`.
    pub(super) fn claim(
        &mut self,
        asked: Option<&Operation>,
        again: Option<i64>,
        (row, call, backend): (i64, &CallRow, &str),
        now: Timestamp,
    ) -> Option<Running> {
        let asked = asked?;
        let known = Known {
            row: again.unwrap_or(self.operations.len() as i64 + 1),
            id: call.call_id,
            state: OperationState::Running,
            last: row,
            definition: call.definition,
            fingerprint: asked.fingerprint,
            began: now,
            named: asked.known_there.map(|_| Mark::after(&present(now), 0)),
            ended: None,
            is_delivered: false,
            is_owner_alive: true,
        };
        let is_read = call.effect == Some("read");
        match again {
            None => self.operations.push(Stored {
                known,
                key: asked.key,
                source: asked.source,
                principal: call.principal.clone(),
                is_read,
                deaths: 0,
                end: None,
                resolved: None,
                walk: Walk::new(call, backend),
            }),
            Some(again) => {
                let stored = self.of(again);
                assert!(stored.known.state.may_become(OperationState::Running));
                stored.known = Known {
                    id: stored.known.id,
                    named: stored.known.named,
                    ..known
                };
                stored.is_read = is_read;
                (stored.end, stored.resolved) = (None, None);
                stored.walk = Walk::new(call, backend);
            }
        }
        let row = again.unwrap_or(self.operations.len() as i64);
        Some(self.of(row).known.as_running())
    }

    /// The operation that the call of `row` becomes by ending so.
    pub(super) fn become_one(&mut self, row: i64, ending: &Ending) -> Option<i64> {
        let asked = ending.becomes.as_ref()?;
        let call = self.verbs.iter().find_map(|verb| match verb {
            Verb::Begin(at, call) | Verb::SettleAtOnce(at, call, _) if *at == row => Some(call),
            _ => None,
        });
        let (call, finished) = (call?.clone(), ending.settlement.finished);
        let claimed = self.claim(Some(asked), None, (row, &call, "exec"), finished);
        claimed.map(|one| one.operation)
    }

    pub(super) fn end(&mut self, operation: Option<i64>, ending: &Ending) {
        let Some(operation) = operation else { return };
        let stored = self.of(operation);
        assert!(stored.known.state.may_become(ending.state));
        stored.known.state = ending.state;
        stored.known.ended = Some(ending.settlement.finished);
        stored.end = Some(ending.settlement.clone());
    }

    pub(super) fn put(&mut self, verb: impl FnOnce(i64) -> Verb) -> i64 {
        self.rows += 1;
        self.verbs.push(verb(self.rows));
        self.rows
    }
}

impl Looked {
    pub(super) fn refused(problem: Box<Problem>, guard_us: u64, now: Timestamp) -> Self {
        let settlement = Settlement::refusal("operation", &problem, guard_us, now);
        Self::Otherwise(settlement, Err(problem))
    }
}

/// What a verb does that cannot wait for another operation.
pub(super) type AtOnce =
    Result<(Option<i64>, Notes), (Settlement, Result<Box<Replay>, Box<Problem>>)>;

impl Looked {
    pub(super) fn at_once(self, guard_us: u64, now: Timestamp) -> AtOnce {
        match self {
            Self::Go(again, notes) => Ok((again, notes)),
            Self::Otherwise(settlement, how) => Err((settlement, how)),
            Self::Doubt(_, settlement, problem) => Err((settlement, Err(problem))),
            Self::Join(running) => {
                let problem = Box::new(in_progress(running.id));
                Self::refused(problem, guard_us, now).at_once(guard_us, now)
            }
        }
    }
}

/// This ledger knows one boot only, and its clocks go together.
fn present(wall: Timestamp) -> Now {
    Now {
        moment: Moment::from_micros(u64::try_from(wall.as_micros()).unwrap()),
        wall,
        boot: Some([0; 16]),
    }
}
