//! How durations spread: percentiles from counts by size, each within a sixteenth of the truth.
//!
//! A library for this (`hdrhistogram`) makes room for every size at once and can fail; a few
//! counts in a map do here.

use std::collections::BTreeMap;

/// Values are counted by their leading five binary digits.
const DIGITS: u32 = 5;

/// Counts of values by size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    counts: BTreeMap<u64, u64>,
    total: u64,
    sum: u64,
}

impl Spread {
    pub(crate) fn add(&mut self, value: u64) {
        *self.counts.entry(floor(value)).or_default() += 1;
        self.total += 1;
        self.sum = self.sum.saturating_add(value);
    }

    /// All values together; not more than the largest number.
    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// How many values there are.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The value that `percent` of all are at most as large as, rounded down by a sixteenth at
    /// most; `None` where there are none.
    pub(crate) fn percentile(&self, percent: u64) -> Option<u64> {
        let wanted = (self.total * percent.min(100)).div_ceil(100).max(1);
        let mut seen = 0;
        self.counts.iter().find_map(|(value, count)| {
            seen += count;
            (seen >= wanted).then_some(*value)
        })
    }
}

/// The smallest value with the same leading digits and length.
fn floor(value: u64) -> u64 {
    let length = u64::BITS - value.leading_zeros();
    let cut = length.saturating_sub(DIGITS);
    value >> cut << cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_within_a_sixteenth() {
        for value in [0, 1, 31, 32, 33, 1000, 123_456, u64::MAX] {
            let kept = floor(value);
            assert!(
                kept <= value && value - kept <= value / 16,
                "{value} -> {kept}"
            );
        }
    }

    #[test]
    fn percentiles_are_values_that_were_there() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentile(50), None);
        for value in 1..=20 {
            spread.add(value);
        }
        assert_eq!(spread.percentile(0), Some(1));
        assert_eq!(spread.percentile(50), Some(10));
        assert_eq!(spread.percentile(95), Some(19));
        assert_eq!(spread.percentile(100), Some(20));
        assert_eq!(spread.total(), 20);
    }
}
