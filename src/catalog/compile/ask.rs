//! Questions for a person: compiled against the input schema and against what MCP lets a form
//! be, with the warnings for tools that nobody is asked about.

use serde_json::json;

use super::{placeholder::Placeholders, told};
use crate::base::text::list;
use crate::{
    base::limits::{ASK_FIELDS_MAX, ASK_KEY_CHARS_MAX},
    catalog::{
        ask::{ASK, CONFIRM, Question, Round},
        definition::{ConfirmDefinition, Definition, QuestionDefinition, Spanned},
        diagnostic::{Findings, did_you_mean, tick},
        fields::wrong_type,
        schema::InputSchema,
        source::{Entry, Node, NodeValue},
        tool::Effect,
    },
};

/// Compiles `ask` and `confirm`, which is the last round. A message may use the answers of the
/// rounds before its own; `all` knows those of every round.
pub(super) fn rounds(
    definition: &Definition<'_>,
    all: &Placeholders<'_>,
    findings: &mut Findings,
) -> Vec<Round> {
    check_names(definition, findings);
    undecided(definition, findings);
    let mut rounds: Vec<Round> = Vec::new();
    for (at, round) in definition.ask.iter().enumerate() {
        let earlier = all.up_to_round(at);
        let questions = round.iter();
        rounds.push(
            questions
                .filter_map(|written| question(written, &earlier, findings))
                .collect(),
        );
    }
    if let ConfirmDefinition::Message(message) = &definition.confirm {
        rounds.extend(confirmation(*message, all, findings).map(|question| vec![question]));
    }
    rounds
}

fn question(
    written: &QuestionDefinition<'_>,
    known: &Placeholders<'_>,
    findings: &mut Findings,
) -> Option<Question> {
    let message = message(written.message, known, findings);
    let before = findings.errors();
    check_form(written.schema, findings);
    if findings.errors() != before {
        return None;
    }
    let schema = written.schema.to_value();
    let mut plain = schema.clone();
    // Names for people, which say nothing about values.
    let fields = plain
        .get_mut("properties")
        .and_then(|all| all.as_object_mut());
    for field in fields.into_iter().flat_map(|all| all.values_mut()) {
        field.as_object_mut().map(|field| field.remove("enumNames"));
    }
    let form = told(InputSchema::compile(plain), written.schema, findings);
    Some(Question {
        key: written.key.text.to_owned(),
        message: message?,
        schema,
        form: form?,
    })
}

/// `confirm` as a form without fields: to send it off is to agree.
fn confirmation(
    written: Spanned<'_>,
    known: &Placeholders<'_>,
    findings: &mut Findings,
) -> Option<Question> {
    let schema = json!({"type": "object", "properties": {}});
    Some(Question {
        key: CONFIRM.to_owned(),
        message: message(written, known, findings)?,
        form: InputSchema::compile(schema.clone()).ok()?,
        schema,
    })
}

fn message(
    written: Spanned<'_>,
    known: &Placeholders<'_>,
    findings: &mut Findings,
) -> Option<crate::catalog::template::TextTemplate> {
    if written.text.trim().is_empty() {
        let message = "the question is empty".to_owned();
        let help = "say what would be done, with the arguments that matter";
        findings.error("empty", written.span, message, help);
        return None;
    }
    known.always_text(written, findings)
}

fn check_names(definition: &Definition<'_>, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for question in definition.ask.iter().flatten() {
        let (key, span) = (question.key.text, question.key.span);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let (message, help) = if key == CONFIRM {
            let help = "write the question under `confirm` itself, or choose another key";
            ("the key `confirm` is that of `confirm`".to_owned(), help)
        } else if key.is_empty() || key.len() > ASK_KEY_CHARS_MAX || !key.bytes().all(plain) {
            let help = "use at most 64 letters, digits, `_` and `-`";
            (format!("{} is no key of a question", tick(key)), help)
        } else if seen.contains(&key) {
            let message = format!("two questions have the key {}", tick(key));
            (message, "its answer must have one meaning")
        } else {
            seen.push(key);
            continue;
        };
        findings.error("ask", span, message, help);
    }
    let properties = definition
        .input_schema
        .and_then(|schema| schema.get("properties"));
    let is_asked =
        !definition.ask.is_empty() || matches!(definition.confirm, ConfirmDefinition::Message(_));
    if let Some(entry) = properties
        .and_then(|all| all.entry(ASK))
        .filter(|_| is_asked)
    {
        let message = "`ask` is the name under which a person's answers stand".to_owned();
        findings.error(
            "ask",
            entry.key_span,
            message,
            "give the property another name",
        );
    }
}

