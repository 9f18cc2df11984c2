//! Servers that are not there or do not let the gate in, and a password that nobody sees.

use std::fs;

use serde_json::json;

use super::{PASSWORD, Shop, check_failed, given};

#[test]
fn without_a_connection_nothing_was_done() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    let once = json!({"retry": {"attempts": 1}});
    shop.define(
        "put",
        "write",
        json!({"statement": "insert into t values (1)"}),
        once,
    );
    let password = "${secret:env:SHOP_PASSWORD}";
    for (more, advice) in [
        (json!({"password": password, "port": 1}), "after"),
        (json!({"password": password, "host": "/nowhere"}), "after"),
        (
            json!({"password": password, "database": "absent"}),
            "ask_operator",
        ),
        (
            json!({"password": password, "user": "nobody"}),
            "ask_operator",
        ),
    ] {
        shop.configure(&more);
        let answer = shop.call("put", json!({}));
        let problem = check_failed(&answer, "BACKEND_UNAVAILABLE", "none");
        assert_eq!(problem["retry"]["advice"], advice, "{more}: {problem}");
        let told = shop.validated();
        assert!(
            told.contains("cannot be held against database `shop`"),
            "{told}"
        );
    }
    assert_eq!(shop.number("SELECT count(*) FROM t"), 0);
}

#[test]
fn the_password_is_in_no_output_and_not_in_the_ledger() {
    let schema = "CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'it is %', $1; END $$";
    let Some(shop) = Shop::new(schema) else {
        return;
    };
    shop.query("echo", "select :a::text as a");
    shop.query("fail", "select tell(:a::text) as a");
    let mut server = shop.serve("");
    let mut told = String::new();
    for tool in ["echo", "fail"] {
        let id = server.call(tool, json!({"a": PASSWORD}));
        told += &server.answer(id).to_string();
    }
    server.close_stdin();
    told += &server.errors();
    let log = shop.home.log();
    let wrong = json!({"password": "${secret:env:SHOP_PASSWORD}", "user": "nobody"});
    shop.configure(&wrong);
    told += &shop.validated();
    told += &shop.call("echo", json!({"a": 1})).to_string();
    // Where the server's words could repeat a value, there is its code alone.
    let row = log.iter().find(|row| row["tool"] == "fail").unwrap();
    assert!(row.to_string().contains("\"postgres: P0001\""), "{row}");
    told += &shop
        .home
        .log()
        .iter()
        .map(ToString::to_string)
        .collect::<String>();
    assert!(!told.contains(PASSWORD), "{told}");
    for file in fs::read_dir(shop.home.path("state")).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap_or_default();
        let holds = bytes
            .windows(PASSWORD.len())
            .any(|part| part == PASSWORD.as_bytes());
        assert!(!holds, "{path:?}");
    }
}

#[test]
fn a_password_that_is_not_there_or_written_out_is_refused_and_one_that_is_can_be_proven() {
    let Some(shop) = Shop::new("") else { return };
    shop.query("one", "select 1 as one");
    shop.configure(&json!({"password": "${secret:env:ABSENT}"}));
    let told = shop.validated();
    assert!(told.contains("the environment has no `ABSENT`"), "{told}");
    shop.configure(&json!({"password": PASSWORD}));
    let told = shop.validated();
    assert!(
        told.contains("`password` does not say where the password is"),
        "{told}"
    );
    let proven = json!({"password": "${secret:env:SHOP_PASSWORD}", "user": "strict"});
    shop.configure(&proven);
    assert_eq!(given(&shop.call("one", json!({})))["row_count"], 1);
}
