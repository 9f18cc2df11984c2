//! The log does not grow without end, and the writer carries over little of it.

use std::{cell::Cell, fs, path::Path};

use super::*;
use crate::base::{clock::SystemClock, limits::flow::LEDGER_PAGE_BYTES};

const LENGTHS: Lengths = Lengths {
    page_bytes: LEDGER_PAGE_BYTES,
    more: 100,
    most: 400,
    rest: 40,
    told: 1600,
};

/// That many bytes in the file.
fn bytes(pages: i32) -> u64 {
    u64::try_from(pages).unwrap() * u64::from(LEDGER_PAGE_BYTES)
}

/// A ledger whose log nobody carries over yet, and the path of its file.
fn ledger(dir: &Path) -> (open::Opened, Checkpointer) {
    let mut opened = open::open(dir, &SystemClock).unwrap();
    let place = (opened.path.clone(), opened.file);
    let checkpointer = Checkpointer::attach(&mut opened.connection, place, LENGTHS);
    let checkpointer = checkpointer.unwrap();
    (opened, checkpointer)
}

/// Commits until so many pages went to the log.
fn fill(connection: &Connection, pages: i32) {
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS filling (bytes BLOB)")
        .unwrap();
    for _ in 0..pages / 10 {
        // Nine pages of overflow, and the one that holds the row.
        let sql = "INSERT INTO filling VALUES (zeroblob(9 * (?1 - 4) + 1000))";
        connection.execute(sql, [LEDGER_PAGE_BYTES]).unwrap();
    }
}

/// Somebody who reads what is there now, and is in the way of carrying over what follows.
fn reading(opened: &open::Opened) -> Connection {
    let reader = open::connect(&opened.path, Access::Read).unwrap();
    let sql = "BEGIN; SELECT count(*) FROM calls";
    reader.execute_batch(sql).unwrap();
    reader
}

fn bytes_of(path: &Path, suffix: &str) -> u64 {
    fs::metadata(format!("{}{suffix}", path.display()))
        .unwrap()
        .len()
}

#[test]
fn the_log_is_carried_over_beside_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, checkpointer) = ledger(dir.path());
    let checkpointer = checkpointer.start();
    let before = bytes_of(&opened.path, "");
    fill(&opened.connection, LENGTHS.more + 50);
    drop(checkpointer);
    assert!(bytes_of(&opened.path, "") >= before + bytes(LENGTHS.more) * 3 / 4);
}

/// What the thread does with what is wanted before it ends; `sync_ahead` is called in each.
fn run(checkpointer: &Checkpointer, wanted: Wanted, sync_ahead: impl Fn(&Shared)) {
    let shared = &checkpointer.shared;
    shared.want(wanted);
    shared.state().is_closed = true;
    shared.run(&shared.connect().unwrap(), || sync_ahead(shared));
}

#[test]
fn the_file_is_synced_before_the_writer_is_told_what_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, checkpointer) = ledger(dir.path());
    let before = bytes_of(&opened.path, "");
    fill(&opened.connection, 60);
    let synced = Cell::new(None);
    run(&checkpointer, Wanted::Some, |shared| {
        let is_in_it = bytes_of(&opened.path, "") > before + bytes(50);
        synced.set(Some((is_in_it, shared.state().carried)));
    });
    assert_eq!(synced.get(), Some((true, 0)));
    assert!(checkpointer.shared.state().carried >= 60);
}

#[test]
fn what_is_asked_for_meanwhile_is_not_made_once_more() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, checkpointer) = ledger(dir.path());
    fill(&opened.connection, 60);
    for (meanwhile, expected) in [(Wanted::Some, 1), (Wanted::All, 2)] {
        let times = Cell::new(0);
        run(&checkpointer, Wanted::Some, |shared| {
            if times.replace(times.get() + 1) == 0 {
                shared.want(meanwhile);
            }
        });
        assert_eq!(times.get(), expected, "{meanwhile:?}");
    }
}

#[test]
fn a_log_that_nobody_else_carries_over_ends_with_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, _checkpointer) = ledger(dir.path());
    fill(&opened.connection, 3 * LENGTHS.most);
    // Each page has a header there.
    let most = bytes(LENGTHS.most + 2 * LENGTHS.more) * 101 / 100;
    assert!(bytes_of(&opened.path, "-wal") < most);
}

#[test]
fn the_writer_carries_over_little_once_the_thread_has_come_near() {
    let mut progress = Progress::new(LENGTHS);
    let some = Due::Ask(Wanted::Some);
    let mut after = |pages, carried| progress.committed(pages, || carried);
    assert_eq!(after(99, 0), Due::Nothing);
    assert_eq!(after(100, 0), some);
    assert_eq!(after(199, 100), Due::Nothing);
    assert_eq!(after(350, 100), some);
    // Long: what is missing must become less first.
    assert_eq!(after(400, 100), some);
    assert_eq!(after(409, 100), Due::Nothing);
    assert_eq!(after(410, 100), some);
    assert_eq!(after(441, 400), some);
    assert_eq!(after(455, 430), Due::Carry);
    // It helped: the log is begun anew.
    assert_eq!(after(3, 430), Due::Nothing);
    assert_eq!(after(103, 430), some);
}

