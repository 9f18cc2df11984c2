//! What becomes of arguments that name files.

use serde_json::json;

use super::*;
use crate::{
    base::problem::Effects,
    catalog::{plan::FileAccess, template::ArgPath},
};

fn arg(path: &str, root: &std::path::Path) -> FileArg {
    FileArg {
        path: ArgPath(path.split('.').map(str::to_owned).collect()),
        root: root.to_owned(),
        access: FileAccess::Read,
    }
}

#[test]
fn names_become_descriptors_where_they_are_and_the_rest_stays() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        std::fs::write(root.path().join(name), name).unwrap();
    }
    let args = ["one", "deep.one", "many", "absent", "null"].map(|path| arg(path, root.path()));
    let arguments = json!({
        "one": "a", "deep": {"one": "b", "other": "b"}, "many": ["c", null, "a"], "null": null, "rest": "a",
    });
    let (files, opened) = open(&args, &arguments).unwrap();
    let paths: Vec<String> = files.iter().map(|file| file.path()).collect();
    let expected = json!({
        "one": paths[0], "deep": {"one": paths[1], "other": "b"}, "many": [paths[2], null, paths[3]],
        "null": null, "rest": "a",
    });
    assert_eq!(opened, expected);
    let contents: Vec<String> = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(contents, ["a", "b", "c", "a"]);
}

#[track_caller]
fn check_refused(problem: &Problem, at: &str) {
    let places: Vec<&str> = problem.details.iter().map(|one| one.at.as_str()).collect();
    assert_eq!(places, [at]);
    assert_eq!(
        (problem.code, problem.effects, problem.advice),
        (Code::ValidationFailed, Effects::None, Advice::ChangedArgs)
    );
}

#[test]
fn what_is_no_name_of_a_file_is_refused_at_its_place() {
    let root = tempfile::tempdir().unwrap();
    let args = [arg("f", root.path())];
    for value in [json!(5), json!({"a": "b"}), json!(true)] {
        let arguments = json!({"f": value});
        check_refused(&open(&args, &arguments).unwrap_err(), "/f");
        check_refused(&stand_in(&args, &arguments).unwrap_err(), "/f");
    }
    check_refused(&open(&args, &json!({"f": [["a"]]})).unwrap_err(), "/f/0");
    let missing = open(&args, &json!({"f": ["none"]})).unwrap_err();
    check_refused(&missing, "/f/0");
    assert_eq!(
        missing.message,
        "the value at `/f/0` names no file that can be opened: there is none of this name"
    );
}

#[test]
fn a_call_names_so_many_files_and_no_more() {
    let args = [arg("f", "/none".as_ref()), arg("g", "/none".as_ref())];
    let many = vec!["x"; FILES_OF_A_CALL_MAX];
    assert!(stand_in(&args, &json!({"f": many})).is_ok());
    let problem = stand_in(&args, &json!({"f": many, "g": "x"})).unwrap_err();
    check_refused(&problem, "/g");
}

#[test]
fn what_other_arguments_do_not_help_says_so() {
    let args = [arg("f", "/none/at/all".as_ref())];
    let problem = open(&args, &json!({"f": "x"})).unwrap_err();
    let told = (problem.code, problem.effects, problem.advice);
    let expected = (Code::BackendUnavailable, Effects::None, Advice::AskOperator);
    assert_eq!(told, expected);
    let full = super::told(Why::Full, "/f");
    assert_eq!(
        (full.code, full.advice),
        (Code::BackendUnavailable, Advice::After)
    );
}
