//! How much a statement gives, and how long it runs.

use postgres::Client;
use serde_json::json;

use super::{Shop, check_failed, given};
use crate::life_harness::Server;

pub(super) const RUNNING: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'gate' AND state = 'active'";

#[test]
fn x26_rows_are_capped_and_a_huge_result_is_never_held() {
    let Some(shop) = Shop::new("") else { return };
    shop.query("endless", "select generate_series(1, 1000000000) as i");
    shop.query(
        "wide",
        "select repeat('x', 50000) as x from generate_series(1, 100000)",
    );
    shop.define(
        "few",
        "read",
        json!({"query": "select i from generate_series(1, 5) i", "max_rows": 5}),
        json!({}),
    );
    let mut server = shop.serve("");
    for (tool, rows, truncated) in [("endless", 1000, true), ("few", 5, false)] {
        let id = server.call(tool, json!({}));
        let answer = server.answer(id);
        let given = given(&answer);
        assert_eq!(
            (&given["row_count"], &given["truncated"]),
            (&json!(rows), &json!(truncated)),
            "{tool}"
        );
    }
    // What is left of it is longer than a line still, and comes in parts.
    let id = server.call("wide", json!({}));
    let answer = server.answer(id);
    assert!(crate::life_harness::problem(&answer).is_null(), "{answer}");
    // The whole of `wide` is 5 GB.
    assert!(server.peak_kib() < 400 * 1024, "{} KiB", server.peak_kib());
    assert_eq!(server.finish().0, 0);
}

#[test]
fn x26_a_statement_ends_at_its_deadline_on_the_server_too() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    let short = json!({"timeout": "2s"});
    shop.define(
        "slow",
        "read",
        json!({"query": "select pg_sleep(3600) as a"}),
        short.clone(),
    );
    let slow = "insert into t select 1 from pg_sleep(3600)";
    shop.define("write", "write", json!({"statement": slow}), short);
    let mut server = shop.serve("");
    for tool in ["slow", "write"] {
        let id = server.call(tool, json!({}));
        check_failed(&server.answer(id), "TIMEOUT", "none");
    }
    shop.until(RUNNING, 0);
    assert_eq!(shop.number("SELECT count(*) FROM t"), 0);
}

/// A server, its call that counts the rows of `t`, and who has locked that until a `ROLLBACK`.
pub(super) fn query_that_waits(shop: &Shop) -> (Server, u64, Client) {
    shop.query("count", "select count(*) as n from t");
    let (mut server, mut root) = (shop.serve_loaded("count"), shop.root());
    root.batch_execute("BEGIN; LOCK TABLE t").unwrap();
    let id = server.call("count", json!({}));
    shop.until_waiting(1);
    (server, id, root)
}

#[test]
fn a_query_that_is_cancelled_is_ended_on_the_server() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    let (mut server, id, mut root) = query_that_waits(&shop);
    server.cancel(id);
    shop.until(RUNNING, 0);
    root.batch_execute("ROLLBACK").unwrap();
    assert_eq!(server.finish(), (0, Vec::new()));
    let row = &shop.home.log()[1];
    assert_eq!(crate::life_harness::outcome(row), "cancelled", "{row}");
    assert_eq!(row["end"]["stage"], "sql", "{row}");
}

#[test]
fn x25_what_others_hold_is_waited_for_and_then_nothing_was_done() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int); INSERT INTO t VALUES (1)") else {
        return;
    };
    let statement = json!({"statement": "update t set id = 2"});
    let more = json!({"timeout": "3s", "retry": {"attempts": 1}});
    shop.define("change", "write", statement, more);
    let mut root = shop.root();
    let mut transaction = root.transaction().unwrap();
    transaction.batch_execute("LOCK TABLE t").unwrap();
    let answer = shop.call("change", json!({}));
    let problem = check_failed(&answer, "BACKEND_UNAVAILABLE", "none");
    assert_eq!(problem["retry"]["after_ms"], 1000, "{problem}");
    transaction.rollback().unwrap();
    assert_eq!(given(&shop.call("change", json!({})))["row_count"], 1);
}

#[test]
fn a_server_that_no_longer_answers_holds_nobody_up() {
    // It is told to stop several times, also when it is about to sleep once more.
    let schema = "CREATE FUNCTION deaf() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN LOOP BEGIN LOOP
        BEGIN PERFORM pg_sleep(3600); EXCEPTION WHEN query_canceled THEN NULL; END;
        IF EXISTS (SELECT 1 FROM over) THEN RETURN ''; END IF;
        END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;
        CREATE TABLE over (id int)";
    let Some(shop) = Shop::new(schema) else {
        return;
    };
    let short = json!({"timeout": "2s"});
    shop.define(
        "deaf",
        "read",
        json!({"query": "select deaf() as a"}),
        short,
    );
    let mut server = shop.serve("");
    let id = server.call("deaf", json!({}));
    check_failed(&server.answer(id), "TIMEOUT", "none");
    assert_eq!(server.finish().0, 0);
    let left = "SELECT pid::int8 FROM pg_stat_activity
        WHERE usename = 'gate' AND datname = current_database()";
    let left = shop.number(left);
    shop.number(&format!("SELECT pg_terminate_backend({left})::int::int8"));
}
