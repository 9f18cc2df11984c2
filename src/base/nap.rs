//! The shortest of waits, for a lock whose holder tells nobody when it lets go.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

const SLEEP_MIN_US: u64 = 500;
const SLEEP_MAX_US: u64 = 2000;

/// Sleeps for a random 0.5 to 2 ms and says how long it was. Equal random sleeps share a lock
/// fairly between processes.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite and file locks tell nobody when they become free"
)]
pub(crate) fn nap() -> Duration {
    let pause = pause();
    thread::sleep(pause);
    pause
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
}
