//! A schema in plain words, as `a string of at most 10 characters`.

use serde_json::Value;

use super::explain::Type;
use crate::base::text;

/// Values of an `enum` that are told.
const OPTIONS_SHOWN: usize = 10;
/// How many references are followed for one description.
const REFERENCES_MAX: usize = 4;
/// Bytes of one description.
const WORDS_BYTES_MAX: usize = 400;

/// Describes the subschemas of one schema.
pub(super) struct Words<'a> {
    root: &'a Value,
}

impl<'a> Words<'a> {
    /// For subschemas of `root`.
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root }
    }

    /// What a value must be that fits `schema`; `None` where the schema says too little.
    pub(super) fn describe(&self, schema: &Value) -> Option<String> {
        let words = self.follow(schema, 0)?;
        let clipped = text::clip(&words, WORDS_BYTES_MAX);
        Some(if clipped.len() < words.len() {
            format!("{clipped}…")
        } else {
            words
        })
    }

    /// What `keyword` of `schema` demands, in the words of the whole subschema where that
    /// helps more.
    pub(super) fn demand(&self, schema: &Value, keyword: &str) -> Option<String> {
        let value = schema.get(keyword)?;
        let part = || self.describe(value).unwrap_or_else(|| "other".into());
        let number = |key: &str| schema.get(key).and_then(Value::as_u64);
        match keyword {
            "const" => Some(constant(value)),
            "enum" => Some(options(value.as_array()?)),
            "not" => Some(format!("anything but {}", part())),
            "contains" | "minContains" | "maxContains" => {
                let what = schema.get("contains").and_then(|what| self.describe(what));
                let what = what.unwrap_or_else(|| "of the demanded form".into());
                let least = number("minContains").unwrap_or(1);
                Some(match (keyword, number("maxContains")) {
                    ("maxContains", Some(most)) => {
                        format!(
                            "an array with at most {} that are {what}",
                            text::count(size(most), "item")
                        )
                    }
                    _ => format!(
                        "an array with at least {} that are {what}",
                        text::count(size(least), "item")
                    ),
                })
            }
            "propertyNames" => Some(format!("an object whose member names are each {}", part())),
            "items" | "additionalItems" | "unevaluatedItems" => {
                let first = schema.get("prefixItems").and_then(Value::as_array);
                let first = text::count(first.map_or(0, Vec::len), "item");
                Some(format!("an array of at most {first}"))
            }
            "contentEncoding" | "contentMediaType" => {
                Some(format!("a string that holds `{}`", value.as_str()?))
            }
            _ => self.describe(schema),
        }
    }

    fn follow(&self, schema: &Value, references: usize) -> Option<String> {
        if let Some(value) = schema.get("const") {
            return Some(constant(value));
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            return Some(options(values));
        }
        let types = types(schema);
        if !types.is_empty() {
            let told: Vec<String> = types.iter().map(|&one| of_type(one, schema)).collect();
            return Some(told.join(" or "));
        }
        if references < REFERENCES_MAX
            && let Some(reference) = schema.get("$ref").and_then(Value::as_str)
            && let Some(target) = self.target(reference)
        {
            return self.follow(target, references + 1);
        }
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        if let Some(branches) = list("anyOf").or_else(|| list("oneOf"))
            && references < REFERENCES_MAX
        {
            let told: Option<Vec<String>> = branches
                .iter()
                .map(|branch| self.follow(branch, references + 1))
                .collect();
            return told.map(|told| told.join(" or "));
        }
        list("required").map(|_| of_type(Type::Object, schema))
    }

    fn target(&self, reference: &str) -> Option<&'a Value> {
        let pointer = reference.strip_prefix('#')?;
        let pointer = percent_encoding::percent_decode_str(pointer)
            .decode_utf8()
            .ok()?;
        self.root.pointer(&pointer)
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The types that a schema allows: as it says, or as its keywords let one guess.
fn types(schema: &Value) -> Vec<Type> {
    let named = |value: &Value| value.as_str().and_then(Type::named);
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(named).collect(),
        Some(one) => named(one).into_iter().collect(),
        None => {
            let has = |keys: &[&str]| keys.iter().any(|key| schema.get(key).is_some());
            let mut guessed = Vec::new();
            if has(&["minLength", "maxLength", "pattern", "format"]) {
                guessed.push(Type::String);
            }
            if has(&[
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "multipleOf",
            ]) {
                guessed.push(Type::Number);
            }
            if has(&[
                "minItems",
                "maxItems",
                "uniqueItems",
                "items",
                "prefixItems",
            ]) {
                guessed.push(Type::Array);
            }
            if has(&["minProperties", "maxProperties", "properties"]) {
                guessed.push(Type::Object);
            }
            guessed
        }
    }
}

