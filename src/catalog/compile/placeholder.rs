//! Templates against the input schema: every slot names a property that exists.

mod earlier;

use std::cell::RefCell;

use super::super::{
    ask::ASK,
    definition::{ElementDefinition, QuestionDefinition, Spanned},
    diagnostic::{Findings, Span, did_you_mean, tick},
    secret::Secrets,
    source::{Node, NodeValue},
    steps::STEPS,
    template::{
        ArgPath, ArgTemplate, ConfidentialFault, ConfidentialTemplate, JsonTemplate, TemplateFault,
        TextTemplate,
    },
};
use crate::base::text::list;

/// How often a `$ref` is followed before it is taken for a circle.
const REFS_MAX: usize = 8;

/// What slots may name.
pub(super) struct Placeholders<'a> {
    /// The input schema; without one, slots are not checked: its absence is reported.
    schema: Option<&'a Node>,
    /// The forms whose answers may be named, round by round, each with its key.
    answers: Vec<Vec<(&'a str, &'a Node)>>,
    /// The steps whose output may be named, and whether it is JSON.
    outputs: Vec<(&'a str, bool)>,
    /// The outputs that were named.
    used: RefCell<Vec<ArgPath>>,
}

/// What a slot names.
struct Declared<'a> {
    /// `None` where nothing is known of it.
    schema: Option<&'a Node>,
    /// It is required, or has a default, at every level.
    always: bool,
}

impl<'a> Placeholders<'a> {
    /// Slots name properties of `schema`.
    pub(super) fn new(schema: Option<&'a Node>) -> Self {
        Self {
            schema,
            answers: Vec::new(),
            outputs: Vec::new(),
            used: RefCell::default(),
        }
    }

