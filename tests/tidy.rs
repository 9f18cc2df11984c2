//! Rules of the house that no lint knows.

use std::{collections::BTreeMap, fs};

use crate::{
    files, root,
    source::{Token, code, tokens},
};

/// Types that prove that a check was made or a row was written. To copy one, or to make one
/// out of nothing or out of text, would be to forge the proof.
const PROOFS: &[&str] = &[
    "ResolvedCall",
    "NormalizedCall",
    "ValidCall",
    "AuthorizedCall",
    "ClearedCall",
    "AgreedCall",
    "CheckedCall",
    "ScreenedOutcome",
    "IntentReceipt",
    "AuditReceipt",
    "ConfinedFile",
];
const FORGERIES: &[&str] = &["Clone", "Copy", "Default", "Deserialize"];
const LINES_MAX: usize = 400;

fn is_proof(name: &str) -> bool {
    PROOFS.contains(&name) || name.ends_with("Receipt")
}

/// The proofs that `source` declares, and what is wrong with them.
fn proofs(path: &str, source: &str) -> (Vec<String>, Vec<String>) {
    let code = code(source);
    let tokens = tokens(&code);
    let (mut declared, mut wrong) = (Vec::new(), Vec::new());
    let mut derived: Vec<&str> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map_or("", |token| token.text);
        match token.text {
            "derive" => derived.extend(words_in_brackets(&tokens[at + 1..])),
            "struct" | "enum" | "union" => {
                if is_proof(next) {
                    declared.push(next.to_owned());
                    let forged = derived.iter().filter(|name| FORGERIES.contains(name));
                    wrong.extend(forged.map(|name| forgery(path, token.line, next, name)));
                }
                derived.clear();
            }
            "for" if is_proof(next) => {
                let name = implemented(&tokens[..at]);
                if FORGERIES.contains(&name) {
                    wrong.push(forgery(path, token.line, next, name));
                }
            }
            _ => {}
        }
    }
    (declared, wrong)
}

fn forgery(path: &str, line: usize, proof: &str, how: &str) -> String {
    format!("{path}:{line}: `{proof}` is a proof and must not be `{how}`")
}

/// The words between the bracket that `tokens` begins with and the one that closes it.
fn words_in_brackets<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    tokens
        .iter()
        .map(|token| token.text)
        .skip(1)
        .take_while(|text| *text != ")")
        .collect()
}

/// The trait that stands right before a `for`, its parameters left out.
fn implemented<'a>(before: &[Token<'a>]) -> &'a str {
    let mut depth = 0;
    for token in before.iter().rev() {
        match token.text {
            ">" => depth += 1,
            "<" => depth -= 1,
            name if depth == 0 => return name,
            _ => {}
        }
    }
    ""
}

/// What is wrong with the form of a source file.
fn form(path: &str, source: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !source.starts_with("//! ") {
        wrong.push(format!("{path}:1: the file does not say what it is for"));
    }
    let lines = source.lines().count();
    if lines > LINES_MAX {
        wrong.push(format!("{path}:{lines}: more than {LINES_MAX} lines"));
    }
    wrong
}

/// Tests that wait or are left out. A wait is looked for everywhere: `src` has none either.
fn idle(path: &str, source: &str) -> Vec<String> {
    let code = code(source);
    let tokens = tokens(&code);
    let mut wrong = Vec::new();
    for window in tokens.windows(3) {
        let line = window[0].line;
        match [window[0].text, window[1].text, window[2].text] {
            ["#", "[", "ignore"] => wrong.push(format!("{path}:{line}: an ignored test")),
            // In `src` a sleep is a lint's business, which wants a reason for each.
            ["thread", "::", "sleep"] if !path.starts_with("src/") => {
                wrong.push(format!("{path}:{line}: a sleep"));
            }
            _ => {}
        }
    }
    wrong
}

