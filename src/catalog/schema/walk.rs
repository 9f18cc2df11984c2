//! Where in a schema the subschemas stand: the one list that every other part goes by.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::SchemaProblem;
use crate::base::{
    json::push_pointer,
    limits::{SCHEMA_DEPTH_MAX, SCHEMA_NODES_MAX},
};

/// What stands under a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// One subschema, or (`items` before 2020-12) an array of them.
    Schema,
    /// An array of subschemas.
    List,
    /// Names of our choosing, each with a subschema (`dependencies`: or with an array).
    Named,
    /// No subschema.
    Plain,
}

/// What stands under `keyword` (JSON Schema 2020-12 Core section 10; draft-07 section 6).
pub(super) fn holds(keyword: &str) -> Holds {
    match keyword {
        "additionalItems"
        | "additionalProperties"
        | "contains"
        | "contentSchema"
        | "else"
        | "if"
        | "items"
        | "not"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Holds::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Holds::List,
        "$defs" | "definitions" | "dependencies" | "dependentSchemas" | "patternProperties"
        | "properties" => Holds::Named,
        _ => Holds::Plain,
    }
}

/// Every subschema of a schema by its JSON pointer; the empty pointer is the whole.
pub(super) type Positions<'a> = BTreeMap<String, &'a Value>;

/// Finds every subschema of `root`.
///
/// # Errors
/// When they stand deeper than [`SCHEMA_DEPTH_MAX`] or are more than [`SCHEMA_NODES_MAX`].
pub(super) fn positions(root: &Value) -> Result<Positions<'_>, SchemaProblem> {
    let mut found = Positions::new();
    let mut open = vec![(String::new(), root, 1)];
    while let Some((pointer, schema, depth)) = open.pop() {
        let too = |what: String, help: &str| SchemaProblem::new(&pointer, what, help);
        if depth > SCHEMA_DEPTH_MAX {
            return Err(too(
                format!("nested deeper than {SCHEMA_DEPTH_MAX} schemas"),
                "move inner parts to `$defs` and refer to them",
            ));
        }
        if found.len() == SCHEMA_NODES_MAX {
            return Err(too(
                format!("more than {SCHEMA_NODES_MAX} subschemas"),
                "split the tool in two",
            ));
        }
        if let Value::Object(members) = schema {
            let inner = children(members);
            open.extend(
                inner
                    .into_iter()
                    .map(|(below, child)| (format!("{pointer}{below}"), child, depth + 1)),
            );
        }
        found.insert(pointer, schema);
    }
    Ok(found)
}

/// The subschemas right below `schema`, each with its pointer from there.
fn children(schema: &Map<String, Value>) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (keyword, value) in schema {
        let mut below = String::new();
        push_pointer(&mut below, keyword);
        match (holds(keyword), value) {
            (Holds::Plain, _) => {}
            (Holds::Schema | Holds::List, Value::Array(items)) => found.extend(
                items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| (format!("{below}/{at}"), item)),
            ),
            (Holds::Named, Value::Object(named)) => {
                for (name, item) in named.iter().filter(|(_, item)| !item.is_array()) {
                    let mut below = below.clone();
                    push_pointer(&mut below, name);
                    found.push((below, item));
                }
            }
            (Holds::Schema, other) => found.push((below, other)),
            // Not of the form that the keyword demands: the validator says so.
            (Holds::List | Holds::Named, _) => {}
        }
    }
    found
}

/// The pointer that a local reference means: `#`, `#/pointer` (percent-encoded as in a URI)
/// or `#anchor`; `None` for anything else and for what is not a subschema.
pub(super) fn resolve(positions: &Positions<'_>, reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    let decoded = percent_encoding::percent_decode_str(fragment)
        .decode_utf8()
        .ok()?;
    if decoded.is_empty() || decoded.starts_with('/') {
        return positions
            .contains_key(decoded.as_ref())
            .then(|| decoded.into_owned());
    }
    let named = |schema: &Value| {
        ["$anchor", "$dynamicAnchor"]
            .iter()
            .any(|key| schema.get(key).and_then(Value::as_str) == Some(&decoded))
    };
    let (pointer, _) = positions.iter().find(|(_, schema)| named(schema))?;
    Some(pointer.clone())
}

fn is_ours(keyword: &str) -> bool {
    keyword.starts_with("x-")
}

/// Whether `schema` has a keyword of ours itself.
pub(super) fn has_ours(schema: &Value) -> bool {
    let members = schema.as_object();
    members.is_some_and(|members| members.keys().any(|keyword| is_ours(keyword)))
}

/// A copy of `schema` as clients see it: keywords that begin with `x-` are ours and left out.
/// A property of such a name, and values (`const`, `default` and the like) stay as they are.
pub(super) fn published(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let kept = members.iter().filter(|(key, _)| !is_ours(key));
    kept.map(|(keyword, value)| {
        let value = match (holds(keyword), value) {
            (Holds::Schema | Holds::List, Value::Array(items)) => {
                items.iter().map(published).collect()
            }
            (Holds::Named, Value::Object(named)) => Value::Object(
                named
                    .iter()
                    .map(|(name, item)| (name.clone(), published(item)))
                    .collect(),
            ),
            (Holds::Schema, one) => published(one),
            (Holds::Plain | Holds::List | Holds::Named, other) => other.clone(),
        };
        (keyword.clone(), value)
    })
    .collect::<Map<_, _>>()
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_our_keywords_are_left_out_of_what_clients_see() {
        let schema = json!({
            "type": "object", "x-note": 1,
            "properties": {
                "x-real": {"type": "string", "x-kind": "path"},
                "a": {"const": {"x-in-value": 1}, "default": {"x-d": 1}, "examples": [{"x-e": 1}]},
            },
            "required": ["x-real"],
            "anyOf": [{"x-y": 1, "enum": [{"x-z": 1}]}, true],
            "additionalProperties": {"x-q": 1},
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "x-real": {"type": "string"},
                "a": {"const": {"x-in-value": 1}, "default": {"x-d": 1}, "examples": [{"x-e": 1}]},
            },
            "required": ["x-real"],
            "anyOf": [{"enum": [{"x-z": 1}]}, true],
            "additionalProperties": {},
        });
        // As text: the order of the members counts too.
        assert_eq!(published(&schema).to_string(), expected.to_string());
    }

    #[test]
    fn references_are_local_and_lead_to_subschemas_only() {
        let schema = json!({"$defs": {"a b": {"$anchor": "here"}}, "default": {"x": 1}});
        let positions = positions(&schema).unwrap();
        let resolve = |reference| resolve(&positions, reference);
        assert_eq!(resolve("#"), Some(String::new()));
        assert_eq!(resolve("#/$defs/a%20b"), Some("/$defs/a b".into()));
        assert_eq!(resolve("#here"), Some("/$defs/a b".into()));
        for other in [
            "#/default",
            "#/$defs/c",
            "#there",
            "other.json#/a",
            "file:///x",
        ] {
            assert_eq!(resolve(other), None, "{other}");
        }
    }
}
