//! The published schema against the readers of definitions, key by key and word by word.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use serde_json::{Map, Value, json};

use super::DEFINITION_SCHEMA;
use crate::catalog::{
    compile::compile,
    config::Config,
    definition::Definition,
    diagnostic::{Findings, SourceFile},
    fields::heard,
    secret::Secrets,
    source::{self, Node, Syntax},
    surroundings::Surroundings,
};

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(DEFINITION_SCHEMA).expect("the schema is JSON"));
static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let options = jsonschema::options().offline();
    options.build(&SCHEMA).expect("the schema is one")
});

/// Codes of problems that a schema can always see: it must refuse what has one of them. (It
/// cannot compare amounts that have a unit.)
const STRUCTURAL: &[&str] = &[
    "missing-key",
    "unknown-key",
    "wrong-type",
    "wrong-word",
    "not-available",
    "derived-key",
    "schema-root",
    "name",
];

/// Holds the schema against what the reader says of a definition: what is sound is accepted,
/// what is wrong in a way that a schema can see is refused. Every sample of the compiler's tests
/// passes through here.
#[track_caller]
pub(crate) fn agrees(text: &str, codes: &[String]) {
    let (_, documents) = parse(text, Syntax::Yaml);
    let Some(node) = documents.first() else {
        return;
    };
    let refusal = refusal(node);
    if codes.is_empty() {
        assert_eq!(refusal, None, "docs/tool.schema.json refuses:\n{text}");
    } else if codes.iter().any(|code| STRUCTURAL.contains(&code.as_str())) {
        assert!(
            refusal.is_some(),
            "docs/tool.schema.json accepts what is {codes:?}:\n{text}"
        );
    }
}

fn parse(text: &str, syntax: Syntax) -> (Findings, Vec<Node>) {
    let source = SourceFile::new(Path::new("f"), text.to_owned());
    let mut findings = Findings::new(&source);
    let documents = source::parse(syntax, &mut findings);
    (findings, documents)
}

/// Why the schema refuses it.
fn refusal(node: &Node) -> Option<String> {
    let value = node.to_value();
    let error = VALIDATOR.validate(&value).err()?;
    Some(error.to_string())
}

/// The schema that `schema` refers to, with its name; itself where it refers to none.
fn resolved(schema: &'static Value) -> &'static Value {
    let Some(target) = schema.get("$ref").and_then(Value::as_str) else {
        return schema;
    };
    let pointer = target.strip_prefix('#').expect("a local reference");
    resolved(SCHEMA.pointer(pointer).expect("it leads somewhere"))
}

fn branches(schema: &'static Value) -> impl Iterator<Item = &'static Value> {
    let all = schema.get("anyOf").and_then(Value::as_array);
    all.into_iter().flatten().map(resolved)
}

fn names(schema: &Value, keyword: &str) -> Vec<String> {
    let names = schema.get(keyword).and_then(Value::as_array);
    let names = names.into_iter().flatten();
    names
        .map(|name| name.as_str().expect("a name").to_owned())
        .collect()
}

/// Values that fit `schema`: together they have every key and every word of it. A leaf needs
/// `enum`, `const`, `examples` or a plain type.
fn instances(schema: &'static Value) -> Vec<Value> {
    let schema = resolved(schema);
    if let Some(value) = schema.get("const") {
        return vec![value.clone()];
    }
    for keyword in ["examples", "enum"] {
        if let Some(values) = schema.get(keyword).and_then(Value::as_array) {
            return values.clone();
        }
    }
    let mut found: Vec<Value> = branches(schema).flat_map(instances).collect();
    if !found.is_empty() {
        return found;
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => vec![json!(true), json!(false)],
        Some("integer") => vec![json!(1)],
        Some("string") => vec![json!("x")],
        Some("array") => {
            let items = instances(schema.get("items").expect("items"));
            items.into_iter().map(|item| json!([item])).collect()
        }
        Some("object") => {
            match (schema.get("properties"), schema.get("additionalProperties")) {
                (Some(Value::Object(properties)), _) => {
                    for (key, property) in properties {
                        found.extend(objects(schema, properties, key, property));
                    }
                }
                (_, Some(more @ Value::Object(_))) => {
                    found.extend(instances(more).into_iter().map(|one| json!({"X": one})));
                }
                _ => found.push(json!({})),
            }
            found
        }
        _ => panic!("say `type`, `enum`, `anyOf` or `examples` in: {schema:#}"),
    }
}

/// Objects with `key` and what else is required: one for each value that it may have.
fn objects(
    schema: &'static Value,
    properties: &'static Map<String, Value>,
    key: &str,
    property: &'static Value,
) -> Vec<Value> {
    let mut required = names(schema, "required");
    if let Some(needed) = schema.get("dependentRequired") {
        required.extend(names(needed, key));
    }
    // `oneOf` says which keys exclude each other: the way that has `key` or what it needs, else the first.
    let ways = schema.get("oneOf").and_then(Value::as_array);
    let ways: Vec<Vec<String>> = ways
        .into_iter()
        .flatten()
        .map(|way| names(way, "required"))
        .collect();
    let wanted = |name: &String| name == key || required.contains(name);
    let way = ways.iter().find(|way| way.iter().any(wanted));
    required.extend(way.or(ways.first()).cloned().unwrap_or_default());
    let mut base = Map::new();
    for name in required.iter().filter(|name| *name != key) {
        let first = instances(&properties[name]).swap_remove(0);
        base.insert(name.clone(), first);
    }
    instances(property)
        .into_iter()
        .map(|value| {
            let mut object = base.clone();
            object.insert(key.to_owned(), value);
            Value::Object(object)
        })
        .collect()
}

/// Where the closed mappings of a document stand: their schema by where they begin.
fn places(node: &Node, schema: &'static Value, found: &mut BTreeMap<usize, &'static Value>) {
    let schema = resolved(schema);
    for branch in branches(schema) {
        if branch.get("type") == Some(&json!("object")) && !node.entries().is_empty() {
            places(node, branch, found);
        }
    }
    if let Some(items) = schema.get("items") {
        for item in node.items() {
            places(item, items, found);
        }
    }
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        if let Some(named @ Value::Object(_)) = schema.get("additionalProperties") {
            for entry in node.entries() {
                places(&entry.value, named, found);
            }
        }
        return;
    }
    found.insert(node.span.start, schema);
    for entry in node.entries() {
        places(&entry.value, &schema["properties"][&entry.key], found);
    }
}

/// The closed mappings in `schema`, each as text.
fn closed(schema: &'static Value, found: &mut BTreeSet<String>) {
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        found.insert(schema.to_string());
    }
    match schema {
        Value::Object(members) => members.values().for_each(|one| closed(one, found)),
        Value::Array(items) => items.iter().for_each(|one| closed(one, found)),
        _ => {}
    }
}

