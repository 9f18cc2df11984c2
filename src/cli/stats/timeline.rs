//! Calls by time, in buckets that grow wider when there would be too many.

use std::collections::BTreeMap;

use super::Counts;
use crate::{
    base::{clock::Timestamp, limits::STATS_BUCKETS_MAX},
    ledger::record::Outcome,
};

const MINUTE_US: i64 = 60_000_000;

/// Counts by time.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    width_us: i64,
    buckets: BTreeMap<i64, Counts>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            width_us: MINUTE_US,
            buckets: BTreeMap::new(),
        }
    }
}

impl Timeline {
    pub(crate) fn add(&mut self, at: Timestamp, outcome: Option<Outcome>) {
        let bucket = at.as_micros().div_euclid(self.width_us);
        self.buckets.entry(bucket).or_default().add(outcome);
        while self.range() > STATS_BUCKETS_MAX {
            self.widen();
        }
    }

    /// How long a bucket is, in microseconds.
    pub(crate) fn width_us(&self) -> i64 {
        self.width_us
    }

    /// From the first bucket to the last, the empty ones between them too: when each begins and
    /// what is in it.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (Timestamp, Counts)> + '_ {
        let first = self.buckets.keys().next().copied().unwrap_or(0);
        (first..).take(self.range()).map(|bucket| {
            let begins = Timestamp::from_micros(bucket.saturating_mul(self.width_us));
            (
                begins,
                self.buckets.get(&bucket).cloned().unwrap_or_default(),
            )
        })
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
        self.width_us = self.width_us.saturating_mul(2);
        for (bucket, counts) in std::mem::take(&mut self.buckets) {
            let joined = self.buckets.entry(bucket.div_euclid(2)).or_default();
            joined.join(&counts);
        }
    }
}
