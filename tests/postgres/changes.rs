//! What a statement changes, and that it is all or nothing.

use serde_json::{Value, json};

use super::{Shop, check_failed, given};

const ORDERS: &str = "CREATE TABLE orders (id int PRIMARY KEY, paid bool NOT NULL DEFAULT false);
    INSERT INTO orders (id) VALUES (1), (2), (3)";

const PAID: &str = "SELECT count(*) FROM orders WHERE paid";

#[test]
fn a_statement_changes_rows_and_gives_what_it_returns() {
    let Some(shop) = Shop::new(ORDERS) else {
        return;
    };
    let statement = "update orders set paid = true where id <= :a returning id";
    shop.define(
        "pay",
        "write",
        json!({"statement": statement, "max_rows": 2}),
        json!({}),
    );
    let answer = shop.call("pay", json!({"a": 3}));
    let expected = json!({"rows": [{"id": 1}, {"id": 2}], "row_count": 3, "truncated": true});
    assert_eq!(given(&answer), &expected);
    assert_eq!(shop.number(PAID), 3);
    let merge = "with gone as (delete from orders where id = :a returning id)
        insert into orders (id) select id + 10 from gone";
    shop.define("move", "write", json!({"statement": merge}), json!({}));
    assert_eq!(given(&shop.call("move", json!({"a": 2})))["row_count"], 1);
    assert_eq!(shop.number("SELECT max(id)::int8 FROM orders"), 12);
}

#[test]
fn v33_a_change_of_another_number_of_rows_is_rolled_back_and_says_how_many() {
    let Some(shop) = Shop::new(ORDERS) else {
        return;
    };
    let sql = json!({
        "statement": "update orders set paid = true where id <= :a",
        "expect_rows": {"max": 1}, "marker": true,
    });
    shop.define("pay", "write", sql, json!({}));
    let answer = shop.call("pay", json!({"a": 2}));
    let problem = check_failed(&answer, "BACKEND_FAILED", "none");
    assert_eq!(
        (&problem["reason"], &problem["message"]),
        (
            &json!("ROW_LIMIT"),
            &json!(
                "the statement would have changed 2 rows and may change at most 1 row, so it was rolled back"
            )
        )
    );
    assert_eq!(shop.number(PAID), 0);
    // The table of marks is made before, the mark is not.
    assert_eq!(shop.number("SELECT count(*) FROM tollgate_operations"), 0);
    assert_eq!(given(&shop.call("pay", json!({"a": 1})))["row_count"], 1);
    assert_eq!(
        shop.number("SELECT sum(row_count)::int8 FROM tollgate_operations"),
        1
    );
}

#[test]
fn what_a_constraint_forbids_is_not_done_be_it_found_in_the_commit() {
    let schema = "CREATE TABLE t (id int UNIQUE, late int UNIQUE DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO t VALUES (1, 1)";
    let Some(shop) = Shop::new(schema) else {
        return;
    };
    for marker in [false, true] {
        let sql = json!({"statement": "insert into t values (:a, :b)", "marker": marker});
        shop.define("put", "write", sql, json!({}));
        for arguments in [json!({"a": 1, "b": 2}), json!({"a": 2, "b": 1})] {
            let answer = shop.call("put", arguments);
            let problem = check_failed(&answer, "BACKEND_FAILED", "none");
            assert_eq!(problem["retry"]["advice"], "changed_args", "{problem}");
            assert!(!answer.to_string().contains("t_late_key"), "{answer}");
        }
    }
    assert_eq!(shop.number("SELECT count(*) FROM t"), 1);
}

/// Whoever may not make tables gets one from somebody who may.
#[test]
fn a_role_that_cannot_mark_is_told_of_before_anything_is_done() {
    let Some(shop) = Shop::new(ORDERS) else {
        return;
    };
    let owner = "ALTER SCHEMA public OWNER TO root; REVOKE ALL ON SCHEMA public FROM public, gate;
        GRANT USAGE ON SCHEMA public TO gate";
    shop.root().batch_execute(owner).unwrap();
    let sql = json!({"statement": "update orders set paid = true where id = :a", "marker": true});
    shop.define("pay", "write", sql, json!({}));
    let told = shop.validated();
    assert!(
        told.contains("has no table `tollgate_operations` and may not make it"),
        "{told}"
    );
    check_failed(&shop.call("pay", json!({"a": 1})), "BACKEND_FAILED", "none");
    assert_eq!(shop.number(PAID), 0);
    let table = "CREATE TABLE tollgate_operations
        (operation text PRIMARY KEY, row_count bigint NOT NULL, finished timestamptz NOT NULL);
        GRANT SELECT, INSERT ON tollgate_operations TO gate";
    shop.root().batch_execute(table).unwrap();
    assert_eq!(given(&shop.call("pay", json!({"a": 1})))["row_count"], 1);
}

/// Two processes make the table of marks at once, and change rows under many keys.
#[test]
fn many_marked_changes_at_once_are_each_done_once() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    let sql = json!({"statement": "insert into t values (:a)", "marker": true});
    let key = json!({"idempotency": {"key": "/a"}, "timeout": "60s"});
    shop.define("put", "write", sql, key);
    let mut servers = [shop.serve(""), shop.serve("")];
    let mut ids: Vec<Vec<u64>> = Vec::new();
    for server in &mut servers {
        ids.push(
            (0..10)
                .map(|a| server.call("put", json!({"a": a})))
                .collect(),
        );
    }
    for (server, ids) in servers.iter_mut().zip(ids) {
        for id in ids {
            let answer = server.answer(id);
            let problem: &Value = crate::life_harness::problem(&answer);
            assert!(problem.is_null(), "{answer}");
        }
    }
    let once = "SELECT count(*) FROM t HAVING count(*) = count(DISTINCT id)";
    assert_eq!(shop.number(once), 10);
    assert_eq!(shop.number("SELECT count(*) FROM tollgate_operations"), 10);
}