#[test]
fn what_does_not_help_is_not_done_over_and_over() {
    let mut progress = Progress::new(LENGTHS);
    let mut after = |pages, carried| progress.committed(pages, || carried);
    assert_eq!(after(420, 400), Due::Carry);
    assert_eq!(after(499, 400), Due::Nothing);
    assert_eq!(after(500, 400), Due::CarryOrAsk);
    assert_eq!(after(599, 400), Due::Nothing);
    assert_eq!(after(600, 400), Due::CarryOrAsk);
    // What another checkpoint is in the way of is.
    progress.try_again_soon();
    let mut after = |pages| progress.committed(pages, || 400);
    assert_eq!(after(609), Due::Nothing);
    assert_eq!(after(610), Due::CarryOrAsk);
    // Nor without a thread that comes near.
    let mut progress = Progress::new(LENGTHS);
    let asked = (0..500).filter(|pages| progress.committed(*pages, || 0) != Due::Nothing);
    assert_eq!(asked.count(), 13);
    assert_eq!(progress.committed(500, || 0), Due::CarryOrAsk);
}

#[test]
fn lengths_are_the_same_in_a_ledger_of_larger_pages() {
    let dir = tempfile::tempdir().unwrap();
    let older = Connection::open_in_memory().unwrap();
    older.pragma_update(None, "page_size", 4096).unwrap();
    let (new, _) = ledger(dir.path());
    let [new, older] = [&new.connection, &older].map(|connection| {
        let found = Lengths::of(connection).unwrap();
        let bytes = |pages| u32::try_from(pages).unwrap() * found.page_bytes;
        let all = [found.more, found.most, found.rest, found.told].map(bytes);
        (found.page_bytes, all)
    });
    assert_eq!((new.0, older.0), (LEDGER_PAGE_BYTES, 4096));
    assert_eq!(new.1, older.1);
}

#[test]
fn a_log_that_grows_is_told_at_each_doubling() {
    let mut state = State::default();
    let mut told = |pages| state.is_to_be_told(pages, LENGTHS.told);
    let expected = [
        (1599, false),
        (1600, true),
        (3199, false),
        (3200, true),
        (6399, false),
    ];
    assert_eq!(expected.map(|(pages, _)| (pages, told(pages))), expected);
}

#[test]
fn a_log_that_is_begun_anew_is_told_from_the_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, checkpointer) = ledger(dir.path());
    let told = || checkpointer.shared.state().told;
    fill(&opened.connection, 60);
    checkpointer.shared.state().told = LENGTHS.told * 2;
    fill(&opened.connection, 10);
    assert_eq!(told(), LENGTHS.told * 2);
    run(&checkpointer, Wanted::Some, |_| {});
    fill(&opened.connection, 10);
    assert_eq!(told(), 0);
}

/// Whether it was told, by what is next, that the log is as long as it was before the thread did this.
fn is_told_after(wanted: Wanted, is_read: bool) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let (opened, checkpointer) = ledger(dir.path());
    let _reader = is_read.then(|| reading(&opened));
    fill(&opened.connection, 20);
    checkpointer
        .shared
        .pages
        .store(LENGTHS.told, Ordering::Relaxed);
    run(&checkpointer, wanted, |_| {});
    checkpointer.shared.state().told == LENGTHS.told * 2
}

#[test]
fn a_log_is_said_to_grow_only_where_somebody_was_in_the_way_of_all_of_it() {
    for (wanted, is_read, expected) in [
        (Wanted::All, true, true),
        (Wanted::All, false, false),
        (Wanted::Some, true, false),
    ] {
        assert_eq!(
            is_told_after(wanted, is_read),
            expected,
            "{wanted:?} {is_read}"
        );
    }
}

#[test]
fn without_a_thread_the_writer_says_that_the_log_grows() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, checkpointer) = ledger(dir.path());
    checkpointer.shared.state().is_alone = true;
    fill(&opened.connection, 20);
    let _reader = reading(&opened);
    fill(&opened.connection, LENGTHS.told + LENGTHS.more);
    assert!(checkpointer.shared.state().told >= LENGTHS.told * 2);
}

/// What the writer wants once it has written so many pages, where a reader is in the way of every checkpoint of
/// its own and of the first one of the thread, and whether the next commit then begins the log anew.
fn after_being_in_the_way(pages: i32) -> (Option<Wanted>, bool) {
    let dir = tempfile::tempdir().unwrap();
    let (opened, checkpointer) = ledger(dir.path());
    let reader = reading(&opened);
    fill(&opened.connection, pages);
    let before = checkpointer.pages().load(Ordering::Relaxed);
    let wanted = checkpointer.shared.state().wanted;
    run(&checkpointer, Wanted::Some, |_| {
        reader.execute_batch("COMMIT").unwrap();
    });
    fill(&opened.connection, 10);
    let is_begun_anew = checkpointer.pages().load(Ordering::Relaxed) < before;
    (wanted, is_begun_anew)
}

/// Where others add to it, too, checkpoints that let them never get all of it: it would become as long as
/// everything that is written.
#[test]
fn s28_a_log_that_somebody_is_always_in_the_way_of_is_begun_anew() {
    let pages = [LENGTHS.more + 20, LENGTHS.most + 2 * LENGTHS.more];
    let [short, long] = pages.map(after_being_in_the_way);
    assert_eq!(short, (Some(Wanted::Some), false));
    assert_eq!(long, (Some(Wanted::All), true));
}

#[test]
fn another_file_at_the_path_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, checkpointer) = ledger(dir.path());
    let checkpointer = checkpointer.start();
    let aside = dir.path().join("aside");
    fs::rename(&opened.path, aside).unwrap();
    fs::write(&opened.path, "another").unwrap();
    fill(&opened.connection, LENGTHS.more + 50);
    drop(checkpointer);
    assert_eq!(fs::read(&opened.path).unwrap(), b"another");
}
