//! What the calls of one transaction take, and when the file knows of it.

use rusqlite::Connection;

use super::*;
use crate::ledger::sqlite::{
    restraint::{Grant, Restraints},
    schema,
};

fn file() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, 0, "x").unwrap();
    // Rows of instances are not the matter here.
    connection
        .pragma_update(None, "foreign_keys", false)
        .unwrap();
    connection
}

fn restraints<'c>(connection: &'c Connection, clock: &ManualClock) -> Restraints<'c> {
    let mut restraints = Restraints::new(connection, Path::new("/nowhere"), 1);
    restraints.begin(clock);
    restraints
}

fn all_of(demands: Demands) -> Demands {
    Demands {
        rate: Rate::parse("5/minute", Some(5)),
        ..demands
    }
}

fn check(restraints: &mut Restraints<'_>, demands: &Demands) -> Result<Grant, Code> {
    let decided = restraints.check(&row("write"), demands).unwrap();
    decided.map_err(|(_, problem)| problem.code)
}

/// Takes what the call of row `call` needs, and writes that row.
fn take(restraints: &mut Restraints<'_>, grant: &Grant, call: i64, demands: &Demands) {
    let reserved = grant.reserved(demands);
    let taken = restraints.take(grant, (call, &reserved), demands);
    taken.unwrap();
    let sql = "INSERT INTO calls (row, call_id, received, tool, principal, protocol_version,
        request_id, raw_arguments, state, instance, reserved)
        VALUES (?1, ?2, 0, 'write', 'local', '', '', '', 'running', 1, ?3)";
    let values = rusqlite::params![call, call.to_be_bytes(), reserved];
    restraints.connection.execute(sql, values).unwrap();
}

/// What the file says: spent, set aside, and how many rates there are.
fn in_file(connection: &Connection) -> (Option<i64>, Option<i64>, i64) {
    let sql = "SELECT (SELECT sum(spent) FROM budgets), (SELECT sum(reserved) FROM budgets),
        (SELECT count(*) FROM rates)";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    connection.query_row(sql, [], read).unwrap()
}

#[test]
fn calls_of_one_transaction_draw_on_what_those_before_have_left() {
    let (connection, clock) = (file(), clock());
    let mut restraints = restraints(&connection, &clock);
    let demands = all_of(costs("0.30", "1.00"));
    for call in 1..=3 {
        let grant = check(&mut restraints, &demands).ok().unwrap();
        take(&mut restraints, &grant, call, &demands);
    }
    let refused = check(&mut restraints, &demands).err();
    assert_eq!(refused, Some(Code::BudgetExceeded));
    restraints.settle(1, &due("0.05")).unwrap();
    let grant = check(&mut restraints, &all_of(costs("0.35", "1.00")));
    let grant = grant.ok().unwrap();
    let spent = Dues {
        cost: amount("0.02"),
        ..Dues::default()
    };
    let taken = restraints.take_settled(&grant, &row("write"), &spent);
    taken.unwrap();
    assert_eq!(in_file(&connection), (Some(0), Some(0), 0));
    restraints.write().unwrap();
    assert_eq!(in_file(&connection), (Some(70_000), Some(600_000), 1));
    let last = check(&mut restraints, &rated("5/minute", 5)).ok().unwrap();
    let demands = Demands::default();
    take(&mut restraints, &last, 4, &demands);
    let refused = check(&mut restraints, &rated("5/minute", 5)).err();
    assert_eq!(refused, Some(Code::RateLimited));
}

#[test]
fn a_transaction_that_is_taken_back_has_taken_nothing() {
    let (connection, clock) = (file(), clock());
    let mut restraints = restraints(&connection, &clock);
    let demands = all_of(costs("1.00", "1.00"));
    connection.execute_batch("BEGIN").unwrap();
    let grant = check(&mut restraints, &demands).ok().unwrap();
    take(&mut restraints, &grant, 1, &demands);
    restraints.write().unwrap();
    connection.execute_batch("ROLLBACK").unwrap();
    assert_eq!(in_file(&connection), (None, None, 0));
    for call in 2..=3 {
        restraints.forget();
        restraints.begin(&*clock);
        let grant = check(&mut restraints, &demands).ok().unwrap();
        take(&mut restraints, &grant, call, &demands);
    }
    // The first of the two was never written.
    restraints.write().unwrap();
    assert_eq!(in_file(&connection), (Some(0), Some(1_000_000), 1));
}

#[test]
fn a_budget_that_a_call_brings_is_met_by_the_calls_of_other_tools_after_it() {
    let (connection, clock) = (file(), clock());
    let mut restraints = restraints(&connection, &clock);
    let free = costs("0.30", "1.00");
    let undeclared = Demands {
        budgets: Arc::new([]),
        ..free.clone()
    };
    assert!(check(&mut restraints, &undeclared).is_ok());
    let grant = check(&mut restraints, &free).ok().unwrap();
    take(&mut restraints, &grant, 1, &free);
    let other = CallRow {
        tool: "other".into(),
        ..row("write")
    };
    for (cost, fits) in [("0.70", true), ("0.71", false)] {
        let decided = restraints.check(&other, &costs(cost, "1.00")).unwrap();
        assert_eq!(decided.is_ok(), fits, "{cost}");
    }
}

#[test]
fn what_was_seen_is_known_until_somebody_else_may_have_written() {
    let (connection, clock) = (file(), clock());
    let mut restraints = restraints(&connection, &clock);
    let demands = all_of(costs("0.30", "1.00"));
    let grant = check(&mut restraints, &demands).ok().unwrap();
    take(&mut restraints, &grant, 1, &demands);
    restraints.write().unwrap();
    let spend = "UPDATE budgets SET spent = 900000";
    connection.execute(spend, []).unwrap();
    restraints.begin(&*clock);
    assert!(check(&mut restraints, &demands).is_ok());
    restraints.hand_over().unwrap();
    let refused = check(&mut restraints, &demands).err();
    assert_eq!(refused, Some(Code::BudgetExceeded));
}
