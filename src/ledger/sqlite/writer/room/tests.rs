//! The log is longer than what is committed, and nobody finds more in it.

use std::{fs, path::Path};

use super::{
    super::{super::open, open_log},
    *,
};
use crate::{
    base::clock::SystemClock,
    ledger::{
        contract::{begin, calls_in, events_in, finish, row, settle, settlement, sqlite},
        record::Outcome,
        sqlite::{SqliteLedger, files::DATABASE},
    },
};

/// Bytes in the log of the ledger in `dir`.
fn length(dir: &Path) -> u64 {
    fs::metadata(dir.join(DATABASE).with_extension("db-wal"))
        .unwrap()
        .len()
}

/// A read. When it is answered, the writer is done with whatever came before.
fn read(ledger: &SqliteLedger) {
    settle(ledger, &row("read"), &settlement(Outcome::Succeeded)).unwrap();
}

#[test]
fn it_is_made_after_a_write_once_nothing_runs_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = sqlite(dir.path());
    read(&ledger);
    read(&ledger);
    let before = length(dir.path());
    assert!(before < LEDGER_ROOM_BYTES, "reads wait for no sync");
    let [first, second] = [(); 2].map(|()| begin(&ledger, &row("write")).unwrap());
    finish(&ledger, first, &settlement(Outcome::Succeeded));
    read(&ledger);
    assert!(length(dir.path()) < LEDGER_ROOM_BYTES, "a call still runs");
    finish(&ledger, second, &settlement(Outcome::Succeeded));
    read(&ledger);
    let made = length(dir.path());
    assert!(made > before + LEDGER_ROOM_BYTES, "{made}");
    let more = begin(&ledger, &row("write")).unwrap();
    finish(&ledger, more, &settlement(Outcome::Succeeded));
    read(&ledger);
    assert_eq!(length(dir.path()), made, "what is there is enough");
}

#[test]
fn who_reads_the_log_after_a_death_finds_what_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = sqlite(dir.path());
    for calls in 1..=3 {
        let call = begin(&ledger, &row("write")).unwrap();
        finish(&ledger, call, &settlement(Outcome::Succeeded));
        read(&ledger);
        assert!(length(dir.path()) > LEDGER_ROOM_BYTES);
        let left = tempfile::tempdir().unwrap();
        for name in [DATABASE, "ledger.db-wal", "state.id"] {
            fs::copy(dir.path().join(name), left.path().join(name)).unwrap();
        }
        let next = sqlite(left.path());
        read(&next);
        next.close();
        assert_eq!(calls_in(left.path()).len(), 2 * calls + 1);
        assert_eq!(
            events_in(left.path()),
            3 * i64::try_from(calls).unwrap() + 1
        );
    }
}

#[test]
fn a_disk_without_room_is_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open::open(dir.path(), &SystemClock).unwrap();
    let before = length(dir.path());
    let unwritable = File::open(dir.path().join("ledger.db-wal")).unwrap();
    let mut room = Room::new(unwritable, 2048, Arc::default());
    room.want();
    room.keep(&opened.connection);
    assert!(room.is_refused);
    assert!(opened.connection.is_autocommit());
    room.log = open_log(&opened.path).unwrap();
    room.want();
    room.keep(&opened.connection);
    assert_eq!(length(dir.path()), before, "it is not tried again");
    room.is_refused = false;
    room.want();
    room.keep(&opened.connection);
    assert!(length(dir.path()) >= LEDGER_ROOM_BYTES);
    assert!(opened.connection.is_autocommit());
}

#[test]
fn a_long_log_is_not_made_longer() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open::open(dir.path(), &SystemClock).unwrap();
    let pages = Arc::new(AtomicI32::new(0));
    let log = open_log(&opened.path).unwrap();
    let mut room = Room::new(log, 2048, Arc::clone(&pages));
    let mut lengths = Vec::new();
    for used in [0, 1000, 1790, 1800, 15_000, 17_000, 100_000] {
        pages.store(used, Ordering::Relaxed);
        room.want();
        room.keep(&opened.connection);
        lengths.push(length(dir.path()));
    }
    let after = |pages: u64| HEADER_BYTES + pages * room.frame_bytes + LEDGER_ROOM_BYTES;
    let expected = [after(0), after(0), after(1790)];
    assert_eq!(
        lengths,
        [
            &expected[..],
            &[after(1790), after(15_000)],
            &[after(15_000); 2]
        ]
        .concat()
    );
}

#[test]
fn a_log_with_room_is_not_looked_at_until_it_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open::open(dir.path(), &SystemClock).unwrap();
    let pages = Arc::new(AtomicI32::new(100));
    let log = open_log(&opened.path).unwrap();
    let mut room = Room::new(log, 2048, Arc::clone(&pages));
    let mut missing = |used| {
        pages.store(used, Ordering::Relaxed);
        room.missing().unwrap()
    };
    let length = |bytes| {
        let log = open_log(&opened.path).unwrap();
        log.set_len(bytes).unwrap();
    };
    length(LEDGER_ROOM_BYTES);
    assert_eq!([missing(100), missing(101)], [0, 0]);
    // What nobody is told of is not seen.
    length(0);
    assert_eq!([missing(101), missing(1000)], [0, 0]);
    assert!(missing(99) > LEDGER_ROOM_BYTES);
    length(LEDGER_ROOM_BYTES);
    assert_eq!(missing(100), 0);
    // Nor is that it is longer where that is enough, and it is where it would not be.
    length(2 * LEDGER_ROOM_BYTES);
    assert_eq!(missing(2500), 0);
}
