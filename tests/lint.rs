//! What `validate-config` makes of folders that are wrong or unwise, through the program itself.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::{life_harness::Home, root};

/// The codes of what is found, each with its line; the status is 1 where there is an error.
#[track_caller]
fn codes(home: &Home) -> Vec<(String, Value)> {
    let assert = home.run(&["validate-config", "--format", "json"]);
    let output = assert.get_output();
    let found: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let failed = found.iter().any(|one| one["severity"] == "error");
    assert_eq!(output.status.code(), Some(i32::from(failed)));
    let code = |one: &Value| {
        (
            one["code"].as_str().unwrap().to_owned(),
            one["line"].clone(),
        )
    };
    found.iter().map(code).collect()
}

/// A good definition whose lines of the same keys are replaced by `lines`.
fn definition(lines: &str) -> String {
    let mut text = String::new();
    for line in [
        "name: greet",
        "description: Says hello.",
        "effect: read",
        "inputSchema: {type: object, additionalProperties: false}",
        "run: {reply: {text: hello}}",
        "tests: [{expect: ok}]",
    ] {
        let key = line.split(':').next().unwrap();
        if !lines
            .lines()
            .any(|given| given.starts_with(&format!("{key}:")))
        {
            text += line;
            text.push('\n');
        }
    }
    text + lines + "\n"
}

#[test]
fn c2_to_c6_and_c10_each_have_their_finding() {
    let terms = vec!["1"; 10_000].join(" + ");
    let brackets = "(".repeat(100_000);
    let deep = "{not: ".repeat(33) + "{}" + &"}".repeat(33);
    for (case, lines, code) in [
        ("C2", "efect: read".to_owned(), "unknown-key"),
        ("C2", "title: A\ntitle: B".to_owned(), "duplicate-key"),
        ("C2", "idempotent: no".to_owned(), "wrong-type"),
        ("C2", "timeout: 1e3".to_owned(), "wrong-type"),
        (
            "C3",
            "inputSchema: {type: object, $ref: 'http://127.0.0.1:9/x'}".to_owned(),
            "schema",
        ),
        (
            "C3",
            "inputSchema: {type: object, $ref: 'file:///etc/passwd'}".to_owned(),
            "schema",
        ),
        (
            "C3",
            "inputSchema: {type: object, $schema: 'urn:x'}".to_owned(),
            "schema",
        ),
        (
            "C3",
            "inputSchema: {type: object, properties: {a: {pattern: '('}}}".to_owned(),
            "schema",
        ),
        (
            "C3",
            format!("inputSchema: {{type: object, properties: {{a: {deep}}}}}"),
            "schema",
        ),
        ("C4", format!("allow: [\"{terms} > 0\"]"), "rule"),
        ("C4", format!("allow: [\"{brackets}\"]"), "rule"),
        ("C5", "name: say hello".to_owned(), "name"),
        (
            "C6",
            "description: \"Says\\u202e hello.\"".to_owned(),
            "hidden-character",
        ),
        (
            "C6",
            "description: \"Says\\u200b hello.\"".to_owned(),
            "hidden-character",
        ),
        (
            "C6",
            "description: \"Says\\U000E0041 hello.\"".to_owned(),
            "hidden-character",
        ),
        (
            "C10",
            "inputSchema: {type: object, additionalProperties: false, properties: {pin: {type: \
             string, maxLength: 9, x-kind: secret}}}\nrun: {exec: {command: [echo, \"{pin}\"]}}"
                .to_owned(),
            "secret-in-argv",
        ),
    ] {
        let home = Home::new();
        home.define("a.yaml", &definition(&lines));
        let found = codes(&home);
        assert!(
            found.iter().any(|(one, _)| one == code),
            "{case} {code}: {found:?}"
        );
    }
}

#[test]
fn c1_all_errors_of_twenty_files_are_told_with_their_place() {
    let home = Home::new();
    for at in 0..19 {
        home.define(&format!("{at}.yaml"), &definition(&format!("name: t{at}")));
    }
    home.define("bad.yaml", "name: bad\nefect: x\nrun: {}\n");
    let found = codes(&home);
    let expected = ["missing-key", "missing-key", "unknown-key", "run"];
    let told: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(told, expected);
    assert_eq!(found[2].1, 2);
}

#[test]
fn c8_a_folder_that_anybody_may_write_to_is_refused() {
    let home = Home::new();
    home.define("a.yaml", &definition(""));
    fs::set_permissions(home.path("tools.d"), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(codes(&home), [("world-writable".to_owned(), Value::Null)]);
}

#[test]
fn c13_a_state_folder_named_like_an_address_is_a_folder() {
    let home = Home::new();
    home.define("a.yaml", &definition(""));
    home.run(&["call", "greet", "--state", "file:state?mode=memory"])
        .success();
    assert!(home.path("file:state?mode=memory").is_dir());
}

#[test]
fn warnings_count_only_where_that_is_asked_for_and_notes_never() {
    let home = Home::new();
    home.define("a.yaml", &definition("effect: write"));
    home.run(&["validate-config"]).success();
    home.run(&["validate-config", "--deny-warnings"]).code(1);
    home.define("a.yaml", &definition("tests: []"));
    assert_eq!(codes(&home), [("no-tests".to_owned(), json!(1))]);
    home.run(&["validate-config", "--strict"]).success();
}

/// The demands of SARIF 2.1.0 on what we write: required members, types, words and indices.
#[test]
fn the_sarif_log_has_the_shape_that_oasis_published() {
    let home = Home::new();
    home.define("a.yaml", &definition("efect: read\nname: a b"));
    let assert = home.run(&["validate-config", "--format", "sarif"]).code(1);
    let log: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let schema = root().join("tests/data/sarif-2.1.0-subset.json");
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::options().offline().build(&schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(&log)
        .map(|one| one.to_string())
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["locations"][0]["physicalLocation"]["region"].is_object());
    }
}

#[test]
fn explain_knows_the_findings_too() {
    let home = Home::new();
    let assert = home.run(&["explain", "unknown-key"]).success();
    let told = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(
        told.starts_with("unknown-key\n") && told.contains("efect: read"),
        "{told}"
    );
    home.run(&["explain", "unknown-kye"]).code(2);
}
