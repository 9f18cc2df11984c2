//! Tests of definitions: what is refused, with which words, at which place.

mod ask;
mod confined;
mod files;
mod http;
mod limits;
mod look;
mod rules;
mod run;
mod sql;
mod steps;
mod whole;

use std::path::PathBuf;

use super::*;
use crate::catalog::{
    config::Config,
    diagnostic::SourceFile,
    secret::Secrets,
    source::{self, Syntax},
    tool::OnCancel,
};

fn read(text: &str) -> (Option<Tool>, Vec<String>) {
    let around = Surroundings {
        path: &["/usr/bin", "/bin"].map(PathBuf::from),
        config: &Config::default(),
        secrets: &Secrets::default(),
        inspect_sql: None,
    };
    read_in(text, &around)
}

fn read_in(text: &str, around: &Surroundings<'_>) -> (Option<Tool>, Vec<String>) {
    let source = SourceFile::new(Path::new("f"), text.into());
    let mut findings = Findings::new(&source);
    let documents = source::parse(Syntax::Yaml, &mut findings);
    let tool = documents
        .first()
        .and_then(|node| compile(node, around, &mut findings));
    let found = findings.into_diagnostics();
    (tool, found.iter().map(|one| one.plain()).collect())
}

/// What is wrong with a whole definition.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (tool, found) = read(text);
    assert_eq!(found, expected, "{text}");
    let code = |one: &String| {
        let (_, rest) = one.split_once(" error[")?;
        Some(rest.split_once(']')?.0.to_owned())
    };
    let codes: Vec<String> = found.iter().filter_map(code).collect();
    crate::catalog::format::tests::DEFINITION.agrees(text, &codes);
    let errors = found.iter().any(|one| one.contains(" error["));
    assert_eq!(tool.is_some(), !errors, "{text}");
}

/// What is wrong with a good definition to which `more` is added, on line 5.
#[track_caller]
fn check_with(more: &str, expected: &[&str]) {
    let head = "name: t\ndescription: d\ninputSchema: {type: object, properties: {a: {type: string}, l: {type: array}, o: {type: object, properties: {k: {}}}}}";
    check(
        &format!("{head}\nrun: {{reply: {{text: x}}}}\n{more}\n"),
        expected,
    );
}

/// What is wrong with a good definition that runs `exec`, on line 5.
#[track_caller]
fn check_exec(exec: &str, expected: &[&str]) {
    let head = "name: t\ndescription: d\ninputSchema: {type: object, required: [a], properties: {a: {type: string}, l: {type: array}, o: {type: object, properties: {k: {}}}}}\nrun:";
    check(&format!("{head}\n  exec: {exec}\n"), expected);
}

#[test]
fn c1_everything_wrong_is_told_at_once() {
    check(
        "nam: x\ninputSchema: 5\nrun: {}",
        &[
            "f:1:1: error[missing-key]: `name` is missing",
            "f:1:1: error[missing-key]: `description` is missing",
            "f:1:1: error[unknown-key]: unknown key `nam` (did you mean `name`?)",
            "f:2:14: error[schema-root]: `inputSchema` must say `type: object` (for a tool without arguments: `{type: object, additionalProperties: false}`)",
            "f:3:6: error[run]: `run` must have exactly one of `exec`, `http`, `reply` and `sql`",
        ],
    );
    check(
        "- a\n",
        &["f:1:1: error[wrong-type]: `a definition` must be a mapping, not a list"],
    );
}

#[test]
fn c2_wrong_types_come_with_what_was_probably_meant() {
    check_with(
        "idempotent: no",
        &[
            "f:5:13: error[wrong-type]: `idempotent` must be true or false, not text (write `false` without quotes)",
        ],
    );
    check_with(
        "title: 5",
        &["f:5:8: error[wrong-type]: `title` must be text, not a number (put it in quotes)"],
    );
    check_with(
        "title: 1e3",
        &["f:5:8: error[wrong-type]: `title` must be text, not a number (put it in quotes)"],
    );
    check_with(
        "effect: raed",
        &[
            "f:5:9: error[wrong-word]: `effect` must be one of `read`, `write` and `destroy`, not `raed` (did you mean `read`?)",
        ],
    );
    let help = "write a whole number with `ms`, `s`, `m` or `h`, as `30s`";
    check_with(
        "timeout: 30",
        &[&format!(
            "f:5:10: error[wrong-type]: `timeout` must be a duration, not a number ({help})"
        )],
    );
    check_with(
        "timeout: 30 s",
        &[&format!(
            "f:5:10: error[amount]: `timeout` is not a duration: `30 s` ({help})"
        )],
    );
    check_with(
        "timeout: 0s",
        &[&format!(
            "f:5:10: error[amount]: `timeout` must be above zero and at most 3600 seconds ({help})"
        )],
    );
    check_with(
        "enabled: {flag: x}",
        &[
            "f:5:17: error[unknown-flag]: `tollgate.yaml` declares no flag `x` (declare it there under `flags`)",
        ],
    );
    check_with(
        "annotations: {readOnlyHint: true}",
        &[
            "f:5:1: error[derived-key]: `annotations` cannot be written, they are derived (set `effect` and `idempotent`; the hints follow from them)",
        ],
    );
    check_with(
        "tests: [{expect: fine}]",
        &[
            "f:5:18: error[wrong-word]: `expect` must be `ok` or an error code (codes are written like `VALIDATION_FAILED`)",
        ],
    );
}