    /// The same with the answers to these rounds of questions.
    pub(super) fn with_answers(self, rounds: &[Vec<QuestionDefinition<'a>>]) -> Self {
        let form = |one: &QuestionDefinition<'a>| (one.key.text, one.schema);
        let answers = rounds.iter().map(|round| round.iter().map(form).collect());
        Self {
            answers: answers.collect(),
            ..self
        }
    }

    /// The same, with nothing known yet of the rounds after the first `rounds`.
    pub(super) fn up_to_round(&self, rounds: usize) -> Self {
        let all = self.answers.iter().enumerate();
        let known = all.map(|(at, round)| match at < rounds {
            true => round.clone(),
            false => Vec::new(),
        });
        Self {
            answers: known.collect(),
            ..Self::new(self.schema)
        }
    }

    /// The same with the outputs of these steps.
    pub(super) fn with_outputs(&self, outputs: &[(&'a str, bool)]) -> Self {
        Self {
            answers: self.answers.clone(),
            outputs: outputs.to_vec(),
            ..Self::new(self.schema)
        }
    }

    /// The outputs of steps that were named until now.
    pub(super) fn used_outputs(&self) -> Vec<ArgPath> {
        self.used.take()
    }

    /// A text whose slots may be absent, and in which secrets may stand.
    pub(super) fn confidential(
        &self,
        text: Spanned<'_>,
        secrets: &Secrets,
        findings: &mut Findings,
    ) -> Option<ConfidentialTemplate> {
        let template = match ConfidentialTemplate::parse(text.text, secrets) {
            Ok(template) => template,
            Err(ConfidentialFault::Template(fault)) => return told(Err(fault), text, findings),
            Err(ConfidentialFault::Secret(reference, (message, help))) => {
                let span = findings.narrow(text.span, &reference.to_string());
                findings.error("secret", span, message, help);
                return None;
            }
        };
        for path in template.slots() {
            self.declared(path, text.span, findings);
        }
        Some(template)
    }

    /// A text that must always have a value: each slot is required or has a default.
    pub(super) fn always_text(
        &self,
        text: Spanned<'_>,
        findings: &mut Findings,
    ) -> Option<TextTemplate> {
        let template = told(TextTemplate::parse(text.text), text, findings)?;
        for path in template.slots() {
            let declared = self.declared(path, text.span, findings);
            if declared.is_some_and(|declared| !declared.always) {
                let slot = format!("{{{}}}", path.0.join("."));
                let message = format!("`{slot}` may be absent, and then there is no text");
                let help = "list it under `required`, or give it a `default`";
                let span = findings.narrow(text.span, &slot);
                findings.error("placeholder", span, message, help);
            }
        }
        Some(template)
    }

    /// One entry of an argument list.
    pub(super) fn argument(
        &self,
        element: &ElementDefinition<'_>,
        secret_in_argv: bool,
        findings: &mut Findings,
    ) -> Option<ArgTemplate> {
        let value = element.value;
        let template = told(ArgTemplate::parse(value.text), value, findings)?;
        match &template {
            ArgTemplate::One { text, .. } => {
                for path in text.slots() {
                    let declared = self.declared(path, value.span, findings);
                    if !secret_in_argv {
                        refuse_secret(declared, path, value.span, findings);
                    }
                }
            }
            ArgTemplate::Many { path, .. } => {
                let declared = self.declared(path, value.span, findings);
                let schema = declared.and_then(|declared| declared.schema);
                if let Some(schema) = schema.filter(|schema| !is_array(schema)) {
                    let name = path.0.join(".");
                    let message = format!("`{{{name}...}}` needs `{name}` to be an array");
                    let help = match schema.get("type").and_then(Node::as_text) {
                        Some(_) => format!("write `{{{name}}}` for a single value"),
                        None => "say `type: array` in its schema".to_owned(),
                    };
                    findings.error("placeholder", value.span, message, &help);
                }
            }
        }
        Some(match element.allow_prefix {
            true => template.allowing_prefix(),
            false => template,
        })
    }

    /// A JSON value whose strings are templates.
    pub(super) fn json(&self, node: &Node, findings: &mut Findings) -> Option<JsonTemplate> {
        match &node.value {
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) => {
                Some(JsonTemplate::Literal(node.to_value()))
            }
            NodeValue::Text(text) => {
                let span = node.span;
                let template = JsonTemplate::parse_string(text);
                let template = told(template, Spanned { text, span }, findings)?;
                match &template {
                    JsonTemplate::Slot(path) => {
                        self.declared(path, span, findings);
                    }
                    JsonTemplate::Text(text) => {
                        for path in text.slots() {
                            self.declared(path, span, findings);
                        }
                    }
                    JsonTemplate::Literal(_) | JsonTemplate::Array(_) | JsonTemplate::Object(_) => {
                    }
                }
                Some(template)
            }
            NodeValue::List(items) => Some(JsonTemplate::Array(
                items
                    .iter()
                    .filter_map(|item| self.json(item, findings))
                    .collect(),
            )),
            NodeValue::Map(entries) => {
                let members = entries.iter().filter_map(|entry| {
                    Some((entry.key.clone(), self.json(&entry.value, findings)?))
                });
                Some(JsonTemplate::Object(members.collect()))
            }
        }
    }

    /// The argument called `name`, whatever its type; an error at `span` where there is none.
    pub(super) fn argument_named(
        &self,
        name: &str,
        span: Span,
        findings: &mut Findings,
    ) -> Option<JsonTemplate> {
        let path = ArgPath(vec![name.to_owned()]);
        let known = self.schema.is_none() || self.declared(&path, span, findings).is_some();
        known.then_some(JsonTemplate::Slot(path))
    }

    /// Where the argument called `name` is, which is a path or an array of paths; an error where
    /// it is neither.
    pub(super) fn path_argument(
        &self,
        name: Spanned<'_>,
        findings: &mut Findings,
    ) -> Option<ArgPath> {
        let path = ArgPath(name.text.split('.').map(str::to_owned).collect());
        if self.schema.is_none() {
            return Some(path);
        }
        let schema = self.declared(&path, name.span, findings)?.schema;
        let holds_paths = |schema: &Node| {
            let each = schema.get("items").filter(|_| is_array(schema));
            let each = follow(self.schema.unwrap_or(schema), each.unwrap_or(schema));
            let is = |key: &str, word: &str| each.get(key).and_then(Node::as_text) == Some(word);
            is("type", "string") && is("x-kind", "path")
        };
        if schema.is_some_and(holds_paths) {
            return Some(path);
        }
        let message = format!("{} does not hold paths", tick(name.text));
        let help = "say `type: string` and `x-kind: path` in its schema, or in that of its items";
        findings.error("files", name.span, message, help);
        None
    }

    /// The property that `path` names; an error at the slot within `span` where there is none.
    fn declared(
        &self,
        path: &ArgPath,
        span: Span,
        findings: &mut Findings,
    ) -> Option<Declared<'a>> {
        let (root, owner, names) = match path.0.as_slice() {
            [first, rest @ ..] if first == ASK && !self.answers.is_empty() => {
                let (root, rest) = self.form(path, rest, span, findings)?;
                (root, "its form", rest)
            }
            [first, rest @ ..] if first == STEPS && !self.outputs.is_empty() => {
                return self.output(path, rest, span, findings);
            }
            names => (self.schema?, "`inputSchema`", names),
        };
        let mut found = root;
        let mut always = true;
        for name in names {
            let schema = follow(root, found);
            let properties = schema.get("properties");
            let Some(property) = properties.and_then(|properties| properties.get(name)) else {
                let dotted = path.0.join(".");
                let known = || {
                    let entries = properties.map(Node::entries).unwrap_or_default();
                    entries.iter().map(|entry| entry.key.as_str())
                };
                let message = format!("{} is not a property of {owner}", tick(&dotted));
                let help = did_you_mean(name, known()).unwrap_or_else(|| match known().count() {
                    0 => "there are no properties; write `{{` and `}}` for braces".into(),
                    1..=12 => format!("the properties are {}", list(known())),
                    _ => "declare it there".into(),
                });
                let span = findings.narrow(span, &format!("{{{dotted}"));
                findings.error("placeholder", span, message, &help);
                return None;
            };
            let required = schema.get("required").map(Node::items).unwrap_or_default();
            let required = required.iter().any(|item| item.as_text() == Some(name));
            found = property;
            always = always && (required || property.get("default").is_some());
        }
        Some(Declared {
            schema: Some(follow(root, found)),
            always,
        })
    }
}

/// The schema that a local `$ref` leads to; the schema itself where there is none.
fn follow<'a>(root: &'a Node, schema: &'a Node) -> &'a Node {
    let mut schema = schema;
    for _ in 0..REFS_MAX {
        let target = schema.get("$ref").and_then(Node::as_text);
        let Some(pointer) = target.and_then(|target| target.strip_prefix('#')) else {
            return schema;
        };
        let names = pointer.split('/').skip(1);
        let target = names.into_iter().try_fold(root, |node, name| {
            node.get(&name.replace("~1", "/").replace("~0", "~"))
        });
        match target {
            Some(target) => schema = target,
            None => return schema,
        }
    }
    schema
}

/// Refuses a secret in the arguments of a program: everybody on the machine can read them.
fn refuse_secret(
    declared: Option<Declared<'_>>,
    path: &ArgPath,
    span: Span,
    findings: &mut Findings,
) {
    let Some(schema) = declared.and_then(|declared| declared.schema) else {
        return;
    };
    let mut marked = ["x-secret", "writeOnly"].iter();
    let marked = marked.any(|key| {
        let mark = schema.get(key).map(|mark| &mark.value);
        matches!(mark, Some(NodeValue::Bool(true)))
    });
    if marked || schema.get("x-kind").and_then(Node::as_text) == Some("secret") {
        let name = path.0.join(".");
        let message = format!("everybody on this machine could read the secret `{name}` here");
        let help = "hand it over in `env` or by `stdin: json`; if it must be, set \
                    `secret_in_argv: true`";
        let span = findings.narrow(span, &format!("{{{name}"));
        findings.error("secret-in-argv", span, message, help);
    }
}

fn is_array(schema: &Node) -> bool {
    let Some(kind) = schema.get("type") else {
        return false;
    };
    match kind.as_text() {
        Some(kind) => kind == "array",
        None => {
            let mut kinds = kind.items().iter().filter_map(Node::as_text).peekable();
            kinds.peek().is_some() && kinds.all(|kind| matches!(kind, "array" | "null"))
        }
    }
}

fn told<T>(
    parsed: Result<T, TemplateFault>,
    text: Spanned<'_>,
    findings: &mut Findings,
) -> Option<T> {
    match parsed {
        Ok(template) => Some(template),
        Err(fault) => {
            let piece = text.text.get(fault.at).unwrap_or_default();
            let span = findings.narrow(text.span, piece);
            let (message, help) = fault.wrong.words();
            findings.error("template", span, message.to_owned(), help);
            None
        }
    }
}
