//! The targets and their laws.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::fuzz;
use crate::{
    base::{
        clock::{SystemClock, Timestamp},
        json::{Violation, parse},
    },
    catalog::{
        config::ReadConfig,
        load,
        rule::{Bindings, Expression, Scope},
        schema::Kind,
        secret::Secrets,
        snapshot::Catalog,
        template::{ArgTemplate, argument_list},
    },
    guard::{
        agree::{Consent, agree},
        authorize::authorize,
        clear::clear,
        kind::normal_form,
        normalize::normalize,
        resolve::resolve,
        validate::validate,
    },
    testing::{catalog, incoming},
};

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn fuzz_json() {
    fuzz("json", 20_000, |bytes| {
        let text = lossy(bytes);
        let other = serde_json::from_str::<Value>(&text);
        match parse(&text) {
            Ok(value) => assert_eq!(value, other.unwrap()),
            Err(Violation::Syntax { column }) => {
                assert!(column <= text.len() + 1, "{column}");
                assert!(other.is_err());
            }
            // What the other reader takes, and two readers could take differently.
            Err(
                Violation::Duplicate { .. }
                | Violation::TooDeep
                | Violation::TooManyValues
                | Violation::StringTooLong { .. }
                | Violation::NumberNotRepresentable,
            ) => {}
        }
    });
}

#[test]
fn fuzz_normalization() {
    let kinds = [
        Kind::Text { strict: false },
        Kind::Text { strict: true },
        Kind::Identifier { shaped: true },
        Kind::Identifier { shaped: false },
        Kind::Path,
        Kind::Url {
            schemes: vec!["https".to_owned()],
            hosts: Vec::new(),
        },
        Kind::Secret,
    ];
    fuzz("normalization", 20_000, |bytes| {
        let text = lossy(bytes);
        for kind in &kinds {
            if let Ok(Some(normal)) = normal_form(kind, &text) {
                assert_eq!(normal_form(kind, &normal), Ok(None), "{kind:?}");
                assert!(matches!(kind, Kind::Path | Kind::Url { .. }), "{kind:?}");
                let climbs = normal.split('/').any(|part| part == "..");
                assert!(!climbs || *kind != Kind::Path, "{normal}");
            }
        }
        let control = |char: char| char.is_control() && !"\t\n\r\x7f".contains(char);
        let plain = !text.chars().any(control);
        assert_eq!(normal_form(&kinds[0], &text).is_ok(), plain);
    });
}

const TOOL: &str = r#"
name: t
description: d
effect: read
inputSchema:
  type: object
  properties:
    n: {type: integer, maximum: 20}
    num: {type: number}
    flag: {type: boolean, default: false}
    list: {type: array, items: {type: [integer, string]}}
    obj: {type: object, properties: {n: {type: integer}, path: {type: string, x-kind: path}}}
    path: {type: string, x-kind: path}
    id: {type: string, x-kind: identifier}
    url: {type: string, x-kind: url}
    state: {enum: [open, closed], default: open}
    maybe: {oneOf: [{type: "null"}, {type: array}]}
rules: [{require: "!has(args.n) || args.n != 13", code: UNLUCKY, message: m}]
run: {reply: {text: done}}
"#;

/// The effective arguments of a cleared call, and how many changes were made.
fn through(catalog: &Catalog, arguments: Value) -> Option<(Value, usize)> {
    let call = incoming(&SystemClock, "t", arguments);
    let call = resolve(call, catalog).unwrap();
    let cleared = normalize(call)
        .and_then(validate)
        .and_then(authorize)
        .and_then(clear)
        .ok()?;
    let Consent::Agreed(call) = agree(cleared) else {
        panic!("nobody is asked");
    };
    Some((call.effective().clone(), call.changes().len()))
}

#[test]
fn fuzz_coercion() {
    let catalog = catalog(TOOL);
    fuzz("coercion", 10_000, |bytes| {
        let Ok(arguments @ Value::Object(_)) = parse(&lossy(bytes)) else {
            return;
        };
        if let Some((effective, changes)) = through(&catalog, arguments.clone()) {
            assert_eq!(changes == 0, effective == arguments);
            assert_eq!(through(&catalog, effective.clone()), Some((effective, 0)));
        }
    });
}

#[test]
fn fuzz_templates() {
    let arguments = json!({
        "x": "a b", "e": "", "n": 5, "o": {"x": ["1"]}, "l": ["", "-a", "b"], "d": "-d", "z": "\0",
    });
    fuzz("templates", 20_000, |bytes| {
        let text = lossy(bytes);
        let Ok(template) = ArgTemplate::parse(&text) else {
            return;
        };
        let templates = [template];
        let Ok(argv) = argument_list(&templates, &arguments) else {
            return;
        };
        match &templates[0] {
            ArgTemplate::One { text: parts, .. } => {
                assert!(argv.len() <= 1, "{argv:?}");
                let present = parts.slots().all(|path| path.find(&arguments).is_some());
                assert!(!present || argv.len() == 1, "{argv:?}");
                // What a template says for itself is there whatever the values are.
                let literal = parts.as_literal();
                assert!(literal.is_none_or(|literal| argv == [literal]), "{argv:?}");
            }
            ArgTemplate::Many { path, .. } => {
                let items = path.find(&arguments).and_then(Value::as_array);
                assert_eq!(argv.len(), items.map_or(0, Vec::len));
            }
        }
        assert!(
            !argv
                .iter()
                .any(|element| element.contains('\0') && !text.contains('\0'))
        );
    });
}

#[test]
fn fuzz_rules() {
    let args = json!({"a": "x", "n": 3, "l": [1, 2, 3], "o": {"k": true}});
    let client = json!({"id": "local", "roles": [], "attributes": {}});
    let schema = json!({"type": "object", "properties": {
        "a": {"type": "string"}, "n": {"type": "integer"}, "l": {"type": "array"},
        "o": {"type": "object"},
    }});
    let scope = Scope::new(&schema);
    fuzz("rules", 500, |bytes| {
        let text = lossy(bytes);
        match Expression::compile(&text, &scope) {
            Ok(rule) => {
                let now = Timestamp::from_micros(0);
                let bindings = Bindings::new([&rule], &args, &client, "t", now);
                // What takes too long on a busy machine has no answer, and is no contradiction.
                if let (Ok(first), Ok(again)) = (rule.evaluate(&bindings), rule.evaluate(&bindings))
                {
                    assert_eq!(first, again);
                }
            }
            Err(problem) => assert!(problem.offset <= text.len()),
        }
    });
}

#[test]
fn fuzz_definitions() {
    let folder = tempfile::tempdir().unwrap();
    fuzz("definitions", 300, |bytes| {
        for name in ["t.yaml", "t.json"] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            let loaded = load::load(
                folder.path(),
                ReadConfig::default(),
                &[PathBuf::from("/bin")],
                &Secrets::default(),
                None,
            );
            std::fs::remove_file(folder.path().join(name)).unwrap();
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
            for diagnostic in &loaded.diagnostics {
                let line = diagnostic.position().map_or(1, |(line, _)| line);
                assert!((1..=lines).contains(&line), "{}", diagnostic.plain());
                assert!(!diagnostic.json().is_empty());
            }
            for tool in loaded.catalog.listed() {
                let arguments = json!({"a": 5, "x": ["y"]});
                let violations = tool.input.violations(&arguments);
                assert_eq!(tool.input.is_valid(&arguments), violations.is_empty());
            }
        }
    });
}
