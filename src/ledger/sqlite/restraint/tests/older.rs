//! What was set aside when that had a table of its own.

use super::*;
use crate::ledger::sqlite::{
    files::{self, DATABASE},
    open::{self, Access},
    schema,
};

/// Two calls of a process that died: one had set something aside in two budgets, the other not.
const LEFT: &str = "
INSERT INTO instances VALUES (1, x'00000000000000000000000000000001', 2, 3, '0', NULL);
INSERT INTO calls (row, call_id, received, tool, effect, principal, protocol_version, request_id,
    raw_arguments, state, instance)
VALUES (1, x'01', 0, 't', 'write', 'local', '2025-11-25', '1', '{}', 'running', 1),
    (2, x'02', 0, 't', 'write', 'local', '2025-11-25', '2', '{}', 'running', 1);
INSERT INTO audit VALUES (1, 1, 'accepted', zeroblob(32), zeroblob(32));
INSERT INTO budgets (row, principal, tool, period, number, spent, reserved, declared)
VALUES (1, 'local', '', 'total', 0, 0, 300000, 1000000),
    (2, '', '', 'total', 0, 100000, 300000, 1000000);
INSERT INTO reservations VALUES (1, 1, 300000), (1, 2, 300000);
";

#[test]
fn s32_what_was_set_aside_in_an_older_file_is_settled_in_full() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let path = dir.path().join(DATABASE);
    files::create(&path).unwrap();
    let mut connection = open::connect(&path, Access::Write).unwrap();
    schema::make_older(&mut connection, schema::WITH_RESERVED - 1);
    connection.execute_batch(LEFT).unwrap();
    drop(connection);
    begin(&ledger(dir.path(), &clock), &Demands::default()).unwrap();
    let budgets = LogReader::open(dir.path()).unwrap().budgets().unwrap();
    let accounts = budgets.iter().map(|budget| budget.account);
    let accounts: Vec<_> = accounts
        .map(|account| (account.spent.to_string(), account.reserved.to_string()))
        .collect();
    let settled = |spent: &str| (spent.to_owned(), "0".to_owned());
    assert_eq!(accounts, [settled("0.4"), settled("0.3")]);
}
