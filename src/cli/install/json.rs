//! JSON files, comments and trailing commas allowed, as editors keep them.

use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstObject, CstRootNode},
};
use serde_json::{Map, Value};

use super::edit::EditError;

/// What editors write beyond JSON, and nothing else: what a client would not read is not edited.
const READ: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// See [`super::edit::add`].
pub(super) fn add(
    text: &str,
    key: &str,
    name: &str,
    entry: &Map<String, Value>,
    replace: bool,
) -> Result<String, EditError> {
    let root = parse(text)?;
    let top = root.object_value_or_create().ok_or_else(not_an_object)?;
    let servers = match top.get(key) {
        Some(_) => top.object_value(key).ok_or_else(|| not_a_mapping(key))?,
        None => top.object_value_or_set(key),
    };
    let Some(before) = servers.get(name) else {
        servers.append(name, members(entry));
        return Ok(root.to_string());
    };
    let same = before.to_serde_value() == Some(Value::Object(entry.clone()));
    match (same, replace) {
        (true, _) => Ok(text.to_owned()),
        (false, true) => {
            before.set_value(members(entry));
            Ok(root.to_string())
        }
        (false, false) => Err(EditError::Taken(name.to_owned())),
    }
}

/// See [`super::edit::remove`].
pub(super) fn remove(text: &str, key: &str, name: &str) -> Result<String, EditError> {
    let root = parse(text)?;
    let absent = || EditError::Absent(name.to_owned());
    let top = root.object_value().ok_or_else(absent)?;
    let servers: CstObject = top.object_value(key).ok_or_else(absent)?;
    servers.get(name).ok_or_else(absent)?.remove();
    Ok(root.to_string())
}

/// The whole file as a value; nothing of an empty one.
pub(super) fn value(text: &str) -> Result<Value, EditError> {
    Ok(parse(text)?.to_serde_value().unwrap_or_default())
}

fn parse(text: &str) -> Result<CstRootNode, EditError> {
    CstRootNode::parse(text, &READ).map_err(|error| EditError::Unreadable(error.to_string()))
}

fn not_an_object() -> EditError {
    EditError::Unusual("it is no JSON object; add the entry by hand".to_owned())
}

fn not_a_mapping(key: &str) -> EditError {
    EditError::Unusual(format!(
        "its `{key}` is no JSON object; add the entry by hand"
    ))
}

fn members(entry: &Map<String, Value>) -> CstInputValue {
    let members = entry
        .iter()
        .map(|(name, value)| (name.clone(), input(value)));
    CstInputValue::Object(members.collect())
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(truth) => CstInputValue::Bool(*truth),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(entry) => members(entry),
    }
}
