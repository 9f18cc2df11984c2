//! Time as a parameter: nothing but a [`Clock`] knows what time it is.

use std::time::Duration;

/// A point on a clock that never goes back and that counts the time a machine is suspended.
/// Comparable only within one boot of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    /// The moment `micros` microseconds after the clock's own zero.
    pub(crate) fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the clock's own zero.
    pub(crate) fn as_micros(self) -> u64 {
        self.0
    }

    /// The moment `wait` later; saturates instead of wrapping.
    pub(crate) fn plus(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)),
        )
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// Wall-clock time in microseconds since the Unix epoch. It may jump; it is for people to
/// read, never for measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    /// The time `micros` microseconds after the Unix epoch.
    pub(crate) fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub(crate) fn as_micros(self) -> i64 {
        self.0
    }

    /// The time `before` earlier; saturates instead of wrapping.
    pub(crate) fn minus(self, before: Duration) -> Self {
        let micros = i64::try_from(before.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// In UTC, as the pattern of `chrono` says, which must be one.
    pub(crate) fn written(self, pattern: &str) -> String {
        chrono::DateTime::from_timestamp_micros(self.0).map_or_else(
            || format!("{}us", self.0),
            |at| at.format(pattern).to_string(),
        )
    }

    /// RFC 3339 in UTC with milliseconds, as `2026-11-23T14:02:07.120Z`.
    pub(crate) fn rfc3339(self) -> String {
        chrono::DateTime::from_timestamp_micros(self.0).map_or_else(
            || format!("{}us", self.0),
            |at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        )
    }
}

/// What time it is.
pub(crate) trait Clock: Send + Sync {
    /// Now, on the clock that deadlines are set on.
    fn now(&self) -> Moment;
    /// Now, as people write it.
    fn wall(&self) -> Timestamp;
}

/// The machine's clocks.
#[derive(Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        crate::base::clock::platform::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    fn wall(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

#[cfg(target_os = "linux")]
mod platform {
    //! `CLOCK_BOOTTIME`: a deadline passes even while the lid is closed.
    use super::Moment;
    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn now() -> Moment {
        let at = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(at.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(at.tv_nsec).unwrap_or(0);
        Moment(
            seconds
                .saturating_mul(1_000_000)
                .saturating_add(nanos / 1000),
        )
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    //! The standard library's monotonic clock; it may not count suspended time.
    use super::Moment;
    use std::{sync::OnceLock, time::Instant};

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    pub(super) fn now() -> Moment {
        static ZERO: OnceLock<Instant> = OnceLock::new();
        let since = ZERO.get_or_init(Instant::now).elapsed();
        Moment(
            u64::try_from(since.as_micros())
                .unwrap_or(u64::MAX)
                .saturating_add(1),
        )
    }
}

/// A clock that stands still until a test moves it.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct ManualClock {
    micros: std::sync::atomic::AtomicU64,
}

#[cfg(test)]
impl ManualClock {
    /// A clock that shows `seconds` after its zero, and the same second of 2026-01-01 UTC.
    pub(crate) fn at_seconds(seconds: u64) -> Self {
        Self {
            micros: (seconds * 1_000_000).into(),
        }
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).expect("a test's duration fits");
        self.micros
            .fetch_add(micros, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.micros.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn wall(&self) -> Timestamp {
        const NEW_YEAR_2026: i64 = 1_767_225_600_000_000;
        Timestamp(NEW_YEAR_2026 + i64::try_from(self.now().as_micros()).expect("small"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_reads_as_rfc_3339() {
        assert_eq!(
            Timestamp::from_micros(0).rfc3339(),
            "1970-01-01T00:00:00.000Z"
        );
        assert_eq!(
            ManualClock::at_seconds(1).wall().rfc3339(),
            "2026-01-01T00:00:01.000Z"
        );
    }

    #[test]
    fn a_moment_never_wraps_and_never_goes_negative() {
        let end = Moment::from_micros(u64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(Moment::from_micros(1).since(end), Duration::ZERO);
    }

    #[test]
    fn the_system_clock_goes_forward() {
        let clock = SystemClock;
        let first = clock.now();
        assert!(clock.now() >= first && clock.wall().as_micros() > 1_700_000_000_000_000);
    }
}
