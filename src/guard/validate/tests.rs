//! Arguments through both stages, as a client would see it: what is run, what was changed, or
//! what is told.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::normalize::{bring, flagged, normal};
use super::*;
use crate::{
    base::{id::ToolName, json::Violation, limits::ARGV_ELEMENT_BYTES_MAX, text},
    catalog::{
        schema::InputSchema,
        template::{ArgPath, ArgTemplate, Part, TextTemplate},
        tool::{Coerce, Effect, ExecPlan, OutputKind, ReplyPlan, Run, Stdin},
    },
    guard::call::ChangeKind,
};

fn tool(schema: &Value, coerce: Coerce) -> Tool {
    Tool {
        name: ToolName::new("t"),
        title: None,
        description: String::new(),
        effect: Effect::Read,
        idempotent: true,
        enabled: true,
        input: InputSchema::compile(schema).unwrap(),
        output: None,
        coerce,
        run: Run::Reply(ReplyPlan::Text(TextTemplate(Vec::new()))),
        timeout: std::time::Duration::from_secs(1),
        listing: Map::new(),
        rules: Vec::new(),
        allow: Vec::new(),
        tests: Vec::new(),
        digest: [0; 32],
    }
}

fn object(properties: Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// Both stages: the effective arguments and the changes, or the problem.
fn run(tool: &Tool, arguments: Value) -> Result<(Value, Vec<Change>), Box<Problem>> {
    let (mut effective, mut changes) =
        normal(&tool.input, tool.coerce, arguments).map_err(|details| {
            Box::new(Problem::new(Code::NormalizationRefused, "").with_details(details))
        })?;
    changes.extend(valid(tool, &mut effective)?);
    Ok((effective, changes))
}

/// What one property `x` of this schema becomes when coercion is allowed; `None`: refused.
#[track_caller]
fn check(property: Value, given: Value, expected: Option<Value>) {
    let schema = object(json!({"x": property}));
    let got = run(&tool(&schema, Coerce::OnMismatch), json!({"x": given}));
    let got = got.map(|(effective, _)| effective.get("x").cloned());
    match expected {
        Some(expected) => assert_eq!(got, Ok(Some(expected)), "{given}"),
        None => assert_eq!(got.unwrap_err().code, Code::ValidationFailed, "{given}"),
    }
}

#[test]
fn v3_a_coercion_is_reported_with_both_values() {
    let schema = object(json!({"limit": {"type": "integer"}}));
    let change = Change {
        at: "/limit".into(),
        kind: ChangeKind::Coerced,
        from: Some(json!("5")),
        to: Some(json!(5)),
    };
    assert_eq!(
        run(&tool(&schema, Coerce::OnMismatch), json!({"limit": "5"})),
        Ok((json!({"limit": 5}), vec![change]))
    );
    let problem = run(&tool(&schema, Coerce::Never), json!({"limit": "5"})).unwrap_err();
    assert_eq!(problem.code, Code::ValidationFailed);
    assert_eq!(problem.corrected_arguments, Some(json!({"limit": 5})));
    assert_eq!(problem.suggestions, ["use 5 for `/limit`"]);
}

#[test]
fn v3_v4_only_plain_digits_are_an_integer() {
    let integer = json!({"type": "integer"});
    for (given, read) in [
        ("5", 5),
        ("0", 0),
        ("-7", -7),
        ("-0", 0),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
    ] {
        check(integer.clone(), json!(given), Some(json!(read)));
    }
    for given in [
        "5x",
        " 5",
        "5 ",
        "0x10",
        "٥",
        "1e2",
        "+5",
        "007",
        "-",
        "",
        "--5",
        "5.0",
        "1_000",
        "1,000",
        "18446744073709551616",
        "99999999999999999999",
        "null",
        "[5]",
    ] {
        check(integer.clone(), json!(given), None);
    }
}

#[test]
fn numbers_are_read_as_json_writes_them() {
    let number = json!({"type": "number"});
    for (given, read) in [
        ("5", json!(5)),
        ("1e2", json!(100.0)),
        ("-0.5", json!(-0.5)),
    ] {
        check(number.clone(), json!(given), Some(read));
    }
    for given in [
        " 1",
        "1 ",
        ".5",
        "5.",
        "1e400",
        "NaN",
        "007",
        "+1",
        "18446744073709551616",
    ] {
        check(number.clone(), json!(given), None);
    }
}

#[test]
fn v5_a_string_that_holds_an_array_or_object_is_read_where_no_string_may_stand() {
    let array = json!({"type": "array", "items": {"type": "string"}});
    check(array.clone(), json!("[\"a\"]"), Some(json!(["a"])));
    check(json!({"type": "object"}), json!("{}"), Some(json!({})));
    check(
        json!({"type": ["array", "string"]}),
        json!("[\"a\"]"),
        Some(json!("[\"a\"]")),
    );
    check(array.clone(), json!("[1]"), None);
    check(array.clone(), json!("{}"), None);
    check(array.clone(), json!("[\"a\"] x"), None);
    check(json!({"type": "object"}), json!("{\"a\":1,\"a\":2}"), None);
    check(json!({"type": ["array", "integer"]}), json!("[1]"), None);
}

#[test]
fn v6_nothing_is_guessed() {
    for given in [
        json!("yes"),
        json!(1),
        json!("True"),
        json!("1"),
        json!(""),
        json!([true]),
    ] {
        check(json!({"type": "boolean"}), given, None);
    }
    check(
        json!({"type": "boolean"}),
        json!("false"),
        Some(json!(false)),
    );
    check(json!({"type": "array"}), json!("a"), None);
    check(json!({"type": "array"}), json!(1), None);
    check(json!({"type": "string"}), json!(5), None);
    check(json!({"type": "integer"}), json!(true), None);
    check(json!({"enum": ["open"]}), json!("OPEN"), None);
    check(
        json!({"type": ["integer", "boolean"]}),
        json!("true"),
        Some(json!(true)),
    );
    check(
        json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        json!("5"),
        Some(json!(5)),
    );
    check(
        json!({"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 0}]}),
        json!("5"),
        None,
    );
    check(json!({"type": "integer", "maximum": 3}), json!("5"), None);
}

#[test]
fn null_means_absent_for_an_optional_member_only() {
    let schema = object(json!({"x": {"type": "string"}}));
    let optional = tool(&schema, Coerce::OnMismatch);
    let (effective, changes) = run(&optional, json!({"x": null})).unwrap();
    assert_eq!(effective, json!({}));
    let change = Change {
        at: "/x".into(),
        kind: ChangeKind::Coerced,
        from: Some(Value::Null),
        to: None,
    };
    assert_eq!(changes, [change]);

    let mut demanded = schema;
    demanded["required"] = json!(["x"]);
    let problem = run(&tool(&demanded, Coerce::OnMismatch), json!({"x": null})).unwrap_err();
    assert_eq!(problem.details[0].expected, "a string");
    assert_eq!(problem.corrected_arguments, None);
}

#[test]
fn one_value_that_cannot_be_read_leaves_all_as_they_were_given() {
    let schema = object(json!({"a": {"type": "integer"}, "b": {"type": "integer"}}));
    let problem = run(
        &tool(&schema, Coerce::OnMismatch),
        json!({"a": "5", "b": "5x"}),
    )
    .unwrap_err();
    let got: Vec<_> = problem
        .details
        .iter()
        .map(|d| (d.at.as_str(), d.got.as_deref()))
        .collect();
    assert_eq!(got, [("/a", Some("\"5\"")), ("/b", Some("\"5x\""))]);
    assert_eq!(problem.corrected_arguments, None);
}

#[test]
fn v7_v9_a_large_integer_arrives_exactly_and_a_whole_float_is_an_integer() {
    let integer = json!({"type": "integer"});
    check(
        integer.clone(),
        json!(9_007_199_254_740_993_i64),
        Some(json!(9_007_199_254_740_993_i64)),
    );
    check(
        integer.clone(),
        json!("9007199254740993"),
        Some(json!(9_007_199_254_740_993_i64)),
    );
    for given in [json!(1), json!(1.0), json!(1e0)] {
        check(integer.clone(), given.clone(), Some(given));
    }
}

#[test]
fn v1_v2_everything_wrong_is_told_with_the_corrected_call() {
    let mut schema = object(json!({
        "limit": {"type": "integer", "maximum": 10},
        "state": {"enum": ["open", "closed"]},
    }));
    schema["required"] = json!(["limit"]);
    let tool = tool(&schema, Coerce::OnMismatch);
    let problem = run(&tool, json!({"limt": " 5 ", "state": "Open"})).unwrap_err();
    let told: Vec<_> = problem
        .details
        .iter()
        .map(|d| (d.at.as_str(), d.constraint.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("/limit", "required"),
            ("/limt", "additionalProperties"),
            ("/state", "enum")
        ]
    );
    assert_eq!(
        problem.corrected_arguments,
        Some(json!({"state": "open", "limit": 5}))
    );
    assert_eq!(
        problem.suggestions,
        [
            "rename `/limt` to `limit`",
            "use \"open\" for `/state`",
            "use 5 for `/limit`"
        ]
    );
    // A bound says nothing about which value was meant.
    let problem = run(&tool, json!({"limit": 11})).unwrap_err();
    assert_eq!(
        (problem.corrected_arguments, problem.suggestions.len()),
        (None, 0)
    );
    // Two members that could both be the missing one.
    let problem = run(&tool, json!({"limt": 5, "limti": 6})).unwrap_err();
    assert_eq!(
        (problem.corrected_arguments, problem.suggestions.len()),
        (None, 0)
    );
}

#[test]
fn arguments_with_a_secret_are_not_repeated_corrected() {
    let schema = object(json!({
        "token": {"type": "string", "x-secret": true}, "n": {"type": "integer"},
        "pin": {"type": "integer", "x-secret": true, "default": 1234},
    }));
    let tool = tool(&schema, Coerce::OnMismatch);
    for arguments in [
        json!({"token": "hunter2", "n": " 5"}),
        json!({"tokn": "hunter2"}),
        json!({"token": ["hunter2"]}),
        json!({"n": {"token": "hunter2"}}),
    ] {
        let problem = run(&tool, arguments).unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    }
    let (effective, changes) = run(&tool, json!({"pin": "42", "token": "\0"})).unwrap();
    assert_eq!(effective, json!({"pin": 42, "token": "\0"}));
    assert_eq!(
        (&changes[0].from, &changes[0].to),
        (&Some(json!("(secret)")), &Some(json!("(secret)")))
    );
    let (_, changes) = run(&tool, json!({})).unwrap();
    assert_eq!(changes[0].to, Some(json!("(secret)")));
}

#[test]
fn defaults_are_filled_in_at_every_level_after_validation() {
    let schema = json!({
        "type": "object",
        "$defs": {"page": {"type": "object", "properties": {"size": {"type": "integer", "default": 20}}}},
        "properties": {
            "page": {"$ref": "#/$defs/page", "default": {}},
            "pages": {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/page"}]}},
            "sort": {"enum": ["up", "down"], "default": "up"},
            "free": {"type": "string"},
        },
        "additionalProperties": {"$ref": "#/$defs/page"},
    });
    let tool = tool(&schema, Coerce::OnMismatch);
    let (effective, changes) = run(
        &tool,
        json!({"pages": [{}, {"size": 1}], "other": {}, "sort": "down"}),
    )
    .unwrap();
    assert_eq!(
        effective,
        json!({
            "pages": [{"size": 20}, {"size": 1}], "other": {"size": 20}, "sort": "down",
            "page": {"size": 20},
        })
    );
    let at: Vec<_> = changes
        .iter()
        .map(|c| (c.at.as_str(), c.kind, c.from.clone()))
        .collect();
    assert_eq!(
        at,
        [
            ("/pages/0/size", ChangeKind::Default, None),
            ("/other/size", ChangeKind::Default, None),
            ("/page", ChangeKind::Default, None),
        ]
    );
    let again = run(&tool, effective.clone()).unwrap();
    assert_eq!(again, (effective, vec![]));
}

#[test]
fn defaults_that_break_the_schema_together_refuse_the_call() {
    let mut schema = object(json!({"a": {"default": 1}, "b": {}}));
    schema["maxProperties"] = json!(1);
    let problem = run(&tool(&schema, Coerce::Never), json!({"b": 1})).unwrap_err();
    assert_eq!(
        problem.message,
        "with the defaults of `t` filled in, the arguments do not fit its input schema"
    );
}

#[test]
fn v14_v15_v17_kinds_are_kept_wherever_they_are_declared() {
    let schema = json!({"type": "object", "properties": {
        "path": {"type": "string", "x-kind": "path"},
        "paths": {"type": "array", "items": {"type": "string", "x-kind": "path"}},
        "id": {"type": "string", "x-kind": "identifier"},
        "text": {"type": "string"},
        "strict": {"type": "string", "x-strict-text": true},
    }});
    let tool = tool(&schema, Coerce::OnMismatch);
    let (effective, changes) = run(
        &tool,
        json!({"path": "./a//b", "paths": "[\"c/./d\"]", "text": "../‥/x"}),
    )
    .unwrap();
    assert_eq!(
        effective,
        json!({"path": "a/b", "paths": ["c/d"], "text": "../‥/x"})
    );
    let kinds: Vec<_> = changes.iter().map(|c| (c.at.as_str(), c.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("/path", ChangeKind::Normalized),
            ("/paths", ChangeKind::Coerced),
            ("/paths/0", ChangeKind::Normalized),
        ]
    );
    for (arguments, at) in [
        (json!({"path": "../x"}), "/path"),
        (json!({"paths": ["a", "/etc/passwd"]}), "/paths/1"),
        (json!({"paths": "[\"%2e%2e/x\"]"}), "/paths/0"),
        (json!({"id": "a\u{202e}b"}), "/id"),
        (json!({"text": "a\u{0}"}), "/text"),
        (json!({"strict": "\u{e0041}"}), "/strict"),
        (
            json!({"undeclared": {"x": ["\u{1b}[2J"]}}),
            "/undeclared/x/0",
        ),
        (json!({"bad\u{0}name": 1}), "/bad\u{0}name"),
    ] {
        let problem = run(&tool, arguments).unwrap_err();
        assert_eq!(problem.code, Code::NormalizationRefused);
        assert_eq!(problem.details[0].at, at);
    }
    let passed = json!({"text": "a\u{202e}b", "z": ["\u{200b}", "\u{e0041}", "👩\u{200d}👧"]});
    assert_eq!(flagged(&passed), ["/text", "/z/0", "/z/1"]);
    assert_eq!(run(&tool, passed.clone()), Ok((passed, vec![])));
}

#[test]
fn v14_the_answer_does_not_depend_on_what_exists() {
    let tool = tool(&object(json!({"p": {"x-kind": "path"}})), Coerce::Never);
    let told = |path: &str| {
        let mut problem = run(&tool, json!({"p": path})).unwrap_err();
        problem.details[0].got = None;
        problem
    };
    assert_eq!(told("/etc/passwd"), told("/etc/no-such-file"));
}

#[test]
fn v22_an_argument_too_long_for_the_system_is_refused_before_anything_starts() {
    let slot = |name: &str| Part::Slot(ArgPath(vec![name.into()]));
    let mut tool = tool(&json!({"type": "object"}), Coerce::Never);
    tool.run = Run::Exec(std::sync::Arc::new(ExecPlan {
        program: "/bin/true".into(),
        args: vec![
            ArgTemplate::One {
                text: TextTemplate(vec![Part::Literal("--x=".into()), slot("x")]),
                allow_prefix: false,
            },
            ArgTemplate::Many {
                path: ArgPath(vec!["many".into()]),
                allow_prefix: false,
            },
        ],
        env: Vec::new(),
        cwd: None,
        stdin: Stdin::Empty,
        output: OutputKind::Text,
        progress: false,
        stdout_bytes_max: 1,
    }));
    let long = "x".repeat(ARGV_ELEMENT_BYTES_MAX - 4);
    assert!(run(&tool, json!({"x": long})).is_ok());
    let problem = run(&tool, json!({"x": format!("{long}x")})).unwrap_err();
    let detail = &problem.details[0];
    assert_eq!(problem.code, Code::ValidationFailed);
    assert_eq!(
        (detail.at.as_str(), detail.constraint.as_str()),
        ("/x", "too long")
    );
    assert_eq!(detail.got.as_deref(), Some("131072 bytes"));
    let problem = run(&tool, json!({"many": ["a", "x".repeat(131_072)]})).unwrap_err();
    assert_eq!(problem.details[0].at, "/many/1");
    let problem = run(&tool, json!({"many": vec!["x".repeat(131_000); 9]})).unwrap_err();
    assert_eq!(problem.details[0].at, "");
}

#[test]
fn v24_a_million_items_end_at_the_bound_on_values() {
    let text = format!("[{}1]", "1,".repeat(1_000_000));
    assert_eq!(
        crate::base::json::parse(&text),
        Err(Violation::TooManyValues)
    );
    check(
        json!({"type": "array"}),
        json!(text::clip(&text, 1_000_000)),
        None,
    );
    let many = format!("[{}1]", "1,".repeat(400_000));
    check(json!({"type": "array"}), json!(many), None);
}

fn leaf() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(vec![
        "5",
        "-0",
        "1e2",
        "true",
        "null",
        "[1]",
        "[\"a\"]",
        "{}",
        "{\"n\":\"5\"}",
        "open",
        "OPEN",
        "a/b",
        "./a//b",
        "../x",
        " 5",
        "x",
        "\0",
        "\u{202e}",
        "https://a.org/",
        "9223372036854775808",
    ]);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3..30_i64).prop_map(Value::from),
        any::<f64>().prop_map(|float| json!(float)),
        text.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ]
}

fn arguments() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "n", "num", "flag", "list", "obj", "path", "id", "url", "state", "secret", "maybe",
        "State", "lits", "x~/y",
    ]);
    let inner = leaf().prop_recursive(2, 8, 3, move |inner| {
        let name = prop::sample::select(vec!["n", "path", "m", "secret"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..3).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                Value::Object(members.collect())
            }),
        ]
    });
    prop::collection::vec((name, inner), 0..5).prop_map(|members| {
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Value::Object(members.collect())
    })
}

