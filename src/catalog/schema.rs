//! JSON Schema 2020-12, compiled once: wraps the validator so that nobody else knows it.
//!
//! Nothing is ever fetched or read: references lead inside the schema only. Patterns run in
//! linear time. Formats are checked, and a format that cannot be checked is refused.

mod advice;
mod explain;
mod facts;
mod lint;
mod shown;
#[cfg(test)]
mod tests;
mod walk;
mod words;

use std::{collections::HashSet, sync::Arc};

use jsonschema::{PatternOptions, ValidationOptions, Validator};
use serde_json::Value;

use crate::base::{
    json::push_pointer,
    limits::{PATTERN_MEMORY_BYTES_MAX, VIOLATIONS_MAX},
    problem::Detail,
    text,
};

pub(crate) use advice::{Advice, advise};
pub(crate) use explain::{Finding, Type, Wanted};
pub(crate) use facts::{Facts, Kind, Node};
use shown::Shown;

/// Every keyword that is understood: those of JSON Schema and our own.
#[cfg(test)]
pub(crate) fn keywords() -> impl Iterator<Item = &'static str> {
    lint::KEYWORDS.iter().chain(lint::OURS).copied()
}

/// What a model must know of an argument that names the operation.
const NAMES_THE_OPERATION: &str = "This value names the operation: when you repeat a call because its answer was lost or unclear, give the same value again, and it will not be done twice; for a new operation give a new value.";

/// One thing that is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaProblem {
    /// JSON pointer (RFC 6901) into the schema.
    pub(crate) pointer: String,
    /// What is wrong.
    pub(crate) message: String,
    /// One way out.
    pub(crate) help: String,
}

impl SchemaProblem {
    fn new(pointer: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            message: message.into(),
            help: help.into(),
        }
    }
}

/// What the arguments of a tool must be.
#[derive(Debug)]
pub(crate) struct InputSchema {
    /// As the client sees it: as written, without our own `x-` keywords.
    pub(crate) published: Arc<Value>,
    compiled: Compiled,
}

/// What `structuredContent` of a tool must be.
#[derive(Debug)]
pub(crate) struct OutputSchema {
    /// As the client sees it.
    pub(crate) published: Arc<Value>,
    compiled: Compiled,
}

