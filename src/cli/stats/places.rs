//! Time in a few places of equal length, and what there was of something in each, as a row of
//! little bars.

use super::{Fared, Tally, Timeline};
use crate::base::clock::Timestamp;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Stretches of time, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    from: Timestamp,
    pub(crate) width_us: i64,
    count: usize,
}

impl Places {
    /// From the beginning of `timeline` to the time `until`, in about `most` places and no more.
    pub(crate) fn of<T: Tally>(timeline: &Timeline<T>, until: Timestamp, most: usize) -> Self {
        let width_us = timeline.width_for(until, most);
        let (first, _) = timeline.span();
        let from = first.as_micros().div_euclid(width_us) * width_us;
        let last = (until.as_micros() - from).div_euclid(width_us);
        let last = usize::try_from(last).unwrap_or(0);
        Self {
            from: Timestamp::from_micros(from),
            width_us,
            count: last.saturating_add(1).min(most.max(1)),
        }
    }

    /// When each begins, and what of `timeline` is in it.
    pub(crate) fn tallies<T: Tally>(
        self,
        timeline: &Timeline<T>,
    ) -> impl Iterator<Item = (Timestamp, T)> {
        let mut found = timeline.within(self.from, self.width_us);
        (0..self.count).map(move |place| {
            let after = i64::try_from(place).unwrap_or(0) * self.width_us;
            let begins = Timestamp::from_micros(self.from.as_micros() + after);
            (begins, found.remove(&place).unwrap_or_default())
        })
    }

    /// Bars as high as there are calls, where there are any; the highest is full.
    pub(crate) fn counts(self, timeline: &Timeline<u32>) -> String {
        let counts: Vec<u64> = self
            .tallies(timeline)
            .map(|(_, calls)| calls.into())
            .collect();
        let highest = counts.iter().max().copied().unwrap_or(0);
        let bar = |count: u64| (count > 0).then_some((count, highest));
        counts.into_iter().map(|count| drawn(bar(count))).collect()
    }

    /// Bars as high as the share of calls that succeeded, where any ran; a full one is all.
    pub(crate) fn success(self, timeline: &Timeline<Fared>) -> String {
        let shares = self.tallies(timeline);
        let bar = |fared: Fared| fared.success_percent().map(|percent| (percent, 100));
        shares.map(|(_, fared)| drawn(bar(fared))).collect()
    }
}

/// So much of a full bar; a gap where there is nothing to tell.
fn drawn(part: Option<(u64, u64)>) -> char {
    let Some((part, whole)) = part else {
        return ' ';
    };
    let steps = BARS.len() as u64 - 1;
    let step = (part * steps).div_ceil(whole.max(1)).min(steps);
    let bar = usize::try_from(step).ok().and_then(|step| BARS.get(step));
    bar.copied().unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * SECOND_US)
    }

    #[test]
    fn bars_are_as_high_as_what_they_stand_for() {
        let mut calls: Timeline<u32> = Timeline::default();
        let mut fared: Timeline<Fared> = Timeline::default();
        for (second, (succeeded, failed)) in [(0, (7, 0)), (2, (1, 1)), (3, (0, 1)), (4, (0, 0))] {
            calls.add(at(second), |calls| *calls += succeeded + failed);
            fared.add(at(second), |fared| {
                (fared.succeeded, fared.failed) = (succeeded, failed);
            });
        }
        let places = Places::of(&calls, at(5), 8);
        assert_eq!(places.counts(&calls), "█ ▃▂  ");
        assert_eq!(places.success(&fared), "█ ▅▁  ");
        let begins: Vec<Timestamp> = places.tallies(&calls).map(|(begins, _)| begins).collect();
        assert_eq!(begins, [0, 1, 2, 3, 4, 5].map(at));
    }

    #[test]
    fn there_are_never_more_places_than_there_is_room_for() {
        let mut calls: Timeline<u32> = Timeline::default();
        for second in 0..1000 {
            calls.add(at(7 * second), |calls| *calls += 1);
            let places = Places::of(&calls, at(7 * second), 24);
            let drawn = places.counts(&calls);
            assert!(drawn.chars().count() <= 24, "{drawn}");
            let counted: u32 = places.tallies(&calls).map(|(_, calls)| calls).sum();
            assert_eq!(i64::from(counted), second + 1);
        }
    }
}
