//! Servers of databases: where they are, who vouches for them, and where the password is.

use super::{ReadConfig, check, told};
use crate::catalog::{
    secret::Reference,
    surroundings::{Host, Place, Server, ServerAddress},
};

fn server<'a>(read: &'a ReadConfig, name: &str) -> &'a Server {
    match &read.config.databases.get(name).expect("declared").place {
        Place::Postgres(server) => server,
        other @ Place::Sqlite(_) => panic!("{other:?}"),
    }
}

#[test]
fn a_server_on_this_machine_has_a_socket_or_an_address() {
    let (read, found) = told(
        "databases:\n  a: {postgres: {host: /run/postgresql, database: shop, user: gate}}\n  b: {postgres: {host: '::1', port: 6432, database: shop, user: gate, password: '${secret:env:PW}'}}",
    );
    assert_eq!(found, Vec::<String>::new());
    let expected = Server {
        at: ServerAddress::Socket("/run/postgresql".into()),
        port: 5432,
        database: "shop".to_owned(),
        user: "gate".to_owned(),
        password: None,
    };
    assert_eq!(*server(&read, "a"), expected);
    let far = server(&read, "b");
    assert_eq!(
        far.at,
        ServerAddress::Loopback([0, 0, 0, 0, 0, 0, 0, 1].into())
    );
    assert_eq!(
        (far.port, &far.password),
        (6432, &Some(Reference::Env("PW".to_owned())))
    );
}

#[test]
fn a_server_on_another_host_has_a_name_and_whoever_vouches_for_it() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls/root.pem");
    let (read, found) = told(&format!(
        "databases:\n  a: {{postgres: {{host: DB.example.com, database: x, user: x}}}}\n  b: {{postgres: {{host: 'fd00::1', port: 6432, private: true, ca: {root}, database: x, user: x}}}}\n  c: {{postgres: {{host: localhost, database: x, user: x}}}}",
    ));
    assert_eq!(found, Vec::<String>::new());
    let elsewhere = |name: &str| match &server(&read, name).at {
        ServerAddress::Elsewhere(host) => host,
        other @ (ServerAddress::Socket(_) | ServerAddress::Loopback(_)) => panic!("{other:?}"),
    };
    let expected = Host {
        name: "db.example.com".to_owned(),
        port: 5432,
        is_private: false,
        roots: None,
    };
    assert_eq!(*elsewhere("a"), expected);
    let internal = elsewhere("b");
    assert_eq!((&*internal.name, internal.port), ("fd00::1", 6432));
    assert!(internal.is_private);
    assert_eq!(internal.roots.as_ref().map(Vec::len), Some(1));
    // Where a name leads is not known here, so it is not believed to stay on this machine.
    assert_eq!(elsewhere("c").name, "localhost");
}

#[test]
fn what_is_wrong_with_a_server_is_told_at_once() {
    let host = "write `/run/postgresql`, `127.0.0.1`, or a name as `db.example.com`, with its port under `port`";
    let here = "`private` and `ca` are for a server on another host (leave them out: what stays on this machine needs neither)";
    check(
        "databases:\n  a: {postgres: {host: db_1, database: '', user: gate, password: hunter2, port: 0}}\n  b: {sqlite: x.db, postgres: {host: 10.0.0.1, user: x}}\n  c: {postgres: {host: 10.0.0.1, database: x, user: x}}\n  d: {postgres: {host: 127.0.0.1, private: true, database: x, user: x}}\n  e: {postgres: {host: /run, ca: x.pem, database: x, user: x}}\n  f: {postgres: {host: a.example, ca: gone.pem, private: 1, database: x, user: x}}\n  g: {postgres: {host: '127.1', database: x, user: x}}",
        &[
            &format!(
                "tollgate.yaml:2:24: error[database]: `db_1` is neither the folder of a socket nor a host ({host})"
            ),
            "tollgate.yaml:2:40: error[database]: `database` names nothing (write its name)",
            "tollgate.yaml:2:66: error[secret]: `password` does not say where the password is (write `${secret:env:NAME}`, or `${secret:file:PATH}` with an absolute path, alone)",
            "tollgate.yaml:2:81: error[amount]: `port` must be from 1 to 65535",
            "tollgate.yaml:3:31: error[database]: a database is one of `sqlite` and `postgres` (give each its own name)",
            "tollgate.yaml:4:24: error[database]: `10.0.0.1` is not a public address (write `private: true` beside it if tools may reach it)",
            &format!("tollgate.yaml:5:44: error[database]: {here}"),
            &format!("tollgate.yaml:6:34: error[database]: {here}"),
            "tollgate.yaml:7:39: error[database]: `ca` names no file of certificates: the file cannot be read: No such file or directory (os error 2) (name a file with `-----BEGIN CERTIFICATE-----`)",
            "tollgate.yaml:7:58: error[wrong-type]: `private` must be true or false, not a number",
            &format!(
                "tollgate.yaml:8:24: error[database]: `127.1` is neither the folder of a socket nor a host ({host})"
            ),
        ],
    );
}
