//! Tests of definitions: what is refused, with which words, at which place.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::catalog::{
    diagnostic::SourceFile,
    source::{self, Syntax},
    template::ArgTemplate,
    tool::{Coerce, Effect, Stdin},
};

fn read(text: &str) -> (Option<Tool>, Vec<String>) {
    let source = SourceFile::new(Path::new("f"), text.into());
    let mut findings = Findings::new(&source);
    let documents = source::parse(Syntax::Yaml, &mut findings);
    let path = ["/usr/bin", "/bin"].map(PathBuf::from);
    let tool = documents
        .first()
        .and_then(|node| compile(node, &path, &mut findings));
    let found = findings.into_diagnostics();
    (tool, found.iter().map(|one| one.plain()).collect())
}

/// What is wrong with a whole definition.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (tool, found) = read(text);
    assert_eq!(found, expected, "{text}");
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
fn a_whole_definition_becomes_a_tool() {
    let (tool, found) = read(
        r#"
name: refund
title: Refund
description: Refunds.
effect: destroy
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
"#,
    );
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
        tool.input.published,
        json!({"type": "object", "properties": {"a": {"type": "string"}, "l": {"type": "array"}}})
    );
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
    assert_eq!(plan.output, OutputKind::Resource { uri, mime_type });
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
    assert_eq!(failed, "f:22:37: error[test-failed]: it was cleared");
}

#[test]
fn the_digest_does_not_see_the_order_of_keys_but_every_value() {
    let of = digest;
    assert_eq!(
        of(&json!({"a": 1, "b": {"c": 2, "d": 3}})),
        of(&json!({"b": {"d": 3, "c": 2}, "a": 1}))
    );
    assert_ne!(of(&json!({"a": 1})), of(&json!({"a": "1"})));
    assert_ne!(of(&json!({"a": [1, 2]})), of(&json!({"a": [2, 1]})));
}

