//! Tests of what runs on a database.

use std::sync::Arc;

use super::*;
use crate::catalog::{
    plan::{RowRange, SqlAccess, SqlPlan},
    secret::Reference,
    surroundings::{Database, InspectSql, Inspected, Place, Server, ServerAddress},
};

fn config() -> Config {
    let shop = Database {
        name: "shop".to_owned(),
        place: Place::Sqlite("/x/shop.db".into()),
    };
    let books = Database {
        name: "books".to_owned(),
        place: Place::Postgres(Server {
            at: ServerAddress::Socket("/run/postgresql".into()),
            port: 5432,
            database: "books".to_owned(),
            user: "gate".to_owned(),
            password: Some(Reference::Env("GONE".to_owned())),
        }),
    };
    let mut config = Config::default();
    config.databases = [shop, books].into_iter().collect();
    config
}

fn read_sql(
    inspect_sql: Option<&InspectSql>,
    effect: &str,
    sql: &str,
) -> (Option<Tool>, Vec<String>) {
    let head = "name: t\ndescription: d\ninputSchema: {type: object, properties: {id: {type: integer}, o: {type: object, properties: {k: {}}}}}";
    let text = format!("{head}\neffect: {effect}\nrun:\n  sql: {sql}\n");
    let around = Surroundings {
        path: &[],
        config: &config(),
        secrets: &Secrets::default(),
        inspect_sql,
    };
    read_in(&text, &around)
}

#[track_caller]
fn check_sql(effect: &str, sql: &str, expected: &[&str]) {
    let (tool, found) = read_sql(None, effect, sql);
    assert_eq!(found, expected, "{sql}");
    assert_eq!(tool.is_some(), expected.is_empty(), "{sql}");
}

fn plan(effect: &str, sql: &str) -> Arc<SqlPlan> {
    let (tool, found) = read_sql(None, effect, sql);
    assert_eq!(found, Vec::<String>::new());
    match tool.unwrap().run {
        Run::Sql(plan) => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_statement_gets_its_parameters_from_the_arguments() {
    let read = plan(
        "read",
        "{database: shop, query: 'select :id, :k', params: {k: '{o.k}'}, max_rows: 5}",
    );
    let names: Vec<&str> = read.params.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, read.rows_max), (vec![":id", ":k"], 5));
    assert_eq!(read.access, SqlAccess::Read);
    let write = plan(
        "write",
        "{database: shop, statement: 'delete from t where id = :id', expect_rows: {max: 1}, marker: true}",
    );
    let expect_rows = Some(RowRange {
        min: 0,
        max: Some(1),
    });
    assert_eq!(
        write.access,
        SqlAccess::Write {
            expect_rows,
            marker: true
        }
    );
    let exactly = plan(
        "write",
        "{database: shop, statement: 'delete from t', expect_rows: 3}",
    );
    let expect_rows = Some(RowRange {
        min: 3,
        max: Some(3),
    });
    assert_eq!(
        exactly.access,
        SqlAccess::Write {
            expect_rows,
            marker: false
        }
    );
}

#[test]
fn v30_a_text_that_is_not_one_statement_is_refused() {
    check_sql(
        "write",
        "{database: shop, statement: 'delete from t; drop table t'}",
        &[
            "f:6:52: error[sql]: there is more than one statement (keep one; make one tool for each)",
        ],
    );
    check_sql(
        "read",
        "{database: shop, query: 'select ?'}",
        &[
            "f:6:40: error[sql]: parameters without a name cannot be filled (write `:name` after the argument that it takes)",
        ],
    );
}

