//! Tests of a definition with every key there is.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::catalog::{
    template::ArgTemplate,
    tool::{Coerce, Effect, Stdin},
};

const REFUND: &str = r#"
name: refund
title: Refund
description: Refunds.
effect: destroy
confirm: false
idempotent: true
enabled: false
inputSchema: {type: object, properties: {a: {type: string, x-kind: identifier}, l: {type: array}}}
coerce: never
icons: [{src: "data:,"}]
_meta: {b: 1, a: 2}
run:
  exec:
    command: ["true", -v, "--a={a}", {value: "{a}", allow_prefix: true}, "{l...}"]
    env: {A: "{a}"}
    cwd: /
    stdin: json
    output: {resource: {uri: "x:y", mimeType: text/plain}}
    progress: true
    stdout_limit: 64KiB
timeout: 500ms
tests: [{args: {a: x}, expect: ok}, {expect: SOME_CODE}]
"#;

#[test]
fn a_whole_definition_becomes_a_tool() {
    let (tool, found) = read(REFUND);
    assert_eq!(found, Vec::<String>::new());
    let tool = tool.expect("a tool");
    assert_eq!(
        (tool.name.as_str(), tool.title.as_deref()),
        ("refund", Some("Refund"))
    );
    assert_eq!(
        (tool.effect, tool.idempotent, tool.enabled),
        (Effect::Destroy, true, false)
    );
    assert_eq!(
        (tool.coerce, tool.timeout),
        (Coerce::Never, Duration::from_millis(500))
    );
    assert_eq!(
        Value::Object(tool.listing).to_string(),
        r#"{"icons":[{"src":"data:,"}],"_meta":{"b":1,"a":2}}"#
    );
    assert_eq!(
        *tool.input.published,
        json!({"type": "object", "properties": {"a": {"type": "string"}, "l": {"type": "array"}}})
    );
    let tests: Vec<_> = tool
        .tests
        .iter()
        .map(|one| (&one.arguments, &one.expect))
        .collect();
    assert_eq!(
        tests,
        [
            (&json!({"a": "x"}), &Expect::Ok),
            (&json!({}), &Expect::Code("SOME_CODE".into()))
        ]
    );
    let failed = tool.tests[1].failed("it was cleared".into(), "").plain();
    assert_eq!(failed, "f:23:37: error[test-failed]: it was cleared");
}

#[test]
fn a_whole_exec_becomes_a_plan() {
    let tool = read(REFUND).0.expect("a tool");
    let Run::Exec(plan) = tool.run else {
        panic!("not exec")
    };
    assert!(plan.program.is_absolute() && plan.program.ends_with("true"));
    let given = |text| ArgTemplate::parse(text).expect("a template");
    assert_eq!(
        plan.args,
        [
            given("-v"),
            given("--a={a}"),
            given("{a}").allowing_prefix(),
            given("{l...}")
        ]
    );
    assert_eq!(
        (plan.env.len(), plan.cwd.as_deref()),
        (1, Some(Path::new("/")))
    );
    assert_eq!(
        (plan.stdin, plan.progress, plan.stdout_bytes_max),
        (Stdin::Json, true, 65536)
    );
    let mime_type = Some("text/plain".into());
    let uri = "x:y".into();
    assert_eq!(
        plan.output,
        crate::catalog::tool::OutputKind::Resource { uri, mime_type }
    );
}

#[test]
fn the_digest_does_not_see_the_order_of_keys_but_every_value() {
    let of = crate::base::canonical::digest;
    assert_eq!(
        of(&json!({"a": 1, "b": {"c": 2, "d": 3}})),
        of(&json!({"b": {"d": 3, "c": 2}, "a": 1}))
    );
    assert_ne!(of(&json!({"a": 1})), of(&json!({"a": "1"})));
    assert_ne!(of(&json!({"a": [1, 2]})), of(&json!({"a": [2, 1]})));
}
