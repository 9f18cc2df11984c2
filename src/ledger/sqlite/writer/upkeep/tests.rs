//! What is written when the wall clock jumps.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use super::*;
use crate::{
    base::clock::ManualClock,
    ledger::{
        contract::{events_in, row, settle, settlement},
        record::Outcome,
        sqlite::{AuditSync, SqliteLedger, files::DATABASE},
    },
};

/// A clock whose wall clock can be set.
struct Settable {
    true_time: ManualClock,
    ahead_us: AtomicI64,
}

impl Clock for Settable {
    fn now(&self) -> Moment {
        self.true_time.now()
    }

    fn wall(&self) -> Timestamp {
        let ahead = self.ahead_us.load(Ordering::SeqCst);
        Timestamp::from_micros(self.true_time.wall().as_micros() + ahead)
    }
}

#[test]
fn s29_a_jump_of_the_wall_clock_is_an_event_of_the_trail() {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Settable {
        true_time: ManualClock::at_seconds(1000),
        ahead_us: AtomicI64::new(0),
    });
    let ledger = SqliteLedger::new(dir.path().into(), clock.clone(), AuditSync::Writes);
    let call = || settle(&ledger, &row("read"), &settlement(Outcome::Succeeded)).unwrap();
    call();
    for ahead_us in [-2 * DAY, 0, 2 * DAY, 2 * DAY + 59_000_000] {
        clock.true_time.advance(Duration::from_secs(7));
        clock.ahead_us.store(ahead_us, Ordering::SeqCst);
        call();
    }
    ledger.close();
    let path = dir.path().join(DATABASE);
    let connection = open::connect(&path, open::Access::Read).unwrap();
    let mut jumps = connection
        .prepare(
            "SELECT jumped_us FROM audit JOIN clock_jumps USING (seq) WHERE event = 'clock_jump'",
        )
        .unwrap();
    let jumps: Vec<i64> = jumps
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(jumps, [-2 * DAY, 2 * DAY, 2 * DAY], "small steps are none");
    assert_eq!(events_in(dir.path()), 8);
}
