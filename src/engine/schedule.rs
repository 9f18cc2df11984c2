//! Which waiting call a worker takes next. Values in, values out: no lock, no clock, no thread.
//!
//! Each tool has a lane in order of arrival and a number of calls that may run at once; each
//! principal has such a number too. Among the calls that may run, the cheap and those that only
//! read go first; a call that waits rises until it is equal to any other, and between equals
//! the lane goes first that was served least recently. So nothing waits for ever.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use crate::base::{
    clock::Moment,
    id::{Principal, ToolName},
    limits::{
        DEFINITIONS_MAX, OVERLOADED_AFTER_MAX, OVERLOADED_AFTER_MIN, QUEUE_AGEING, QUEUE_BYTES_MAX,
        QUEUE_CALLS_MAX, QUEUE_TOOL_CALLS_MAX, QUICK_RUN, USUAL_RUN_DEFAULT,
    },
};

/// What decides about a call's place.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) tool: ToolName,
    pub(super) principal: Principal,
    /// Memory that its arguments take.
    pub(super) bytes: usize,
    /// Whether it only reads.
    pub(super) reads: bool,
    /// How many calls of its tool may run at once.
    pub(super) concurrent: usize,
}

/// Why there is no place: so many calls wait already, and one may be free after so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full {
    pub(super) waiting: usize,
    pub(super) after: Duration,
}

/// Calls that wait for a worker, and those that workers have.
pub(super) struct Schedule<T> {
    /// How many calls of one principal may run at once.
    principal_max: usize,
    lanes: HashMap<ToolName, Lane<T>>,
    running: HashMap<Principal, usize>,
    places: usize,
    bytes: usize,
    /// Calls that wait.
    waiting: usize,
    /// None of them is overdue before; `None` where none waits.
    first_overdue: Option<Moment>,
    turn: u64,
    arrivals: u64,
}

struct Lane<T> {
    waiting: VecDeque<Waiting<T>>,
    /// Reserved or taken.
    places: usize,
    running: usize,
    /// When it was served last, counted in calls.
    served: u64,
    /// How long its calls usually run.
    usual: Option<Duration>,
}

/// A call that is to run now. It keeps its place until that is given back.
pub(super) struct Next<T> {
    pub(super) call: T,
    pub(super) claim: Claim,
    /// How long it has waited.
    pub(super) waited: Duration,
}

struct Waiting<T> {
    call: T,
    claim: Claim,
    since: Moment,
    /// From when on there is no use in running it.
    overdue: Moment,
    /// Counts the calls that came.
    arrival: u64,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            places: 0,
            running: 0,
            served: 0,
            usual: None,
        }
    }
}

impl<T> Schedule<T> {
    /// An empty one.
    pub(super) fn new(principal_max: usize) -> Self {
        Self {
            principal_max,
            lanes: HashMap::new(),
            running: HashMap::new(),
            places: 0,
            bytes: 0,
            waiting: 0,
            first_overdue: None,
            turn: 0,
            arrivals: 0,
        }
    }

    /// Reserves a place.
    ///
    /// # Errors
    /// When there is none; nothing is reserved then.
    pub(super) fn reserve(&mut self, claim: &Claim) -> Result<(), Full> {
        self.forget_idle_lanes();
        let lane = self.lanes.entry(claim.tool.clone()).or_default();
        if lane.places >= QUEUE_TOOL_CALLS_MAX
            || self.places >= QUEUE_CALLS_MAX
            || self.bytes.saturating_add(claim.bytes) > QUEUE_BYTES_MAX
        {
            return Err(Full {
                waiting: if lane.places >= QUEUE_TOOL_CALLS_MAX {
                    lane.places
                } else {
                    self.places
                },
                after: lane.next_place(claim.concurrent),
            });
        }
        lane.places += 1;
        self.places += 1;
        self.bytes += claim.bytes;
        Ok(())
    }

    /// Gives a place back.
    pub(super) fn give_back(&mut self, claim: &Claim) {
        if let Some(lane) = self.lanes.get_mut(&claim.tool) {
            lane.places = lane.places.saturating_sub(1);
        }
        self.places = self.places.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(claim.bytes);
    }

    /// Puts a call that is `overdue` from then on into the place that was reserved for it. Whether
    /// the cap of its tool holds it back.
    pub(super) fn enter(&mut self, call: T, claim: Claim, now: Moment, overdue: Moment) -> bool {
        let lane = self.lanes.entry(claim.tool.clone()).or_default();
        let is_held_back = lane.running + lane.waiting.len() >= claim.concurrent;
        self.arrivals += 1;
        lane.waiting.push_back(Waiting {
            call,
            claim,
            since: now,
            overdue,
            arrival: self.arrivals,
        });
        self.waiting += 1;
        let first = self
            .first_overdue
            .map_or(overdue, |first| first.min(overdue));
        self.first_overdue = Some(first);
        is_held_back
    }

    /// How many calls wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Before this no call that waits is overdue; `None` where none waits.
    pub(super) fn first_overdue(&self) -> Option<Moment> {
        self.first_overdue
    }

