//! What a JSON Schema says of the members and types of a value, as far as a rule's check needs.

use cel::common::ast::LiteralValue;
use serde_json::Value;

use crate::base::text;

/// What a schema says of one member.
pub(super) enum Member<'a> {
    /// It is declared, with this schema.
    Declared(&'a Value),
    /// It may be there; nothing is known of it.
    Any,
    /// Everything that may be there is declared, and this is not.
    Missing,
    /// The value is never an object but this.
    NotAnObject(&'a str),
}

/// A value that is written in an expression.
#[derive(Clone)]
pub(super) enum Literal {
    /// A text.
    Text(String),
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
}

impl Literal {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }
}

/// The value as a literal that a schema can speak of; bytes are not JSON.
pub(super) fn literal(value: &LiteralValue) -> Option<Literal> {
    match value {
        LiteralValue::String(text) => Some(Literal::Text(text.inner().to_owned())),
        LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => {
            Some(Literal::Number)
        }
        LiteralValue::Boolean(_) => Some(Literal::Boolean),
        LiteralValue::Null => Some(Literal::Null),
        LiteralValue::Bytes(_) => None,
    }
}

/// Follows references inside the document; `None` where they lead out of it or in a circle.
fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> Option<&'a Value> {
    for _ in 0..16 {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else {
            return Some(schema);
        };
        schema = root.pointer(target.strip_prefix('#')?)?;
    }
    None
}

/// The types that a schema names; empty where it leaves them open.
fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Looks `name` up in the object that `schema` describes.
pub(super) fn member<'a>(root: &'a Value, schema: &'a Value, name: &str) -> Member<'a> {
    const OPENING: [&str; 8] = [
        "patternProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "if",
        "dependentSchemas",
        "$dynamicRef",
        "unevaluatedProperties",
    ];
    let Some(schema) = resolve(root, schema) else {
        return Member::Any;
    };
    if let [only] = types(schema).as_slice()
        && *only != "object"
    {
        return Member::NotAnObject(only);
    }
    let declared = schema.get("properties").and_then(Value::as_object);
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let explicit = schema.get("additionalProperties").is_some() && !closed;
    match declared.and_then(|declared| declared.get(name)) {
        Some(found) => Member::Declared(found),
        None if explicit || OPENING.iter().any(|word| schema.get(word).is_some()) => Member::Any,
        None if declared.is_none() && !closed => Member::Any,
        None => Member::Missing,
    }
}

/// The names of the declared members.
pub(super) fn members<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a str> {
    resolve(root, schema)
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object)
        .map(|declared| declared.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

/// The schema of an array's items, where there is one for all of them.
pub(super) fn items<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    let schema = resolve(root, schema)?;
    if schema.get("prefixItems").is_some() || types(schema).contains(&"object") {
        return None;
    }
    schema.get("items")
}

/// Why a comparison of a value of `schema` with `literal` can only ever have one result: the
/// message and the way out.
pub(super) fn mismatch(
    root: &Value,
    schema: &Value,
    literal: &Literal,
) -> Option<(String, String)> {
    let schema = resolve(root, schema)?;
    let types = types(schema);
    let given = literal.type_name();
    let fits = types
        .iter()
        .any(|&declared| declared == given || (declared == "integer" && given == "number"));
    if !types.is_empty() && !fits {
        let declared = text::list(types.iter().copied());
        let help = match literal {
            Literal::Null => "use `has(...)` to ask whether it was given".to_owned(),
            Literal::Text(written) if written.parse::<f64>().is_ok() => {
                "leave the quotes away".to_owned()
            }
            Literal::Text(_) | Literal::Number | Literal::Boolean => {
                format!("compare it with a value of type {declared}")
            }
        };
        let message = format!("a value of type {declared} is compared with a `{given}`");
        return Some((message, help));
    }
    let Literal::Text(written) = literal else {
        return None;
    };
    let allowed: Vec<&str> = schema
        .get("enum")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if allowed.contains(&written.as_str()) {
        return None;
    }
    let near = text::nearest(written, allowed.iter().copied());
    let help = if near.is_empty() {
        format!("it can be {}", text::list(allowed.into_iter().take(10)))
    } else {
        format!("did you mean {}?", text::list(near))
    };
    let message = format!("the value can never be {}", text::quote(written));
    Some((message, help))
}
