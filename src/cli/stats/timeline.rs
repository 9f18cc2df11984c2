//! Counts by time, in buckets that grow wider when there would be too many.

use std::collections::BTreeMap;

use crate::base::{clock::Timestamp, limits::STATS_BUCKETS_MAX};

const SECOND_US: i64 = 1_000_000;

/// How long buckets may be, in seconds, so that they begin where people expect it. Each length is
/// a multiple of the one before; after the last they double.
const WIDTHS_S: [i64; 13] = [
    1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400,
];

/// What a bucket holds.
pub(crate) trait Tally: Clone + Default {
    /// Takes in what another bucket holds.
    fn join(&mut self, other: &Self);
}

/// Tallies by time.
#[derive(Clone, Debug)]
pub(crate) struct Timeline<T> {
    width_us: i64,
    buckets: BTreeMap<i64, T>,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self {
            width_us: SECOND_US,
            buckets: BTreeMap::new(),
        }
    }
}

impl<T: Tally> Timeline<T> {
    /// The tally of this time, for one more to be added.
    pub(crate) fn add(&mut self, at: Timestamp, more: impl FnOnce(&mut T)) {
        let bucket = at.as_micros().div_euclid(self.width_us);
        more(self.buckets.entry(bucket).or_default());
        while self.range() > STATS_BUCKETS_MAX {
            self.widen();
        }
    }

    /// How long a bucket is, in microseconds.
    pub(crate) fn width_us(&self) -> i64 {
        self.width_us
    }

    /// How long buckets must be for `places` of them to reach from the first call to `until`.
    pub(crate) fn width_for(&self, until: Timestamp, places: usize) -> i64 {
        let (first, _) = self.span();
        let places = i64::try_from(places).unwrap_or(i64::MAX);
        let mut width = self.width_us;
        // One more than the time needs, as it begins in the middle of one.
        while (until.as_micros() - first.as_micros()) / width + 2 > places.max(3) {
            width = wider(width);
        }
        width
    }

    /// When the first bucket begins and how many there are up to the last.
    pub(crate) fn span(&self) -> (Timestamp, usize) {
        let first = self.buckets.keys().next().copied().unwrap_or(0);
        (self.begins(first), self.range())
    }

    /// From the first bucket to the last, the empty ones between them too: when each begins and
    /// what is in it.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (Timestamp, T)> + '_ {
        let first = self.buckets.keys().next().copied().unwrap_or(0);
        (first..).take(self.range()).map(|bucket| {
            let tally = self.buckets.get(&bucket).cloned().unwrap_or_default();
            (self.begins(bucket), tally)
        })
    }

    /// The tallies that are not empty, as if buckets were `width_us` long and the first began at
    /// `from`: the number of each, and what is in it.
    pub(crate) fn within(&self, from: Timestamp, width_us: i64) -> BTreeMap<usize, T> {
        let mut found: BTreeMap<usize, T> = BTreeMap::new();
        for (bucket, tally) in &self.buckets {
            let after = self.begins(*bucket).as_micros() - from.as_micros();
            if let Ok(number) = usize::try_from(after.div_euclid(width_us.max(1))) {
                found.entry(number).or_default().join(tally);
            }
        }
        found
    }

    fn begins(&self, bucket: i64) -> Timestamp {
        Timestamp::from_micros(bucket.saturating_mul(self.width_us))
    }

    /// How many buckets lie between the first and the last, both included.
    fn range(&self) -> usize {
        match (self.buckets.keys().next(), self.buckets.keys().next_back()) {
            (Some(first), Some(last)) => {
                usize::try_from(last.saturating_sub(*first)).unwrap_or(usize::MAX - 1) + 1
            }
            (None, _) | (_, None) => 0,
        }
    }

    fn widen(&mut self) {
        let wider = wider(self.width_us);
        let joined = wider / self.width_us;
        self.width_us = wider;
        for (bucket, tally) in std::mem::take(&mut self.buckets) {
            let slot = self.buckets.entry(bucket.div_euclid(joined)).or_default();
            slot.join(&tally);
        }
    }
}

/// The next longer length.
fn wider(width_us: i64) -> i64 {
    WIDTHS_S
        .iter()
        .map(|seconds| seconds * SECOND_US)
        .find(|width| *width > width_us)
        .unwrap_or(width_us.saturating_mul(2))
}
