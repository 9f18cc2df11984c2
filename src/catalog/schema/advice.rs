//! What a schema may say and should not: bounds that are missing or exclude each other, values
//! that can never be given, examples that would be refused.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    SchemaProblem, options,
    walk::{Positions, positions},
};
use crate::{
    base::{canonical::canonical, json::push_pointer, text},
    catalog::compile::is_api_property,
};

/// One thing that is unwise, with its code.
#[derive(Debug)]
pub(crate) struct Advice {
    /// As in the catalogue of findings.
    pub(crate) code: &'static str,
    /// What, where, and the way out.
    pub(crate) problem: SchemaProblem,
}

/// Everything unwise in `schema`; `is_input` where its values come from a model. A schema that
/// does not compile gives nothing: what is wrong with it is told elsewhere.
pub(crate) fn advise(schema: &Value, is_input: bool) -> Vec<Advice> {
    let Ok(positions) = positions(schema) else {
        return Vec::new();
    };
    let mut adviser = Adviser {
        is_input,
        found: Vec::new(),
    };
    for (pointer, part) in &positions {
        match part {
            Value::Bool(value) => adviser.boolean(pointer, *value),
            Value::Object(members) => adviser.object(pointer, members),
            _ => {}
        }
    }
    adviser.misfits(schema, &positions);
    adviser.found
}

/// Formats whose texts have a natural length.
const BOUNDED_FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "time",
    "uuid",
];
/// Keywords whose subschemas narrow another one, so that they need not be whole.
const NARROWING: &[&str] = &[
    "allOf",
    "anyOf",
    "contains",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "oneOf",
    "propertyNames",
    "then",
];
/// Keywords under which `true` and `false` are what everybody writes.
const OFTEN_BOOLEAN: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// The lower and the upper bound of the same thing.
const BOUNDS: &[(&str, &str)] = &[
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
];

struct Adviser {
    is_input: bool,
    found: Vec<Advice>,
}

impl Adviser {
    fn tell(&mut self, code: &'static str, at: &str, message: String, help: &str) {
        let problem = SchemaProblem::new(at, message, help);
        self.found.push(Advice { code, problem });
    }

    /// Those right below the root are told when the definition is loaded.
    fn boolean(&mut self, at: &str, value: bool) {
        let segments: Vec<&str> = at.split('/').skip(1).collect();
        let usual = segments
            .last()
            .is_some_and(|last| OFTEN_BOOLEAN.contains(last));
        let told = matches!(segments.as_slice(), ["properties", _]);
        if self.is_input && !usual && !told {
            let message = format!("some clients refuse the schema `{value}`");
            self.tell("client-limits", at, message, "write `{}` or `{not: {}}`");
        }
    }

    fn object(&mut self, at: &str, members: &Map<String, Value>) {
        let narrows = at.split('/').any(|segment| NARROWING.contains(&segment));
        if self.is_input && !narrows {
            self.limits(at, members);
            self.required(at, members);
            if at.is_empty() {
                self.open(members);
            } else {
                self.names(at, members);
            }
        }
        self.bounds(at, members);
        self.duplicates(at, members);
    }

    fn limits(&mut self, at: &str, members: &Map<String, Value>) {
        let has = |keyword| members.contains_key(keyword);
        if has("enum") || has("const") || has("$ref") {
            return;
        }
        if is_of(members, "string") && !is_bounded_text(members) {
            let help = "set `maxLength`, an `enum`, or a pattern with `^`, `$` and bounds";
            self.tell(
                "no-limit",
                at,
                "this text may be of any length".to_owned(),
                help,
            );
        }
        if is_of(members, "array") && !has("maxItems") {
            let message = "this list may be of any length".to_owned();
            self.tell("no-limit", at, message, "set `maxItems`");
        }
    }

