//! The rate limit: a generic cell rate algorithm (ITU-T I.371) with one mark for its state.
//!
//! The mark is the time at which all that was used is worn off. A call moves it on by the
//! interval of the rate, and is refused where it would run ahead of now by more than the burst.

use std::time::Duration;

use super::time::{Mark, Now};
use crate::base::quota::Rate;

/// Takes one call out of `rate`: the mark to keep.
///
/// # Errors
/// Where nothing is left; then nothing was taken.
pub(crate) fn take(rate: Rate, used: Option<Mark>, now: &Now) -> Result<Mark, TooSoon> {
    let tolerance = rate.tolerance_us();
    // No honest mark is further away: it is of another rate, or of another clock.
    let ahead = used.map_or(0, |used| used.remaining_us(now).min(tolerance));
    let next = ahead.saturating_add(rate.interval_us());
    if next > tolerance {
        Err(TooSoon {
            wait: Duration::from_micros(next - tolerance),
            mark: Mark::after(now, ahead),
        })
    } else {
        Ok(Mark::after(now, next))
    }
}

/// The refusal of a call that came too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSoon {
    /// After this time it is let through, if nobody comes before it.
    pub(crate) wait: Duration,
    /// The same mark on the clock of now: to be kept, so that a wrong one wears off too.
    pub(crate) mark: Mark,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::time::tests::now, *};
    use crate::base::clock::{Moment, Timestamp};

    fn rate(text: &str, burst: u32) -> Rate {
        Rate::parse(text, Some(burst)).unwrap()
    }

    fn wait(rate: Rate, used: Option<Mark>, now: &Now) -> u64 {
        take(rate, used, now).unwrap_err().wait.as_secs()
    }

    #[test]
    fn a_burst_comes_at_once_and_then_one_per_interval() {
        let rate = rate("60/minute", 3);
        let mut used = None;
        for _ in 0..3 {
            used = Some(take(rate, used, &now(1, 5, 0)).unwrap());
        }
        assert_eq!(wait(rate, used, &now(1, 5, 0)), 1);
        let used = take(rate, used, &now(1, 6, 0)).unwrap();
        assert!(take(rate, Some(used), &now(1, 6, 0)).is_err());
    }

    #[test]
    fn s30_a_restart_of_the_machine_gives_no_fresh_burst() {
        let rate = rate("10/minute", 10);
        let mut used = None;
        for _ in 0..10 {
            used = Some(take(rate, used, &now(1, 500, 0)).unwrap());
        }
        assert_eq!(wait(rate, used, &now(2, 1, 0)), 6);
        assert!(take(rate, used, &now(2, 7, 6)).is_ok());
    }

    #[test]
    fn s29_no_wall_clock_makes_a_wait_longer_than_the_burst_wears_off() {
        let rate = rate("10/minute", 10);
        let used = Mark::after(&now(1, 500, 0), rate.tolerance_us());
        for wall in [-200_000, -7200, 0] {
            let refused = take(rate, Some(used), &now(2, 1, wall)).unwrap_err();
            assert_eq!(refused.wait.as_secs(), 6, "{wall}");
            assert!(take(rate, Some(refused.mark), &now(2, 7, wall)).is_ok());
        }
        assert!(take(rate, Some(used), &now(2, 1, 200_000)).is_ok());
        assert!(take(rate, Some(used), &now(1, 501, 200_000)).is_err());
    }

    /// Calls at the given distances in microseconds; the moments of those that were let through.
    fn granted(rate: Rate, gaps: &[u32]) -> Vec<u64> {
        let (mut used, mut at, mut granted) = (None, 1_u64, Vec::new());
        for gap in gaps {
            at += u64::from(*gap);
            let now = Now {
                moment: Moment::from_micros(at),
                wall: Timestamp::from_micros(0),
                boot: Some([1; 16]),
            };
            if let Ok(mark) = take(rate, used, &now) {
                used = Some(mark);
                granted.push(at);
            }
        }
        granted
    }

    proptest! {
        #[test]
        fn i14_in_any_window_no_more_than_the_burst_and_what_wore_off(
            calls in 1..200_u32,
            burst in 1..20_u32,
            gaps in proptest::collection::vec(0..3_000_000_u32, 1..120),
        ) {
            let rate = Rate::new(calls, 60_000_000, burst).unwrap();
            let granted = granted(rate, &gaps);
            for (first, from) in granted.iter().enumerate() {
                for (last, to) in granted.iter().enumerate().skip(first) {
                    let most = u64::from(burst) + (to - from) / rate.interval_us();
                    prop_assert!((last - first + 1) as u64 <= most);
                }
            }
        }

        #[test]
        fn whoever_waits_as_told_is_let_through(
            calls in 1..200_u32,
            burst in 1..20_u32,
            ahead in 0..60_000_000_u64,
        ) {
            let rate = Rate::new(calls, 60_000_000, burst).unwrap();
            let start = now(1, 1000, 0);
            let used = Mark::after(&start, ahead);
            if let Err(TooSoon { wait, mark: used }) = take(rate, Some(used), &start) {
                let later = Now { moment: start.moment.plus(wait), ..start };
                prop_assert!(take(rate, Some(used), &later).is_ok());
                let early = Now {
                    moment: start.moment.plus(wait.saturating_sub(Duration::from_micros(1))),
                    ..start
                };
                prop_assert!(take(rate, Some(used), &early).is_err());
            }
        }
    }
}
