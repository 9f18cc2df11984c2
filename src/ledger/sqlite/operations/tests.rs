//! What the file lets happen to an operation, and what that costs.

use super::{super::schema, moves::JUDGED_AFTERWARDS, *};

/// What SQLite explains, by this column.
fn explained(connection: &Connection, sql: &str, column: usize) -> Vec<String> {
    let mut explained = connection.prepare(sql).unwrap();
    // Without values, for nothing is run.
    let mut rows = explained.raw_query();
    let mut told = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        told.push(row.get(column).unwrap());
    }
    told
}

/// How SQLite would carry out `sql`, a step each.
pub(super) fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    explained(connection, &format!("EXPLAIN QUERY PLAN {sql}"), 3)
}

#[test]
fn the_file_lets_an_operation_go_where_the_program_does() {
    let connection = Connection::open_in_memory().unwrap();
    let before = "CREATE TABLE operations (row INTEGER PRIMARY KEY, state TEXT NOT NULL,
            owner INTEGER);
        CREATE TRIGGER operations_begin_at_the_beginning BEFORE INSERT ON operations
        BEGIN SELECT 1; END;
        CREATE TRIGGER operations_move_legally BEFORE UPDATE ON operations BEGIN SELECT 1; END;
        CREATE TABLE calls (row INTEGER PRIMARY KEY, state, outcome, stage, code, effects, reply,
            reply_clipped_from, backend_status, guard_us, wait_us, run_us, finished);
        CREATE TRIGGER calls_end_once BEFORE UPDATE ON calls BEGIN SELECT 1; END;";
    connection.execute_batch(before).unwrap();
    for state in OperationState::ALL {
        let insert = "INSERT INTO operations (state) VALUES (?1)";
        connection.execute(insert, [state.as_str()]).unwrap();
    }
    connection.execute_batch(JUDGED_AFTERWARDS).unwrap();
    for (row, from) in (1..).zip(OperationState::ALL) {
        for to in OperationState::ALL {
            connection.execute_batch("BEGIN").unwrap();
            let moved = "UPDATE operations SET state = ?2 WHERE row = ?1";
            let moved = connection.execute(moved, params![row, to.as_str()]);
            assert_eq!(moved.is_ok(), from.may_become(to), "{from:?} to {to:?}");
            // What is not legal has taken all of its transaction back.
            assert_eq!(connection.is_autocommit(), moved.is_err());
            if moved.is_ok() {
                connection.execute_batch("ROLLBACK").unwrap();
            }
        }
        let begun = "INSERT INTO operations (state) VALUES (?1)";
        let begun = connection.execute(begun, [from.as_str()]);
        let may_begin = [OperationState::Claimed, OperationState::Running].contains(&from);
        assert_eq!(begun.is_ok(), may_begin, "{from:?}");
    }
}

#[test]
fn the_operation_that_a_call_began_is_found_without_looking_at_the_others() {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, 0, "x").unwrap();
    let sql = format!("{FOUND} {BEGUN_BY_ID}");
    let plan = plan(&connection, &sql);
    assert!(plan.len() > 5, "{plan:?}");
    let scans = plan.iter().filter(|step| step.starts_with("SCAN"));
    assert_eq!(scans.count(), 0, "{plan:?}");
}

#[test]
fn no_step_of_an_operation_makes_a_table_in_memory() {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, 0, "x").unwrap();
    for sql in [CLAIM, AGAIN, END] {
        let opcodes = explained(&connection, &format!("EXPLAIN {sql}"), 1);
        assert!(opcodes.len() > 10, "{sql}");
        let tables = opcodes.iter().filter(|code| *code == "OpenEphemeral");
        assert_eq!(tables.count(), 0, "{sql}");
    }
}
