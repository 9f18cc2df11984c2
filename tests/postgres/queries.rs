//! What a query gives, and that it cannot change anything.

use serde_json::{Value, json};

use super::{Shop, check_failed, given};

const TYPES: &str = "select
    true as truth, 7::int2 as small, -7::int4 as middle, 9007199254740993::int8 as large,
    9007199254740991::int8 as exact, 0.1::float4 as short, 0.1::float8 as long,
    'NaN'::float8 as none, -12345678901234567890.0123::numeric as decimal,
    'a'::text as words, 'b'::varchar(3) as some, 'c'::char(2) as padded, 'd'::mood as mood,
    '{\"a\": [1, null]}'::json as json, '{\"b\": 1.50}'::jsonb as jsonb,
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as id,
    '2026-11-26'::date as day, 'infinity'::date as never, '12:30:00.5'::time as time,
    '2026-11-26 12:30:00.25'::timestamp as local,
    '2026-11-26 12:30:00+02'::timestamptz as instant, '1969-07-20 20:17:40 BC'::timestamp as old,
    '\\x00ff'::bytea as bytes, array[[1,2],[3,null]] as lists, array[]::text[] as nothing,
    array['x', null]::text[] as texts, null::int4 as absent, 5::positive as positive,
    '10.0.0.1'::inet::text as address";

fn types() -> Value {
    json!({
        "truth": true, "small": 7, "middle": -7, "large": "9007199254740993",
        "exact": 9_007_199_254_740_991_i64, "short": 0.1, "long": 0.1, "none": "NaN",
        "decimal": "-12345678901234567890.0123", "words": "a", "some": "b", "padded": "c ",
        "mood": "d", "json": {"a": [1, null]}, "jsonb": {"b": 1.5},
        "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "day": "2026-11-26", "never": "infinity",
        "time": "12:30:00.500", "local": "2026-11-26T12:30:00.250",
        "instant": "2026-11-26T10:30:00Z", "old": "-1968-07-20T20:17:40",
        "bytes": {"base64": "AP8="}, "lists": [[1, 2], [3, null]], "nothing": [],
        "texts": ["x", null], "absent": null, "positive": 5, "address": "10.0.0.1/32",
    })
}

#[test]
fn every_type_that_has_a_form_is_given_without_loss() {
    let schema = "CREATE TYPE mood AS ENUM ('d'); CREATE DOMAIN positive AS int4 CHECK (value > 0)";
    let Some(shop) = Shop::new(schema) else {
        return;
    };
    shop.query("types", TYPES);
    let answer = shop.call("types", json!({}));
    let expected = json!({"rows": [types()], "row_count": 1, "truncated": false});
    assert_eq!(given(&answer), &expected);
}

#[test]
fn v29_a_value_is_data_and_is_read_as_the_type_that_is_wanted() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    shop.query(
        "same",
        "select :a::text as a, :b::int as b, :c::jsonb as c, :d::bool as d, :a::text || '!' as e",
    );
    let mut server = shop.serve("");
    let mut call = |arguments: Value| {
        let id = server.call("same", arguments);
        server.answer(id)
    };
    let hostile = "'; DROP TABLE t;--";
    let answer = call(json!({"a": hostile, "b": 5, "c": {"x": [1]}, "d": true}));
    let row = json!({"a": hostile, "b": 5, "c": {"x": [1]}, "d": true, "e": format!("{hostile}!")});
    assert_eq!(given(&answer)["rows"], json!([row]));
    let answer = call(json!({"a": 1.5}));
    let row = json!({"a": "1.5", "b": null, "c": null, "d": null, "e": "1.5!"});
    assert_eq!(given(&answer)["rows"], json!([row]));
    for wrong in [json!({"b": "1 or 1=1"}), json!({"b": u64::MAX})] {
        let answer = call(wrong);
        let problem = check_failed(&answer, "BACKEND_FAILED", "none");
        assert_eq!(problem["retry"]["advice"], "changed_args", "{problem}");
    }
    assert_eq!(shop.number("SELECT count(*) FROM t"), 0);
}

/// The reference server for PostgreSQL let itself be talked into more.
#[test]
fn c12_a_query_cannot_write_however_it_goes_about_it() {
    let schema = "CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE SEQUENCE s;
        CREATE FUNCTION sly() RETURNS int LANGUAGE plpgsql VOLATILE AS
            $$ BEGIN DELETE FROM t; RETURN 1; END $$;
        CREATE FUNCTION slyer() RETURNS int LANGUAGE plpgsql VOLATILE AS
            $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM t; RETURN 1; END $$;
        CREATE FUNCTION slyest() RETURNS int LANGUAGE plpgsql VOLATILE AS
            $$ BEGIN EXECUTE 'COMMIT; DELETE FROM t'; RETURN 1; END $$";
    let Some(shop) = Shop::new(schema) else {
        return;
    };
    let sly = [
        "select sly() as a",
        "select slyer() as a",
        "select slyest() as a",
        "select set_config('transaction_read_only', 'off', false) as a, sly() as b",
        "select set_config('default_transaction_read_only', 'off', false) as a, sly() as b",
        "select nextval('s') as a",
        "select id from t for update",
        "with a as (select sly() as b) select b from a",
    ];
    for (number, query) in sly.iter().enumerate() {
        shop.query(&format!("sly_{number}"), query);
    }
    let mut server = shop.serve("");
    for (number, query) in sly.iter().enumerate() {
        let id = server.call(&format!("sly_{number}"), json!({}));
        let answer = server.answer(id);
        let problem = crate::life_harness::problem(&answer);
        assert_eq!(
            (&problem["code"], &problem["effects"]),
            (&json!("BACKEND_FAILED"), &json!("none")),
            "{query}: {answer}"
        );
    }
    assert_eq!(shop.number("SELECT count(*) FROM t"), 1);
}

#[test]
fn c12_a_query_that_changes_something_is_found_when_it_is_loaded() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    shop.query("sound", "select id from t -- all");
    assert!(
        shop.validated().contains("0 errors"),
        "{}",
        shop.validated()
    );
    shop.query(
        "sly",
        "with a as (delete from t returning id) select id from a",
    );
    shop.query("makes", "select id into copied from t");
    shop.query("twice", "select 1 as a, 2 as a");
    shop.query("odd", "select '10.0.0.1'::inet as address");
    shop.query("gone", "select id from absent");
    let told = shop.validated();
    assert_eq!(
        told.matches("the query changes something").count(),
        2,
        "{told}"
    );
    for part in [
        "two columns are called `a`",
        "column `address` is of type `inet`, which cannot be given back",
        "cast it: `::text`",
        "the statement cannot be held against database `shop`: postgres: 42P01",
        "4 errors, 1 warning",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
