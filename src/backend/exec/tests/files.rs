//! Programs that are given open files instead of names.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use super::*;
use crate::catalog::plan::{FileAccess, FileArg};

/// A folder for files with `file` in it, and `secret` outside of it.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        fs::create_dir(tree.path("root")).unwrap();
        fs::write(tree.path("root/file"), "inside").unwrap();
        fs::write(tree.path("secret"), "outside").unwrap();
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Puts a link to the secret where the file was.
    fn swap(&self) {
        fs::remove_file(self.path("root/file")).unwrap();
        symlink("../secret", self.path("root/file")).unwrap();
    }

    /// A program with `args` and then the file that argument `f` names.
    fn plan(&self, args: &[&str], access: FileAccess) -> ExecPlan {
        let mut plan = plan(args);
        plan.args.push(one(vec![slot("f")]));
        plan.files = vec![FileArg {
            path: ArgPath(vec!["f".to_owned()]),
            root: self.path("root"),
            access,
        }];
        plan
    }

    fn unopened(&self, plan: &ExecPlan) -> Unopened {
        match prepare(&Arc::new(plan.clone()), &json!({"f": "file"})) {
            Ok(Work::Files(unopened)) => unopened,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn v25_a_link_that_is_swapped_in_between_check_and_opening_is_not_followed() {
    let tree = Tree::new();
    let plan = tree.plan(&["read"], FileAccess::Read);
    let unopened = tree.unopened(&plan);
    tree.swap();
    let problem = unopened.open().unwrap_err();
    let told = (
        problem.code,
        problem.effects,
        problem.details[0].at.as_str(),
    );
    assert_eq!(told, (Code::ValidationFailed, Effects::None, "/f"));
}

#[test]
fn v25_a_link_that_is_swapped_in_between_opening_and_start_changes_nothing() {
    let tree = Tree::new();
    let plan = tree.plan(&["read"], FileAccess::Read);
    let prepared = tree.unopened(&plan).open().unwrap();
    tree.swap();
    let setting = Setting::default();
    // Every attempt reads it from its beginning.
    for _ in 0..2 {
        assert_eq!(text(setting.run_prepared(&plan, &prepared)), "inside");
    }
}

#[test]
fn a_file_is_written_where_it_is() {
    let tree = Tree::new();
    let mut plan = tree.plan(&["append"], FileAccess::Write);
    plan.args.push(literal(" and more"));
    let prepared = tree.unopened(&plan).open().unwrap();
    fs::rename(tree.path("root/file"), tree.path("root/moved")).unwrap();
    Setting::default().run_prepared(&plan, &prepared).unwrap();
    let text = fs::read_to_string(tree.path("root/moved")).unwrap();
    assert_eq!(text, "inside and more\n");
    assert!(!tree.path("root/file").exists());
}

#[test]
fn a_name_is_no_option_once_it_is_open_and_stands_wherever_its_argument_does() {
    let tree = Tree::new();
    fs::write(tree.path("root/-rf"), "").unwrap();
    let mut plan = tree.plan(&["echo"], FileAccess::Read);
    plan.env = vec![("FILE".to_owned(), confidential("{f}"))];
    plan.stdin = Stdin::Json;
    let arguments = json!({"f": "-rf", "g": 1});
    let Ok(Work::Files(unopened)) = prepare(&Arc::new(plan), &arguments) else {
        panic!("it has files");
    };
    let prepared = unopened.open().unwrap();
    let path = prepared.files[0].path();
    assert_eq!(prepared.args, ["echo", &path]);
    assert_eq!(prepared.env[0].1.reveal(), path);
    let stdin = String::from_utf8(prepared.stdin.unwrap()).unwrap();
    assert_eq!(stdin, format!("{}\n", json!({"f": path, "g": 1})));
}
