//! Tests of `tollgate.yaml`: what is refused, and that what is broken is believed in no part.

use std::fs;

use super::*;
use crate::{catalog::surroundings::Place, testing::nodes::set_mode};

mod restraint;
mod servers;

/// The file with this text, and everything wrong with it.
pub(super) fn told(text: &str) -> (ReadConfig, Vec<String>) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("tollgate.yaml");
    fs::write(&file, text).expect("written");
    set_mode(&file, 0o644);
    let read = ReadConfig::at(&ConfigPlace::new(None, &dir.path().join("tools.d")));
    let prefix = format!("{}/", dir.path().display());
    let found = read.diagnostics.iter();
    let found = found.map(|one| one.plain().replace(&prefix, ""));
    let found = found.collect();
    (read, found)
}

#[track_caller]
pub(super) fn check(text: &str, expected: &[&str]) {
    let (read, found) = told(text);
    assert_eq!(found, expected, "{text}");
    let errors = found.iter().any(|one| one.contains(" error["));
    assert_eq!(read.is_broken, errors, "{text}");
    let codes: Vec<String> = read
        .diagnostics
        .iter()
        .map(|one| one.code.to_owned())
        .collect();
    crate::catalog::format::tests::CONFIG.agrees(text, &codes);
}

#[test]
fn c2_everything_wrong_is_told_at_once_and_the_nearest_key_is_named() {
    check(
        "sever: {}\nserver: {nam: x, instructions: 5}\nflags: {a: yes, b: true}",
        &[
            "tollgate.yaml:1:1: error[unknown-key]: unknown key `sever` (did you mean `server`?)",
            "tollgate.yaml:2:10: error[unknown-key]: unknown key `nam` (did you mean `name`?)",
            "tollgate.yaml:2:32: error[wrong-type]: `instructions` must be text, not a number (put it in quotes)",
            "tollgate.yaml:3:12: error[wrong-type]: `a` must be true or false, not text (write `true` without quotes)",
        ],
    );
    check(
        "flags: {a: true}\nflags: {a: false}",
        &[
            "tollgate.yaml:2:1: error[duplicate-key]: `flags` stands here twice (keep one of the two; readers differ on which would count)",
        ],
    );
}

#[test]
fn v27_a_host_is_listed_in_one_notation_and_is_public_unless_it_says_otherwise() {
    let (read, found) = told(
        "hosts: [API.example.com, 'b.example:8443', {host: '127.0.0.1:80', private: true}, {host: '[::1]:80', private: true}]",
    );
    assert_eq!(found, Vec::<String>::new());
    let hosts = &read.config.hosts;
    let written: Vec<String> = hosts.written().collect();
    let expected = [
        "api.example.com:443",
        "b.example:8443",
        "127.0.0.1:80",
        "[::1]:80",
    ];
    assert_eq!(written, expected);
    assert!(
        hosts
            .find("Api.Example.com", 443)
            .is_some_and(|host| !host.is_private)
    );
    assert!(
        hosts
            .find("127.0.0.1", 80)
            .is_some_and(|host| host.is_private)
    );
    assert_eq!(hosts.find("b.example", 443), None);
    let help = "write a name as `api.example.com` or an address in its usual form, with a port as `api.example.com:8443`";
    for odd in [
        "127.1",
        "0x7f000001",
        "localhost.",
        "a:0",
        "a:65536",
        "https://a",
        "a/b",
        "",
        "*.a",
    ] {
        let expected = format!("tollgate.yaml:1:9: error[host]: `{odd}` is not a host ({help})");
        check(&format!("hosts: ['{odd}']"), &[&expected]);
    }
    for bare in [
        "127.0.0.1",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
    ] {
        let expected = format!(
            "tollgate.yaml:1:9: error[host]: `{bare}` is not a public address (write `{{host: …, private: true}}` if tools may reach it)"
        );
        check(&format!("hosts: ['{bare}:80']"), &[&expected]);
    }
}