fn of_type(one: Type, schema: &Value) -> String {
    match one {
        Type::Null => "null".to_owned(),
        Type::Boolean => "true or false".to_owned(),
        Type::Integer => number("an integer", schema),
        Type::Number => number("a number", schema),
        Type::String => string(schema),
        Type::Array => {
            let counted = counted("an array", schema, "minItems", "maxItems", "item");
            match schema.get("uniqueItems") {
                Some(Value::Bool(true)) => format!("{counted}, none of them twice"),
                _ => counted,
            }
        }
        Type::Object => {
            let mut words = counted(
                "an object",
                schema,
                "minProperties",
                "maxProperties",
                "member",
            );
            if let Some(Value::Array(names)) = schema.get("required") {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).take(10).collect();
                if !names.is_empty() {
                    words.push_str(&format!(" with {}", text::list(names)));
                }
            }
            words
        }
    }
}

/// `a string of 2 to 10 characters`.
fn counted(noun: &str, schema: &Value, least: &str, most: &str, unit: &str) -> String {
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64).map(size);
    match (bound(least).filter(|&least| least > 0), bound(most)) {
        (None, None) => noun.to_owned(),
        (Some(least), None) => format!("{noun} of at least {}", text::count(least, unit)),
        (None, Some(most)) => format!("{noun} of at most {}", text::count(most, unit)),
        (Some(least), Some(most)) if least == most => {
            format!("{noun} of exactly {}", text::count(least, unit))
        }
        (Some(least), Some(most)) => format!("{noun} of {least} to {}", text::count(most, unit)),
    }
}

fn string(schema: &Value) -> String {
    let mut words = counted("a string", schema, "minLength", "maxLength", "character");
    let of = |key: &str| schema.get(key).and_then(Value::as_str);
    if let Some(format) = of("format") {
        words.push_str(&format!(" in the format `{format}`"));
    }
    if let Some(pattern) = of("pattern") {
        words.push_str(&format!(" that matches {}", text::quote(pattern)));
    }
    words
}

fn number(noun: &str, schema: &Value) -> String {
    let mut words = noun.to_owned();
    let of = |key: &str| schema.get(key).filter(|bound| bound.is_number());
    match (of("minimum"), of("maximum")) {
        (Some(least), Some(most)) => words.push_str(&format!(" from {least} to {most}")),
        (Some(least), None) => words.push_str(&format!(" of at least {least}")),
        (None, Some(most)) => words.push_str(&format!(" of at most {most}")),
        (None, None) => {}
    }
    if let Some(bound) = of("exclusiveMinimum") {
        words.push_str(&format!(" greater than {bound}"));
    }
    if let Some(bound) = of("exclusiveMaximum") {
        words.push_str(&format!(" less than {bound}"));
    }
    if let Some(step) = of("multipleOf") {
        words.push_str(&format!(" that is a multiple of {step}"));
    }
    words
}

fn constant(value: &Value) -> String {
    match value {
        Value::String(string) => text::quote(string),
        other => text::clip(&other.to_string(), 120).to_owned(),
    }
}

fn options(values: &[Value]) -> String {
    let told: Vec<String> = values.iter().take(OPTIONS_SHOWN).map(constant).collect();
    match (told.as_slice(), values.len()) {
        ([only], _) => only.clone(),
        (told, all) if all > told.len() => {
            format!("one of {} and {} more", told.join(", "), all - told.len())
        }
        (told, _) => format!("one of {}", told.join(", ")),
    }
}
