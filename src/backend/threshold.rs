//! The step behind which a try may have had its effect: the one thing that decides what a failure
//! means.

use std::sync::{Mutex, PoisonError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Before,
    Passed,
    GivenUp,
}

/// Known to who does the work and to who waits for it; whichever comes first decides.
#[derive(Debug)]
pub(super) struct Threshold(Mutex<Stage>);

impl Default for Threshold {
    fn default() -> Self {
        Self(Mutex::new(Stage::Before))
    }
}

impl Threshold {
    /// The step is about to be made. `false`: it must not be.
    pub(super) fn pass(&self) -> bool {
        self.leave(Stage::Passed) == Stage::Passed
    }

    /// Nobody waits any more. `true`: the step was not made, and will not be.
    pub(super) fn give_up(&self) -> bool {
        self.leave(Stage::GivenUp) == Stage::GivenUp
    }

    fn leave(&self, next: Stage) -> Stage {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *stage == Stage::Before {
            *stage = next;
        }
        *stage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_first_decides() {
        let threshold = Threshold::default();
        assert!(threshold.give_up() && !threshold.pass() && threshold.give_up());
        let threshold = Threshold::default();
        assert!(threshold.pass() && !threshold.give_up() && threshold.pass());
    }
}
