//! The circuit breaker of one backend: after too many failures it is left alone for a while,
//! and then tried by one call at a time.

use std::time::Duration;

use super::time::{Mark, Now, micros};
use crate::base::limits::{
    BREAKER_CONSECUTIVE_MAX, BREAKER_OPEN_FIRST, BREAKER_OPEN_MAX, BREAKER_PROBE_WAIT,
    BREAKER_PROBES_WANTED, BREAKER_RATE_SAMPLES_MIN, BREAKER_WINDOW, BREAKER_WINDOW_CALLS_MAX,
};

/// Whether calls are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// All of them.
    Closed,
    /// None before this point.
    Open(Mark),
    /// One at a time, after so many that succeeded.
    Probing(u32),
    /// None until a person says so.
    Held,
}

/// How a try of the backend ended, for its breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered, if only to say no.
    Well,
    /// It could not be reached, or nobody knows what it did.
    Ill,
}

/// The state of one breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breaker {
    /// See [`Phase`].
    pub(crate) phase: Phase,
    /// The latest ends while it is closed, oldest first.
    pub(crate) ends: Vec<(Mark, Health)>,
    /// How often it was opened since it was closed last.
    pub(crate) openings: u32,
    /// The row of the call that is the probe, while there is one.
    pub(crate) probe: Option<i64>,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It is let through.
    Through,
    /// It is let through as the one probe.
    AsProbe,
    /// It is refused and may come again after this time; `None` where a person must act.
    Refused(Option<Duration>),
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            phase: Phase::Closed,
            ends: Vec::new(),
            openings: 0,
            probe: None,
        }
    }
}

impl Breaker {
    /// What becomes of a call that comes now. `probe_lives` tells whether the call of
    /// [`Breaker::probe`] is still running in a living process.
    pub(crate) fn meet(&self, now: &Now, probe_lives: bool) -> Passage {
        match self.phase {
            Phase::Closed => Passage::Through,
            Phase::Held => Passage::Refused(None),
            Phase::Open(until) => {
                let most = micros(BREAKER_OPEN_MAX) / 1000 * JITTER_MAX_PER_MILLE;
                match until.remaining_us(now).min(most) {
                    0 => Passage::AsProbe,
                    wait => Passage::Refused(Some(Duration::from_micros(wait))),
                }
            }
            Phase::Probing(_) if probe_lives => Passage::Refused(Some(BREAKER_PROBE_WAIT)),
            Phase::Probing(_) => Passage::AsProbe,
        }
    }

    /// The state once the call of row `call` was let through as the probe.
    pub(crate) fn probed_by(self, call: i64) -> Self {
        let phase = match self.phase {
            Phase::Probing(successes) => Phase::Probing(successes),
            Phase::Closed | Phase::Open(_) | Phase::Held => Phase::Probing(0),
        };
        Self {
            phase,
            probe: Some(call),
            ..self
        }
    }

    /// The state once the call of row `call` has ended; `None` where that says nothing of the
    /// backend. `random` is any number: it spreads the ends of pauses by a fifth.
    pub(crate) fn ended(self, call: i64, health: Option<Health>, now: &Now, random: u64) -> Self {
        match (self.phase, health) {
            (Phase::Closed, Some(health)) => self.counted(health, now, random),
            (Phase::Probing(successes), health) if self.probe == Some(call) => match health {
                None => Self {
                    probe: None,
                    ..self
                },
                Some(Health::Ill) => self.opened(now, random),
                Some(Health::Well) if successes + 1 >= BREAKER_PROBES_WANTED => Self::default(),
                Some(Health::Well) => Self {
                    phase: Phase::Probing(successes + 1),
                    probe: None,
                    ..self
                },
            },
            (Phase::Closed | Phase::Open(_) | Phase::Probing(_) | Phase::Held, _) => self,
        }
    }

    fn counted(mut self, health: Health, now: &Now, random: u64) -> Self {
        let young = micros(BREAKER_WINDOW);
        self.ends.retain(|(at, _)| at.elapsed_us(now) <= young);
        if self.ends.len() >= BREAKER_WINDOW_CALLS_MAX {
            self.ends.remove(0);
        }
        self.ends.push((Mark::after(now, 0), health));
        let is_ill = |(_, health): &&(Mark, Health)| *health == Health::Ill;
        let in_a_row = self.ends.iter().rev().take_while(is_ill).count();
        let (ill, all) = (self.ends.iter().filter(is_ill).count(), self.ends.len());
        let is_bad = all >= BREAKER_RATE_SAMPLES_MIN && ill * 2 >= all;
        if health == Health::Ill && (in_a_row >= BREAKER_CONSECUTIVE_MAX || is_bad) {
            self.opened(now, random)
        } else {
            self
        }
    }

    fn opened(self, now: &Now, random: u64) -> Self {
        let doubled = micros(BREAKER_OPEN_FIRST).saturating_mul(1 << self.openings.min(16));
        let pause = doubled.min(micros(BREAKER_OPEN_MAX));
        let spread =
            JITTER_MIN_PER_MILLE + random % (JITTER_MAX_PER_MILLE - JITTER_MIN_PER_MILLE + 1);
        Self {
            phase: Phase::Open(Mark::after(now, pause / 1000 * spread)),
            ends: Vec::new(),
            openings: self.openings.saturating_add(1),
            probe: None,
        }
    }

    /// The state after a person has said that nothing is let through.
    pub(crate) fn held() -> Self {
        Self {
            phase: Phase::Held,
            ..Self::default()
        }
    }
}

