//! Harm done to an export, and what a look at it finds.

use std::io;

use rusqlite::Connection;

use crate::{
    base::clock::Timestamp,
    ledger::{
        contract::{self, row, settlement, sqlite},
        record::{CallRow, Outcome},
        sqlite::{
            audit::{
                anchor::Anchors,
                chain::{Fault, Verdict, Whole},
            },
            files::DATABASE,
            open::{self, Access},
            read::LogReader,
        },
    },
};

/// The export of a ledger of two calls: three events on five lines.
fn export() -> (String, Anchors) {
    let dir = tempfile::tempdir().unwrap();
    let ledger = sqlite(dir.path());
    let hostile = CallRow {
        raw_arguments: "{\"a\":\"\\n\u{2028}\u{7f}\"}\n".into(),
        ..row("write")
    };
    let begun = contract::begin(&ledger, &hostile).unwrap();
    contract::finish(&ledger, begun, &settlement(Outcome::Failed));
    contract::refuse(&ledger, &row("read"), &settlement(Outcome::Refused)).unwrap();
    ledger.close();
    let reader = LogReader::open(dir.path()).unwrap();
    let mut written = Vec::new();
    let now = Timestamp::from_micros(0);
    reader.export(now, &mut written).unwrap();
    let anchors = Anchors::parse(&reader.anchor(now).unwrap()).unwrap();
    (String::from_utf8(written).unwrap(), anchors)
}

fn verify(text: &str, anchors: &Anchors) -> Verdict {
    super::verify(&mut text.as_bytes(), anchors).unwrap()
}

#[track_caller]
fn check(text: &str, seq: i64, call: Option<i64>, fault: Fault) {
    let found = verify(text, &Anchors::default());
    assert_eq!(found, Verdict::Broken { seq, call, fault }, "{text}");
}

#[test]
fn o9_an_export_is_one_line_an_event_and_is_verified_without_its_ledger() {
    let (text, anchors) = export();
    assert_eq!(text.lines().count(), 5);
    let whole = Whole {
        events: 3,
        anchors: 1,
        ..Whole::default()
    };
    assert_eq!(verify(&text, &anchors), Verdict::Whole(whole));
}

#[test]
fn o3_a_line_that_was_changed_taken_out_put_in_or_moved_is_found() {
    let (text, _) = export();
    let lines: Vec<&str> = text.lines().collect();
    let [first, one, two, three, end] = lines[..] else {
        panic!("{text}")
    };
    let file = |lines: &[&str]| lines.join("\n");
    let altered = |line: &str, from: &str, to: &str| {
        assert!(line.contains(from), "{line}");
        line.replace(from, to)
    };
    let other = altered(one, "refund_order", "refund_odrer");
    check(
        &file(&[first, &other, two, three, end]),
        1,
        Some(1),
        Fault::Altered,
    );
    check(&file(&[first, two, three, end]), 2, Some(1), Fault::Gap);
    check(
        &file(&[first, two, one, three, end]),
        2,
        Some(1),
        Fault::Gap,
    );
    check(
        &file(&[first, one, one, two, three, end]),
        1,
        Some(1),
        Fault::Gap,
    );
    // What the hash does not cover is as little to be believed.
    let more = altered(two, "\"outcome\"", "\"note\":1,\"outcome\"");
    check(
        &file(&[first, one, &more, three, end]),
        2,
        Some(1),
        Fault::Altered,
    );
    let twice = altered(two, "\"outcome\"", "\"stage\":\"x\",\"outcome\"");
    check(
        &file(&[first, one, &twice, three, end]),
        2,
        None,
        Fault::Altered,
    );
    let spaced = altered(two, ",\"outcome\"", ", \"outcome\"");
    check(
        &file(&[first, one, &spaced, three, end]),
        2,
        None,
        Fault::Altered,
    );
}

#[test]
fn o4_a_file_that_was_cut_off_is_not_whole_and_a_mended_end_shows_with_an_anchor() {
    let (text, anchors) = export();
    let lines: Vec<&str> = text.lines().collect();
    check(&lines[..4].join("\n"), 4, None, Fault::Unfinished);
    check(&lines[..3].join("\n"), 3, None, Fault::Unfinished);
    let hash = |line: &str| {
        let told: serde_json::Value = serde_json::from_str(line).unwrap();
        told["hash"].as_str().unwrap().to_owned()
    };
    let end = format!(
        r#"{{"end":{{"events":2,"seq":2,"hash":"{}"}}}}"#,
        hash(lines[2])
    );
    let mended = [lines[0], lines[1], lines[2], &end].join("\n");
    assert!(matches!(
        verify(&mended, &Anchors::default()),
        Verdict::Whole(_)
    ));
    let cut = Verdict::Broken {
        seq: 3,
        call: None,
        fault: Fault::CutOff,
    };
    assert_eq!(verify(&mended, &anchors), cut);
}

#[test]
fn what_is_no_export_is_not_taken_for_one() {
    for text in [
        "",
        "{}\n",
        "{\"format\":\"tollgate-audit/2\",\"ledger\":\"x\"}\n",
    ] {
        let told = super::verify(&mut text.as_bytes(), &Anchors::default());
        assert_eq!(
            told.unwrap_err().to_string(),
            "it is no export of an audit trail"
        );
    }
}

/// Takes what is written, and wants the whole log emptied into the file each time: nobody who
/// reads may be in the way of that.
struct Checkpointing(Connection);

impl io::Write for Checkpointing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = self.0.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(busy, 0);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn s28_a_slow_reader_of_an_export_holds_up_no_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = sqlite(dir.path());
    let call = || contract::refuse(&ledger, &row("read"), &settlement(Outcome::Refused)).unwrap();
    for _ in 0..20 {
        call();
    }
    let reader = LogReader::open(dir.path()).unwrap();
    let path = dir.path().join(DATABASE);
    let mut connection = open::connect(&path, Access::Write).unwrap();
    connection.busy_handler(None::<fn(i32) -> bool>).unwrap();
    call();
    let now = Timestamp::from_micros(0);
    reader.export(now, &mut Checkpointing(connection)).unwrap();
    ledger.close();
}
