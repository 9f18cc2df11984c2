//! Times that mean the same in every process and after a restart of the machine.

use std::time::Duration;

use crate::base::{
    clock::{Moment, Timestamp},
    limits::{CLOCK_DOUBT, CLOCK_JUMP_MAX},
};

/// Which boot of which machine: sixteen bytes that the system draws at its start.
pub(crate) type Boot = [u8; 16];

/// All that is known of the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// On the clock that nobody can set.
    pub(crate) moment: Moment,
    /// As people write it.
    pub(crate) wall: Timestamp,
    /// The boot that `moment` counts from; without one, moments of different processes cannot
    /// be compared.
    pub(crate) boot: Option<Boot>,
}

/// A point in time as it is stored. Within one boot the wall clock does not matter; across
/// boots it is all there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// See [`Now`] for all three.
    pub(crate) moment_us: u64,
    /// In microseconds since the Unix epoch.
    pub(crate) wall_us: i64,
    pub(crate) boot: Option<Boot>,
}

impl Mark {
    /// The point `wait_us` microseconds from now.
    pub(crate) fn after(now: &Now, wait_us: u64) -> Self {
        let wait = i64::try_from(wait_us).unwrap_or(i64::MAX);
        Self {
            moment_us: now.moment.as_micros().saturating_add(wait_us),
            wall_us: now.wall.as_micros().saturating_add(wait),
            boot: now.boot,
        }
    }

    /// Microseconds until this point, 0 once it is past. Whoever knows how far away it can be
    /// at most must clamp: after a reboot this is what the wall clock says.
    pub(crate) fn remaining_us(&self, now: &Now) -> u64 {
        if self.is_of(now) {
            self.moment_us.saturating_sub(now.moment.as_micros())
        } else {
            u64::try_from(self.wall_us.saturating_sub(now.wall.as_micros())).unwrap_or(0)
        }
    }

    /// Microseconds since this point, 0 while it lies ahead.
    pub(crate) fn elapsed_us(&self, now: &Now) -> u64 {
        if self.is_of(now) {
            now.moment.as_micros().saturating_sub(self.moment_us)
        } else {
            u64::try_from(now.wall.as_micros().saturating_sub(self.wall_us)).unwrap_or(0)
        }
    }

    /// The time since this point by the clock that nobody can set; `None` where the machine was
    /// started anew since, or nobody knows whether it was.
    pub(crate) fn elapsed_in_boot(&self, now: &Now) -> Option<Duration> {
        let moment = Moment::from_micros(self.moment_us);
        self.is_of(now).then(|| now.moment.since(moment))
    }

    /// The point `micros` microseconds before this one.
    pub(crate) fn before(&self, micros: u64) -> Self {
        let wait = i64::try_from(micros).unwrap_or(i64::MAX);
        Self {
            moment_us: self.moment_us.saturating_sub(micros),
            wall_us: self.wall_us.saturating_sub(wait),
            boot: self.boot,
        }
    }

    /// As the ledger keeps it: both times and, where it is known, the boot.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        bytes.extend(self.moment_us.to_le_bytes());
        bytes.extend(self.wall_us.to_le_bytes());
        bytes.extend(self.boot.iter().flatten());
        bytes
    }

    /// What [`Mark::to_bytes`] wrote; `None` for anything else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (moment, rest) = bytes.split_first_chunk()?;
        let (wall, boot) = rest.split_first_chunk()?;
        let boot = match boot {
            [] => None,
            boot => Some(boot.try_into().ok()?),
        };
        Some(Self {
            moment_us: u64::from_le_bytes(*moment),
            wall_us: i64::from_le_bytes(*wall),
            boot,
        })
    }

    fn is_of(&self, now: &Now) -> bool {
        self.boot.is_some() && self.boot == now.boot
    }
}

/// The latest wall-clock time that was believed: what periods of budgets go by. It never goes
/// back, and it does not follow a leap until that was seen twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Believed {
    /// The time that was believed, and when.
    pub(crate) at: Mark,
    /// A leap that was seen and is not believed yet.
    pub(crate) doubted: Option<Mark>,
}

impl Believed {
    /// What is believed once `now` was seen. A time beyond the time that has really passed by
    /// more than [`CLOCK_JUMP_MAX`] is believed when the clock has gone on from there for
    /// [`CLOCK_DOUBT`].
    pub(crate) fn see(before: Option<Self>, now: &Now) -> Self {
        let here = Mark::after(now, 0);
        let fresh = Self {
            at: here,
            doubted: None,
        };
        let Some(before) = before else {
            return fresh;
        };
        if here.wall_us <= before.at.wall_us {
            return Self {
                doubted: None,
                ..before
            };
        }
        let passed = if before.at.is_of(now) {
            before.at.elapsed_us(now)
        } else {
            0
        };
        let leap = micros_between(before.at.wall_us, here.wall_us).saturating_sub(passed);
        if leap <= micros(CLOCK_JUMP_MAX) {
            return fresh;
        }
        match before.doubted {
            Some(doubted) if went_on(&doubted, now) => {
                if doubted.elapsed_us(now) >= micros(CLOCK_DOUBT) {
                    fresh
                } else {
                    before
                }
            }
            Some(_) | None => Self {
                doubted: Some(here),
                ..before
            },
        }
    }

    /// Whether it says more than `before`: whole seconds, or another doubt.
    pub(crate) fn is_worth_keeping(&self, before: &Self) -> bool {
        self.doubted != before.doubted
            || micros_between(before.at.wall_us, self.at.wall_us) >= 1_000_000
    }

