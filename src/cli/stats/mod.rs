//! What many calls amount to: counted as they stream by, in memory that does not grow with them.

pub(crate) mod json;
pub(crate) mod metrics;
mod places;
pub(crate) mod report;
mod rules;
mod spread;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod tests;
mod timeline;

use std::{collections::BTreeMap, ops::AddAssign};

pub(crate) use places::Places;
pub(crate) use spread::Spread;
pub(crate) use timeline::{Tally, Timeline};

use super::why::was_begun;
use crate::{
    base::{clock::Timestamp, limits::STATS_NAMES_MAX, problem::Code},
    ledger::{log::CallFact, record::Outcome},
};

/// The name under which names beyond the bound are counted together.
pub(crate) const OTHERS: &str = "(others)";
/// The name under which calls of tools that do not exist are counted together: whoever calls
/// them may make up a new one each time.
pub(crate) const UNKNOWN_TOOLS: &str = "(unknown tools)";

/// Calls counted by how they ended, and those that have not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    ended: BTreeMap<&'static str, u64>,
    running: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, outcome: Option<Outcome>) {
        match outcome {
            Some(outcome) => *self.ended.entry(outcome.as_str()).or_default() += 1,
            None => self.running += 1,
        }
    }

    /// How many ended so.
    pub(crate) fn of(&self, outcome: Outcome) -> u64 {
        self.ended.get(outcome.as_str()).copied().unwrap_or(0)
    }

    /// How many have not ended.
    pub(crate) fn running(&self) -> u64 {
        self.running
    }

    pub(crate) fn total(&self) -> u64 {
        self.running + self.ended.values().sum::<u64>()
    }

    /// Of those that ran to an end, how many of a hundred did what they are for; `None` where
    /// none ran. Refused calls did not run, and those that asked a person have not yet.
    pub(crate) fn success_percent(&self) -> Option<u64> {
        let not_run = self.running + self.of(Outcome::Refused) + self.of(Outcome::Asked);
        let ran = self.total() - not_run;
        (self.of(Outcome::Succeeded) * 100).checked_div(ran)
    }
}

impl Tally for Counts {
    fn join(&mut self, other: &Self) {
        self.running += other.running;
        for (outcome, count) in &other.ended {
            *self.ended.entry(outcome).or_default() += count;
        }
    }
}

/// Calls counted by how they fared, in little room: there is one for each tool and stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fared {
    pub(crate) succeeded: u32,
    pub(crate) refused: u32,
    /// Whatever else became of those that ran to an end.
    pub(crate) failed: u32,
    /// Those that run, and those of which a person was asked.
    pub(crate) waiting: u32,
}

impl Fared {
    fn add(&mut self, outcome: Option<Outcome>) {
        let count = match outcome {
            Some(Outcome::Succeeded) => &mut self.succeeded,
            Some(Outcome::Refused) => &mut self.refused,
            Some(
                Outcome::Failed
                | Outcome::Cancelled
                | Outcome::TimedOut
                | Outcome::Unknown
                | Outcome::RolledBack
                | Outcome::NeedsAttention,
            ) => &mut self.failed,
            Some(Outcome::Asked) | None => &mut self.waiting,
        };
        *count = count.saturating_add(1);
    }

    /// As [`Counts::success_percent`].
    pub(crate) fn success_percent(self) -> Option<u64> {
        let (succeeded, failed) = (u64::from(self.succeeded), u64::from(self.failed));
        (succeeded * 100).checked_div(succeeded + failed)
    }
}

impl Tally for Fared {
    fn join(&mut self, other: &Self) {
        self.succeeded = self.succeeded.saturating_add(other.succeeded);
        self.refused = self.refused.saturating_add(other.refused);
        self.failed = self.failed.saturating_add(other.failed);
        self.waiting = self.waiting.saturating_add(other.waiting);
    }
}

impl Tally for u32 {
    fn join(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }
}

/// How often something was tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// How often a backend was asked.
    pub(crate) attempts: u64,
    /// How many of those were not the first of their call.
    pub(crate) retries: u64,
    /// How many calls had such.
    pub(crate) retried: u64,
}

impl Tries {
    fn of(fact: &CallFact<'_>) -> Self {
        let first = u64::from(was_begun(fact.outcome, fact.stage));
        let attempts = fact.attempts.unwrap_or(first).max(first);
        let retries = attempts.saturating_sub(1);
        Self {
            attempts,
            retries,
            retried: u64::from(retries > 0),
        }
    }
}

impl AddAssign for Tries {
    fn add_assign(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.retries += other.retries;
        self.retried += other.retried;
    }
}

