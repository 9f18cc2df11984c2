//! Repairs a call mechanically. It knows the call it made and the error it got: no schema, no
//! definition, no tool by its name.

use serde_json::{Map, Value};

use super::Call;

/// The next call to try, if the error says of one.
pub(super) fn fix(call: &Call, answer: &Value) -> Option<Call> {
    if let Some(near) = answer["error"]["data"]["tollgate/didYouMean"].as_array() {
        return Some(Call {
            tool: near.first()?.as_str()?.to_owned(),
            arguments: call.arguments.clone(),
        });
    }
    let error = &answer["result"]["_meta"]["tollgate/error"];
    let arguments = match error.get("corrected_arguments") {
        Some(corrected) => corrected.clone(),
        None => step_by_step(call.arguments.clone(), error),
    };
    (arguments != call.arguments).then(|| Call {
        tool: call.tool.clone(),
        arguments,
    })
}

/// First what is suggested in the fixed words of the gate, then what a bound demands, and last
/// of all members that nobody knows are left out.
fn step_by_step(mut arguments: Value, error: &Value) -> Value {
    for suggestion in items(&error["suggestions"]) {
        follow(&mut arguments, suggestion.as_str().unwrap());
    }
    for detail in items(&error["details"]) {
        let at = detail["at"].as_str().unwrap();
        match (detail["constraint"].as_str().unwrap(), &detail["limit"]) {
            ("additionalProperties", _) => {
                take(&mut arguments, at);
            }
            (constraint, Value::Number(limit)) => {
                if let Some(value) = arguments.pointer_mut(at) {
                    bound(value, constraint, limit.as_f64().unwrap());
                }
            }
            _ => {}
        }
    }
    // A number that is brought to one bound is brought to the next multiple after it.
    for detail in items(&error["details"]) {
        if detail["constraint"] == "multipleOf" {
            let step = detail["limit"].as_f64().unwrap();
            if let Some(value) = arguments.pointer_mut(detail["at"].as_str().unwrap()) {
                bound(value, "multipleOf", step);
            }
        }
    }
    arguments
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// `use VALUE for `AT``, `rename `AT` to `NAME``, `leave out `AT``.
fn follow(arguments: &mut Value, suggestion: &str) {
    let mut quoted = suggestion.rsplit('`').skip(1).step_by(2);
    if let Some(rest) = suggestion.strip_prefix("use ")
        && let Some((value, _)) = rest.rsplit_once(" for `")
        && let (Some(at), Ok(value)) = (quoted.next(), serde_json::from_str(value))
    {
        if let Some(place) = arguments.pointer_mut(at) {
            *place = value;
        }
    } else if suggestion.starts_with("rename `")
        && let (Some(name), Some(at)) = (quoted.next(), quoted.next())
    {
        let value = take(arguments, at);
        let parent = at.rsplit_once('/').map_or("", |(parent, _)| parent);
        let members = arguments.pointer_mut(parent).and_then(Value::as_object_mut);
        if let (Some(members), Some(value)) = (members, value) {
            members.insert(name.to_owned(), value);
        }
    } else if suggestion.starts_with("leave out `")
        && let Some(at) = quoted.next()
    {
        take(arguments, at);
    }
}

fn take(arguments: &mut Value, at: &str) -> Option<Value> {
    let (parent, name) = at.rsplit_once('/')?;
    let members: &mut Map<String, Value> = arguments.pointer_mut(parent)?.as_object_mut()?;
    members.remove(&name.replace("~1", "/").replace("~0", "~"))
}

/// The nearest value within a bound, by the meaning that JSON Schema gives to its keyword.
fn bound(value: &mut Value, constraint: &str, limit: f64) {
    let size = limit as usize;
    match (constraint, &mut *value) {
        ("minimum" | "maximum", Value::Number(_)) => *value = number(limit),
        ("exclusiveMinimum", Value::Number(_)) => *value = number(limit + 1.0),
        ("exclusiveMaximum", Value::Number(_)) => *value = number(limit - 1.0),
        ("multipleOf", Value::Number(given)) => {
            let rounded = (given.as_f64().unwrap() / limit).round().max(1.0) * limit;
            *value = number(rounded);
        }
        ("maxLength", Value::String(text)) => *text = text.chars().take(size).collect(),
        ("maxItems", Value::Array(items)) => items.truncate(size),
        _ => {}
    }
}

fn number(float: f64) -> Value {
    if float.fract() == 0.0 {
        Value::from(float as i64)
    } else {
        Value::from(float)
    }
}
