//! Tests of the lock: what it holds, what it refuses, what it tells.

use std::{fs, path::PathBuf};

use super::*;
use crate::{
    catalog::{config::ReadConfig, secret::Secrets},
    testing::nodes::set_mode,
};

const NOW: (&str, &str) = ("2026-11-25T12:00:00.000Z", "ada (uid 1000)");
const LATER: (&str, &str) = ("2026-11-26T12:00:00.000Z", "bob (uid 1001)");

struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("tools.d")).expect("made");
        Self { dir }
    }

    fn tools(&self) -> PathBuf {
        self.dir.path().join("tools.d")
    }

    fn define(&self, name: &str, run: &str) {
        let text = format!(
            "name: {name}\ndescription: Says héllo.\ninputSchema: {{type: object}}\nrun: {run}\n"
        );
        let file = self.tools().join(format!("{name}.yaml"));
        fs::write(&file, text).expect("written");
        set_mode(&file, 0o644);
    }

    fn now(&self) -> (Catalog, Currents) {
        let path = ["/usr/bin", "/bin"].map(PathBuf::from);
        let catalog = load::load(
            &self.tools(),
            ReadConfig::default(),
            &path,
            &Secrets::default(),
            None,
        )
        .catalog;
        let currents = currents(&self.tools(), &catalog).expect("unchanged");
        (catalog, currents)
    }

    fn locked(&self) -> Lock {
        let mut lock = Lock::default();
        lock.approve(&self.now().1, None, NOW);
        lock
    }
}

const HELLO: &str = "{reply: {text: hello}}";

#[test]
fn the_lock_of_a_folder_stands_beside_it() {
    for dir in ["/a/tools.d", "/a/tools.d/", "/a/./tools.d"] {
        assert_eq!(Lock::path(Path::new(dir)), Path::new("/a/tools.lock"));
    }
    assert_eq!(Lock::path(Path::new("/a/defs")), Path::new("/a/defs.lock"));
}

#[test]
fn the_file_is_the_same_for_the_same_approvals_and_reads_back() {
    let folder = Folder::new();
    folder.define("b", HELLO);
    folder.define("a", "{exec: {command: [\"true\"]}}");
    let lock = folder.locked();
    let text = lock.text();
    assert_eq!(Lock::parse(&text).expect("whole"), lock);
    assert_eq!(folder.locked().text(), text);
    let read: Value = serde_json::from_str(&text).expect("JSON");
    let pin = &read["tools"]["a"];
    assert_eq!(pin["by"], "ada (uid 1000)");
    assert_eq!(pin["description_chars"], 11);
    assert_eq!(pin["definition_sha256"].as_str().map(str::len), Some(64));
    let programs = pin["programs"].as_object().expect("programs");
    assert_eq!(programs.len(), 1);
    assert_eq!(read["tools"]["b"]["programs"], serde_json::json!({}));
}

#[test]
fn a_lock_that_is_not_whole_is_no_lock() {
    let folder = Folder::new();
    folder.define("a", HELLO);
    let text = folder.locked().text();
    for (broken, why) in [
        (text.replace("hello", "HELLO"), "does not have its digest"),
        (
            text.replace("\"version\": 1", "\"version\": 2"),
            "version 2",
        ),
        (text.replace("\"by\"", "\"By\""), "unknown field"),
        (String::new(), "EOF"),
    ] {
        let told = Lock::parse(&broken).expect_err(&broken);
        assert!(told.contains(why), "{told}");
    }
    let path = folder.dir.path().join("tools.lock");
    assert!(matches!(
        Lock::read(&path),
        Err(LockError::Unreadable { .. })
    ));
    fs::write(&path, &text).expect("written");
    set_mode(&path, 0o666);
    if cfg!(unix) {
        assert!(matches!(Lock::read(&path), Err(LockError::Writable(_))));
    }
    set_mode(&path, 0o644);
    assert_eq!(Lock::read(&path).expect("a lock"), folder.locked());
}

#[test]
fn c7_what_is_new_or_changed_is_refused_and_told_field_by_field() {
    let folder = Folder::new();
    for name in ["same", "changed", "gone"] {
        folder.define(name, HELLO);
    }
    let lock = folder.locked();
    assert_eq!(lock.refused(&folder.now().0), BTreeSet::new());
    folder.define("changed", "{reply: {json: {a: [1, 2]}}}");
    folder.define("new", HELLO);
    fs::remove_file(folder.tools().join("gone.yaml")).expect("removed");
    let (catalog, currents) = folder.now();
    let refused = lock.refused(&catalog);
    assert_eq!(refused.iter().collect::<Vec<_>>(), ["changed", "new"]);
    let told: Vec<(String, Vec<String>)> = lock
        .drift(&currents)
        .into_iter()
        .map(|one| (format!("{}: {}", one.name, one.what), one.changes))
        .collect();
    let since = "2026-11-25T12:00:00.000Z by ada (uid 1000)";
    assert_eq!(
        told,
        [
            (
                format!("changed: changed since {since}"),
                vec![
                    "`run.reply.json`: {\"a\":[1,2]} was added".to_owned(),
                    "`run.reply.text`: \"hello\" was taken out".to_owned(),
                ]
            ),
            (format!("gone: gone; it was approved {since}"), vec![]),
            ("new: new: it was never approved".to_owned(), vec![]),
        ]
    );
}

#[test]
fn c7_a_program_whose_file_changed_is_refused() {
    let folder = Folder::new();
    let program = folder.dir.path().join("program");
    let write = |text: &str| {
        fs::write(&program, text).expect("written");
        set_mode(&program, 0o755);
    };
    write("#!/bin/true\n");
    folder.define(
        "a",
        &format!("{{exec: {{command: [{}]}}}}", program.display()),
    );
    let lock = folder.locked();
    assert_eq!(lock.refused(&folder.now().0), BTreeSet::new());
    write("#!/bin/false\n");
    let (catalog, currents) = folder.now();
    assert_eq!(lock.refused(&catalog).len(), 1);
    let changes = lock.drift(&currents).remove(0).changes;
    let told = format!(
        "the file of the program `{}` has other content",
        program.display()
    );
    assert_eq!(changes, [told]);
}

#[test]
fn an_approval_keeps_the_date_of_what_has_not_changed() {
    let folder = Folder::new();
    folder.define("a", HELLO);
    folder.define("b", HELLO);
    let mut lock = folder.locked();
    folder.define("a", "{reply: {text: other}}");
    folder.define("c", HELLO);
    let (_, currents) = folder.now();
    let only = BTreeSet::from(["c".to_owned()]);
    lock.approve(&currents, Some(&only), LATER);
    assert_eq!(lock.drift(&currents).len(), 1);
    lock.approve(&currents, None, LATER);
    assert_eq!(lock.drift(&currents), []);
    let by: Vec<&str> = lock.pins.values().map(|pin| pin.by.as_str()).collect();
    assert_eq!(by, [LATER.1, NOW.1, LATER.1]);
}