#[test]
fn c1_everything_wrong_is_told_at_once() {
    check(
        "nam: x\ninputSchema: 5\nrun: {}\nretry: {}",
        &[
            "f:1:1: error[missing-key]: `name` is missing",
            "f:1:1: error[missing-key]: `description` is missing",
            "f:1:1: error[unknown-key]: unknown key `nam` (did you mean `name`?)",
            "f:2:14: error[schema-root]: `inputSchema` must say `type: object` (for a tool without arguments: `{type: object, additionalProperties: false}`)",
            "f:3:6: error[run]: `run` must have exactly one of `exec` and `reply`",
            "f:4:1: error[not-available]: `retry` is not available in this version (take it out if the tool is safe without it, or set the tool aside)",
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
            "f:5:10: error[not-available]: flags are not available in this version (write `true` or `false`)",
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
fn what_would_be_ignored_is_refused() {
    for key in [
        "rules",
        "allow",
        "checks",
        "verify",
        "ask",
        "confirm",
        "requires",
        "steps",
        "retry",
        "limits",
        "idempotency",
    ] {
        let help = "take it out if the tool is safe without it, or set the tool aside";
        let expected = format!(
            "f:5:1: error[not-available]: `{key}` is not available in this version ({help})"
        );
        check_with(&format!("{key}: []"), &[&expected]);
    }
    for key in ["http", "sql"] {
        let text =
            format!("name: t\ndescription: d\ninputSchema: {{type: object}}\nrun: {{{key}: {{}}}}");
        let help = "take it out if the tool is safe without it, or set the tool aside";
        check(
            &text,
            &[&format!(
                "f:4:7: error[not-available]: `{key}` is not available in this version ({help})"
            )],
        );
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
fn placeholders_name_properties_that_exist() {
    check_exec(
        "{command: [\"true\", \"{a}\", \"{o.k}\", \"{l...}\", \"{l}\"]}",
        &[],
    );
    check_exec(
        "{command: [\"true\", \"x{b}\"]}",
        &["f:5:30: error[placeholder]: `b` is not a property of `inputSchema` (did you mean `a`?)"],
    );
    check_exec(
        "{command: [\"true\"], env: {X: \"{o.nothing}\"}}",
        &[
            "f:5:39: error[placeholder]: `o.nothing` is not a property of `inputSchema` (the properties are `k`)",
        ],
    );
    check_exec(
        "{command: [\"true\", \"{a...}\"]}",
        &[
            "f:5:28: error[placeholder]: `{a...}` needs `a` to be an array (write `{a}` for a single value)",
        ],
    );
    check_exec(
        "{command: [\"true\", \"{a\"]}",
        &["f:5:29: error[template]: `{` is never closed (write `{{` for a brace)"],
    );
    check_exec(
        "{command: [\"true\"], env: {X: \"${secret:env:Y}\"}}",
        &[
            "f:5:39: error[template]: secrets are not available in this version (let the program read the secret from a file of its own)",
        ],
    );
    let referred = "name: t\ndescription: d\ninputSchema: {type: object, required: [a], properties: {a: {$ref: '#/$defs/x'}}, $defs: {x: {type: object, properties: {k: {default: 1}}}}}\nrun: {reply: {text: 'is {a.k}'}}";
    check(referred, &[]);
}

#[test]
fn a_reply_always_has_a_text() {
    let with = |schema: &str| {
        format!(
            "name: t\ndescription: d\ninputSchema: {{type: object, {schema}}}\nrun: {{reply: {{text: 'is {{a}}'}}}}"
        )
    };
    check(&with("required: [a], properties: {a: {}}"), &[]);
    check(&with("properties: {a: {default: 1}}"), &[]);
    check(
        &with("properties: {a: {}}"),
        &[
            "f:4:25: error[placeholder]: `{a}` may be absent, and then there is no text (list it under `required`, or give it a `default`)",
        ],
    );
}

#[test]
fn programs_are_found_and_trusted_or_refused() {
    check_exec(
        "{command: []}",
        &["f:5:19: error[program]: `command` is empty (its first element is the program)"],
    );
    check_exec(
        "{command: [no-such-program-here]}",
        &[
            "f:5:20: error[program]: no program `no-such-program-here` in `PATH` (install it, or write its absolute path)",
        ],
    );
    check_exec(
        "{command: [./x]}",
        &[
            "f:5:20: error[program]: `./x` is neither an absolute path nor a bare name (write the absolute path)",
        ],
    );
    check_exec(
        "{command: [/no/such]}",
        &["f:5:20: error[program]: no program `/no/such` (install it, or correct the path)"],
    );
    check_exec(
        "{command: [/etc/passwd]}",
        &[
            "f:5:20: error[program]: `/etc/passwd` is not an executable file (name a program; `chmod +x` makes one of a script)",
        ],
    );
    check_exec(
        "{command: [\"{a}\"]}",
        &[
            "f:5:20: error[program]: the program cannot come from an argument (name one program, and make one tool for each)",
        ],
    );
    check_exec(
        "{command: [sh, -c, x]}",
        &[
            "f:5:20: error[interpreter]: `sh` runs whatever its arguments say (start the program itself; if it must be, set `unsafe_interpreter: true`)",
        ],
    );
    check_exec("{command: [sh, -c, x], unsafe_interpreter: true}", &[]);
    check_exec(
        "{command: [/usr/bin/env, x]}",
        &[
            "f:5:20: error[interpreter]: `env` runs whatever its arguments say (start the program itself; if it must be, set `unsafe_interpreter: true`)",
        ],
    );
    check_exec(
        "{command: [\"true\"], cwd: x}",
        &["f:5:34: error[cwd]: `cwd` must be an absolute path"],
    );
    check_exec(
        "{command: [\"true\"], cwd: /no/such}",
        &["f:5:34: error[cwd]: `cwd` is not a folder that exists (make it first)"],
    );
}

#[test]
fn the_environment_cannot_change_what_code_is_loaded() {
    for name in [
        "LD_PRELOAD",
        "PYTHONPATH",
        "GIT_SSH_COMMAND",
        "ENV",
        "IFS",
        "NODE_OPTIONS",
    ] {
        let found = format!(
            "f:5:37: error[env-name]: `{name}` changes what code a program loads (leave it out; if it must be, set `unsafe_env: true`)"
        );
        check_exec(
            &format!("{{command: [\"true\"], env: {{  {name}: x}}}}"),
            &[&found],
        );
        check_exec(
            &format!("{{command: [\"true\"], unsafe_env: true, env: {{{name}: x}}}}"),
            &[],
        );
    }
    check_exec(
        "{command: [\"true\"], env: {A=B: x}}",
        &[
            "f:5:35: error[env-name]: `A=B` is not the name of an environment variable (use letters, digits and `_`, and no digit first)",
        ],
    );
    check_exec("{command: [\"true\"], env: {ENVIRONMENT: x, TZ: x}}", &[]);
}

#[test]
fn what_clients_would_refuse_is_told() {
    let with = |schema: &str| {
        format!(
            "name: t\ndescription: d\ninputSchema: {{type: object, {schema}}}\nrun: {{reply: {{json: 1}}}}"
        )
    };
    for keyword in ["oneOf", "anyOf", "allOf", "$ref"] {
        let found = format!(
            "f:3:29: warning[client-limits]: some model APIs refuse `{keyword}` at the root of a schema (list all properties at the root)"
        );
        check(&with(&format!("{keyword}: []")), &[&found]);
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

#[test]
fn a_program_that_anybody_may_change_is_refused() {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt as _,
    };
    let dir = tempfile::tempdir().expect("a folder");
    let program = dir.path().join("program");
    fs::copy("/bin/true", &program).expect("copied");
    let shown = program.display().to_string();
    let exec = format!("{{command: [{shown}]}}");
    check_exec(&exec, &[]);
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("mode is set");
    };
    mode(&program, 0o757);
    let found = format!(
        "f:5:20: error[program]: anybody may change `{shown}` (take the right to write away: `chmod o-w`)"
    );
    check_exec(&exec, &[&found]);
    mode(&program, 0o755);
    mode(dir.path(), 0o777);
    let found = format!(
        "f:5:20: error[program]: anybody may replace `{shown}` (take the right to write to its folder away: `chmod o-w`)"
    );
    check_exec(&exec, &[&found]);
    mode(dir.path(), 0o1777);
    check_exec(&exec, &[]);
    let link = dir.path().join("innocent");
    std::os::unix::fs::symlink("/bin/sh", &link).expect("linked");
    let (_, found) = read(&format!(
        "name: t\ndescription: d\ninputSchema: {{type: object}}\nrun: {{exec: {{command: [{}]}}}}",
        link.display()
    ));
    assert!(found[0].contains("error[interpreter]"), "{found:?}");
}
