//! The commands that make the figures are there under the names that the texts give them.

use std::{collections::BTreeSet, fs};

use crate::{files, program_named, root};

/// What `.ci/figures` prints when it is started with `arguments`, and how it ends.
fn figures(arguments: &[&str]) -> (String, String, Option<i32>) {
    let script = root().join(".ci/figures");
    let mut command = program_named(script.to_str().unwrap());
    let ended = command.args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(ended.stdout), text(ended.stderr), ended.status.code())
}

fn listed() -> BTreeSet<String> {
    let (list, _, status) = figures(&[]);
    assert_eq!(status, Some(0));
    let names = list.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn every_figure_that_a_text_names_is_listed() {
    let listed = listed();
    let mut named = BTreeSet::new();
    let mut texts = files(&root().join("docs"), "md");
    texts.extend(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| root().join(name)));
    for path in texts {
        let text = fs::read_to_string(path).unwrap();
        for after in text.split("`.ci/figures").skip(1) {
            let command = after.split('`').next().unwrap_or_default();
            named.extend(command.split_whitespace().next().map(str::to_owned));
        }
    }
    let unknown: Vec<&String> = named.difference(&listed).collect();
    assert!(unknown.is_empty() && !named.is_empty(), "{unknown:?}");
}

#[test]
fn every_listed_figure_is_made_and_no_other() {
    let script = fs::read_to_string(root().join(".ci/figures")).unwrap();
    let made = script
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.strip_suffix(')'))
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase()));
    assert_eq!(made.map(str::to_owned).collect::<BTreeSet<_>>(), listed());
    for wrong in [
        &["no-such-figure"][..],
        &["bench", "--no-such-option"],
        &["crash", "--json"],
    ] {
        let (out, told, status) = figures(wrong);
        assert_eq!((&*out, status), ("", Some(2)), "{wrong:?}");
        assert!(!told.is_empty(), "{wrong:?}");
    }
}
