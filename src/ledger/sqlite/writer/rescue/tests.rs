//! Ends that could not be written are not lost.

use std::fs;

use super::super::super::files::DATABASE;
use crate::ledger::{
    Ledger as _, LedgerError,
    contract::{begin, calls_in, ending, events_in, finish, row, settlement, sqlite},
    record::Outcome,
    wait,
};

#[test]
fn s22_an_end_after_the_file_was_taken_away_is_kept_and_taken_in_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let (path, aside) = (dir.path().join(DATABASE), dir.path().join("aside.db"));
    let ledger = sqlite(dir.path());
    let (first, second) = (begin(&ledger, &row("write")), begin(&ledger, &row("write")));
    fs::rename(&path, &aside).unwrap();

    let end = ending(&settlement(Outcome::Succeeded));
    let receipt = wait(|then| ledger.finish(first.unwrap(), end, then)).unwrap();
    assert!(receipt.is_in_journal());
    let refused: LedgerError = begin(&ledger, &row("write")).unwrap_err();
    assert!(refused.to_string().contains("was replaced"), "{refused}");
    drop(second);
    ledger.close();
    fs::rename(&aside, &path).unwrap();

    let next = sqlite(dir.path());
    let receipt = begin(&next, &row("read")).unwrap();
    finish(&next, receipt, &settlement(Outcome::Succeeded));
    let ends: Vec<(Outcome, String)> = calls_in(dir.path())
        .into_iter()
        .filter_map(|call| call.end)
        .map(|end| (end.outcome, end.stage))
        .collect();
    let expected = [
        (Outcome::Succeeded, "emergency"),
        (Outcome::Unknown, "recovery"),
        (Outcome::Succeeded, "exec"),
    ];
    assert_eq!(
        ends,
        expected.map(|(outcome, stage)| (outcome, stage.to_owned()))
    );
    events_in(dir.path());
}

#[test]
fn s22_an_end_is_kept_behind_one_that_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let (path, aside) = (dir.path().join(DATABASE), dir.path().join("aside.db"));
    let ledger = sqlite(dir.path());
    let begun = begin(&ledger, &row("write")).unwrap();
    // A process was killed, or the disk was full, in the middle of it.
    fs::write(dir.path().join("emergency.jsonl"), r#"{"ledger":"a","ro"#).unwrap();
    fs::rename(&path, &aside).unwrap();
    let end = ending(&settlement(Outcome::Succeeded));
    let receipt = wait(|then| ledger.finish(begun, end, then)).unwrap();
    assert!(receipt.is_in_journal());
    ledger.close();
    fs::rename(&aside, &path).unwrap();

    let next = sqlite(dir.path());
    begin(&next, &row("read")).unwrap();
    let end = calls_in(dir.path()).remove(0).end.unwrap();
    assert_eq!(
        (end.outcome, &*end.stage),
        (Outcome::Succeeded, "emergency")
    );
}