/// The names of `files` (without `main`) for which `main` has no `mod` line.
fn forgotten<'a>(main: &str, files: &[&'a str]) -> Vec<&'a str> {
    let is_named = |name: &str| main.lines().any(|line| line == format!("mod {name};"));
    files
        .iter()
        .copied()
        .filter(|name| *name != "main" && !is_named(name))
        .collect()
}

/// Every Rust file of `folders`, by its path below the root.
fn sources(folders: &[&str]) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    for folder in folders {
        for file in files(&root().join(folder), "rs") {
            let path = file.strip_prefix(root()).unwrap().to_str().unwrap();
            sources.insert(path.to_owned(), fs::read_to_string(&file).unwrap());
        }
    }
    sources
}

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_say_what_they_are_for_and_are_short() {
    let mut wrong = Vec::new();
    for (path, source) in sources(&["src", "tests", "examples"]) {
        wrong.extend(form(&path, &source));
    }
    none(&wrong);
}

#[test]
fn proofs_cannot_be_copied_or_made_up() {
    let (mut declared, mut wrong) = (Vec::new(), Vec::new());
    for (path, source) in sources(&["src"]) {
        let (names, forged) = proofs(&path, &source);
        declared.extend(names);
        wrong.extend(forged);
    }
    none(&wrong);
    for name in PROOFS {
        let count = declared.iter().filter(|found| found == name).count();
        assert_eq!(count, 1, "`{name}` is declared {count} times");
    }
}

#[test]
fn no_test_is_left_out_and_nothing_sleeps() {
    let mut wrong = Vec::new();
    for (path, source) in sources(&["src", "tests", "examples"]) {
        wrong.extend(idle(&path, &source));
    }
    none(&wrong);
}

