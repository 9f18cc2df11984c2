//! What is made from the command line's definition and kept in the repository is up to date.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{root, tollgate};

const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "tollgate.bash"),
    ("elvish", "tollgate.elv"),
    ("fish", "tollgate.fish"),
    ("powershell", "_tollgate.ps1"),
    ("zsh", "_tollgate"),
];

/// Compares the files of `folder` with `made`, or makes them so where `UPDATE` is set.
#[track_caller]
fn check(folder: &str, made: &BTreeMap<String, String>) {
    let folder = root().join(folder);
    if is_update() {
        write(&folder, made);
    }
    let kept = read(&folder);
    let stale: Vec<&str> = made
        .keys()
        .chain(kept.keys())
        .filter(|name| made.get(*name) != kept.get(*name))
        .map(String::as_str)
        .collect();
    assert!(
        stale.is_empty(),
        "not up to date in {}: {stale:?}\nrun: UPDATE=1 cargo test --locked --test main generated",
        folder.display()
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the ban is for the program itself"
)]
fn is_update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// What `folder` holds: text by name.
fn read(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Makes `folder` hold `made` and nothing else.
fn write(folder: &Path, made: &BTreeMap<String, String>) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
    fs::create_dir_all(folder).unwrap();
    for (name, text) in made {
        fs::write(folder.join(name), text).unwrap();
    }
}

fn printed(args: &[&str]) -> String {
    let assert = tollgate().args(args).assert().success();
    let output = assert.get_output();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn manual_pages_are_what_the_program_makes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    assert_eq!(printed(&["man", "--out", out]), "");
    let made = read(folder.path());
    assert_eq!(made["tollgate.1"], printed(&["man"]));
    check("man", &made);
}

#[test]
fn completions_are_what_the_program_makes() {
    let made = COMPLETIONS
        .iter()
        .map(|(shell, file)| ((*file).to_owned(), printed(&["completions", shell])))
        .collect();
    check("completions", &made);
}

#[test]
fn the_pages_of_docs_are_what_the_program_makes() {
    check_page("docs/errors.md", &["explain", "--markdown"]);
    check_page(
        "docs/diagnostics.md",
        &["explain", "--findings", "--markdown"],
    );
    check_page("docs/tool.schema.json", &["schema"]);
    check_page("docs/tollgate.schema.json", &["schema", "config"]);
    check_page("docs/events.schema.json", &["schema", "events"]);
}

/// Compares one file with what the program prints, or makes it so where `UPDATE` is set.
#[track_caller]
fn check_page(page: &str, args: &[&str]) {
    let page = root().join(page);
    let made = printed(args);
    if is_update() {
        fs::create_dir_all(root().join("docs")).unwrap();
        fs::write(&page, &made).unwrap();
    }
    let kept = fs::read_to_string(&page).unwrap_or_default();
    assert!(
        kept == made,
        "not up to date: {}\nrun: UPDATE=1 cargo test --locked --test main generated",
        page.display()
    );
}

/// Every `--flag` that the help of a command names stands in its manual page too.
#[test]
fn manual_pages_name_every_flag() {
    let folder = tempfile::tempdir().unwrap();
    printed(&["man", "--out", folder.path().to_str().unwrap()]);
    let pages = read(folder.path());
    let mut flags = 0;
    for (file, page) in &pages {
        let command = file
            .strip_suffix(".1")
            .and_then(|name| name.strip_prefix("tollgate-"));
        let help = match command {
            Some(command) => printed(&[command, "-h"]),
            None => printed(&["-h"]),
        };
        for word in help.split_whitespace() {
            let Some(flag) = word.strip_prefix("--") else {
                continue;
            };
            let flag = flag.trim_end_matches(|char: char| !char.is_ascii_alphanumeric());
            flags += 1;
            let roff = format!("\\-\\-{}", flag.replace('-', "\\-"));
            assert!(page.contains(&roff), "{file} lacks --{flag}");
        }
    }
    assert!(flags > 20, "only {flags} flags were looked for");
}