    /// Whether no call waits and no worker has one.
    pub(super) fn is_quiet(&self) -> bool {
        self.waiting == 0 && self.running.is_empty()
    }

    /// Takes a call that is overdue, whatever may run: to be refused, not to be run.
    pub(super) fn next_overdue(&mut self, now: Moment) -> Option<Next<T>> {
        if self.first_overdue.is_none_or(|first| now < first) {
            return None;
        }
        let waiting = self.lanes.iter().flat_map(|(tool, lane)| {
            let waiting = lane.waiting.iter().enumerate();
            waiting.map(move |(at, waiting)| (waiting.overdue, tool, at))
        });
        let (overdue, tool, at) = waiting.min_by_key(|(overdue, ..)| *overdue)?;
        self.first_overdue = Some(overdue);
        let tool = (overdue <= now).then(|| tool.clone())?;
        self.take(&tool, at, now)
    }

    /// Takes the call that is to run now, if any may.
    pub(super) fn next(&mut self, now: Moment) -> Option<Next<T>> {
        let mut best: Option<((u32, u64, u64), ToolName, usize)> = None;
        for (tool, lane) in &self.lanes {
            let Some((at, waiting)) = self.first_allowed(lane) else {
                continue;
            };
            let order = (lane.rank(waiting, now), lane.served, waiting.arrival);
            if best.as_ref().is_none_or(|(known, ..)| order < *known) {
                best = Some((order, tool.clone(), at));
            }
        }
        let (_, tool, at) = best?;
        self.take(&tool, at, now)
    }

    /// Whether a call waits that may run now.
    pub(super) fn any_may_run(&self) -> bool {
        let mut lanes = self.lanes.values();
        lanes.any(|lane| self.first_allowed(lane).is_some())
    }

    /// Takes any call that waits, whatever may run: to be refused, not to be run.
    pub(super) fn next_to_refuse(&mut self, now: Moment) -> Option<Next<T>> {
        let lane = self.lanes.iter().find(|(_, lane)| !lane.waiting.is_empty());
        let tool = lane.map(|(tool, _)| tool.clone())?;
        self.take(&tool, 0, now)
    }

    /// A worker is done with a call after so long; `None` for one that did not run.
    pub(super) fn done(&mut self, claim: &Claim, took: Option<Duration>) {
        if let Some(lane) = self.lanes.get_mut(&claim.tool) {
            lane.running = lane.running.saturating_sub(1);
            if let Some(took) = took {
                let usual = lane.usual.map(|usual| usual * 7 / 8 + took / 8);
                lane.usual = Some(usual.unwrap_or(took));
            }
        }
        if let Some(running) = self.running.get_mut(&claim.principal) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                self.running.remove(&claim.principal);
            }
        }
    }

    fn first_allowed<'a>(&self, lane: &'a Lane<T>) -> Option<(usize, &'a Waiting<T>)> {
        lane.waiting.iter().enumerate().find(|(_, waiting)| {
            let running = self.running.get(&waiting.claim.principal);
            lane.running < waiting.claim.concurrent
                && running.is_none_or(|running| *running < self.principal_max)
        })
    }

    fn take(&mut self, tool: &ToolName, at: usize, now: Moment) -> Option<Next<T>> {
        self.turn += 1;
        let lane = self.lanes.get_mut(tool)?;
        let Waiting {
            call, claim, since, ..
        } = lane.waiting.remove(at)?;
        self.waiting = self.waiting.saturating_sub(1);
        if self.waiting == 0 {
            self.first_overdue = None;
        }
        lane.served = self.turn;
        lane.running += 1;
        *self.running.entry(claim.principal.clone()).or_default() += 1;
        Some(Next {
            call,
            claim,
            waited: now.since(since),
        })
    }

    /// Tools come and go with each reload.
    fn forget_idle_lanes(&mut self) {
        if self.lanes.len() > DEFINITIONS_MAX {
            self.lanes
                .retain(|_, lane| lane.places > 0 || lane.running > 0);
        }
    }
}

impl<T> Lane<T> {
    /// Smaller goes first.
    fn rank(&self, waiting: &Waiting<T>, now: Moment) -> u32 {
        let quick = self.usual.is_none_or(|usual| usual <= QUICK_RUN);
        let rank = u32::from(!waiting.claim.reads) + u32::from(!quick);
        let risen = now.since(waiting.since).as_millis() / QUEUE_AGEING.as_millis();
        rank.saturating_sub(u32::try_from(risen).unwrap_or(u32::MAX))
    }

    fn next_place(&self, concurrent: usize) -> Duration {
        let places = u32::try_from(self.places).unwrap_or(u32::MAX);
        let concurrent = u32::try_from(concurrent.max(1)).unwrap_or(u32::MAX);
        let usual = self.usual.unwrap_or(USUAL_RUN_DEFAULT);
        let wait = usual.saturating_mul(places) / concurrent;
        wait.clamp(OVERLOADED_AFTER_MIN, OVERLOADED_AFTER_MAX)
    }
}

#[cfg(test)]
mod tests;
