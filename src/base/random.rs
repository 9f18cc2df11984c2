//! Chance as a parameter.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

/// Where chance comes from.
pub(crate) trait Random: Send + Sync {
    /// A number from 0 up to but not including 1.
    fn unit(&self) -> f64;
}

/// Chance that makes every wait nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoWait;

impl Random for NoWait {
    fn unit(&self) -> f64 {
        0.0
    }
}

/// Numbers that differ between processes and cannot be foreseen by a caller; for spreading
/// things in time, not for secrets.
#[derive(Debug, Default)]
pub(crate) struct SystemRandom {
    keys: RandomState,
    drawn: AtomicU64,
}

impl Random for SystemRandom {
    fn unit(&self) -> f64 {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let bits = self.keys.hash_one(drawn) >> 32;
        u32::try_from(bits).map_or(0.0, f64::from) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_spread_over_the_whole_range() {
        let random = SystemRandom::default();
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            let unit = random.unit();
            assert!((0.0..1.0).contains(&unit));
            tenths[(unit * 10.0) as usize] += 1;
        }
        assert!(
            tenths.iter().all(|count| (700..1300).contains(count)),
            "{tenths:?}"
        );
    }
}
