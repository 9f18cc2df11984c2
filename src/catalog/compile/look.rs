//! What is looked up: compiled as something that reads, with a condition on what is found.

use serde_json::{Value, json};

use super::{compile_run, placeholder::Placeholders, rules};
use crate::catalog::{
    definition::{Definition, ProbeDefinition, RunDefinition},
    diagnostic::Findings,
    look::{Check, Look, Probe},
    plan::{HttpResponse, SqlAccess},
    rule::Scope,
    surroundings::Surroundings,
    tool::{Effect, OutputKind, Run},
};

/// Compiles `checks` of a tool whose arguments fit `input_schema`.
pub(super) fn checks(
    definition: &Definition<'_>,
    input_schema: &Value,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Vec<Check> {
    let placeholders = Placeholders::new(definition.input_schema);
    let checks = definition.checks.iter();
    checks
        .filter_map(|written| {
            let scope = scope(input_schema, &written.run);
            let rule = rules::rule(&written.rule, &scope, &placeholders, findings);
            Some(Check {
                look: look(definition, &written.run, around, findings)?,
                rule: rule?,
                timeout: written.timeout,
                cache: written.cache,
            })
        })
        .collect()
}

/// Compiles `verify` of a tool that does what `run` says, with arguments that fit
/// `input_schema`.
pub(super) fn probe(
    definition: &Definition<'_>,
    run: Option<&Run>,
    input_schema: &Value,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Probe> {
    let written = definition.verify.as_ref()?;
    has_something_to_verify(definition.effect, run, written, findings);
    let scope = scope(input_schema, &written.run).of_what_was_found();
    let applied = rules::expression(written.applied, &scope, findings);
    Some(Probe {
        look: look(definition, &written.run, around, findings)?,
        applied: applied?,
        timeout: written.timeout,
    })
}

fn has_something_to_verify(
    effect: Effect,
    run: Option<&Run>,
    written: &ProbeDefinition<'_>,
    findings: &mut Findings,
) {
    let wrong = match (effect, run) {
        (Effect::Read, _) => (
            "a tool that reads",
            "take it out: there is no effect to find",
        ),
        (_, Some(Run::Steps(_))) => (
            "`steps`",
            "take it out: where one of them was lost is found out step by step",
        ),
        (_, Some(Run::Reply(_))) => ("`reply`", "take it out: there is no effect to find"),
        (_, Some(Run::Sql(plan)))
            if matches!(plan.access, SqlAccess::Write { marker: true, .. }) =>
        {
            (
                "`marker`",
                "take one of the two out: the mark tells for certain",
            )
        }
        (Effect::Write | Effect::Destroy, _) => return,
    };
    let message = format!("`verify` does not go with {}", wrong.0);
    findings.error("verify", written.span, message, wrong.1);
}

fn look(
    definition: &Definition<'_>,
    run: &RunDefinition<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Look> {
    let placeholders = Placeholders::new(definition.input_schema);
    compile_run(run, Effect::Read, &placeholders, around, findings).map(Look)
}

/// What an expression on the arguments and on what was found can read.
fn scope<'a>(input_schema: &'a Value, run: &RunDefinition<'_>) -> Scope<'a> {
    Scope::new(input_schema).with_result(match run {
        RunDefinition::Sql(_) => json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "rows": {"type": "array", "items": {"type": "object"}},
                "row_count": {"type": "integer"},
                "truncated": {"type": "boolean"},
            },
        }),
        RunDefinition::Exec(exec) if exec.output == OutputKind::Json => json!({}),
        RunDefinition::ReplyJson(_) => json!({}),
        RunDefinition::Http(http) if http.response != HttpResponse::Text => json!({}),
        RunDefinition::Exec(_) | RunDefinition::ReplyText(_) | RunDefinition::Http(_) => {
            json!({"type": "string"})
        }
    })
}