const JITTER_MIN_PER_MILLE: u64 = 800;
const JITTER_MAX_PER_MILLE: u64 = 1200;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::time::tests::now,
        Health::{Ill, Well},
        *,
    };

    /// Neither longer nor shorter pauses.
    const EVEN: u64 = 200;

    fn after(ends: &[Health]) -> Breaker {
        ends.iter().fold(Breaker::default(), |breaker, health| {
            breaker.ended(1, Some(*health), &now(1, 100, 0), EVEN)
        })
    }

    #[track_caller]
    fn check(ends: &[Health], open: bool) {
        let passage = after(ends).meet(&now(1, 100, 0), false);
        let expected = if open {
            Passage::Refused(Some(BREAKER_OPEN_FIRST))
        } else {
            Passage::Through
        };
        assert_eq!(passage, expected, "{ends:?}");
    }

    #[test]
    fn x24_five_failures_in_a_row_open_it() {
        check(&[Ill; 4], false);
        check(&[Ill; 5], true);
        check(&[Ill, Ill, Ill, Ill, Well, Ill], false);
    }

    #[test]
    fn half_of_ten_or_more_open_it() {
        check(&[Well, Ill, Well, Ill, Well, Ill, Well, Ill, Well], false);
        check(
            &[Well, Ill, Well, Ill, Well, Ill, Well, Ill, Well, Ill],
            true,
        );
        let mut ends = vec![Well; 20];
        ends.extend([Ill, Well, Ill, Well, Ill, Well, Ill, Well, Ill, Well]);
        check(&ends, false);
    }

    #[test]
    fn old_failures_do_not_count() {
        let old = after(&[Ill; 4]);
        let later = old.ended(1, Some(Ill), &now(1, 221, 0), EVEN);
        assert_eq!((later.phase, later.ends.len()), (Phase::Closed, 1));
    }

    #[test]
    fn x24_one_probe_at_a_time_and_two_that_succeed_close_it() {
        let open = after(&[Ill; 5]);
        assert!(matches!(
            open.meet(&now(1, 114, 0), false),
            Passage::Refused(Some(_))
        ));
        let at = now(1, 115, 0);
        assert_eq!(open.meet(&at, false), Passage::AsProbe);
        let probing = open.probed_by(7);
        assert_eq!(
            probing.meet(&at, true),
            Passage::Refused(Some(BREAKER_PROBE_WAIT))
        );
        let other = probing.clone().ended(6, Some(Ill), &at, EVEN);
        assert_eq!(other, probing, "an old call's end says nothing");
        let once = probing.ended(7, Some(Well), &at, EVEN);
        assert_eq!(once.meet(&at, false), Passage::AsProbe);
        let twice = once.probed_by(8).ended(8, Some(Well), &at, EVEN);
        assert_eq!(twice, Breaker::default());
    }

    #[test]
    fn a_probe_whose_process_died_or_that_said_nothing_frees_its_place() {
        let at = now(1, 115, 0);
        let probing = after(&[Ill; 5]).probed_by(7);
        assert_eq!(probing.meet(&at, false), Passage::AsProbe);
        let freed = probing.ended(7, None, &at, EVEN);
        assert_eq!((freed.phase, freed.probe), (Phase::Probing(0), None));
    }

    #[test]
    fn each_reopening_doubles_the_pause_up_to_five_minutes() {
        let mut breaker = after(&[Ill; 5]);
        let mut at = 100;
        let mut pauses = Vec::new();
        for call in 0..7 {
            let Passage::Refused(Some(pause)) = breaker.meet(&now(1, at, 0), false) else {
                panic!("open at {at}");
            };
            pauses.push(pause.as_secs());
            at += pause.as_secs();
            breaker = breaker
                .probed_by(call)
                .ended(call, Some(Ill), &now(1, at, 0), EVEN);
        }
        assert_eq!(pauses, [15, 30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn a_restart_of_the_machine_does_not_close_it_and_a_wrong_clock_does_not_hold_it() {
        let open = after(&[Ill; 5]);
        assert!(matches!(
            open.meet(&now(2, 1, 5), false),
            Passage::Refused(Some(_))
        ));
        assert_eq!(open.meet(&now(2, 1, 20), false), Passage::AsProbe);
        let Passage::Refused(Some(wait)) = open.meet(&now(2, 1, -200_000), false) else {
            panic!("open");
        };
        assert_eq!(wait.as_secs(), 360);
    }

    #[test]
    fn what_a_person_holds_stays_held() {
        let held = Breaker::held().ended(1, Some(Well), &now(1, 1, 0), EVEN);
        assert_eq!(
            held.meet(&now(1, 9_999_999, 0), false),
            Passage::Refused(None)
        );
    }

    proptest! {
        #[test]
        fn the_pause_is_spread_by_a_fifth_and_the_state_is_bounded(
            ends in proptest::collection::vec((any::<bool>(), 0..10_u64), 0..60),
            random in any::<u64>(),
        ) {
            let (mut breaker, mut at) = (Breaker::default(), 1000);
            for (well, gap) in ends {
                at += gap;
                let was_closed = breaker.phase == Phase::Closed;
                let here = now(1, at, 0);
                breaker = breaker.ended(1, Some(if well { Well } else { Ill }), &here, random);
                prop_assert!(breaker.ends.len() <= BREAKER_WINDOW_CALLS_MAX);
                if let (true, Phase::Open(until)) = (was_closed, breaker.phase) {
                    let pause = until.remaining_us(&here);
                    prop_assert!((12_000_000..=18_000_000).contains(&pause), "{pause}");
                }
            }
        }
    }
}
