//! From a definition to a tool: names resolved, templates and schemas compiled, all problems
//! told at their place.

mod access;
mod ask;
mod files;
mod http;
mod lint;
mod look;
mod placeholder;
mod program;
mod rules;
mod sandbox;
mod sql;
mod steps;
mod words;

#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use serde_json::{Map, Value};

use super::{
    config::Config,
    definition::{Definition, Enabled, ExecDefinition, RunDefinition, TestDefinition},
    diagnostic::Findings,
    fields::wrong_type,
    schema::{InputSchema, OutputSchema, SchemaProblem},
    secret::Secrets,
    source::{Entry, Node, NodeValue},
    surroundings::Surroundings,
    tool::{Effect, ExecPlan, Expect, Idempotency, ReplyPlan, Run, Tool, ToolTest},
};
use crate::base::{canonical, id::ToolName, kernel};
pub(crate) use lint::is_api_property;
use placeholder::Placeholders;
pub(crate) use words::is_tool_name;

/// Compiles one definition against what is around it. `None` when there is any error; all
/// errors are among the findings.
pub(crate) fn compile(
    node: &Node,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Tool> {
    let before = findings.errors();
    words::not_built_in(node, findings);
    let tool = compile_any(node, around, findings);
    tool.filter(|_| findings.errors() == before)
}

/// As [`compile`], for a definition that comes with the gate and needs nothing around it.
pub(crate) fn compile_built_in(node: &Node, findings: &mut Findings) -> Option<Tool> {
    let around = Surroundings {
        path: &[],
        config: &Config::default(),
        secrets: &Secrets::default(),
        inspect_sql: None,
    };
    compile_any(node, &around, findings)
}

fn compile_any(node: &Node, around: &Surroundings<'_>, findings: &mut Findings) -> Option<Tool> {
    let before = findings.errors();
    let definition = Definition::read(node, findings)?;
    words::check(&definition, findings);
    access::own_names(&definition, findings);
    let permissions = access::permissions(&definition, findings);
    let (enabled, hidden) = enabled(&definition, around, findings);
    let input = definition
        .input_schema
        .and_then(|schema| input_schema(schema, findings));
    let placeholders = Placeholders::new(definition.input_schema).with_answers(&definition.ask);
    let run = match &definition.steps {
        Some(steps) => steps::compile(&definition, steps, &placeholders, around, findings)
            .map(|steps| Run::Steps(Arc::new(steps))),
        None => definition.run.as_ref().and_then(|run| {
            let effect = definition.effect;
            http::check_validity(run, Some(definition.timeout), findings);
            compile_run(run, effect, &placeholders, around, findings)
        }),
    };
    let output = definition
        .output_schema
        .and_then(|entry| output_schema(entry, definition.answering(), findings));
    let schema = input.as_ref().map_or(&Value::Null, InputSchema::source);
    let allow = rules::allow(&definition, schema, findings);
    let rules = rules::rules(&definition, schema, findings);
    let asks = ask::rounds(&definition, &placeholders, findings);
    let checks = look::checks(&definition, schema, around, findings);
    let verify = look::probe(&definition, run.as_ref(), schema, around, findings);
    let tests = tool_tests(&definition.tests, findings);
    if findings.errors() != before {
        return None;
    }
    let listing = definition.listing.iter();
    let (name, run) = (definition.name?.text, run?);
    let restraint = definition.restraint.of_tool(name, &run, around.config);
    Some(Tool {
        name: ToolName::new(name),
        title: definition.title.map(|title| title.text.to_owned()),
        description: definition.description?.text.to_owned(),
        effect: definition.effect,
        idempotent: definition.idempotent,
        idempotency: definition.idempotency.clone(),
        enabled,
        hidden,
        permissions,
        visibility: definition.visibility,
        latency: definition.latency,
        input: told_keys(input?, &definition.idempotency),
        output,
        coerce: definition.coerce,
        rules,
        checks,
        verify,
        allow,
        requires: definition.requires,
        asks,
        run,
        is_background: definition.is_background,
        timeout: definition.timeout,
        restraint,
        on_cancel: definition.on_cancel,
        attempts_max: definition.attempts_max,
        listing: listing
            .map(|entry| (entry.key.clone(), entry.value.to_value()))
            .collect(),
        digest: canonical::digest(node),
        tests,
    })
}

/// Whether the tool is switched on, and whether it is hidden.
fn enabled(
    definition: &Definition<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> (bool, bool) {
    match definition.enabled {
        Enabled::Always(on) => (on, false),
        Enabled::Flag(flag) => {
            let on = around.config.flags.resolve(flag.text, flag.span, findings);
            (on, !on)
        }
    }
}

fn told_keys(mut input: InputSchema, idempotency: &Idempotency) -> InputSchema {
    match idempotency {
        Idempotency::Fields(pointers) => input.tell_keys(pointers),
        Idempotency::Window(_) | Idempotency::Off => {}
    }
    input
}

fn input_schema(node: &Node, findings: &mut Findings) -> Option<InputSchema> {
    if !lint::root_is_object(node, "inputSchema", findings) {
        return None;
    }
    lint::client_limits(node, findings);
    told(InputSchema::compile(node.to_value()), node, findings)
}

fn output_schema(
    entry: &Entry,
    run: Option<&RunDefinition<'_>>,
    findings: &mut Findings,
) -> Option<OutputSchema> {
    if !run.is_none_or(steps::gives_json) {
        let message = "`outputSchema` needs JSON to describe".to_owned();
        let help = "set `output: json`, or answer with `reply: {json: …}`";
        findings.error("output-schema", entry.key_span, message, help);
    }
    if !lint::root_is_object(&entry.value, "outputSchema", findings) {
        return None;
    }
    let compiled = OutputSchema::compile(entry.value.to_value());
    told(compiled, &entry.value, findings)
}

fn told<T>(
    compiled: Result<T, Vec<SchemaProblem>>,
    node: &Node,
    findings: &mut Findings,
) -> Option<T> {
    match compiled {
        Ok(schema) => Some(schema),
        Err(problems) => {
            for problem in problems {
                let span = node.span_at(&problem.pointer);
                findings.error("schema", span, problem.message, &problem.help);
            }
            None
        }
    }
}

/// Compiles what runs for something of this effect.
fn compile_run(
    run: &RunDefinition<'_>,
    effect: Effect,
    placeholders: &Placeholders<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Run> {
    match run {
        RunDefinition::Exec(exec) => compile_exec(exec, placeholders, around, findings)
            .map(Arc::new)
            .map(Run::Exec),
        RunDefinition::ReplyText(text) => placeholders
            .always_text(*text, findings)
            .map(|text| Run::Reply(ReplyPlan::Text(text))),
        RunDefinition::ReplyJson(node) => placeholders
            .json(node, findings)
            .map(|json| Run::Reply(ReplyPlan::Json(json))),
        RunDefinition::Http(http) => {
            http::compile(http, effect, placeholders, around, findings).map(Run::Http)
        }
        RunDefinition::Sql(sql) => {
            sql::compile(sql, effect, placeholders, around, findings).map(Run::Sql)
        }
    }
}

fn compile_exec(
    exec: &ExecDefinition<'_>,
    placeholders: &Placeholders<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<ExecPlan> {
    let program = program::resolve(exec, around.path, findings);
    let files = files::compile(&exec.files, placeholders, kernel::hands_files(), findings);
    let arguments = exec.command.iter().skip(1);
    let args = arguments
        .filter_map(|element| placeholders.argument(element, exec.secret_in_argv, findings))
        .collect();
    let env = program::environment(exec, placeholders, around.secrets, findings);
    let cwd = exec
        .cwd
        .and_then(|cwd| program::folder(cwd, ("cwd", "cwd"), findings));
    let sandbox = exec
        .sandbox
        .as_ref()
        .map(|sandbox| sandbox::compile(sandbox, kernel::confinement(), findings));
    Some(ExecPlan {
        program: program?,
        files,
        args,
        env,
        cwd: cwd.map(Path::to_path_buf),
        stdin: exec.stdin,
        output: exec.output.clone(),
        progress: exec.progress,
        stdout_bytes_max: exec.stdout_bytes_max,
        exit_codes: exec.exit_codes.clone(),
        sandbox,
    })
}

fn tool_tests(tests: &[TestDefinition<'_>], findings: &mut Findings) -> Vec<ToolTest> {
    let tests = tests.iter();
    tests.filter_map(|test| tool_test(test, findings)).collect()
}

fn tool_test(test: &TestDefinition<'_>, findings: &mut Findings) -> Option<ToolTest> {
    let arguments = match test.args {
        None => Value::Object(Map::new()),
        Some(node) if matches!(node.value, NodeValue::Map(_)) => node.to_value(),
        Some(node) => {
            wrong_type(node, "args", "a mapping", "", findings);
            return None;
        }
    };
    let expect = match test.expect.text {
        "ok" => Expect::Ok,
        code if is_code(code) => Expect::Code(code.to_owned()),
        _ => {
            let message = "`expect` must be `ok` or an error code".to_owned();
            let help = "codes are written like `VALIDATION_FAILED`";
            findings.error("wrong-word", test.expect.span, message, help);
            return None;
        }
    };
    let place = (findings.source(), test.node.span);
    Some(ToolTest::new(arguments, expect, place))
}

/// Codes are upper-case words: ours and those of operators' rules alike.
fn is_code(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_uppercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
