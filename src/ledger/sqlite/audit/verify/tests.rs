//! Harm done to a ledger, and what a look at its trail finds.

use std::path::Path;

use rusqlite::Connection;

use crate::{
    base::clock::Timestamp,
    ledger::{
        contract::{self, row, settlement, sqlite},
        record::Outcome,
        sqlite::{
            audit::{
                anchor::Anchors,
                chain::{Fault, Verdict, Whole},
                exported, pruning,
            },
            files::DATABASE,
            open::{self, Access},
            read::LogReader,
            schema,
        },
    },
};

/// Adds two calls: one begun and finished, then one settled at once. Three events.
fn add_calls(dir: &Path) {
    let ledger = sqlite(dir);
    let begun = contract::begin(&ledger, &row("write")).unwrap();
    let end = settlement(Outcome::Failed);
    contract::finish(&ledger, begun, &end);
    contract::refuse(&ledger, &row("read"), &end).unwrap();
    ledger.close();
}

/// Does `harm` to the file as somebody who first takes the triggers away.
fn harm(dir: &Path, harm: &str) {
    let connection = open::connect(&dir.join(DATABASE), Access::Write).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF")
        .unwrap();
    let triggers: Vec<String> = triggers(&connection);
    for trigger in triggers {
        let drop = format!("DROP TRIGGER {trigger}");
        connection.execute_batch(&drop).unwrap();
    }
    connection.execute_batch(harm).unwrap();
}

fn triggers(connection: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    let mut names = connection.prepare(sql).unwrap();
    let names = names.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

fn broken(seq: i64, call: impl Into<Option<i64>>, fault: Fault) -> Verdict {
    let call = call.into();
    Verdict::Broken { seq, call, fault }
}

fn whole(events: i64, anchors: usize) -> Verdict {
    Verdict::Whole(Whole {
        events,
        anchors,
        ..Whole::default()
    })
}

/// What is found after `harmful`, in the ledger and in an export of it.
#[track_caller]
fn check(harmful: &str, expected: &Verdict) {
    let dir = tempfile::tempdir().unwrap();
    add_calls(dir.path());
    harm(dir.path(), harmful);
    let reader = LogReader::open(dir.path()).unwrap();
    let none = Anchors::default();
    assert_eq!(&reader.verify(&none).unwrap(), expected, "{harmful}");
    let mut export = Vec::new();
    reader
        .export(Timestamp::from_micros(0), &mut export)
        .unwrap();
    let found = exported::verify(&mut export.as_slice(), &none).unwrap();
    let is_whole = |verdict: &Verdict| matches!(verdict, Verdict::Whole(_));
    // What has no event does not come into an export.
    if !matches!(
        expected,
        Verdict::Broken {
            fault: Fault::Unrecorded,
            ..
        }
    ) {
        assert_eq!(is_whole(&found), is_whole(expected), "{harmful}: {found:?}");
    }
}

#[test]
fn o3_the_first_event_that_is_not_as_it_was_written_is_named_with_what_is_wrong() {
    check("", &whole(3, 0));
    check("UPDATE calls SET delivered = 9", &whole(3, 0));
    check(
        "UPDATE calls SET raw_arguments = '{}' WHERE row = 1",
        &broken(1, 1, Fault::Altered),
    );
    check(
        "UPDATE calls SET outcome = 'succeeded' WHERE row = 1",
        &broken(2, 1, Fault::Altered),
    );
    check(
        "UPDATE calls SET client = NULL WHERE row = 2",
        &broken(3, 2, Fault::Altered),
    );
    check(
        "UPDATE audit SET event = 'x' WHERE seq = 2",
        &broken(2, 1, Fault::Altered),
    );
    check("DELETE FROM audit WHERE seq = 2", &broken(3, 2, Fault::Gap));
    check(
        "UPDATE audit SET prev = x'00' WHERE seq = 3",
        &broken(3, 2, Fault::Unlinked),
    );
    check(
        "DELETE FROM calls WHERE row = 2",
        &broken(3, 2, Fault::CallGone),
    );
    check(
        "DELETE FROM audit WHERE seq = 3",
        &broken(3, 2, Fault::Unrecorded),
    );
    check(
        "INSERT INTO audit SELECT 4, call, event, hash, hash FROM audit WHERE seq = 3",
        &broken(4, 2, Fault::Unrecorded),
    );
    check(
        "UPDATE audit SET seq = 9 WHERE seq = 1; UPDATE audit SET seq = 1 WHERE seq = 2;
         UPDATE audit SET seq = 2 WHERE seq = 9",
        &broken(1, 1, Fault::Unlinked),
    );
}

/// A ledger of six events with an anchor taken after the first three, and one at the end.
fn anchored() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut anchors = String::new();
    for _ in 0..2 {
        add_calls(dir.path());
        let reader = LogReader::open(dir.path()).unwrap();
        let anchor = reader.anchor(Timestamp::from_micros(0)).unwrap();
        anchors.push_str(&format!("{anchor}\n"));
    }
    (dir, anchors)
}

#[test]
fn o4_that_the_end_was_cut_off_shows_with_an_anchor_only() {
    let (dir, anchors) = anchored();
    let anchors = Anchors::parse(&anchors).unwrap();
    let found = |anchors: &Anchors| {
        LogReader::open(dir.path())
            .unwrap()
            .verify(anchors)
            .unwrap()
    };
    assert_eq!(found(&anchors), whole(6, 2));
    harm(
        dir.path(),
        "DELETE FROM audit WHERE seq > 4; DELETE FROM calls WHERE row > 3",
    );
    assert_eq!(found(&Anchors::default()), whole(4, 0));
    assert_eq!(found(&anchors), broken(5, None, Fault::CutOff));
}

#[test]
fn o4_what_was_written_anew_shows_with_an_anchor_only() {
    let (dir, anchors) = anchored();
    let other = tempfile::tempdir().unwrap();
    add_calls(other.path());
    add_calls(other.path());
    let found = |anchors: &str| {
        let anchors = Anchors::parse(anchors).unwrap();
        LogReader::open(other.path())
            .unwrap()
            .verify(&anchors)
            .unwrap()
    };
    assert_eq!(found(&anchors), broken(1, None, Fault::OtherLedger));
    // As whoever can write the file would do it.
    let id: serde_json::Value = serde_json::from_str(anchors.lines().next().unwrap()).unwrap();
    let sql = format!(
        "UPDATE meta SET value = '{}' WHERE name = 'id'",
        id["ledger"].as_str().unwrap()
    );
    harm(other.path(), &sql);
    assert_eq!(found(&anchors), broken(3, 2, Fault::Rewritten));
    drop(dir);
}

#[test]
fn the_trail_of_a_file_that_has_no_steps_yet_is_read_by_its_own_columns() {
    let mut connection = Connection::open_in_memory().unwrap();
    let older = schema::WITH_STEPS - 1;
    schema::make_older(&mut connection, older);
    for by_us in [7, -7] {
        pruning::append_jump(&connection, Timestamp::from_micros(5), by_us).unwrap();
    }
    let found = super::verify(&connection, older, &Anchors::default()).unwrap();
    let whole = Whole {
        events: 2,
        pruned: 0,
        anchors: 0,
    };
    assert_eq!(found, Verdict::Whole(whole));
}
