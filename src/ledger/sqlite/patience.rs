//! Waiting for a lock that another process holds: short random sleeps, and an end to them.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use crate::base::limits::LEDGER_LOCK_WAIT;

const SLEEP_MIN_US: u64 = 500;
const SLEEP_MAX_US: u64 = 2000;

/// One wait for one lock.
///
/// SQLite's own handler waits longer and longer, which lets a busy process starve the others;
/// equal random sleeps share the lock fairly.
#[derive(Debug, Default)]
pub(super) struct Patience {
    slept: Duration,
}

impl Patience {
    /// Begins a new wait when `count`, the tries so far, is zero.
    pub(super) fn retry(&mut self, count: i32) -> bool {
        if count == 0 {
            self.slept = Duration::ZERO;
        }
        self.wait()
    }

    /// Sleeps for 0.5 to 2 ms; `false`, without sleeping, once [`LEDGER_LOCK_WAIT`] was slept.
    pub(super) fn wait(&mut self) -> bool {
        if self.slept >= LEDGER_LOCK_WAIT {
            return false;
        }
        let pause = pause();
        self.slept += pause;
        sleep(pause);
        true
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "SQLite and file locks tell nobody when they become free"
)]
fn sleep(pause: Duration) {
    thread::sleep(pause);
}

/// Uniform enough to keep processes from falling into step; nothing secret depends on it.
fn pause() -> Duration {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
    let mut bits = (u64::from(std::process::id()) << 32 | drawn).wrapping_mul(GOLDEN);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    Duration::from_micros(SLEEP_MIN_US + bits % (SLEEP_MAX_US - SLEEP_MIN_US + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_within_their_bounds_and_differ() {
        let pauses: Vec<_> = (0..1000).map(|_| pause()).collect();
        let bounds = Duration::from_micros(SLEEP_MIN_US)..=Duration::from_micros(SLEEP_MAX_US);
        assert!(pauses.iter().all(|pause| bounds.contains(pause)));
        let mean = pauses.iter().sum::<Duration>() / 1000;
        let expected = Duration::from_micros(1200)..Duration::from_micros(1300);
        assert!(expected.contains(&mean), "{mean:?}");
    }

    #[test]
    fn patience_ends_and_a_new_wait_begins_afresh() {
        let mut patience = Patience {
            slept: LEDGER_LOCK_WAIT,
        };
        assert!(!patience.wait());
        assert!(!patience.retry(7));
        assert!(patience.retry(0));
    }
}