#[test]
fn the_key_of_an_operation_is_an_argument_that_the_schema_names() {
    let one = "`idempotency` has exactly one of `key`, `fields` and `window`";
    let help = "write `{key: /order_id}`, `{fields: [/a, /b]}`, `{window: 15m}` or `off`";
    for (text, expected) in [
        ("off", None),
        ("{window: 15m}", None),
        (
            "{key: /nothing}",
            Some("f:5:20: error[idempotency]: `/nothing` is no argument of `inputSchema` (write a JSON pointer to a property that the schema names, as `/order_id`)".to_owned()),
        ),
        ("{}", Some(format!("f:5:14: error[idempotency]: {one} ({help})"))),
        (
            "{window: 25h}",
            Some("f:5:23: error[amount]: `window` must be above zero and at most 86400 seconds (write a whole number with `ms`, `s`, `m` or `h`, as `30s`)".to_owned()),
        ),
    ] {
        let expected: Vec<&str> = expected.as_deref().into_iter().collect();
        check_with(&format!("idempotency: {text}"), &expected);
    }
}

#[test]
fn c5_names_are_what_clients_accept() {
    let named = |name: &str| {
        format!(
            "name: \"{name}\"\ndescription: d\ninputSchema: {{type: object}}\nrun: {{reply: {{text: x}}}}"
        )
    };
    let help = "use 1 to 128 letters, digits, `_`, `-` and `.`";
    check(
        &named("a b"),
        &[&format!(
            "f:1:7: error[name]: `a b` is not a tool name ({help})"
        )],
    );
    check(
        &named(""),
        &[&format!(
            "f:1:7: error[name]: `` is not a tool name ({help})"
        )],
    );
    check(
        &named("é"),
        &[&format!(
            "f:1:7: error[name]: `é` is not a tool name ({help})"
        )],
    );
    let wide = "f:1:7: warning[client-limits]: this name is wider than model APIs accept (use at most 64 letters, digits, `_` and `-`)";
    check(&named("a.b"), &[wide]);
    check(&named(&"a".repeat(65)), &[wide]);
    check(&named(&"a".repeat(64)), &[]);
}

#[test]
fn c6_nothing_hides_from_a_reviewer() {
    let help = "take it out; definitions hold nothing that a reviewer cannot see";
    for (char, shown) in [
        ('\u{202e}', "202E"),
        ('\u{200b}', "200B"),
        ('\u{e0041}', "E0041"),
    ] {
        let found = format!("f:5:9: error[hidden-character]: hidden character U+{shown} ({help})");
        check_with(&format!("title: a{char}b"), &[&found]);
    }
    let found = format!("f:5:12: error[hidden-character]: hidden character U+202E ({help})");
    check_with("_meta: {a: \"\\u202e\"}", &[&found]);
    check(
        "name: t\ndescription: \" \"\ninputSchema: {type: object}\nrun: {reply: {text: x}}",
        &[
            "f:2:14: error[empty]: `description` is empty (say what the tool does and when to use it; the model sees nothing else)",
        ],
    );
    let long = format!(
        "name: t\ndescription: {}\ninputSchema: {{type: object}}\nrun: {{reply: {{text: x}}}}",
        "x".repeat(2001)
    );
    check(
        &long,
        &[
            "f:2:14: warning[long-description]: the description has 2001 characters (stay below 2000; every conversation pays for it)",
        ],
    );
}

#[test]
fn what_clients_would_refuse_is_told() {
    let with = |schema: &str| {
        format!(
            "name: t\ndescription: d\ninputSchema: {{type: object, {schema}}}\nrun: {{reply: {{json: 1}}}}"
        )
    };
    for (keyword, value) in [
        ("oneOf", "[{type: object}]"),
        ("anyOf", "[{type: object}]"),
        ("allOf", "[{type: object}]"),
        ("$ref", "'#/$defs/a', $defs: {a: {type: object}}"),
    ] {
        let found = format!(
            "f:3:29: warning[client-limits]: some model APIs refuse `{keyword}` at the root of a schema (list all properties at the root)"
        );
        check(&with(&format!("{keyword}: {value}")), &[&found]);
    }
    check(
        &with("properties: {a: true, 'b c': {}}"),
        &[
            "f:3:45: warning[client-limits]: some clients refuse the schema `true` (write `{}`, or leave the property out)",
            "f:3:51: warning[client-limits]: model APIs refuse the property name `b c` (use at most 64 letters, digits, `_`, `-` and `.`)",
        ],
    );
    check_with(
        "outputSchema: {type: object}",
        &[
            "f:5:1: error[output-schema]: `outputSchema` needs JSON to describe (set `output: json`, or answer with `reply: {json: …}`)",
        ],
    );
    let array = "name: t\ndescription: d\ninputSchema: {type: object}\noutputSchema: {type: array}\nrun: {reply: {json: []}}";
    check(
        array,
        &[
            "f:4:22: error[schema-root]: `outputSchema` must say `type: object` (wrap the value: `{type: object, properties: {result: …}}`)",
        ],
    );
}
