//! How much of something is allowed in how much time.

use std::fmt;

use super::{amount::Amount, clock::Timestamp};

/// Calls per time, with a burst that may come at once. Whole numbers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    calls: u32,
    window_us: u64,
    burst: u32,
}

/// The units of time of a rate, with their microseconds.
const WINDOWS: [(&str, u64); 4] = [
    ("second", 1_000_000),
    ("minute", 60_000_000),
    ("hour", 3_600_000_000),
    ("day", 86_400_000_000),
];

impl Rate {
    /// `calls` in each `window_us` microseconds, `burst` of them at once; `None` where one of
    /// them is nothing.
    pub(crate) fn new(calls: u32, window_us: u64, burst: u32) -> Option<Self> {
        (calls > 0 && window_us > 0 && burst > 0).then_some(Self {
            calls,
            window_us,
            burst,
        })
    }

    /// Reads `10/minute`; the burst is all of them unless it is told.
    pub(crate) fn parse(text: &str, burst: Option<u32>) -> Option<Self> {
        let (calls, unit) = text.split_once('/')?;
        let calls: u32 = calls.trim().parse().ok()?;
        let (_, window_us) = WINDOWS.iter().find(|(name, _)| *name == unit.trim())?;
        Self::new(calls, *window_us, burst.unwrap_or(calls))
    }

    /// Microseconds from one call to the next when all are evenly spread. Rounded up, so that
    /// never more is allowed than was said.
    pub(crate) fn interval_us(self) -> u64 {
        self.window_us.div_ceil(u64::from(self.calls))
    }

    /// How far ahead of the even spread calls may run, in microseconds.
    pub(crate) fn tolerance_us(self) -> u64 {
        self.interval_us().saturating_mul(u64::from(self.burst))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match WINDOWS.iter().find(|(_, micros)| *micros == self.window_us) {
            Some((unit, _)) => write!(f, "{}/{unit}", self.calls)?,
            None => write!(f, "{}/{} us", self.calls, self.window_us)?,
        }
        write!(f, ", {} at once", self.burst)
    }
}

/// The time after which a budget begins anew, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Period {
    /// From midnight to midnight.
    Day,
    /// From the first of a month to the first of the next.
    Month,
    /// Never.
    Total,
}

impl Period {
    /// Every period.
    pub(crate) const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Total];

    /// The word in a configuration and in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The period that this word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == word)
    }

    /// Which one of its kind `at` lies in; later ones have larger numbers.
    pub(crate) fn number(self, at: Timestamp) -> i64 {
        use chrono::Datelike as _;
        let days = at.as_micros().div_euclid(86_400_000_000);
        match self {
            Self::Day => days,
            Self::Month => chrono::DateTime::from_timestamp(days.saturating_mul(86_400), 0)
                .map_or(0, |date| {
                    i64::from(date.year()) * 12 + i64::from(date.month0())
                }),
            Self::Total => 0,
        }
    }

    /// When the one with this number ends; `None` for what never does.
    pub(crate) fn end(self, number: i64) -> Option<Timestamp> {
        let seconds = match self {
            Self::Day => number.checked_add(1)?.checked_mul(86_400)?,
            Self::Month => {
                let next = number.checked_add(1)?;
                let year = i32::try_from(next.div_euclid(12)).ok()?;
                let month = u32::try_from(next.rem_euclid(12)).ok()? + 1;
                let first = chrono::NaiveDate::from_ymd_opt(year, month, 1)?;
                first.and_hms_opt(0, 0, 0)?.and_utc().timestamp()
            }
            Self::Total => return None,
        };
        Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?))
    }
}

/// Whom and what a limit is for; `None` stands for all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Scope {
    /// For whom.
    pub(crate) principal: Option<String>,
    /// For calls of which tool.
    pub(crate) tool: Option<String>,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.principal, &self.tool) {
            (None, None) => f.write_str("everything"),
            (Some(principal), None) => write!(f, "principal `{principal}`"),
            (None, Some(tool)) => write!(f, "tool `{tool}`"),
            (Some(principal), Some(tool)) => write!(f, "tool `{tool}` by `{principal}`"),
        }
    }
}

/// How much may be spent by whom, on what, in each period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// By whom and on what.
    pub(crate) scope: Scope,
    /// In which time.
    pub(crate) period: Period,
    /// How much.
    pub(crate) limit: Amount,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_and_never_allows_more_than_it_says() {
        let rate = Rate::parse("7/second", Some(3)).unwrap();
        assert_eq!(
            (rate.interval_us(), rate.tolerance_us()),
            (142_858, 428_574)
        );
        assert_eq!(rate.to_string(), "7/second, 3 at once");
        let plain = Rate::parse("10/minute", None).unwrap();
        assert_eq!(plain.to_string(), "10/minute, 10 at once");
        for text in [
            "10",
            "0/minute",
            "-1/minute",
            "10/week",
            "/minute",
            "1.5/day",
        ] {
            assert_eq!(Rate::parse(text, None), None, "{text}");
        }
        assert_eq!(Rate::parse("10/minute", Some(0)), None);
    }

    #[track_caller]
    fn check(period: Period, at: &str, end: Option<&str>) {
        let micros = |text: &str| {
            let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
            Timestamp::from_micros(at.timestamp_micros())
        };
        let number = period.number(micros(at));
        assert_eq!(period.end(number), end.map(micros), "{at}");
    }

    #[test]
    fn periods_end_at_midnight_utc() {
        check(
            Period::Day,
            "2026-02-28T23:59:59.999Z",
            Some("2026-03-01T00:00:00Z"),
        );
        check(
            Period::Day,
            "2026-03-01T00:00:00Z",
            Some("2026-03-02T00:00:00Z"),
        );
        check(
            Period::Month,
            "2028-02-29T12:00:00Z",
            Some("2028-03-01T00:00:00Z"),
        );
        check(
            Period::Month,
            "2026-12-31T23:59:59Z",
            Some("2027-01-01T00:00:00Z"),
        );
        check(
            Period::Day,
            "1969-12-31T12:00:00Z",
            Some("1970-01-01T00:00:00Z"),
        );
        check(Period::Total, "2026-12-31T23:59:59Z", None);
    }

    #[test]
    fn later_periods_have_larger_numbers() {
        let at = |micros| Timestamp::from_micros(micros);
        for period in [Period::Day, Period::Month] {
            assert!(period.number(at(0)) < period.number(at(32 * 86_400_000_000)));
        }
        assert_eq!(Period::Day.number(at(i64::MIN)), -106_751_992);
    }
}
