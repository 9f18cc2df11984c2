//! Whatever comes in whatever order: no cap is passed, nothing starves, and turns are taken.

use proptest::prelude::*;

use super::*;

fn claim(tool: &str, principal: &str, reads: bool, concurrent: usize) -> Claim {
    Claim {
        tool: ToolName::new(tool),
        principal: Principal::new(principal),
        bytes: 10,
        reads,
        concurrent,
    }
}

fn at(millis: u64) -> Moment {
    Moment::from_micros(millis * 1000)
}

/// No test comes so far.
fn never() -> Moment {
    at(u64::MAX / 1000)
}

fn enter(schedule: &mut Schedule<u32>, call: u32, claim: &Claim, now: Moment) {
    schedule.reserve(claim).unwrap();
    schedule.enter(call, claim.clone(), now, never());
}

/// Takes the next call out of its place.
fn take(schedule: &mut Schedule<u32>, now: Moment) -> Option<(u32, Claim)> {
    let Next { call, claim, .. } = schedule.next(now)?;
    schedule.give_back(&claim);
    Some((call, claim))
}

#[test]
fn x28_a_tool_never_runs_more_calls_than_its_cap_and_the_rest_is_told_when_to_come_back() {
    let mut schedule = Schedule::new(8);
    let burst = claim("a", "p", true, 4);
    let mut refused = 0;
    for call in 0..500 {
        match schedule.reserve(&burst) {
            Ok(()) => drop(schedule.enter(call, burst.clone(), at(0), never())),
            Err(full) => {
                refused += 1;
                assert_eq!(full.waiting, QUEUE_TOOL_CALLS_MAX);
                assert!(full.after >= OVERLOADED_AFTER_MIN && full.after <= OVERLOADED_AFTER_MAX);
            }
        }
    }
    assert_eq!(refused, 500 - QUEUE_TOOL_CALLS_MAX);
    let running: Vec<u32> = std::iter::from_fn(|| take(&mut schedule, at(0)))
        .map(|(call, _)| call)
        .collect();
    assert_eq!(running, [0, 1, 2, 3]);
    schedule.done(&burst, Some(Duration::from_secs(1)));
    assert_eq!(take(&mut schedule, at(0)).map(|(call, _)| call), Some(4));
    // A second each, four at once.
    let mut full = None;
    while full.is_none() {
        full = schedule.reserve(&burst).err();
    }
    assert_eq!(
        full.map(|full| full.after),
        Some(Duration::from_secs(1) * u32::try_from(QUEUE_TOOL_CALLS_MAX).unwrap() / 4)
    );
}

#[test]
fn what_is_overdue_is_taken_in_its_order_whatever_cap_holds_it_back() {
    let mut schedule = Schedule::new(8);
    let [one, other] = ["a", "b"].map(|tool| claim(tool, "p", true, 1));
    assert_eq!(
        (schedule.first_overdue(), schedule.is_quiet()),
        (None, true)
    );
    for (call, claim, overdue) in [(0, &one, 9), (1, &one, 5), (2, &other, 3), (3, &other, 4)] {
        schedule.reserve(claim).unwrap();
        let is_held_back = schedule.enter(call, claim.clone(), at(0), at(overdue));
        assert_eq!(is_held_back, [1, 3].contains(&call), "{call}");
    }
    assert_eq!(schedule.first_overdue(), Some(at(3)));
    assert!(schedule.next_overdue(at(2)).is_none());
    // It is run before that, so that no other is overdue as early.
    assert_eq!(take(&mut schedule, at(2)).map(|(call, _)| call), Some(0));
    assert_eq!(take(&mut schedule, at(2)).map(|(call, _)| call), Some(2));
    assert!(schedule.next_overdue(at(3)).is_none());
    assert_eq!(
        (schedule.first_overdue(), schedule.waiting()),
        (Some(at(4)), 2)
    );
    let mut overdue = |now| {
        let next = schedule.next_overdue(now)?;
        schedule.give_back(&next.claim);
        schedule.done(&next.claim, None);
        Some((next.call, next.waited.as_millis()))
    };
    assert_eq!(
        [4, 4, 7, 7].map(|now| overdue(at(now))),
        [Some((3, 4)), None, Some((1, 7)), None]
    );
    assert_eq!((schedule.first_overdue(), schedule.waiting()), (None, 0));
    assert!(!schedule.is_quiet());
    for claim in [&one, &other] {
        schedule.done(claim, None);
    }
    assert!(schedule.is_quiet());
}

#[test]
fn a_burst_of_one_tool_does_not_hold_up_another() {
    let mut schedule = Schedule::new(8);
    for call in 0..50 {
        enter(&mut schedule, call, &claim("a", "p", true, 8), at(0));
    }
    enter(&mut schedule, 100, &claim("b", "p", true, 8), at(1));
    take(&mut schedule, at(1));
    let next: Vec<u32> = (0..2)
        .filter_map(|_| take(&mut schedule, at(1)))
        .map(|(call, _)| call)
        .collect();
    assert!(next.contains(&100), "{next:?}");
}