    /// The time that is believed.
    pub(crate) fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.at.wall_us)
    }
}

/// Whether the wall clock went on from `doubted` as the other clock did, give or take
/// [`CLOCK_DOUBT`].
fn went_on(doubted: &Mark, now: &Now) -> bool {
    let by_wall = now.wall.as_micros().saturating_sub(doubted.wall_us);
    let passed = i64::try_from(doubted.elapsed_us(now)).unwrap_or(i64::MAX);
    doubted.is_of(now) && by_wall.abs_diff(passed) <= micros(CLOCK_DOUBT)
}

fn micros_between(earlier: i64, later: i64) -> u64 {
    u64::try_from(later.saturating_sub(earlier)).unwrap_or(0)
}

/// The same in microseconds.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const START: i64 = 1_767_225_600;

    /// `moment` seconds after the boot `boot`, at `wall` seconds after the start of 2026.
    pub(in crate::ledger) fn now(boot: u8, moment: u64, wall: i64) -> Now {
        Now {
            moment: Moment::from_micros(moment * 1_000_000),
            wall: Timestamp::from_micros((START + wall) * 1_000_000),
            boot: Some([boot; 16]),
        }
    }

    #[test]
    fn within_a_boot_the_wall_clock_does_not_matter() {
        let mark = Mark::after(&now(1, 100, 0), 10_000_000);
        for wall in [-2 * DAY, 0, 2 * DAY] {
            assert_eq!(mark.remaining_us(&now(1, 104, wall)), 6_000_000);
            assert_eq!(mark.elapsed_us(&now(1, 111, wall)), 1_000_000);
        }
    }

    #[test]
    fn a_mark_comes_back_as_it_was_stored() {
        let here = Mark::after(&now(7, 12, 34), 5);
        let nowhere = Mark { boot: None, ..here };
        for mark in [here, nowhere] {
            assert_eq!(Mark::from_bytes(&mark.to_bytes()), Some(mark));
        }
        assert_eq!(here.before(5), Mark::after(&now(7, 12, 34), 0));
        assert_eq!(Mark::from_bytes(b"too short"), None);
    }

    #[test]
    fn across_boots_the_wall_clock_is_all_there_is() {
        let mark = Mark::after(&now(1, 1_000_000, 0), 10_000_000);
        assert_eq!(mark.remaining_us(&now(2, 3, 4)), 6_000_000);
        assert_eq!(mark.remaining_us(&now(2, 3, 11)), 0);
        let nobody = Now {
            boot: None,
            ..now(1, 1_000_000, 4)
        };
        assert_eq!(Mark::after(&nobody, 10).remaining_us(&nobody), 10);
    }

    #[test]
    fn across_boots_nobody_can_tell_how_long_ago_a_point_was() {
        let first = Mark::after(&now(1, 100, 0), 0);
        assert_eq!(
            first.elapsed_in_boot(&now(1, 160, -50_000)),
            Some(Duration::from_secs(60))
        );
        assert_eq!(first.elapsed_in_boot(&now(2, 160, 60)), None);
        let nowhere = Mark {
            boot: None,
            ..first
        };
        let here = Now {
            boot: None,
            ..now(1, 160, 60)
        };
        assert_eq!(nowhere.elapsed_in_boot(&here), None);
    }

    /// Walks through `steps` of (boot, moment, wall, believed wall), all in seconds.
    #[track_caller]
    fn check(steps: &[(u8, u64, i64, i64)]) {
        let mut believed = None;
        for (boot, moment, wall, expected) in steps.iter().copied() {
            let next = Believed::see(believed, &now(boot, moment, wall));
            let same = believed.is_some_and(|before| !next.is_worth_keeping(&before));
            assert!(!same || Some(next.wall()) == believed.map(|before: Believed| before.wall()));
            let told = next.wall().as_micros() / 1_000_000 - START;
            assert_eq!(told, expected, "at {moment} of boot {boot}");
            believed = Some(next);
        }
    }

    #[test]
    fn s29_a_clock_that_was_set_back_is_not_followed() {
        check(&[(1, 0, 0, 0), (1, 10, -2 * DAY, 0), (1, 20, 20, 20)]);
    }

    #[test]
    fn s29_a_leap_is_followed_when_it_was_seen_twice_a_minute_apart() {
        let leap = 2 * DAY;
        check(&[
            (1, 0, 0, 0),
            (1, 10, leap, 0),
            (1, 40, leap + 30, 0),
            (1, 70, leap + 60, leap + 60),
        ]);
    }

    #[test]
    fn s29_a_leap_that_is_taken_back_leaves_nothing() {
        let leap = 3 * DAY;
        check(&[
            (1, 0, 0, 0),
            (1, 10, leap, 0),
            (1, 20, 20, 20),
            (1, 80, leap, 20),
            (1, 100, leap + 20, 20),
        ]);
    }

    #[test]
    fn s29_a_clock_that_leaps_on_and_on_is_not_followed() {
        check(&[
            (1, 0, 0, 0),
            (1, 10, 2 * DAY, 0),
            (1, 80, 4 * DAY, 0),
            (1, 150, 6 * DAY, 0),
        ]);
    }

    #[test]
    fn time_that_has_really_passed_is_no_leap() {
        let week = 7 * DAY;
        check(&[(1, 0, 0, 0), (1, 604_800, week, week)]);
        // A day of difference may be a machine that was switched off.
        check(&[(1, 0, 0, 0), (2, 5, DAY, DAY)]);
        check(&[(1, 0, 0, 0), (2, 5, week, 0), (2, 65, week + 60, week + 60)]);
    }
}