/// Warns where a decision is missing. To write `confirm: false` is one.
fn undecided(definition: &Definition<'_>, findings: &mut Findings) {
    if !matches!(definition.confirm, ConfirmDefinition::Undecided) {
        return;
    }
    let properties = definition
        .input_schema
        .and_then(|schema| schema.get("properties"));
    let by_model = properties
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .find(|entry| {
            ["confirm", "confirmed", "confirmation"].contains(&entry.key.as_str())
                && entry.value.get("type").and_then(Node::as_text) == Some("boolean")
        });
    if let Some(entry) = by_model {
        let message = format!(
            "{} is filled in by the model: it guards against accidents, nobody agrees to anything",
            tick(&entry.key)
        );
        let help = "ask a person with `confirm: MESSAGE`, or say `confirm: false`";
        findings.warn("unconfirmed", entry.key_span, message, help);
    } else if definition.effect == Effect::Destroy {
        let span = definition
            .node
            .entry("effect")
            .map_or(definition.node.span, |entry| entry.value.span);
        let message = "nobody is asked before something is destroyed".to_owned();
        let help = "ask a person with `confirm: MESSAGE`, or say `confirm: false`";
        findings.warn("unconfirmed", span, message, help);
    }
}

/// What a kind of field may say (MCP 2026-07-28, client/elicitation, "Requested Schema").
fn keywords(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "string" => Some(&[
            "type",
            "title",
            "description",
            "minLength",
            "maxLength",
            "format",
            "default",
            "enum",
            "enumNames",
            "oneOf",
        ]),
        "number" | "integer" => Some(&[
            "type",
            "title",
            "description",
            "minimum",
            "maximum",
            "default",
        ]),
        "boolean" => Some(&["type", "title", "description", "default"]),
        "array" => Some(&[
            "type",
            "title",
            "description",
            "minItems",
            "maxItems",
            "items",
            "default",
        ]),
        _ => None,
    }
}

/// Holds a form against what MCP lets one be: a flat object of plain fields.
fn check_form(schema: &Node, findings: &mut Findings) {
    if schema.get("type").and_then(Node::as_text) != Some("object") {
        let help = "write `type: object`, and the fields under `properties`";
        return findings.error("form", schema.span, "a form is an object".to_owned(), help);
    }
    only(
        schema,
        &["$schema", "type", "properties", "required"],
        "a form",
        findings,
    );
    let Some(properties) = schema.get("properties") else {
        let message = "a form without `properties` asks for nothing".to_owned();
        findings.error(
            "form",
            schema.span,
            message,
            "name its fields, or use `confirm`",
        );
        return;
    };
    if !matches!(properties.value, NodeValue::Map(_)) {
        return wrong_type(properties, "properties", "a mapping", "", findings);
    }
    let fields = properties.entries();
    if fields.len() > ASK_FIELDS_MAX {
        let message = format!("a form has at most {ASK_FIELDS_MAX} fields");
        findings.error(
            "too-large",
            properties.span,
            message,
            "make two questions of it",
        );
        return;
    }
    for field in fields {
        check_field(field, findings);
    }
}

fn check_field(field: &Entry, findings: &mut Findings) {
    let node = &field.value;
    let kind = node.get("type").and_then(Node::as_text);
    let Some(allowed) = kind.and_then(keywords) else {
        let span = node.get("type").map_or(node.span, |kind| kind.span);
        let message = format!(
            "the field {} has no type that a form knows",
            tick(&field.key)
        );
        let help =
            "use `string`, `number`, `integer`, `boolean`, or `array` for a choice of several";
        return findings.error("form", span, message, help);
    };
    only(node, allowed, "a field of a form", findings);
    if let Some(format) = node.get("format") {
        let known = ["email", "uri", "date", "date-time"];
        if !format
            .as_text()
            .is_some_and(|format| known.contains(&format))
        {
            let message = "a form does not know this format".to_owned();
            let help = format!("the formats are {}", list(known));
            findings.error("form", format.span, message, &help);
        }
    }
    if kind == Some("array") {
        let options = |items: &Node| items.get("enum").or(items.get("anyOf")).is_some();
        if !node.get("items").is_some_and(options) {
            let message = format!("the options of {} are missing", tick(&field.key));
            let help = "write `items: {type: string, enum: […]}`";
            findings.error("form", node.span, message, help);
        }
    }
    let name = field.key.to_ascii_lowercase();
    if [
        "password",
        "passwd",
        "secret",
        "token",
        "api_key",
        "apikey",
        "credential",
    ]
    .iter()
    .any(|word| name.contains(word))
    {
        let message = format!(
            "{} looks like a secret, and a form must not ask for one",
            tick(&field.key)
        );
        let help = "MCP forbids it: let the program read the secret from a file of its own";
        findings.warn("form-secret", field.key_span, message, help);
    }
}

/// Reports every keyword that `what` does not have.
fn only(node: &Node, allowed: &[&str], what: &str, findings: &mut Findings) {
    for entry in node.entries() {
        let key = entry.key.as_str();
        if !allowed.contains(&key) {
            let message = format!("{what} cannot say {}", tick(key));
            let help = did_you_mean(key, allowed.iter().copied())
                .unwrap_or_else(|| format!("MCP knows {} here", list(allowed.iter().copied())));
            findings.error("form", entry.key_span, message, &help);
        }
    }
}
