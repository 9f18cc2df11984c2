//! What is written when the wall clock jumps.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::*;
use crate::{
    base::{
        clock::ManualClock,
        limits::{KEY_WINDOW_DEFAULT, flow::KEYS_RECENT_AT_REST},
    },
    ledger::{
        Ledger as _,
        admission::Admission,
        contract::{admission, as_asked, ending, events_in, row, settle, settlement, sqlite},
        operation::{KeySource, Operation},
        record::Outcome,
        sqlite::{AuditSync, SqliteLedger, files::DATABASE},
        wait,
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

/// An operation of a key of its own, begun and ended.
fn operation(ledger: &SqliteLedger, key: usize) {
    let mut sealed = [0; 32];
    sealed[..8].copy_from_slice(&key.to_be_bytes());
    let asked = Admission {
        operation: Some(Box::new(Operation {
            key: sealed,
            source: KeySource::Meta,
            fingerprint: [0; 32],
            retry_safe: true,
            window: KEY_WINDOW_DEFAULT,
            joined: None,
            may_verify: false,
            known_there: None,
        })),
        ..admission(&row("read"))
    };
    let ended = ending(&settlement(Outcome::Succeeded));
    let settled = wait(|then| ledger.settle_at_once(asked, ended, then));
    settled.map(as_asked).unwrap();
}

/// How many keys the index in `dir` has, and the row of its end.
fn indexed(dir: &Path) -> (i64, i64) {
    let connection = open::connect(&dir.join(DATABASE), open::Access::Read).unwrap();
    let sql = "SELECT (SELECT count(*) FROM key_index), row FROM key_index_end";
    let told = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
    told.unwrap()
}

#[test]
fn many_keys_are_put_into_their_index_before_the_writer_ends_and_few_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let few = sqlite(dir.path());
    (0..KEYS_RECENT_AT_REST - 1).for_each(|key| operation(&few, key));
    few.close();
    assert_eq!(indexed(dir.path()), (0, 0));
    // The next process counts what was left to it.
    let one_more = sqlite(dir.path());
    operation(&one_more, KEYS_RECENT_AT_REST - 1);
    one_more.close();
    let all = i64::try_from(KEYS_RECENT_AT_REST).unwrap();
    assert_eq!(indexed(dir.path()), (all, all));
}
