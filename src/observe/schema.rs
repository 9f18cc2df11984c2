//! The published schema of the lines, made from the declarations of the events.

use serde_json::{Map, Value, json};

use super::lines;
use crate::base::event::{Declared, EVENTS_VERSION, Event, Field, Kind, NAME_FIELD};

/// A JSON Schema of one line, its events in the order of their declaration.
pub(crate) fn schema() -> String {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of Tollgate's log",
        "description": "`tollgate serve --log-format json` writes one such object a line to standard error, `--log-dir DIR` to files. Names are never given another meaning; `v` rises when one has to go. `attributes` repeats fields under the names that OpenTelemetry's semantic conventions have for them.",
        "type": "object",
        "oneOf": Event::DECLARED.iter().map(event).collect::<Vec<_>>(),
    });
    format!("{schema:#}\n")
}

fn event(declared: &Declared) -> Value {
    let mut properties = Map::new();
    let mut put = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    put("v", json!({"const": EVENTS_VERSION}));
    put("time", json!({"type": "string", "format": "date-time"}));
    put("level", json!({"const": lines::level(declared.level)}));
    put(NAME_FIELD, json!({"const": declared.name}));
    put("message", json!({"const": declared.message}));
    put("pid", json!({"type": "integer", "minimum": 1}));
    for field in declared.fields {
        put(field.name, property(field));
    }
    let attributes: Map<String, Value> = declared
        .fields
        .iter()
        .filter_map(|field| Some((field.attribute?.to_owned(), property(field))))
        .collect();
    let mut required: Vec<String> = properties.keys().cloned().collect();
    if !attributes.is_empty() {
        let attributes =
            json!({"type": "object", "properties": attributes, "additionalProperties": false});
        properties.insert("attributes".to_owned(), attributes);
        required.push("attributes".to_owned());
    }
    json!({
        "title": declared.name,
        "description": declared.summary.trim(),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(field: &Field) -> Value {
    let kind = match field.kind {
        Kind::Text => json!({"type": "string"}),
        Kind::MaybeText => json!({"type": ["string", "null"]}),
        Kind::Count => json!({"type": "integer", "minimum": 0}),
        Kind::MaybeCount => json!({"type": ["integer", "null"], "minimum": 0}),
        Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
    };
    let mut property = json!({"description": field.meaning});
    if let (Value::Object(property), Value::Object(kind)) = (&mut property, kind) {
        property.extend(kind);
    }
    property
}