    fn required(&mut self, at: &str, members: &Map<String, Value>) {
        if !is_of(members, "object") {
            return;
        }
        let declared = members.get("properties").and_then(Value::as_object);
        let required = members.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if declared.is_none_or(|declared| !declared.contains_key(name)) {
                let mut place = at.to_owned();
                push_pointer(&mut place, "required");
                let shown = text::quote(name);
                let message = format!("{shown} is required and not declared");
                let near = declared.into_iter().flatten().map(|(key, _)| key.as_str());
                let near = text::nearest(name, near);
                let help = match near.first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "declare it under `properties`".to_owned(),
                };
                self.tell("required-unknown", &place, message, &help);
            }
        }
    }

    fn open(&mut self, members: &Map<String, Value>) {
        let closing = [
            "additionalProperties",
            "unevaluatedProperties",
            "patternProperties",
        ];
        if !closing.iter().any(|keyword| members.contains_key(*keyword)) {
            let message = "arguments that are not declared are accepted and ignored".to_owned();
            let help = "say `additionalProperties: false`, so that a misspelt one is refused";
            self.tell("open-object", "", message, help);
        }
    }

    fn names(&mut self, at: &str, members: &Map<String, Value>) {
        let properties = members.get("properties").and_then(Value::as_object);
        for (name, _) in properties.into_iter().flatten() {
            if !is_api_property(name) {
                let mut place = format!("{at}/properties");
                push_pointer(&mut place, name);
                let shown = text::quote(name);
                let message = format!("model APIs refuse the property name {shown}");
                let help = "use at most 64 letters, digits, `_`, `-` and `.`";
                self.tell("client-limits", &place, message, help);
            }
        }
    }

    fn bounds(&mut self, at: &str, members: &Map<String, Value>) {
        for (low, high) in BOUNDS {
            let bound = |keyword: &str| members.get(keyword).and_then(Value::as_f64);
            if let (Some(least), Some(most)) = (bound(low), bound(high))
                && least > most
            {
                let message = format!("no value has `{low}: {least}` and `{high}: {most}`");
                self.tell(
                    "unreachable",
                    &format!("{at}/{low}"),
                    message,
                    "exchange the two",
                );
            }
        }
    }

    fn duplicates(&mut self, at: &str, members: &Map<String, Value>) {
        let values = members.get("enum").and_then(Value::as_array);
        let mut seen = BTreeSet::new();
        for (index, value) in values.into_iter().flatten().enumerate() {
            if !seen.insert(canonical(value)) {
                let message = format!("{} stands here twice", shown(value));
                self.tell(
                    "enum-duplicate",
                    &format!("{at}/enum/{index}"),
                    message,
                    "keep one",
                );
            }
        }
    }

    /// Values in the schema that the schema itself refuses.
    fn misfits(&mut self, schema: &Value, positions: &Positions<'_>) {
        let Ok(validators) = options().build_map(schema) else {
            return;
        };
        for (at, part) in positions {
            let Some(validator) = validators.get(&format!("#{at}")) else {
                continue;
            };
            let list = |keyword| part.get(keyword).and_then(Value::as_array);
            let listed = |keyword| list(keyword).into_iter().flatten().enumerate();
            for (index, value) in listed("examples") {
                if let Err(error) = validator.validate(value) {
                    let why = text::clip(&error.to_string(), 300).to_owned();
                    let message = format!("this example does not fit its own schema: {why}");
                    let help = "give an example that fits; models copy examples";
                    self.tell(
                        "example-misfit",
                        &format!("{at}/examples/{index}"),
                        message,
                        help,
                    );
                }
            }
            let constant = part
                .get("const")
                .map(|value| (format!("{at}/const"), value));
            let values = listed("enum").map(|(index, value)| (format!("{at}/enum/{index}"), value));
            for (place, value) in values.chain(constant) {
                if let Err(error) = validator.validate(value) {
                    let why = text::clip(&error.to_string(), 300).to_owned();
                    let message = format!("{} can never be given: {why}", shown(value));
                    let help = "take it out, or correct what excludes it";
                    self.tell("unreachable", &place, message, help);
                }
            }
        }
    }
}

fn shown(value: &Value) -> String {
    format!("`{}`", text::clip(&value.to_string(), 100))
}

/// Whether the schema says that its values are, or may be, of this type.
fn is_of(members: &Map<String, Value>, wanted: &str) -> bool {
    match members.get("type") {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    }
}

fn is_bounded_text(members: &Map<String, Value>) -> bool {
    let text = |keyword| members.get(keyword).and_then(Value::as_str);
    members.contains_key("maxLength")
        || text("format").is_some_and(|format| BOUNDED_FORMATS.contains(&format))
        || text("x-kind").is_some_and(|kind| matches!(kind, "identifier" | "path"))
        || text("pattern").is_some_and(is_bounded_pattern)
}

/// Whether every match of `pattern` is of a bounded length, as far as a look at its signs tells.
fn is_bounded_pattern(pattern: &str) -> bool {
    let Some(inner) = pattern
        .strip_prefix('^')
        .and_then(|rest| rest.strip_suffix('$'))
    else {
        return false;
    };
    let (mut in_class, mut depth) = (false, 0_usize);
    let mut chars = inner.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' if chars.next().is_none() => return false,
            '[' => in_class = true,
            ']' => in_class = false,
            _ if in_class => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '*' | '+' => return false,
            '|' if depth == 0 => return false,
            '{' => {
                let bounds: String = chars.by_ref().take_while(|char| *char != '}').collect();
                if bounds.ends_with(',') {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests;
