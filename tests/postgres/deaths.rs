//! Gates and servers that die around a commit: what was done is known, and done once.

use postgres::{Client, Transaction};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Shop, check_failed, given};
use crate::life_harness::{BOUND, Server};

/// A commit waits for whoever holds `gate`, while the rows are written already.
const HELD: &str = "CREATE TABLE t (id int); CREATE TABLE gate (id int);
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN LOCK TABLE gate IN SHARE MODE; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait()";

const ROWS: &str = "SELECT count(*) FROM t";

fn define(shop: &Shop, marker: bool) {
    let sql = json!({"statement": "insert into t values (:a)", "marker": marker});
    let more = json!({"idempotency": {"key": "/a"}, "timeout": "50s"});
    shop.define("put", "write", sql, more);
}

fn put(server: &mut Server) -> u64 {
    server.call("put", json!({"a": 1}))
}

/// Kills a gate whose call waits for `table`, which what is given holds until it is committed.
fn killed<'a>(shop: &Shop, root: &'a mut Client, table: &str) -> Transaction<'a> {
    let mut holding = root.transaction().unwrap();
    holding
        .batch_execute(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE"))
        .unwrap();
    let mut server = shop.serve("");
    put(&mut server);
    shop.until_waiting(1);
    server.signal(Signal::KILL);
    server.exit_within(BOUND);
    holding
}

/// S17: the gate is killed when it has sent the commit and the server has not ended it. Whoever
/// repeats the call waits until that is decided, and finds that it was done.
#[test]
fn s17_what_is_committed_after_the_death_of_the_gate_is_not_done_again() {
    let Some(shop) = Shop::new(HELD) else { return };
    define(&shop, true);
    let mut root = shop.root();
    let holding = killed(&shop, &mut root, "gate");
    let mut second = shop.serve("");
    let id = put(&mut second);
    shop.until_waiting(2);
    assert_eq!(shop.number(ROWS), 0);
    holding.commit().unwrap();
    let answer = second.answer(id);
    assert_eq!(
        answer["result"]["_meta"]["tollgate/replayed"], true,
        "{answer}"
    );
    assert_eq!(second.finish().0, 0);
    assert_eq!(shop.number(ROWS), 1);
    shop.home.run(&["audit", "verify"]).success();
}

/// The gate is killed while the statement runs: it is rolled back, and a repetition does it.
#[test]
fn s17_what_was_not_committed_is_done_by_the_repetition() {
    let schema = "CREATE TABLE t (id int)";
    let Some(shop) = Shop::new(schema) else {
        return;
    };
    define(&shop, true);
    let mut root = shop.root();
    let holding = killed(&shop, &mut root, "t");
    holding.commit().unwrap();
    assert_eq!(given(&shop.call("put", json!({"a": 1})))["row_count"], 1);
    assert_eq!(shop.number(ROWS), 1);
}

/// The server ends the connection in the commit, before or after it: what that means is told by
/// the mark or not at all.
#[test]
fn x21_a_connection_that_is_lost_in_the_commit_leaves_the_word_to_the_mark() {
    let schema = "CREATE TABLE t (id int);
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION die()";
    let Some(shop) = Shop::new(schema) else {
        return;
    };
    define(&shop, false);
    check_failed(
        &shop.call("put", json!({"a": 1})),
        "OUTCOME_UNKNOWN",
        "unknown",
    );
    define(&shop, true);
    let answer = shop.call("put", json!({"a": 2}));
    let problem: &Value = crate::life_harness::problem(&answer);
    assert_eq!(problem["effects"], "none", "{answer}");
    assert_eq!(shop.number(ROWS), 0);
}

/// The same at the places of a test's own: before the commit is sent, and after it was done.
#[cfg(feature = "failpoints")]
#[test]
fn s10_at_every_place_of_a_change_it_is_done_once() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    define(&shop, true);
    let mut keys = 0;
    for (armed, done_at_first) in [
        ("EffectDone=abort", true),
        ("StatementRun=abort", false),
        ("StatementCommitted=abort", true),
    ] {
        keys += 1;
        let mut server = shop.serve(armed);
        server.call("put", json!({"a": keys}));
        assert_eq!(server.exit_within(BOUND), 128 + 6, "{armed}");
        let rows = format!("SELECT count(*) FROM t WHERE id = {keys}");
        shop.until("SELECT count(*) FROM pg_stat_activity WHERE usename = 'gate' AND datname = current_database()", 0);
        assert_eq!(shop.number(&rows), i64::from(done_at_first), "{armed}");
        let answer = shop.call("put", json!({"a": keys}));
        let problem: &Value = crate::life_harness::problem(&answer);
        assert!(problem.is_null(), "{armed}: {answer}");
        assert_eq!(shop.number(&rows), 1, "{armed}");
    }
    for (armed, code) in [
        ("StatementRun=error", "BACKEND_FAILED"),
        ("StatementCommitted=error", ""),
    ] {
        keys += 1;
        let mut server = shop.serve(armed);
        let id = server.call("put", json!({"a": keys}));
        let answer = server.answer(id);
        let problem: &Value = crate::life_harness::problem(&answer);
        assert_eq!(
            problem["code"].as_str().unwrap_or_default(),
            code,
            "{armed}: {answer}"
        );
        let rows = format!("SELECT count(*) FROM t WHERE id = {keys}");
        assert_eq!(shop.number(&rows), i64::from(code.is_empty()), "{armed}");
        assert_eq!(server.finish().0, 0);
    }
}
