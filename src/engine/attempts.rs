//! Whether and when a failed attempt is made again. Values in, values out.
//!
//! What certainly had no effect and will pass may be tried again for any tool; what may have
//! had one, only for a tool that may simply be run again; what the backend itself calls a
//! failure, never. Each tool earns a tenth of a retry with each call, so that retries cannot
//! multiply the load of a backend that is down.

use std::{collections::HashMap, time::Duration};

use crate::{
    backend::{Fault, FaultClass},
    base::{
        id::ToolName,
        limits::{
            DEFINITIONS_MAX, RETRY_AFTER_MAX, RETRY_TOKENS_EARNED, RETRY_TOKENS_MAX,
            RETRY_WAIT_FIRST, RETRY_WAIT_MAX,
            steps::{INSIST_ATTEMPTS_MAX, INSIST_WAIT_FIRST, INSIST_WAIT_MAX},
        },
        problem::{Advice, Code, Effects},
    },
};

/// What is known when an attempt has failed.
pub(super) struct Failed<'a> {
    /// How often it is tried, at most.
    pub(super) attempts_max: u32,
    /// It may be run again although it may have happened.
    pub(super) is_retry_safe: bool,
    /// Counts from 1.
    pub(super) attempt: u32,
    pub(super) fault: &'a Fault,
    /// How long it took.
    pub(super) took: Duration,
    /// Until the deadline of the call.
    pub(super) left: Duration,
}

/// How long to wait before the next attempt; `None` if there is to be none. `chance` is from 0
/// to 1.
pub(super) fn wait_before_next(failed: &Failed<'_>, chance: f64) -> Option<Duration> {
    if failed.attempt >= failed.attempts_max || !may_be_tried_again(failed) {
        return None;
    }
    let drawn = spread(failed.attempt, (RETRY_WAIT_FIRST, RETRY_WAIT_MAX), chance);
    let wait = match failed.fault.retry_after {
        Some(asked) if asked > RETRY_AFTER_MAX => return None,
        // Whoever was told the same wait is not to come back at the same time.
        Some(asked) => asked + drawn,
        None => drawn,
    };
    // One that takes as long must fit in.
    (wait + failed.took < failed.left).then_some(wait)
}

/// How long to wait after attempt number `attempt` of something that has to be done; `None` if
/// it was tried often enough.
pub(super) fn wait_before_insisting(attempt: u32, chance: f64) -> Option<Duration> {
    let wait = || spread(attempt, (INSIST_WAIT_FIRST, INSIST_WAIT_MAX), chance);
    (attempt < INSIST_ATTEMPTS_MAX).then(wait)
}

/// Some of a time that doubles with each attempt.
fn spread(attempt: u32, (first, longest): (Duration, Duration), chance: f64) -> Duration {
    let doubled = 1_u32.checked_shl(attempt.saturating_sub(1));
    let most = first.saturating_mul(doubled.unwrap_or(u32::MAX));
    most.min(longest).mul_f64(chance.clamp(0.0, 1.0))
}

fn may_be_tried_again(failed: &Failed<'_>) -> bool {
    let fault = failed.fault;
    match fault.class {
        FaultClass::Definite => false,
        FaultClass::Clean => fault.problem.advice == Advice::After,
        FaultClass::Ambiguous => {
            let lost = matches!(
                fault.problem.code,
                Code::BackendFailed | Code::OutcomeUnknown | Code::BackendUnavailable
            );
            lost && failed.is_retry_safe
        }
    }
}

/// What can be said of a call whose last attempt ended so, when an earlier one may have had an
/// effect.
pub(super) fn in_the_light_of(may_have_happened: bool, mut last: Box<Fault>) -> Box<Fault> {
    if may_have_happened && last.class == FaultClass::Clean && last.problem.effects == Effects::None
    {
        last.class = FaultClass::Ambiguous;
        last.problem = last
            .problem
            .with_effects(Effects::Unknown)
            .with_advice(Advice::AskOperator);
    }
    last
}

/// The retries that each tool may still make.
#[derive(Debug, Default)]
pub(super) struct Tokens(HashMap<ToolName, f64>);

impl Tokens {
    /// A call has begun.
    pub(super) fn earn(&mut self, tool: &ToolName) {
        if self.0.len() > DEFINITIONS_MAX {
            self.0.retain(|_, left| *left < RETRY_TOKENS_MAX);
        }
        if let Some(left) = self.0.get_mut(tool) {
            *left = (*left + RETRY_TOKENS_EARNED).min(RETRY_TOKENS_MAX);
        }
    }

    /// Takes one, if there is one.
    pub(super) fn take(&mut self, tool: &ToolName) -> bool {
        let left = self.0.entry(tool.clone()).or_insert(RETRY_TOKENS_MAX);
        let enough = *left >= 1.0;
        if enough {
            *left -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests;
