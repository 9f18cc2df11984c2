//! What is looked up: compiled as something that reads, with a condition on what is found.

use serde_json::{Value, json};

use super::{compile_run, placeholder::Placeholders, rules};
use crate::catalog::{
    definition::{Definition, RunDefinition},
    diagnostic::Findings,
    look::{Check, Look},
    rule::Scope,
    surroundings::Surroundings,
    tool::{Effect, OutputKind},
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
fn scope(input_schema: &Value, run: &RunDefinition<'_>) -> Scope {
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
        RunDefinition::Exec(_) | RunDefinition::ReplyText(_) => json!({"type": "string"}),
    })
}
