//! Where calls wait: one lane for the gate, which is never blocked by the world, and one for
//! the workers, which are.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    Shared,
    pipeline::{Arrived, LookUp, Started},
    schedule::{Claim, Full, Next, Schedule},
    sleepers::Sleepers,
    verify::Doubtful,
};
use crate::base::{
    clock::{Clock, Moment},
    wake::Bell,
};

/// What a call does next, told to the gate.
pub(super) type Go = Box<dyn FnOnce(&Arc<Shared>) + Send>;

/// Work for the gate.
pub(super) enum GateJob {
    /// A call that has to be checked.
    Check(Arrived),
    /// A call that goes on from where it was asked about.
    Go(Go),
    /// A call that was to wait for a worker and has waited too long: there is nothing to wait for
    /// any more.
    Overdue(Taken),
    /// Nothing came in the time that was given.
    Nothing,
}

/// Work for a worker.
pub(super) enum WorkJob {
    /// A call whose checks have to be made.
    LookUp(Box<LookUp>),
    /// A call for which something has to be found out first.
    Verify(Box<Doubtful>),
    /// A call that has begun.
    Run(Box<Started>),
}

struct State {
    goes: VecDeque<Go>,
    checks: VecDeque<Arrived>,
    work: Schedule<WorkJob>,
    /// When it wakes for the first call that is overdue.
    gate_wakes: Option<Moment>,
    /// Workers that were started, or are about to be.
    workers: usize,
    /// Workers that sleep.
    sleepers: Sleepers,
    closed: bool,
}

/// Bounded in calls and in bytes.
pub(super) struct Queue {
    checks_max: usize,
    workers_max: usize,
    state: Mutex<State>,
    /// Changed with the state, and asked without it once for each call.
    stopping: AtomicBool,
    gate_ready: Bell,
    gate_room: Bell,
}

/// A place among the calls that wait for a worker. Whoever has it waits in it or gives it back;
/// it cannot be copied.
#[derive(Debug)]
pub(super) struct Place(Claim);

/// A job that a worker has taken, or the gate, as it is overdue.
pub(super) struct Taken {
    pub(super) job: WorkJob,
    /// Where it waited. A call that will wait again keeps it.
    pub(super) place: Place,
    /// How long it waited there.
    pub(super) waited: Duration,
    pub(super) turn: Turn,
}

impl Taken {
    fn new(next: Next<WorkJob>, since: Option<Moment>) -> Self {
        let Next {
            call,
            claim,
            waited,
        } = next;
        Self {
            job: call,
            place: Place(claim.clone()),
            waited,
            turn: Turn { claim, since },
        }
    }
}

/// A worker's hold on one of its tool's turns, to be given back with [`Queue::done`].
#[derive(Debug)]
pub(super) struct Turn {
    claim: Claim,
    /// Since when it may run; `None` where it is overdue.
    since: Option<Moment>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// Too many calls wait already.
    Full(Full),
    /// The process is ending.
    Stopping,
}

