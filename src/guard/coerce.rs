//! A value of another type read as the demanded one: without loss, and only if there is
//! exactly one way to read it.

use serde_json::Value;

use super::call::{Change, ChangeKind};
use crate::{
    base::{json, limits::COERCIONS_MAX, redact::HIDDEN},
    catalog::schema::{Finding, InputSchema, Type, Wanted},
};

/// The one way to read a value as another type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// As this value.
    As(Value),
    /// As if the member were absent.
    Absent,
}

/// Reads every value of a wrong type as the demanded one. `Some` only if the whole then fits
/// `schema`; the changes name every value that was read otherwise. Members are never renamed,
/// strings never trimmed or folded, numbers never made strings.
pub(super) fn coerce(schema: &InputSchema, arguments: &Value) -> Option<(Value, Vec<Change>)> {
    let findings = schema.findings(arguments, COERCIONS_MAX);
    let secrets = schema.secrets(arguments);
    let mut coerced = arguments.clone();
    let mut changes = Vec::new();
    for Finding { at, wanted, .. } in findings {
        // What is wrong but not of a wrong type may come right with the types; if it does
        // not, the check at the end says so.
        let Wanted::Types(types) = wanted else {
            continue;
        };
        if changes.iter().any(|change: &Change| change.at == at) {
            continue;
        }
        let from = arguments.pointer(&at)?;
        let reading = reading(from, &types)?;
        let secret = secrets.contains(&at);
        let shown = |value: &Value| if secret { HIDDEN.into() } else { value.clone() };
        let to = match &reading {
            Reading::As(value) => Some(shown(value)),
            Reading::Absent => None,
        };
        changes.push(Change {
            kind: ChangeKind::Coerced,
            from: Some(shown(from)),
            to,
            at: at.clone(),
        });
        apply(&mut coerced, &at, reading)?;
    }
    (!changes.is_empty() && schema.is_valid(&coerced)).then_some((coerced, changes))
}

/// Puts a reading in its place; `None` where it cannot stand there.
pub(super) fn apply(arguments: &mut Value, at: &str, reading: Reading) -> Option<()> {
    match reading {
        Reading::As(value) => *arguments.pointer_mut(at)? = value,
        Reading::Absent => {
            let (parent, name) = split(at)?;
            arguments
                .pointer_mut(parent)?
                .as_object_mut()?
                .shift_remove(&name)?;
        }
    }
    Some(())
}

/// The pointer of what holds the member at `pointer`, and the member's name.
pub(super) fn split(pointer: &str) -> Option<(&str, String)> {
    let (parent, last) = pointer.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

/// The only way to read `value` as one of `types`, if there is exactly one.
pub(super) fn reading(value: &Value, types: &[Type]) -> Option<Reading> {
    match value {
        Value::Null => Some(Reading::Absent),
        Value::String(string) => string_reading(string, types).map(Reading::As),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn string_reading(string: &str, types: &[Type]) -> Option<Value> {
    let only_containers = types
        .iter()
        .all(|one| matches!(one, Type::Array | Type::Object | Type::Null));
    let read = |one: &Type| match one {
        // The string was refused for what it says, not for being one.
        Type::String | Type::Null => None,
        Type::Boolean => match string {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Type::Integer => integer(string),
        Type::Number => number(string),
        Type::Array => json::parse(string)
            .ok()
            .filter(|v| only_containers && v.is_array()),
        Type::Object => json::parse(string)
            .ok()
            .filter(|v| only_containers && v.is_object()),
    };
    if types.contains(&Type::String) {
        return None;
    }
    let mut readings = types.iter().filter_map(read);
    let first = readings.next()?;
    readings.all(|other| other == first).then_some(first)
}

/// `-?(0|[1-9][0-9]{0,18})` in ASCII digits, within 64 bits.
fn integer(string: &str) -> Option<Value> {
    let digits = string.strip_prefix('-').unwrap_or(string);
    let plain = (1..=19).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    if !plain {
        return None;
    }
    let signed = string.parse::<i64>().map(Value::from);
    signed
        .or_else(|_| string.parse::<u64>().map(Value::from))
        .ok()
}

/// A number as JSON writes it (RFC 8259 section 6), nothing around it.
fn number(string: &str) -> Option<Value> {
    if string
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        return integer(string);
    }
    let bare = string
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    json::parse(string)
        .ok()
        .filter(|value| bare && value.is_number())
}