#[test]
fn reads_go_first_and_writes_rise_until_it_is_their_turn() {
    let mut schedule = Schedule::new(1);
    let (write, read) = (claim("w", "p", false, 1), claim("r", "p", true, 1));
    enter(&mut schedule, 0, &write, at(0));
    let mut served = Vec::new();
    for call in 1..20 {
        let now = at(u64::from(call) * 100);
        enter(&mut schedule, call, &read, now);
        let (taken, claim) = take(&mut schedule, now).unwrap();
        served.push(taken);
        schedule.done(&claim, Some(Duration::from_millis(1)));
    }
    let place = served.iter().position(|call| *call == 0).unwrap();
    assert!(place > 0 && place <= 5, "{served:?}");
}

#[test]
fn one_principal_cannot_take_all_workers() {
    let mut schedule = Schedule::new(2);
    for call in 0..10 {
        enter(&mut schedule, call, &claim("a", "p", true, 8), at(0));
    }
    enter(&mut schedule, 10, &claim("a", "q", true, 8), at(0));
    let taken: Vec<u32> = std::iter::from_fn(|| take(&mut schedule, at(0)))
        .map(|(call, _)| call)
        .collect();
    assert_eq!(taken, [0, 1, 10]);
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrives { tool: usize, principal: usize },
    WorkerIsFree,
    Ends(usize),
    Passes(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0..5usize, 0..3usize).prop_map(|(tool, principal)| Event::Arrives { tool, principal }),
        3 => Just(Event::WorkerIsFree),
        3 => (0..16usize).prop_map(Event::Ends),
        1 => (0..2000u64).prop_map(Event::Passes),
    ];
    proptest::collection::vec(event, 0..300)
}

const PRINCIPAL_MAX: usize = 5;

fn claim_of(tool: usize, principal: usize) -> Claim {
    let (name, reads) = (format!("t{tool}"), tool.is_multiple_of(2));
    claim(&name, &format!("p{principal}"), reads, tool % 4 + 1)
}

proptest! {
    #[test]
    fn caps_hold_every_call_is_served_once_and_order_holds_within_a_tool(events in events()) {
        let mut schedule = Schedule::new(PRINCIPAL_MAX);
        let (mut now, mut count, mut entered) = (0, 0, Vec::new());
        let (mut running, mut served) = (Vec::<(u32, Claim)>::new(), Vec::<(u32, Claim)>::new());
        for event in events {
            match event {
                Event::Arrives { tool, principal } => {
                    let claim = claim_of(tool, principal);
                    if schedule.reserve(&claim).is_ok() {
                        entered.push(count);
                        schedule.enter(count, claim, at(now), never());
                        count += 1;
                    }
                }
                Event::WorkerIsFree => if let Some(taken) = take(&mut schedule, at(now)) {
                    served.push(taken.clone());
                    running.push(taken);
                },
                Event::Ends(which) => if !running.is_empty() {
                    let (_, claim) = running.swap_remove(which % running.len());
                    schedule.done(&claim, Some(Duration::from_millis(u64::try_from(which).unwrap() * 300)));
                },
                Event::Passes(millis) => now += millis,
            }
            for (_, claim) in &running {
                let same_tool = running.iter().filter(|(_, one)| one.tool == claim.tool).count();
                let same_principal = running.iter().filter(|(_, one)| one.principal == claim.principal).count();
                prop_assert!(same_tool <= claim.concurrent && same_principal <= PRINCIPAL_MAX);
            }
        }
        // Once workers only end and begin, everything that entered is served.
        loop {
            match take(&mut schedule, at(now)) {
                Some(taken) => { served.push(taken.clone()); running.push(taken); }
                None if running.is_empty() => break,
                None => { let (_, claim) = running.swap_remove(0); schedule.done(&claim, None); }
            }
        }
        let mut ids: Vec<u32> = served.iter().map(|(id, _)| *id).collect();
        for tool in 0..5 { for principal in 0..3 {
            let same = claim_of(tool, principal);
            let own: Vec<u32> = served.iter()
                .filter(|(_, one)| one.tool == same.tool && one.principal == same.principal)
                .map(|(id, _)| *id).collect();
            prop_assert!(own.is_sorted(), "{own:?}");
        } }
        ids.sort_unstable();
        prop_assert_eq!(ids, entered);
        prop_assert_eq!((schedule.places, schedule.bytes, schedule.running.len()), (0, 0, 0));
    }

    #[test]
    fn a_call_that_waited_long_is_served_within_one_turn_of_every_tool(
        others in proptest::collection::vec(0..5usize, 1..40), reads in any::<bool>(),
    ) {
        let mut schedule = Schedule::new(1);
        enter(&mut schedule, 0, &claim("waits", "p", reads, 1), at(0));
        let later = 3 * u64::try_from(QUEUE_AGEING.as_millis()).unwrap();
        let mut turns = 0;
        for (call, tool) in (1..).zip(others.iter().cycle()) {
            let now = at(later + u64::from(call));
            enter(&mut schedule, call, &claim(&format!("t{tool}"), "p", true, 1), now);
            let (taken, claim) = take(&mut schedule, now).unwrap();
            schedule.done(&claim, Some(Duration::from_millis(1)));
            turns += 1;
            if taken == 0 { break; }
        }
        prop_assert!(turns <= 6, "{turns} turns");
    }
}