/// Calls of one tool, or all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ToolStats {
    pub(crate) counts: Counts,
    /// From reading the line to the end, in microseconds, of calls that were not refused.
    pub(crate) micros: Spread,
    pub(crate) tries: Tries,
    pub(crate) timeline: Timeline<Fared>,
}

impl ToolStats {
    fn add(&mut self, fact: &CallFact<'_>) {
        self.counts.add(fact.outcome);
        self.tries += Tries::of(fact);
        self.timeline
            .add(fact.received, |fared| fared.add(fact.outcome));
        match (fact.outcome, fact.micros) {
            (Some(Outcome::Refused) | None, _) | (_, None) => {}
            (Some(_), Some(micros)) => self.micros.add(micros),
        }
    }
}

/// A problem: tool, stable code, the stage that decided.
pub(crate) type ProblemKey = (String, String, String);

/// A rule of the operator's, by its code, and a tool that it refused a call of.
pub(crate) type RuleKey = (String, String);

/// How often something was met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Met {
    pub(crate) calls: u64,
    pub(crate) timeline: Timeline<u32>,
}

impl Met {
    fn once_more(&mut self, at: Timestamp) {
        self.calls += 1;
        self.timeline
            .add(at, |calls| *calls = calls.saturating_add(1));
    }
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) all: ToolStats,
    /// What comes after the first [`STATS_NAMES_MAX`] is counted as [`OTHERS`]; so for what
    /// follows. Tools that do not exist are counted as [`UNKNOWN_TOOLS`].
    pub(crate) tools: BTreeMap<String, ToolStats>,
    pub(crate) problems: BTreeMap<ProblemKey, Met>,
    /// A call that broke several rules is counted for each.
    pub(crate) rules: BTreeMap<RuleKey, Met>,
    pub(crate) principals: BTreeMap<String, Counts>,
    /// Calls that may have done something, and nobody can tell.
    pub(crate) unknown_effects: u64,
    /// Calls that were made before and got the answer of then: nothing happened twice.
    pub(crate) replays: u64,
    /// Calls that were stopped because nearly the same had failed time and again.
    pub(crate) loops: u64,
    /// Calls that were run with a value that the gate had put into its proper form.
    pub(crate) altered: u64,
    pub(crate) timeline: Timeline<Counts>,
    /// When the first and the last of them came in.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
}

impl Stats {
    pub(crate) fn add(&mut self, mut fact: CallFact<'_>) {
        if !fact.is_tool_known {
            fact.tool = UNKNOWN_TOOLS;
        }
        self.all.add(&fact);
        slot(&mut self.tools, fact.tool).add(&fact);
        slot(&mut self.principals, fact.principal).add(fact.outcome);
        self.timeline
            .add(fact.received, |counts| counts.add(fact.outcome));
        self.unknown_effects += u64::from(fact.effects == Some("unknown"));
        self.replays += u64::from(fact.stage == Some("replay"));
        self.loops += u64::from(fact.code == Some(Code::RetryLoop.as_str()));
        self.altered += u64::from(fact.is_altered);
        if let (Some(code), Some(stage)) = (fact.problem(), fact.stage) {
            self.add_problem((fact.tool, code, stage), fact.received);
        }
        for rule in fact.by_rule.map(rules::broken).unwrap_or_default() {
            self.add_rule(&rule, fact.tool, fact.received);
        }
        self.span = Some(match self.span {
            None => (fact.received, fact.received),
            Some((first, last)) => (first.min(fact.received), last.max(fact.received)),
        });
    }

    fn add_problem(&mut self, (tool, code, stage): (&str, &str, &str), at: Timestamp) {
        let key = (tool.to_owned(), code.to_owned(), stage.to_owned());
        let key = if has_room(&self.problems, &key) {
            key
        } else {
            (OTHERS.to_owned(), code.to_owned(), stage.to_owned())
        };
        self.problems.entry(key).or_default().once_more(at);
    }

    fn add_rule(&mut self, rule: &str, tool: &str, at: Timestamp) {
        let key = (rule.to_owned(), tool.to_owned());
        let key = if has_room(&self.rules, &key) {
            key
        } else {
            (OTHERS.to_owned(), OTHERS.to_owned())
        };
        self.rules.entry(key).or_default().once_more(at);
    }
}

/// The entry of `name`, which is made while there is room for names.
fn slot<'a, T: Default>(map: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    let name = name.to_owned();
    let name = if has_room(map, &name) {
        name
    } else {
        OTHERS.to_owned()
    };
    map.entry(name).or_default()
}

/// Whether `key` may be counted by itself.
fn has_room<K: Ord, T>(map: &BTreeMap<K, T>, key: &K) -> bool {
    map.len() < STATS_NAMES_MAX || map.contains_key(key)
}