#[test]
fn who_vouches_for_a_host_is_read_with_the_configuration() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls/root.pem");
    let (read, found) = told(&format!("hosts: [{{host: a.example, ca: {root}}}]"));
    assert_eq!(found, Vec::<String>::new());
    let host = read.config.hosts.find("a.example", 443).unwrap();
    assert_eq!(host.roots.as_ref().map(Vec::len), Some(1));
    let help = "name a file with `-----BEGIN CERTIFICATE-----`";
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls/localhost.pem");
    for (file, why) in [
        (
            "gone.pem",
            "the file cannot be read: No such file or directory (os error 2)",
        ),
        ("tollgate.yaml", "none stands in it"),
        (key, "something else stands in it"),
    ] {
        let expected = format!(
            "tollgate.yaml:1:31: error[host]: `ca` names no file of certificates: {why} ({help})"
        );
        check(
            &format!("hosts: [{{host: a.example, ca: {file}}}]"),
            &[&expected],
        );
    }
}

#[test]
fn c13_a_database_is_a_file_and_its_path_is_taken_literally() {
    let (read, found) = told(
        "databases: {shop: {sqlite: shop.db}, odd: {sqlite: 'file:x?mode=memory'}, far: {sqlite: /srv/x.db}}",
    );
    assert_eq!(found, Vec::<String>::new());
    let databases = &read.config.databases;
    assert_eq!(
        databases.names().collect::<Vec<_>>(),
        ["far", "odd", "shop"]
    );
    let path = |name: &str| match &databases.get(name).expect("declared").place {
        Place::Sqlite(path) => path.clone(),
        other @ Place::Postgres(_) => panic!("{other:?}"),
    };
    assert_eq!(path("far"), Path::new("/srv/x.db"));
    assert!(path("shop").is_absolute() && path("shop").ends_with("shop.db"));
    assert!(path("odd").is_absolute() && path("odd").ends_with("file:x?mode=memory"));
    check(
        "databases: {a: {sqlite: ':memory:'}, b: {sqlit: x}, c: 5}",
        &[
            "tollgate.yaml:1:25: error[database]: this names no file (name a file; an empty or passing database holds nothing for a tool)",
            "tollgate.yaml:1:41: error[missing-key]: `sqlite` is missing",
            "tollgate.yaml:1:42: error[unknown-key]: unknown key `sqlit` (did you mean `sqlite`?)",
            "tollgate.yaml:1:56: error[wrong-type]: `c` must be a mapping, not a number",
        ],
    );
}

#[test]
fn no_file_declares_nothing_but_an_empty_one_is_broken() {
    let dir = tempfile::tempdir().expect("a folder");
    let tools = dir.path().join("tools.d");
    let read = ReadConfig::at(&ConfigPlace::new(None, &tools));
    assert!(!read.is_broken && !read.config.is_from_file());
    check(
        "# nothing\n",
        &[
            "tollgate.yaml:1:1: error[empty-file]: this file declares nothing (take it away, or write `{}` if that is meant)",
        ],
    );
    check("{}", &[]);
    check(
        "{}\n---\n{}",
        &[
            "tollgate.yaml:3:1: error[documents]: a configuration is one document (take out the `---`)",
        ],
    );
    let named = ConfigPlace::new(Some(dir.path().join("other.yaml")), &tools);
    assert!(ReadConfig::at(&named).is_broken);
    #[cfg(unix)]
    {
        let link = dir.path().join("tollgate.yaml");
        std::os::unix::fs::symlink("nowhere", link).expect("a link");
        assert!(ReadConfig::at(&ConfigPlace::new(None, &tools)).is_broken);
    }
}

#[cfg(unix)]
#[test]
fn c8_what_others_may_write_to_is_not_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("tollgate.yaml");
    fs::write(&file, "server: {name: x}").expect("written");
    let place = ConfigPlace::new(Some(file.clone()), Path::new("."));
    set_mode(&file, 0o666);
    let read = ReadConfig::at(&place);
    assert!(read.is_broken && read.config.server.name.is_none());
    set_mode(&file, 0o664);
    let read = ReadConfig::at(&place);
    assert!(!read.is_broken && read.diagnostics.len() == 1);
    set_mode(dir.path(), 0o777);
    assert!(ReadConfig::at(&place).is_broken);
}

#[test]
fn it_is_looked_for_beside_the_tools() {
    let beside = |tools: &str| ConfigPlace::new(None, Path::new(tools)).file;
    assert_eq!(beside("./tools.d"), Path::new("./tollgate.yaml"));
    assert_eq!(beside("tools.d"), Path::new("tollgate.yaml"));
    assert_eq!(beside("/etc/t/tools.d/"), Path::new("/etc/t/tollgate.yaml"));
    assert_eq!(beside(".."), Path::new("../../tollgate.yaml"));
    assert_eq!(beside("."), Path::new("./../tollgate.yaml"));
}