impl Queue {
    /// A queue whose gate lane holds at most `checks_max` unchecked calls, for as many as
    /// `workers_max` workers, all of which may run calls of one principal.
    pub(super) fn new(checks_max: usize, workers_max: usize) -> Self {
        Self {
            checks_max,
            workers_max,
            state: Mutex::new(State {
                goes: VecDeque::new(),
                checks: VecDeque::new(),
                work: Schedule::new(workers_max),
                gate_wakes: None,
                // The first is there before any work is.
                workers: 1,
                sleepers: Sleepers::default(),
                closed: false,
            }),
            stopping: AtomicBool::new(false),
            gate_ready: Bell::default(),
            gate_room: Bell::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call to be checked; waits for room. The gate always makes room, so this waits for
    /// no program. Whether the gate sleeps: then [`Self::take_quick`] or [`Self::wake_for_checks`] must
    /// follow.
    pub(super) fn push_check(&self, call: Arrived) -> bool {
        let mut state = self.state();
        while state.checks.len() >= self.checks_max && !state.closed {
            state = self.gate_room.sleep(state);
        }
        state.checks.push_back(call);
        self.gate_ready.has_sleepers()
    }

    /// Takes the first call that waits to be checked where the gate sleeps and that is quick. Wakes the gate
    /// for another.
    pub(super) fn take_quick(&self) -> Option<Arrived> {
        let mut state = self.state();
        if !self.gate_ready.has_sleepers() {
            return None;
        }
        if state.checks.front()?.is_quick() {
            return state.checks.pop_front();
        }
        drop(state);
        self.gate_ready.ring();
        None
    }

    /// Wakes the gate for what waits to be checked. Takes no lock.
    pub(super) fn wake_for_checks(&self) {
        self.gate_ready.ring_one();
    }

    /// Returns once the gate sleeps, which it does when it has nothing to do.
    #[cfg(test)]
    pub(super) fn until_gate_sleeps(&self) {
        crate::base::wake::tests::until_slept_at(&self.gate_ready, &self.state);
    }

    /// Rings when the state is free: who is woken wants it at once.
    fn wake_worker(mut state: MutexGuard<'_, State>) {
        let woken = state.sleepers.next();
        drop(state);
        if let Some(bell) = woken {
            bell.ring_one();
        }
    }

    /// Reserves a place among the calls that wait for a worker.
    ///
    /// # Errors
    /// When there is none; nothing is reserved then.
    pub(super) fn reserve(&self, claim: Claim) -> Result<Place, NoPlace> {
        let mut state = self.state();
        if self.is_stopping() {
            return Err(NoPlace::Stopping);
        }
        state.work.reserve(&claim).map_err(NoPlace::Full)?;
        Ok(Place(claim))
    }

    /// Gives a place back.
    pub(super) fn release(&self, place: Place) {
        self.state().work.give_back(&place.0);
    }

    /// Adds a call for a worker, to the place that it has; the gate takes it instead once it is
    /// `overdue`.
    pub(super) fn push_work(&self, job: WorkJob, place: Place, now: Moment, overdue: Moment) {
        let mut state = self.state();
        let is_held_back = state.work.enter(job, place.0, now, overdue);
        if is_held_back || state.work.waiting() > state.sleepers.count() {
            self.wake_gate_in_time(&mut state);
        }
        Self::wake_worker(state);
    }

    /// A gate that would sleep for too long looks anew when it has to be awake.
    fn wake_gate_in_time(&self, state: &mut State) {
        let first = state.work.first_overdue();
        let wakes_later = match (state.gate_wakes, first) {
            (Some(wakes), Some(first)) => first < wakes,
            (None, first) => first.is_some(),
            (Some(_), None) => false,
        };
        if self.gate_ready.has_sleepers() && wakes_later {
            state.gate_wakes = first;
            self.gate_ready.ring();
        }
    }

    /// A worker is done with the call that it took, which ran until then, if it did.
    pub(super) fn done(&self, turn: Turn, ran_until: Option<Moment>) {
        let took = ran_until.zip(turn.since);
        let took = took.map(|(end, since)| end.since(since));
        let mut state = self.state();
        state.work.done(&turn.claim, took);
        // Nobody is woken while no call is running.
        if state.gate_wakes.is_some() && state.work.is_quiet() {
            self.gate_ready.ring();
        }
        // What was held back by a cap may run now, and this worker may be needed elsewhere.
        if self.is_stopping() || state.work.any_may_run() {
            Self::wake_worker(state);
        }
    }

    /// Adds what a call does next. There is one at most for each question that is open or is
    /// about to be.
    pub(super) fn push_go(&self, go: Go) {
        let mut state = self.state();
        state.goes.push_back(go);
        drop(state);
        self.gate_ready.ring();
    }

    /// The next job of the gate; waits for one, at most `patience` where there is a limit, which is
    /// asked only where it would wait. `None` when the queue is closed and empty.
    pub(super) fn pop_gate(
        &self,
        patience: impl Fn() -> Option<Duration>,
        clock: &dyn Clock,
    ) -> Option<GateJob> {
        let mut state = self.state();
        let mut known = None;
        loop {
            let now = state.work.first_overdue().map(|_| clock.now());
            if let Some(now) = now
                && let Some(next) = state.work.next_overdue(now)
            {
                return Some(GateJob::Overdue(Taken::new(next, None)));
            }
            if let Some(go) = state.goes.pop_front() {
                return Some(GateJob::Go(go));
            }
            if let Some(call) = state.checks.pop_front() {
                if state.checks.len() + 1 == self.checks_max {
                    self.gate_room.ring_all();
                }
                return Some(GateJob::Check(call));
            }
            if state.closed {
                return None;
            }
            let Some(patience) = known else {
                drop(state);
                known = Some(patience());
                state = self.state();
                continue;
            };
            if patience == Some(Duration::ZERO) {
                return Some(GateJob::Nothing);
            }
            state.gate_wakes = state.work.first_overdue();
            let until = state.gate_wakes.zip(now).map(|(at, now)| at.since(now));
            let limit = patience.into_iter().chain(until).min();
            // Woken for whatever reason, the gate looks anew how long it may wait.
            known = Some(patience.map(|_| Duration::ZERO));
            state = match limit {
                None => self.gate_ready.sleep(state),
                Some(limit) => self.gate_ready.sleep_at_most(state, limit),
            };
            state.gate_wakes = None;
        }
    }

    /// The next call for a worker; waits for one. With it comes the number of another worker where
    /// none is left that waits for work: whoever takes the call starts that one first. `None` when
    /// the queue is closed and empty. `own` is the bell at which this worker sleeps.
    pub(super) fn pop_work(&self, own: &Bell, clock: &dyn Clock) -> Option<(Taken, Option<usize>)> {
        let mut state = self.state();
        loop {
            let now = clock.now();
            let next = if self.is_stopping() {
                state.work.next_to_refuse(now)
            } else {
                state.work.next(now)
            };
            if let Some(next) = next {
                let another = self.claim_worker(&mut state);
                return Some((Taken::new(next, Some(now)), another));
            }
            if state.closed {
                return None;
            }
            state = Sleepers::sleep(state, |state| &mut state.sleepers, own);
        }
    }

    /// The number of another worker where one is to be started; it counts from now on. Workers are
    /// started one ahead of the work, because most sessions never need more than a few.
    fn claim_worker(&self, state: &mut State) -> Option<usize> {
        let all_work = state.sleepers.count() == 0;
        let is_wanted = all_work && state.workers < self.workers_max && !self.is_stopping();
        let number = state.workers;
        state.workers += usize::from(is_wanted);
        is_wanted.then_some(number)
    }

    /// The worker that was wanted could not be started; the next that takes a call tries again.
    pub(super) fn no_other_worker(&self) {
        self.state().workers -= 1;
    }

    /// Whether the process is ending, so that nothing new is started.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// From now on nothing new is started; what waits is refused when its turn comes.
    pub(super) fn stop(&self) {
        let state = self.state();
        self.stopping.store(true, Ordering::SeqCst);
        Self::wake_workers(state);
    }

    fn wake_workers(mut state: MutexGuard<'_, State>) {
        let sleepers = state.sleepers.all();
        drop(state);
        sleepers.iter().for_each(Bell::ring_one);
    }

    /// Lets the threads end once their lanes are empty.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        Self::wake_workers(state);
        self.gate_ready.ring_all();
        self.gate_room.ring_all();
    }
}
