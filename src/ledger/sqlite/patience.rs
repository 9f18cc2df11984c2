//! Waiting for a lock that another process holds: short random sleeps, and an end to them.

use std::time::Duration;

use crate::base::{limits::LEDGER_LOCK_WAIT, nap::nap};

/// One wait for one lock.
///
/// SQLite's own handler waits longer and longer, which lets a busy process starve the others;
/// equal random sleeps share the lock fairly.
#[derive(Debug)]
pub(super) struct Patience {
    slept: Duration,
    most: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self::of(LEDGER_LOCK_WAIT)
    }
}

impl Patience {
    /// One that ends once `most` was slept.
    pub(super) fn of(most: Duration) -> Self {
        let slept = Duration::ZERO;
        Self { slept, most }
    }

    /// Begins a new wait when `count`, the tries so far, is zero.
    pub(super) fn retry(&mut self, count: i32) -> bool {
        if count == 0 {
            self.slept = Duration::ZERO;
        }
        self.wait()
    }

    /// Sleeps for 0.5 to 2 ms; `false`, without sleeping, once its end is reached.
    pub(super) fn wait(&mut self) -> bool {
        if self.slept >= self.most {
            return false;
        }
        self.slept += nap();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_and_a_new_wait_begins_afresh() {
        let mut patience = Patience {
            slept: LEDGER_LOCK_WAIT,
            ..Patience::default()
        };
        assert!(!patience.wait());
        assert!(!patience.retry(7));
        assert!(patience.retry(0));
    }
}
