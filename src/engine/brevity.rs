//! Refusals that come faster than anybody reads them are told in one line.
//!
//! Whoever floods the gate with wrong calls would get long answers, and have each of them kept in
//! the ledger. The first ones are told whole; further ones keep their code and the first thing
//! that is wrong. It is a matter of words: every call is still answered and recorded, so this may
//! stand in the memory of one process.

use std::sync::{Mutex, PoisonError};

use crate::{
    base::{
        clock::Clock,
        limits::{REFUSALS_TOLD_WHOLE_AT_ONCE, REFUSALS_TOLD_WHOLE_PER_SECOND},
        quota::Rate,
    },
    guard::call::Refusal,
    ledger::policy::{
        rate,
        time::{Mark, Now},
    },
};

/// How many refusals may still be told whole.
#[derive(Default)]
pub(super) struct Brevity(Mutex<Option<Mark>>);

impl Brevity {
    /// How `refusal` is told now: as it is, or in one line where too many were told whole.
    pub(super) fn told(&self, refusal: Refusal, clock: &dyn Clock) -> Refusal {
        match self.take(clock) {
            true => refusal,
            false => in_one_line(refusal),
        }
    }

    fn take(&self, clock: &dyn Clock) -> bool {
        let (calls, burst) = (REFUSALS_TOLD_WHOLE_PER_SECOND, REFUSALS_TOLD_WHOLE_AT_ONCE);
        let Some(rate) = Rate::new(calls, 1_000_000, burst) else {
            return true;
        };
        let now = Now {
            moment: clock.now(),
            wall: clock.wall(),
            // Moments of one process are always of one boot.
            boot: Some([0; 16]),
        };
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = rate::take(rate, *used, &now);
        if let Ok(mark) = taken {
            *used = Some(mark);
        }
        taken.is_ok()
    }
}

fn in_one_line(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Protocol { message, .. } => Refusal::Protocol {
            message,
            near: Vec::new(),
        },
        Refusal::Tool(problem) => Refusal::Tool(Box::new(problem.in_one_line())),
        Refusal::Incapable { problem, missing } => Refusal::Incapable { problem, missing },
    }
}