fn broad() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "maxProperties": 9,
        "$defs": {"obj": {"type": "object", "properties": {
            "n": {"type": "integer", "minimum": 0, "default": 7},
            "path": {"type": "string", "x-kind": "path"},
            "secret": {"type": "string", "writeOnly": true},
            "m": {"$ref": "#/$defs/obj"},
        }}},
        "properties": {
            "n": {"type": "integer", "maximum": 20},
            "num": {"type": "number"},
            "flag": {"type": "boolean", "default": false},
            "list": {"type": "array", "items": {"type": ["integer", "string"]}, "uniqueItems": true},
            "obj": {"$ref": "#/$defs/obj"},
            "path": {"type": "string", "x-kind": "path"},
            "id": {"type": "string", "x-kind": "identifier"},
            "url": {"type": "string", "x-kind": "url"},
            "state": {"enum": ["open", "closed"], "default": "open"},
            "secret": {"type": "integer", "x-secret": true},
            "maybe": {"oneOf": [{"type": "null"}, {"type": "array"}, {"$ref": "#/$defs/obj"}]},
            "x~/y": {"not": {"type": "string"}},
        },
    })
}

#[test]
fn generated_arguments_are_run_in_normal_form_or_refused_with_reasons() {
    let config = ProptestConfig::with_cases(50_000);
    let (coercing, strict) = (
        tool(&broad(), Coerce::OnMismatch),
        tool(&broad(), Coerce::Never),
    );
    let outcome = proptest::test_runner::TestRunner::new(config).run(&arguments(), |arguments| {
        for tool in [&coercing, &strict] {
            match run(tool, arguments.clone()) {
                Ok((effective, changes)) => {
                    prop_assert!(tool.input.is_valid(&effective));
                    prop_assert_eq!(changes.is_empty(), effective == arguments);
                    prop_assert_eq!(run(tool, effective.clone()), Ok((effective, vec![])));
                }
                Err(problem) => {
                    prop_assert!(!problem.details.is_empty());
                    if let Some(mut corrected) = problem.corrected_arguments {
                        prop_assert!(tool.input.is_valid(&corrected));
                        prop_assert!(bring(&tool.input, &mut corrected).is_ok());
                    }
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
}