#[test]
fn the_schema_names_the_keys_and_words_that_are_read_and_no_other() {
    let mut asked: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for instance in instances(&SCHEMA) {
        let text = format!("{instance:#}");
        agrees(&text, &[]);
        let (mut findings, documents) = parse(&text, Syntax::Json);
        drop(heard::take());
        Definition::read(&documents[0], &mut findings);
        let (keys, words) = heard::take();
        let wrong: Vec<String> = findings
            .into_diagnostics()
            .iter()
            .map(|one| one.plain())
            .collect();
        let key = "the schema describes what the reader refuses";
        assert_eq!(wrong, Vec::<String>::new(), "{key}:\n{text}");
        let mut found = BTreeMap::new();
        places(&documents[0], &SCHEMA, &mut found);
        for (place, known) in keys {
            let schema = found.get(&place);
            let schema =
                schema.unwrap_or_else(|| panic!("no schema for the keys {known:?} of:\n{text}"));
            asked.entry(schema.to_string()).or_default().extend(known);
        }
        for ((place, key), words) in words {
            let schema = resolved(&found[&place]["properties"][key]);
            let told: BTreeSet<String> = names(schema, "enum").into_iter().collect();
            assert_eq!(words, told, "the words of `{key}`: read and in the schema");
        }
    }
    for (schema, known) in &asked {
        let schema: Value = serde_json::from_str(schema).expect("JSON");
        let told = schema["properties"].as_object().expect("properties");
        let told: BTreeSet<&str> = told.keys().map(String::as_str).collect();
        let what = &schema["description"];
        assert_eq!(
            *known, told,
            "keys that are read, and keys in docs/tool.schema.json: {what}"
        );
    }
    let mut all = BTreeSet::new();
    closed(&SCHEMA, &mut all);
    let read: BTreeSet<String> = asked.into_keys().collect();
    assert_eq!(all, read, "mappings of the schema that nobody reads");
}

#[test]
fn every_key_has_a_description() {
    fn check(at: &str, schema: &Value) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}/{key}");
            let refers = property.get("$ref").is_some();
            assert!(refers || property["description"].is_string(), "{at}");
        }
    }
    check("", &SCHEMA);
    for (name, schema) in SCHEMA["$defs"].as_object().expect("$defs") {
        if name != "schema" && name != "objectSchema" {
            check(name, schema);
        }
    }
}

#[test]
fn the_keywords_of_schemas_are_those_that_are_understood() {
    let told = SCHEMA["$defs"]["schema"]["properties"].as_object();
    let told: BTreeSet<&str> = told
        .expect("properties")
        .keys()
        .map(String::as_str)
        .collect();
    let known = crate::catalog::schema::keywords().collect();
    assert_eq!(told, known);
}

#[test]
fn the_definitions_that_come_with_tollgate_fit_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools.d");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        let (mut findings, documents) = parse(&text, Syntax::Yaml);
        for node in &documents {
            seen += 1;
            let around = Surroundings {
                path: &["/usr/bin", "/bin"].map(PathBuf::from),
                config: &Config::default(),
                secrets: &Secrets::default(),
                inspect_sql: None,
            };
            assert!(compile(node, &around, &mut findings).is_some());
            assert_eq!(refusal(node), None, "{text}");
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn what_is_wrong_in_a_way_that_a_schema_can_see_is_refused() {
    for (text, code) in [
        ("name: t", "missing-key"),
        (
            "name: t\ndescription: d\ninputSchema: {type: object}\nrun: {reply: {text: x}}\ntimeout: 0s",
            "amount",
        ),
        (
            "name: t\ndescription: d\ninputSchema: {type: object}\nrun: {}",
            "run",
        ),
        (
            "name: t\ndescription: d\ninputSchema: {type: object}\nrun: {exec: {command: [x]}, reply: {text: x}}",
            "run",
        ),
        (
            "name: t\ndescription: d\ninputSchema: {type: object, properties: {a: {type: strin}}}\nrun: {reply: {text: x}}",
            "schema",
        ),
        (
            "name: t\ndescription: d\ninputSchema: {type: object, properties: {a: {x-kind: pat}}}\nrun: {reply: {text: x}}",
            "schema",
        ),
    ] {
        let (_, documents) = parse(text, Syntax::Yaml);
        let value = documents[0].to_value();
        assert!(!VALIDATOR.is_valid(&value), "{code}: {text}");
    }
}