#[test]
fn c12_what_reads_cannot_have_a_statement() {
    check_sql(
        "read",
        "{database: shop, statement: 'delete from t'}",
        &[
            "f:6:36: error[sql]: what reads cannot have a `statement` (write `query`, or set `effect: write`)",
        ],
    );
    check_sql(
        "read",
        "{database: shop, query: 'delete from t'}",
        &[
            "f:6:32: error[sql]: a `query` cannot begin with `DELETE` (it begins with `select`, `with` and `values`)",
        ],
    );
    check_sql(
        "write",
        "{database: shop, statement: 'drop table t'}",
        &[
            "f:6:36: error[sql]: a `statement` cannot begin with `DROP` (it begins with `insert`, `update`, `delete`, `replace` and `with`)",
        ],
    );
    check_sql(
        "read",
        "{database: shop, query: 'select 1', marker: true}",
        &[
            "f:6:44: error[sql]: `marker` does not go with `query` (write `statement` for what changes something)",
        ],
    );
}

#[test]
fn names_that_lead_nowhere_are_told_with_what_was_meant() {
    check_sql(
        "read",
        "{database: shp, query: 'select :ids', params: {k: 1}, max_rows: 0}",
        &[
            "f:6:19: error[database]: there is no database `shp` (did you mean `shop`?)",
            "f:6:39: error[placeholder]: `ids` is not a property of `inputSchema` (did you mean `id`?)",
            "f:6:55: error[sql]: the statement has no parameter `k`",
            "f:6:72: error[amount]: `max_rows` must be from 1 to 1000 (let the tool take a page as an argument)",
        ],
    );
    check_sql(
        "write",
        "{database: shop, statement: 'delete from t', expect_rows: {min: 2, max: 1}}",
        &[
            "f:6:66: error[sql]: `expect_rows` leaves no number of rows or does not bound it (write a number, or `{min: 1, max: 5}` with at least one of the two)",
        ],
    );
    check_sql(
        "write",
        "{database: shop}",
        &[
            "f:6:8: error[sql]: `sql` must have exactly one of `query` and `statement` (`query` reads, `statement` writes)",
        ],
    );
}

#[test]
fn what_an_inspection_finds_is_told_at_its_place() {
    let with = |inspected: fn() -> Inspected| {
        let inspect = move |_: &Arc<SqlPlan>| inspected();
        let (tool, found) = read_sql(
            Some(&inspect),
            "read",
            "{database: shop, query: 'select 1'}",
        );
        (tool.is_some(), found)
    };
    let refused = with(|| Inspected::Refused("it writes".to_owned(), "do not"));
    assert_eq!(
        refused,
        (
            false,
            vec!["f:6:32: error[sql]: it writes (do not)".to_owned()]
        )
    );
    let (usable, found) = with(|| Inspected::Open("gone".to_owned()));
    assert!(
        usable && found[0].starts_with("f:6:19: warning[database]: gone"),
        "{found:?}"
    );
}

#[test]
fn what_a_build_does_not_speak_it_refuses_and_says_how_to_have_it() {
    let (tool, found) = read_sql(None, "read", "{database: books, query: 'select $1'}");
    assert!(tool.is_none());
    assert!(
        found[0].starts_with("f:6:41: error[sql]: parameters without a name"),
        "{found:?}"
    );
    let (tool, found) = read_sql(None, "read", "{database: books, query: 'select :id::int'}");
    let told = match cfg!(feature = "postgres") {
        false => {
            "f:6:19: error[database]: database `books` is on PostgreSQL, which this build of tollgate does not speak (build one that does: `cargo build --release --features postgres`)"
        }
        true => {
            "f:6:19: error[secret]: `${secret:env:GONE}` cannot be used: the environment has no `GONE` (set it for the process that starts the gate)"
        }
    };
    assert_eq!((tool.is_some(), found), (false, vec![told.to_owned()]));
    let (_, found) = read_sql(
        None,
        "write",
        "{database: books, statement: 'replace into t values (1)'}",
    );
    let begins = "f:6:37: error[sql]: a `statement` cannot begin with `REPLACE` (it begins with `insert`, `update`, `delete`, `merge` and `with`)";
    assert!(found.iter().any(|told| told == begins), "{found:?}");
}
