//! Values brought into the normal form of their kind, or refused; then, where the schema wants
//! another type and the tool allows it, read as that type.

use std::sync::Arc;

use serde_json::Value;

use super::{
    call::{Change, ChangeKind, Header, Refusal, Refused},
    coerce,
    correct::correct,
    kind::{has_deceptive, normal_form},
    resolve::ResolvedCall,
    rules::Facts,
};
use crate::{
    base::{
        json::At,
        limits::VIOLATIONS_MAX,
        problem::{Code, Detail, Problem},
        text,
    },
    catalog::{
        principal::Client,
        schema::{InputSchema, Kind, Node},
        tool::{Coerce, Tool},
    },
};

/// A call whose arguments are in normal form, with every change written down.
#[derive(Debug)]
pub(crate) struct NormalizedCall {
    parts: Box<Parts>,
}

/// What the stages from here on hand to each other, boxed: there are many of them.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) header: Arc<Header>,
    pub(super) tool: Arc<Tool>,
    pub(super) client: Arc<Client>,
    pub(super) raw_arguments: Arc<str>,
    pub(super) effective: Value,
    pub(super) changes: Vec<Change>,
}

impl Parts {
    /// Refuses the call at this stage; `log` is for the operator only.
    pub(super) fn refuse(
        self,
        stage: &'static str,
        problem: Problem,
        log: Vec<String>,
    ) -> Box<Refused> {
        Box::new(Refused {
            header: self.header,
            raw_arguments: self.raw_arguments,
            stage,
            refusal: Refusal::Tool(Box::new(problem)),
            log,
            asking: None,
        })
    }

    /// What the operator's expressions judge. `secrets` belong to the caller.
    pub(super) fn facts<'a>(&'a self, secrets: &'a [String]) -> Facts<'a> {
        Facts {
            args: &self.effective,
            client: &self.client.facts,
            tool: self.tool.name.as_str(),
            now: self.header.received_wall,
            result: None,
            secrets,
        }
    }
}

impl NormalizedCall {
    pub(super) fn into_parts(self) -> Box<Parts> {
        self.parts
    }
}

/// Brings the arguments into normal form and, if they do not fit the schema and the tool
/// allows it, coerces them.
///
/// # Errors
/// `NORMALIZATION_REFUSED` when a value is not in normal form and cannot be brought there
/// without guessing. The answer does not depend on whether what a value names exists.
pub(crate) fn normalize(call: ResolvedCall) -> Result<NormalizedCall, Box<Refused>> {
    let (call, tool, client) = call.into_parts();
    match normal(&tool.input, tool.coerce, call.arguments) {
        Ok((effective, changes)) => Ok(NormalizedCall {
            parts: Box::new(Parts {
                header: call.header,
                tool,
                client,
                raw_arguments: call.raw_arguments,
                effective,
                changes,
            }),
        }),
        Err(misfit) => {
            let problem = Problem::new(
                Code::NormalizationRefused,
                "a value is not in the normal form of its kind",
            );
            let problem = problem.with_details(misfit.details);
            let problem = correct(&tool.input, &misfit.arguments, problem);
            Err(Box::new(Refused {
                header: call.header,
                raw_arguments: call.raw_arguments,
                stage: "normalize",
                refusal: Refusal::Tool(Box::new(problem)),
                log: Vec::new(),
                asking: None,
            }))
        }
    }
}

/// Arguments that have no normal form: as far as they were brought, and what stopped them.
#[derive(Debug)]
pub(super) struct Unfit {
    arguments: Value,
    pub(super) details: Vec<Detail>,
}

/// The same on bare values: what the stage does, for checks that have no call.
///
/// # Errors
/// Every value that has no normal form, at most `VIOLATIONS_MAX`.
pub(super) fn normal(
    schema: &InputSchema,
    coerce: Coerce,
    mut arguments: Value,
) -> Result<(Value, Vec<Change>), Unfit> {
    let mut changes = match bring(schema, &mut arguments) {
        Ok(changes) => changes,
        Err(details) => return Err(Unfit { arguments, details }),
    };
    if coerce == Coerce::OnMismatch
        && !schema.is_valid(&arguments)
        && let Some((coerced, coercions)) = coerce::coerce(schema, &arguments)
    {
        arguments = coerced;
        changes.extend(coercions);
        // What was inside a string until now has not been looked at.
        match bring(schema, &mut arguments) {
            Ok(more) => changes.extend(more),
            Err(details) => return Err(Unfit { arguments, details }),
        }
    }
    Ok((arguments, changes))
}

/// Brings each string in `arguments` into the normal form of its kind.
pub(super) fn bring(
    schema: &InputSchema,
    arguments: &mut Value,
) -> Result<Vec<Change>, Vec<Detail>> {
    let mut walk = Walk {
        schema,
        changes: Vec::new(),
        misfits: Vec::new(),
    };
    walk.value(arguments, schema.facts().root(), At::Top);
    if walk.misfits.is_empty() {
        Ok(walk.changes)
    } else {
        Err(walk.misfits)
    }
}

/// JSON pointers of the texts in `effective` with characters that hide or reorder other text:
/// they pass, and are flagged in the record and to whoever has to confirm the call.
pub(crate) fn flagged(effective: &Value) -> Vec<String> {
    let mut found = Vec::new();
    flag(effective, At::Top, &mut found);
    found
}

fn flag(value: &Value, at: At<'_>, found: &mut Vec<String>) {
    match value {
        Value::String(string) if has_deceptive(string) => found.push(at.pointer()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flag(item, At::Item(&at, index), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                flag(member, At::Member(&at, name), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a string is where nothing is declared.
pub(super) const UNDECLARED: Kind = Kind::Text { strict: false };

struct Walk<'a> {
    schema: &'a InputSchema,
    changes: Vec<Change>,
    misfits: Vec<Detail>,
}

impl Walk<'_> {
    fn value(&mut self, value: &mut Value, node: Option<&Node>, at: At<'_>) {
        if node.is_some_and(|node| node.secret) || self.misfits.len() >= VIOLATIONS_MAX {
            return;
        }
        let facts = self.schema.facts();
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(string) => {
                let kind = node.map_or(&UNDECLARED, |node| &node.kind);
                self.string(string, kind, at);
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let at = At::Item(&at, index);
                    self.value(item, facts.item(node, index), at);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let at = At::Member(&at, name);
                    // A name goes wherever its value goes.
                    if let Err(misfit) = normal_form(&UNDECLARED, name) {
                        self.refuse("name", misfit.0, (name, at));
                    }
                    self.value(member, facts.member(node, name), at);
                }
            }
        }
    }

    fn string(&mut self, string: &mut String, kind: &Kind, at: At<'_>) {
        match normal_form(kind, string) {
            Ok(None) => {}
            Ok(Some(normal)) => {
                let from = std::mem::replace(string, normal);
                self.changes.push(Change {
                    at: at.pointer(),
                    kind: ChangeKind::Normalized,
                    from: Some(from.into()),
                    to: Some(string.as_str().into()),
                });
            }
            Err(misfit) => self.refuse("x-kind", misfit.0, (string, at)),
        }
    }

    fn refuse(&mut self, constraint: &str, expected: String, (got, at): (&str, At<'_>)) {
        self.misfits.push(Detail {
            at: text::clip(&at.pointer(), 512).to_owned(),
            constraint: constraint.to_owned(),
            limit: None,
            expected,
            got: Some(text::quote(got)),
        });
    }
}
