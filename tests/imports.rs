//! Imports go down: the table of who may know whom, held against the source.

use std::fs;

use crate::{
    files, root,
    source::{Token, code, tokens},
};

/// Each floor with the floors that it may import, `base` first because it knows nobody.
const FLOORS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("protocol", &["base"]),
    ("catalog", &["base"]),
    ("ledger", &["base"]),
    ("observe", &["base"]),
    ("guard", &["base", "catalog"]),
    ("backend", &["base", "catalog", "ledger"]),
    (
        "engine",
        &["base", "catalog", "ledger", "observe", "guard", "backend"],
    ),
    (
        "server",
        &["base", "protocol", "catalog", "observe", "guard", "engine"],
    ),
    (
        "cli",
        &[
            "base", "protocol", "catalog", "ledger", "observe", "guard", "backend", "engine",
            "server",
        ],
    ),
];

/// The floors that `source` names, each with its line. `*` stands for all of them, `self` for
/// another name given to the crate; a chain of `super` stands for itself.
fn imports(source: &str) -> Vec<(String, usize)> {
    let code = code(source);
    let tokens = tokens(&code);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let after = &tokens[at + 1..];
        match (token.text, after) {
            ("super", _) if at < 2 || tokens[at - 2].text != "super" => {
                let links = tokens[at..].chunks(2);
                let chain = links.take_while(|link| link[0].text == "super").count();
                found.push((vec!["super"; chain].join("::"), token.line));
            }
            ("crate", [path, next, ..]) if path.text == "::" && next.text == "{" => {
                found.extend(branches(&after[2..]));
            }
            ("crate", [path, next, ..]) if path.text == "::" => {
                found.push((next.text.to_owned(), next.line));
            }
            ("crate", [next, ..]) if next.text == "as" => {
                found.push(("self".to_owned(), token.line));
            }
            _ => {}
        }
    }
    found
}

/// The first word of each branch of an import tree, its opening brace already passed.
fn branches(tree: &[Token<'_>]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut depth = 1;
    let mut begins = true;
    for token in tree {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => {
                begins = true;
                continue;
            }
            word if depth == 1 && begins => found.push((word.to_owned(), token.line)),
            _ => {}
        }
        begins = false;
        if depth == 0 {
            break;
        }
    }
    found
}

/// How many modules deep the file at `path` below `src` is.
fn depth(path: &str) -> usize {
    path.trim_end_matches("/mod.rs").split('/').count()
}

/// What is wrong in `source`, which stands at `path` below `src`.
fn violations(path: &str, source: &str) -> Vec<String> {
    let Some((floor, _)) = path.split_once('/') else {
        return Vec::new();
    };
    if floor == "testing" {
        // In tests only, and on no floor.
        return Vec::new();
    }
    let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == floor) else {
        return vec![format!(
            "src/{path}:1: `{floor}` is not a floor of the table"
        )];
    };
    imports(source)
        .into_iter()
        .filter(|(name, _)| match name.matches("super").count() {
            // `testing` exists in tests only, and walks every floor.
            0 if name == "testing" => false,
            0 => name != floor && !allowed.contains(&name.as_str()),
            // One step up stays in the floor or in the file; more may leave it.
            1 => false,
            steps => steps >= depth(path),
        })
        .map(|(name, line)| format!("src/{path}:{line}: `{floor}` may not import `{name}`"))
        .collect()
}

#[test]
fn imports_go_down() {
    let src = root().join("src");
    let mut found = Vec::new();
    let mut seen = 0;
    for file in files(&src, "rs") {
        let path = file
            .strip_prefix(&src)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let source = fs::read_to_string(&file).unwrap();
        seen += imports(&source).len();
        found.extend(violations(&path, &source));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert!(seen >= 10, "only {seen} imports were looked at");
}

#[test]
fn the_table_itself_goes_down() {
    for (at, (floor, allowed)) in FLOORS.iter().enumerate() {
        for below in *allowed {
            let place = FLOORS.iter().position(|(name, _)| name == below);
            assert!(place.is_some_and(|place| place < at), "{floor} → {below}");
        }
    }
}

#[track_caller]
fn check(path: &str, source: &str, expected: &[&str]) {
    assert_eq!(violations(path, source), expected);
}

#[test]
fn planted_upward_imports_are_found_with_their_line() {
    check(
        "guard/a.rs",
        "//! x\nuse crate::ledger::Ledger;\n",
        &["src/guard/a.rs:2: `guard` may not import `ledger`"],
    );
    check(
        "backend/exec/run.rs",
        "use crate::{\n    base::{id::CallId, server},\n    catalog::tool::Tool,\n    guard,\n    \
         engine::{self, pool},\n};",
        &[
            "src/backend/exec/run.rs:4: `backend` may not import `guard`",
            "src/backend/exec/run.rs:5: `backend` may not import `engine`",
        ],
    );
    check(
        "server/a.rs",
        "fn a() { let b = crate :: ledger::open(); }",
        &["src/server/a.rs:1: `server` may not import `ledger`"],
    );
}

#[test]
fn ways_around_the_table_are_found() {
    check(
        "base/a.rs",
        "use crate as all;\nuse crate::*;\nuse super::super::cli;",
        &[
            "src/base/a.rs:1: `base` may not import `self`",
            "src/base/a.rs:2: `base` may not import `*`",
            "src/base/a.rs:3: `base` may not import `super::super`",
        ],
    );
    check(
        "extra/a.rs",
        "",
        &["src/extra/a.rs:1: `extra` is not a floor of the table"],
    );
}

#[test]
fn what_is_allowed_or_only_said_is_not_found() {
    check("guard/a.rs", "use crate::{base::text, guard::call};", &[]);
    check(
        "guard/a.rs",
        "/// See [`crate::ledger`].\npub(crate) fn a() {}",
        &[],
    );
    check("base/a.rs", "const A: &str = \"crate::cli\";", &[]);
    check("lib.rs", "use crate::cli;", &[]);
}