impl InputSchema {
    /// Compiles `schema`, which must be one for an object (MCP 2026-07-28, server/tools).
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the pointers.
    pub(crate) fn compile(schema: Value) -> Result<Self, Vec<SchemaProblem>> {
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(vec![SchemaProblem::new(
                "/type",
                "arguments are always an object",
                "write `type: object` at the top of the schema",
            )]);
        }
        let compiled = Compiled::new(schema)?;
        Ok(Self {
            published: compiled.published(),
            compiled,
        })
    }

    /// The schema as it is written.
    pub(crate) fn source(&self) -> &Value {
        &self.compiled.source
    }

    /// Has the client told of the arguments at `pointers` that they name the operation.
    pub(crate) fn tell_keys(&mut self, pointers: &[String]) {
        for pointer in pointers {
            let place: String = pointer
                .split('/')
                .skip(1)
                .flat_map(|step| ["/properties/", step])
                .collect();
            let published = Arc::make_mut(&mut self.published);
            let Some(Value::Object(property)) = published.pointer_mut(&place) else {
                continue;
            };
            let told = match property.get("description").and_then(Value::as_str) {
                Some(description) => format!("{description} {NAMES_THE_OPERATION}"),
                None => NAMES_THE_OPERATION.to_owned(),
            };
            property.insert("description".to_owned(), Value::String(told));
        }
    }

    /// Whether `arguments` fit; much cheaper than to ask why not.
    pub(crate) fn is_valid(&self, arguments: &Value) -> bool {
        self.compiled.validator.is_valid(arguments)
    }

    /// Every violation, at most `VIOLATIONS_MAX`; none means that `arguments` fit. The value of
    /// a secret is not in it.
    pub(crate) fn violations(&self, arguments: &Value) -> Vec<Detail> {
        self.compiled.violations(arguments)
    }

    /// The first `max` violations with what is needed to repair them.
    pub(crate) fn findings(&self, arguments: &Value, max: usize) -> Vec<Finding> {
        self.compiled.findings(arguments, max)
    }

    /// Whether nothing is wrong at `at` or below it, whatever is wrong elsewhere.
    pub(crate) fn fits_at(&self, arguments: &Value, at: &str) -> bool {
        let mut errors = self.compiled.validator.iter_errors(arguments);
        !errors.any(|error| {
            let below = error.instance_path().as_str().strip_prefix(at);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// What is known of each place beyond the schema.
    pub(crate) fn facts(&self) -> &Facts {
        &self.compiled.facts
    }

    /// Whether any argument may be a secret.
    pub(crate) fn has_secrets(&self) -> bool {
        self.compiled.facts.any_secret
    }

    /// The JSON pointers of the secrets in `arguments`, which are as the schema says.
    pub(crate) fn secrets(&self, arguments: &Value) -> Vec<String> {
        self.compiled.facts.secrets(arguments)
    }

    /// The JSON pointers of what could be a secret in `arguments`, which may be wrong.
    pub(crate) fn possible_secrets(&self, arguments: &Value) -> Vec<String> {
        self.compiled.facts.possible_secrets(arguments)
    }
}

impl OutputSchema {
    /// Compiles `schema`, which may describe any value (MCP 2026-07-28, server/tools).
    ///
    /// # Errors
    /// As [`InputSchema::compile`].
    pub(crate) fn compile(schema: Value) -> Result<Self, Vec<SchemaProblem>> {
        let compiled = Compiled::new(schema)?;
        Ok(Self {
            published: compiled.published(),
            compiled,
        })
    }

    /// As [`InputSchema::violations`].
    pub(crate) fn violations(&self, structured: &Value) -> Vec<Detail> {
        self.compiled.violations(structured)
    }
}

#[derive(Debug)]
struct Compiled {
    validator: Validator,
    source: Arc<Value>,
    /// Whether it has a keyword of ours.
    has_ours: bool,
    positions: HashSet<String>,
    facts: Facts,
}

impl Compiled {
    fn new(schema: Value) -> Result<Self, Vec<SchemaProblem>> {
        let positions = walk::positions(&schema).map_err(|problem| vec![problem])?;
        let problems = lint::lint(&positions);
        if !problems.is_empty() {
            return Err(problems);
        }
        let options = options();
        let built = options.build(&schema);
        let validator = built.map_err(|error| vec![unfit(&error)])?;
        let facts = facts::gather(&positions)?;
        check_defaults(&options, &schema, &positions)?;
        Ok(Self {
            validator,
            has_ours: positions.values().any(|schema| walk::has_ours(schema)),
            positions: positions.into_keys().collect(),
            source: Arc::new(schema),
            facts,
        })
    }

    /// As clients see it: itself, where there is nothing to leave out.
    fn published(&self) -> Arc<Value> {
        match self.has_ours {
            true => Arc::new(walk::published(&self.source)),
            false => Arc::clone(&self.source),
        }
    }

    fn violations(&self, value: &Value) -> Vec<Detail> {
        let findings = self.findings(value, VIOLATIONS_MAX);
        if findings.is_empty() {
            return Vec::new();
        }
        let shown = Shown::new(&self.facts, value);
        findings
            .into_iter()
            .map(|finding| finding.into_detail(&shown))
            .collect()
    }

    fn findings(&self, value: &Value, max: usize) -> Vec<Finding> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let mut found: Vec<Finding> = Vec::new();
        for error in self.validator.iter_errors(value) {
            for finding in explain::explain(self, value, &error) {
                let known = |other: &Finding| {
                    (&other.at, &other.keyword) == (&finding.at, &finding.keyword)
                };
                if !found.iter().any(known) {
                    found.push(finding);
                }
            }
            if found.len() >= max {
                break;
            }
        }
        found.truncate(max);
        found
    }
}

fn options() -> ValidationOptions<'static> {
    let pattern = PatternOptions::regex()
        .size_limit(PATTERN_MEMORY_BYTES_MAX)
        .dfa_size_limit(PATTERN_MEMORY_BYTES_MAX);
    jsonschema::options()
        .offline()
        .with_pattern_options(pattern)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
}

/// Why the validator does not take a schema that passed our own checks.
fn unfit(error: &jsonschema::ValidationError<'_>) -> SchemaProblem {
    use jsonschema::error::ValidationErrorKind as Kind;
    let pointer = error.instance_path().as_str();
    let pattern = match error.kind() {
        Kind::Format { format } if format == "regex" => error.instance().as_str(),
        _ => None,
    };
    if let Some(pattern) = pattern {
        return SchemaProblem::new(
            pointer,
            format!("{} is not a regular expression", text::quote(pattern)),
            "check its brackets, and put a backslash before a character that is meant as it is",
        );
    }
    SchemaProblem::new(
        pointer,
        format!("not a schema: {}", text::clip(&error.to_string(), 300)),
        "see the keyword in JSON Schema 2020-12",
    )
}

/// Every `default` must fit the subschema that it stands in.
fn check_defaults(
    options: &ValidationOptions<'_>,
    schema: &Value,
    positions: &walk::Positions<'_>,
) -> Result<(), Vec<SchemaProblem>> {
    let with_default: Vec<(&String, &Value)> = positions
        .iter()
        .filter_map(|(pointer, schema)| Some((pointer, schema.get("default")?)))
        .collect();
    if with_default.is_empty() {
        return Ok(());
    }
    let validators = options
        .build_map(schema)
        .map_err(|error| vec![unfit(&error)])?;
    let misfits = with_default.into_iter().filter_map(|(pointer, default)| {
        let validator = validators.get(&format!("#{pointer}"))?;
        let error = validator.validate(default).err()?;
        let mut at = pointer.clone();
        push_pointer(&mut at, "default");
        Some(SchemaProblem::new(
            &at,
            format!(
                "the default does not fit its own schema: {}",
                text::clip(&error.to_string(), 300)
            ),
            "give a default that fits, or leave it out",
        ))
    });
    let problems: Vec<_> = misfits.collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}
