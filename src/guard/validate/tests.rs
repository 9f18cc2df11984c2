//! Arguments through both stages, as a client would see it: what is run, what was changed, or
//! what is told.

mod coercion;
mod generated;

use serde_json::{Map, Value, json};

use super::super::normalize::{flagged, normal};
use super::*;
use crate::{
    base::{
        clock::{Moment, Timestamp},
        id::{CallIds, Principal, ToolName},
        limits::ARGV_ELEMENT_BYTES_MAX,
    },
    catalog::{
        schema::InputSchema,
        snapshot::Catalog,
        template::{ArgPath, ArgTemplate, Part, TextTemplate},
        tool::{
            Coerce, Effect, ExecPlan, ExitCodes, OutputKind, ReplyPlan, Run, Stdin, Visibility,
        },
    },
    guard::{
        agree::{Consent, agree},
        authorize::authorize,
        call::{CallerKey, ChangeKind, Header, IncomingCall, Patience, Refusal},
        clear::clear,
        normalize::normalize,
        resolve::resolve,
    },
};

fn tool(schema: &Value, coerce: Coerce) -> Tool {
    Tool {
        name: ToolName::new("t"),
        title: None,
        description: String::new(),
        effect: Effect::Read,
        idempotency: crate::catalog::tool::Idempotency::Off,
        idempotent: true,
        enabled: true,
        hidden: false,
        permissions: Vec::new(),
        visibility: Visibility::Listed,
        latency: None,
        input: InputSchema::compile(schema.clone()).unwrap(),
        output: None,
        coerce,
        checks: Vec::new(),
        verify: None,
        run: Run::Reply(ReplyPlan::Text(TextTemplate(Vec::new()))),
        timeout: std::time::Duration::from_secs(1),
        restraint: Default::default(),
        is_background: false,
        on_cancel: None,
        attempts_max: 1,
        listing: Map::new(),
        rules: Vec::new(),
        allow: Vec::new(),
        requires: Vec::new(),
        asks: Vec::new(),
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
        normal(&tool.input, tool.coerce, arguments).map_err(|unfit| {
            Box::new(Problem::new(Code::NormalizationRefused, "").with_details(unfit.details))
        })?;
    changes.extend(valid(tool, &mut effective)?);
    Ok((effective, changes))
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
            ("/state", "enum"),
            ("/limt", "additionalProperties"),
            ("/limit", "required")
        ]
    );
    assert_eq!(
        problem.corrected_arguments,
        Some(json!({"state": "open", "limit": 5}))
    );
    assert_eq!(
        problem.suggestions,
        [
            "use \"open\" for `/state`",
            "rename `/limt` to `limit`",
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
        files: Vec::new(),
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
        exit_codes: ExitCodes::default(),
        sandbox: None,
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

/// Through the stages themselves: their order and what a refusal carries.
fn through(arguments: &Value) -> Result<(Value, usize), (&'static str, Code)> {
    let schema =
        object(json!({"n": {"type": "integer"}, "p": {"x-kind": "path"}, "d": {"default": 1}}));
    let catalog = Catalog::new(
        vec![tool(&schema, Coerce::OnMismatch)],
        std::sync::Arc::default(),
        None,
    );
    let header = Header {
        call_id: CallIds::new().next(Timestamp::from_micros(0)),
        tool_name: "t".into(),
        principal: Principal::new("local"),
        request_id: "1".into(),
        protocol_version: "2025-11-25",
        client: None,
        capabilities: Default::default(),
        trace: None,
        caller_key: CallerKey::Absent,
        patience: Patience::Untold,
        received: Moment::from_micros(0),
        received_wall: Timestamp::from_micros(0),
    };
    let call = IncomingCall {
        header: std::sync::Arc::new(header),
        raw_arguments: arguments.to_string().into(),
        arguments: arguments.clone(),
    };
    let outcome = resolve(call, &catalog)
        .and_then(normalize)
        .and_then(validate);
    match outcome.and_then(authorize).and_then(clear) {
        Ok(cleared) => {
            let Consent::Agreed(call) = agree(cleared) else {
                panic!("nobody is asked");
            };
            assert_eq!(**call.raw_arguments(), arguments.to_string());
            Ok((call.effective().clone(), call.changes().len()))
        }
        Err(refused) => {
            assert_eq!(&*refused.raw_arguments, arguments.to_string());
            match refused.refusal {
                Refusal::Tool(problem) | Refusal::Incapable { problem, .. } => {
                    Err((refused.stage, problem.code))
                }
                Refusal::Protocol { message, .. } => panic!("{message}"),
            }
        }
    }
}

#[test]
fn v3_v14_the_stages_keep_raw_and_effective_arguments_side_by_side() {
    assert_eq!(
        through(&json!({"n": "5", "p": "./a"})),
        Ok((json!({"n": 5, "p": "a", "d": 1}), 3))
    );
    assert_eq!(
        through(&json!({"n": "x", "p": "../a"})),
        Err(("normalize", Code::NormalizationRefused))
    );
    assert_eq!(
        through(&json!({"n": "x"})),
        Err(("validate", Code::ValidationFailed))
    );
}
