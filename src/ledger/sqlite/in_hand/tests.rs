//! What is listed, when, and what a file becomes that had indexes in place of lists.

use std::path::Path;

use super::*;
use crate::{
    base::{
        clock::{ManualClock, Timestamp},
        id::CallId,
    },
    ledger::{
        contract::{begin, finish, row, settlement, sqlite},
        operation::OperationState,
        record::Outcome,
        sqlite::{
            files::{self, DATABASE},
            open::{self, Access},
            read::LogReader,
            schema,
            statements::Statements,
        },
    },
};

/// What the file lists for each process that has a row: calls, operations.
fn listed(connection: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT calls, operations FROM in_hand ORDER BY instance";
    let mut lists = connection.prepare(sql).unwrap();
    let lists = lists.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    lists.unwrap().map(Result::unwrap).collect()
}

/// Admits a write; gives its row.
fn admit(statements: &mut Statements<'_>) -> i64 {
    let intent = ("exec", Timestamp::from_micros(1));
    let admitted = statements.admit(&row("write"), intent, &Default::default());
    admitted.unwrap()
}

fn lists(of: &[(&str, &str)]) -> Vec<(String, String)> {
    let texts = of.iter().map(|(calls, operations)| {
        let (calls, operations) = (*calls, *operations);
        (calls.to_owned(), operations.to_owned())
    });
    texts.collect()
}

#[test]
fn a_list_is_written_with_what_is_added_and_not_with_what_ends() {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at_seconds(1000);
    let opened = open::open(dir.path(), &clock).unwrap();
    let (connection, me) = (&opened.connection, opened.instance_row);
    let mut statements = Statements::prepare(connection, dir.path(), me).unwrap();
    let mut commit = |work: &dyn Fn(&mut Statements<'_>)| {
        statements.begin().unwrap();
        work(&mut statements);
        statements.commit().unwrap();
        listed(connection)
    };
    let end = settlement(Outcome::Succeeded);
    let settled_at_once = commit(&|statements| {
        let call = admit(statements);
        statements.settle(call, &end).unwrap();
        statements.admit_settled(&row("read"), &end).unwrap();
    });
    assert_eq!(settled_at_once, []);
    let two = commit(&|statements| {
        admit(statements);
        admit(statements);
    });
    assert_eq!(two, lists(&[("[3,4]", "[]")]));
    let ended = commit(&|statements| statements.settle(3, &end).unwrap());
    assert_eq!(ended, lists(&[("[3,4]", "[]")]));
    let next = commit(&|statements| {
        admit(statements);
    });
    assert_eq!(next, lists(&[("[4,5]", "[]")]));
}

#[test]
fn what_was_taken_back_is_in_hand_as_the_file_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at_seconds(1000);
    let opened = open::open(dir.path(), &clock).unwrap();
    let (connection, me) = (&opened.connection, opened.instance_row);
    let mut statements = Statements::prepare(connection, dir.path(), me).unwrap();
    statements.begin().unwrap();
    assert_eq!(admit(&mut statements), 1);
    statements.commit().unwrap();

    statements.begin().unwrap();
    statements
        .settle(1, &settlement(Outcome::Succeeded))
        .unwrap();
    assert_eq!(admit(&mut statements), 2);
    statements.roll_back();

    // The first runs still, and this one has the row of what never was.
    statements.begin().unwrap();
    assert_eq!(admit(&mut statements), 2);
    statements.commit().unwrap();
    assert_eq!(listed(connection), lists(&[("[1,2]", "[]")]));
}

/// Of a process that died: two calls that run, one of them for an operation; and an operation that
/// has ended, whose row is not that of its call.
const LEFT: &str = "
INSERT INTO instances VALUES (1, x'00000000000000000000000000000001', 2, 3, '0', NULL);
INSERT INTO calls (row, call_id, received, tool, effect, principal, protocol_version, request_id,
    raw_arguments, state, outcome, effects, instance, reply)
VALUES (3, x'00000000000000000000000000000003', 0, 't', 'write', 'local', '2025-11-25', '1', '{}',
        'settled', 'succeeded', 'applied', 1, '{}'),
    (4, x'00000000000000000000000000000004', 0, 't', 'write', 'local', '2025-11-25', '2', '{}',
        'running', NULL, NULL, 1, NULL),
    (5, x'00000000000000000000000000000005', 0, 't', 'read', 'local', '2025-11-25', '3', '{}',
        'running', NULL, NULL, 1, NULL);
INSERT INTO intents VALUES (1, 3, 1, 'exec', 7, NULL), (2, 3, 2, 'exec', 8, 'exit 75'),
    (3, 4, 1, 'exec', 9, NULL);
INSERT INTO operations (row, key, source, fingerprint, retry_safe, first, last, state, owner, began)
VALUES (1, zeroblob(32), 'meta', zeroblob(32), 0, 3, 3, 'running', 1, 7),
    (2, x'01', 'meta', zeroblob(32), 0, 4, 4, 'running', 1, 9);
UPDATE operations SET state = 'succeeded', ended = 9 WHERE row = 1;
";

fn older(dir: &Path) -> Connection {
    let path = dir.join(DATABASE);
    files::create(&path).unwrap();
    let mut connection = open::connect(&path, Access::Write).unwrap();
    schema::make_older(&mut connection, schema::WITH_IN_HAND - 1);
    connection.execute_batch(LEFT).unwrap();
    connection
}

fn id(last: u8) -> CallId {
    let mut bytes = [0; 16];
    bytes[15] = last;
    CallId::from_bytes(bytes)
}

#[test]
fn a_reader_of_an_older_file_sees_what_runs() {
    let dir = tempfile::tempdir().unwrap();
    drop(older(dir.path()));
    let reader = LogReader::open(dir.path()).unwrap();
    assert_eq!(reader.running(9).unwrap(), [4, 5]);
    assert_eq!(reader.running(1).unwrap().len(), 1);
    let operation = |call| reader.operation_of(call).unwrap().map(|found| found.id);
    assert_eq!([3, 4, 5].map(operation), [Some(id(3)), Some(id(4)), None]);
    assert_eq!(reader.intents(3).unwrap().len(), 2);
}

#[test]
fn h4_what_a_dead_process_left_in_an_older_file_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    drop(older(dir.path()));
    let ledger = sqlite(dir.path());
    let begun = begin(&ledger, &row("write")).unwrap();
    let reader = LogReader::open(dir.path()).unwrap();
    assert_eq!(reader.running(9).unwrap(), [begun.row()]);
    finish(&ledger, begun, &settlement(Outcome::Succeeded));
    assert_eq!(reader.running(9).unwrap().len(), 0);
    let stands = |call| {
        let found = reader.operation_of(call).unwrap();
        found.map(|found| (found.id, found.state))
    };
    assert_eq!(stands(3), Some((id(3), OperationState::Succeeded)));
    assert_eq!(stands(4), Some((id(4), OperationState::Unknown)));
    let intents = |call| -> Vec<(u32, i64)> {
        let intents = reader.intents(call).unwrap();
        let parts = intents.iter().map(|one| (one.attempt, one.at.as_micros()));
        parts.collect()
    };
    assert_eq!(intents(3), [(1, 7), (2, 8)]);
    assert_eq!(intents(4), [(1, 9)]);
    assert_eq!(intents(6).len(), 1);
    assert_eq!(reader.dangling(), 0);
}
