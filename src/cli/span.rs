//! Lengths and points of time as people type them.

use std::time::Duration;

use crate::base::clock::Timestamp;

const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// Reads a whole number with its unit: `500ms`, `4s`, `2m`, `1h`, `7d`.
///
/// # Errors
/// In words for the person who typed it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let millis = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .and_then(|(_, millis)| number.parse::<u64>().ok()?.checked_mul(*millis));
    millis
        .map(Duration::from_millis)
        .ok_or_else(|| "write a whole number and a unit, as `500ms`, `4s`, `2m`, `1h`".to_owned())
}

/// A point of time in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long before now.
    Ago(Duration),
    /// At this time.
    At(Timestamp),
}

impl Since {
    /// The point itself, with `now` as the present.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ago) => now.minus(ago),
            Self::At(at) => at,
        }
    }
}

/// Reads a length of time before now (`2h`) or a time as RFC 3339 writes it.
///
/// # Errors
/// In words for the person who typed it.
pub(crate) fn since(text: &str) -> Result<Since, String> {
    if let Ok(ago) = duration(text) {
        return Ok(Since::Ago(ago));
    }
    chrono::DateTime::parse_from_rfc3339(text)
        .map(|at| Since::At(Timestamp::from_micros(at.timestamp_micros())))
        .map_err(|_| {
            "write how long ago, as `2h` or `7d`, or a time, as `2026-11-23T14:00:00Z`".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, millis: Option<u64>) {
        assert_eq!(duration(text).ok(), millis.map(Duration::from_millis));
    }

    #[test]
    fn durations_are_a_whole_number_and_a_unit() {
        check("500ms", Some(500));
        check("4s", Some(4_000));
        check("2m", Some(120_000));
        check("1h", Some(3_600_000));
        check("7d", Some(604_800_000));
        check("0s", Some(0));
    }

    #[test]
    fn durations_without_a_unit_or_out_of_range_are_refused() {
        for text in ["", "4", "s", "-4s", "4.5s", "4 s", "4S", "+4s", "4sec"] {
            check(text, None);
        }
        check("99999999999999999999s", None);
        check("18446744073709551615d", None);
    }

    #[test]
    fn since_is_a_length_before_now_or_a_time() {
        let now = Timestamp::from_micros(10_000_000);
        let resolve = |text| since(text).map(|since| since.resolve(now).as_micros());
        assert_eq!(resolve("4s"), Ok(6_000_000));
        assert_eq!(resolve("1970-01-01T00:00:01Z"), Ok(1_000_000));
        assert_eq!(resolve("1970-01-01T01:00:01+01:00"), Ok(1_000_000));
        assert!(resolve("yesterday").is_err_and(|text| text.contains("`2h`")));
    }
}