#[test]
fn every_test_module_is_built() {
    let names: Vec<String> = fs::read_dir(root().join("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let main = fs::read_to_string(root().join("tests/main.rs")).unwrap();
    assert_eq!(forgotten(&main, &names), Vec::<&str>::new());
    assert!(names.len() > 3, "only {names:?}");
}

/// Events that are not declared: whoever notices something emits one of `base/event`.
fn undeclared(path: &str, source: &str) -> Vec<String> {
    const MACROS: &[&str] = &["event", "error", "warn", "info", "debug", "trace"];
    let code = code(source);
    let tokens = tokens(&code);
    let mut wrong = Vec::new();
    for window in tokens.windows(4) {
        if let ["tracing", "::", name, "!"] = [0, 1, 2, 3].map(|at| window[at].text)
            && MACROS.contains(&name)
        {
            wrong.push(format!(
                "{path}:{}: an event that is not declared",
                window[0].line
            ));
        }
    }
    wrong
}

#[test]
fn every_event_is_declared() {
    let mut wrong = Vec::new();
    for (path, source) in sources(&["src"]) {
        if path != "src/base/event.rs" {
            wrong.extend(undeclared(&path, &source));
        }
    }
    none(&wrong);
    let planted = "fn a() {\n  tracing::warn!(b, \"c\");\n  tracing::enabled!(d);\n}";
    assert_eq!(
        undeclared("a.rs", planted),
        ["a.rs:2: an event that is not declared"]
    );
}

#[track_caller]
fn check_proofs(source: &str, declared: &[&str], wrong: &[&str]) {
    let found = proofs("a.rs", source);
    assert_eq!(found.0, declared);
    assert_eq!(found.1, wrong);
}

#[test]
fn planted_forgeries_are_found() {
    check_proofs(
        "#[derive(Debug)]\n#[derive(PartialEq,\n  Clone)]\npub(crate) struct ValidCall;",
        &["ValidCall"],
        &["a.rs:4: `ValidCall` is a proof and must not be `Clone`"],
    );
    check_proofs(
        "#[derive(serde::Deserialize, Default)] struct OtherReceipt { row: i64 }",
        &["OtherReceipt"],
        &[
            "a.rs:1: `OtherReceipt` is a proof and must not be `Deserialize`",
            "a.rs:1: `OtherReceipt` is a proof and must not be `Default`",
        ],
    );
    check_proofs(
        "impl<'de> Deserialize<'de> for AuditReceipt {}\nimpl Clone for ClearedCall {}",
        &[],
        &[
            "a.rs:1: `AuditReceipt` is a proof and must not be `Deserialize`",
            "a.rs:2: `ClearedCall` is a proof and must not be `Clone`",
        ],
    );
}

#[test]
fn sound_proofs_and_other_types_pass() {
    check_proofs(
        "#[derive(Debug)] struct ValidCall;\n#[derive(Clone)] struct Other;\n\
         impl fmt::Debug for AuditReceipt {}\n// impl Clone for ValidCall\n",
        &["ValidCall"],
        &[],
    );
}

#[test]
fn planted_faults_of_form_are_found() {
    assert_eq!(
        form("a.rs", "use std::fs;\n"),
        ["a.rs:1: the file does not say what it is for"]
    );
    let long = format!("//! x\n{}", "\n".repeat(LINES_MAX));
    assert_eq!(form("a.rs", &long), ["a.rs:401: more than 400 lines"]);
    let fits = format!("//! x\n{}", "\n".repeat(LINES_MAX - 1));
    assert_eq!(form("a.rs", &fits), Vec::<String>::new());
}

#[test]
fn planted_idle_tests_are_found() {
    assert_eq!(
        idle(
            "a.rs",
            "#[test]\n#[ignore = \"slow\"]\nfn a() { std::thread::sleep(b); }"
        ),
        ["a.rs:2: an ignored test", "a.rs:3: a sleep"]
    );
    assert_eq!(
        idle("a.rs", "// thread::sleep\nlet ignore = a[0];"),
        Vec::<String>::new()
    );
}

#[test]
fn a_planted_forgotten_module_is_found() {
    let main = "mod a;\n// mod b;\nmod cc;\n";
    assert_eq!(forgotten(main, &["main", "a", "b", "c"]), ["b", "c"]);
}

/// The tests of the whole project, by name.
fn tests() -> Vec<String> {
    let mut names = Vec::new();
    for text in sources(&["src", "tests"]).into_values() {
        for rest in text.split("#[test]").skip(1) {
            let name = rest.split_once("fn ").unwrap().1;
            names.push(name.split_once('(').unwrap().0.to_owned());
        }
    }
    names
}

#[test]
fn what_the_page_on_security_names_is_there() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let tests = tests();
    let mut wrong = Vec::new();
    let mut shown = 0;
    for row in page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
    {
        let evidence = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for name in evidence.split('`').skip(1).step_by(2) {
            shown += 1;
            let is_test = tests.iter().any(|test| test.starts_with(name));
            let is_lint = ["print_stdout", "disallowed-methods"].contains(&name);
            if !is_test && !is_lint && !root().join(name).is_file() {
                wrong.push(name.to_owned());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(shown > 50, "only {shown}");
}

/// What of a script for the linker would fit one build only: a hash of sixteen digits.
fn unlasting(script: &str) -> Vec<&str> {
    let is_hash =
        |word: &str| word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hashed = |line: &&str| line.split(|c: char| !c.is_ascii_hexdigit()).any(is_hash);
    script.lines().filter(hashed).collect()
}

#[test]
fn the_order_of_functions_is_for_every_build() {
    let script = fs::read_to_string(root().join("link-order.ld")).unwrap();
    assert_eq!(unlasting(&script), Vec::<&str>::new());
    for group in [".text.rest : {", ".text.calls : {"] {
        let (_, lines) = script.split_once(group).unwrap();
        let (lines, _) = lines.split_once('}').unwrap();
        assert!(lines.lines().count() > 100, "{group} {lines}");
    }
    let planted = "*(.text._ZN4core3fmt5write17h0123456789abcdefE)\n*(.text._ZN4core3fmt17h*)";
    assert_eq!(unlasting(planted).len(), 1);
}
