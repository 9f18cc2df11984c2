//! A published schema against the readers of what it describes, key by key and word by word.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Map, Value, json};

use crate::catalog::{
    diagnostic::{Findings, SourceFile},
    fields::heard,
    source::{self, Node, Syntax},
};

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

/// A schema as it is published.
pub(in crate::catalog) struct Published {
    /// The file.
    name: &'static str,
    /// What it says.
    pub(super) schema: &'static Value,
    validator: jsonschema::Validator,
}

impl Published {
    /// The schema `text` of the file `name`; it lives as long as the tests.
    pub(super) fn new(name: &'static str, text: &str) -> Self {
        let schema: Value = serde_json::from_str(text).expect("the schema is JSON");
        let options = jsonschema::options().offline();
        let validator = options.build(&schema).expect("the schema is one");
        Self {
            name,
            schema: Box::leak(Box::new(schema)),
            validator,
        }
    }

    /// Holds the schema against what the reader says of a document: what is sound is accepted,
    /// what is wrong in a way that a schema can see is refused. Every sample of the readers'
    /// tests passes through here.
    #[track_caller]
    pub(in crate::catalog) fn agrees(&self, text: &str, codes: &[String]) {
        let (_, documents) = parse(text, Syntax::Yaml);
        let Some(node) = documents.first() else {
            return;
        };
        let (refusal, name) = (self.refusal(node), self.name);
        if codes.is_empty() {
            assert_eq!(refusal, None, "{name} refuses:\n{text}");
        } else if codes.iter().any(|code| STRUCTURAL.contains(&code.as_str())) {
            assert!(
                refusal.is_some(),
                "{name} accepts what is {codes:?}:\n{text}"
            );
        }
    }

    /// Why the schema refuses it.
    pub(super) fn refusal(&self, node: &Node) -> Option<String> {
        let value = node.to_value();
        let error = self.validator.validate(&value).err()?;
        Some(error.to_string())
    }

    /// Feeds `read` everything that the schema describes, and compares the keys and words that
    /// it asks for with those that the schema names.
    pub(super) fn names_what_is_read(&self, read: impl Fn(&Node, &mut Findings)) {
        let mut asked: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for instance in self.instances(self.schema) {
            let text = format!("{instance:#}");
            self.agrees(&text, &[]);
            let (mut findings, documents) = parse(&text, Syntax::Json);
            drop(heard::take());
            read(&documents[0], &mut findings);
            let (keys, words) = heard::take();
            let wrong: Vec<String> = findings
                .into_diagnostics()
                .iter()
                .map(|one| one.plain())
                .collect();
            let key = "the schema describes what the reader refuses";
            assert_eq!(wrong, Vec::<String>::new(), "{key}:\n{text}");
            let mut found = BTreeMap::new();
            self.places(&documents[0], self.schema, &mut found);
            for (place, known) in keys {
                let schema = found.get(&place);
                let schema = schema
                    .unwrap_or_else(|| panic!("no schema for the keys {known:?} of:\n{text}"));
                asked.entry(schema.to_string()).or_default().extend(known);
            }
            for ((place, key), words) in words {
                let schema = self.resolved(&found[&place]["properties"][key]);
                let told: BTreeSet<String> = names(schema, "enum").into_iter().collect();
                assert_eq!(words, told, "the words of `{key}`: read and in the schema");
            }
        }
        self.names_no_other(asked);
    }

    fn names_no_other(&self, asked: BTreeMap<String, BTreeSet<&str>>) {
        for (schema, known) in &asked {
            let schema: Value = serde_json::from_str(schema).expect("JSON");
            let told = schema["properties"].as_object().expect("properties");
            let told: BTreeSet<&str> = told.keys().map(String::as_str).collect();
            let (name, what) = (self.name, &schema["description"]);
            assert_eq!(
                *known, told,
                "keys that are read, and keys in {name}: {what}"
            );
        }
        let mut all = BTreeSet::new();
        closed(self.schema, &mut all);
        let read: BTreeSet<String> = asked.into_keys().collect();
        assert_eq!(all, read, "mappings of the schema that nobody reads");
    }

    /// Holds that every key is described; the definitions called `foreign` are not ours.
    pub(super) fn describes_every_key(&self, foreign: &[&str]) {
        fn check(at: &str, schema: &Value) {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                let at = format!("{at}/{key}");
                let refers = property.get("$ref").is_some();
                assert!(refers || property["description"].is_string(), "{at}");
            }
        }
        check("", self.schema);
        for (name, schema) in self.schema["$defs"].as_object().expect("$defs") {
            if !foreign.contains(&name.as_str()) {
                check(name, schema);
            }
        }
    }

    /// The schema that `schema` refers to, with its name; itself where it refers to none.
    fn resolved(&self, schema: &'static Value) -> &'static Value {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else {
            return schema;
        };
        let pointer = target.strip_prefix('#').expect("a local reference");
        self.resolved(self.schema.pointer(pointer).expect("it leads somewhere"))
    }

    fn branches(&self, schema: &'static Value) -> impl Iterator<Item = &'static Value> + '_ {
        let all = schema.get("anyOf").and_then(Value::as_array);
        all.into_iter().flatten().map(|one| self.resolved(one))
    }

    /// Values that fit `schema`: together they have every key and every word of it. A leaf needs
    /// `enum`, `const`, `examples` or a plain type.
    fn instances(&self, schema: &'static Value) -> Vec<Value> {
        let schema = self.resolved(schema);
        if let Some(value) = schema.get("const") {
            return vec![value.clone()];
        }
        for keyword in ["examples", "enum"] {
            if let Some(values) = schema.get(keyword).and_then(Value::as_array) {
                return values.clone();
            }
        }
        let mut found: Vec<Value> = self
            .branches(schema)
            .flat_map(|one| self.instances(one))
            .collect();
        if !found.is_empty() {
            return found;
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("boolean") => vec![json!(true), json!(false)],
            Some("integer") => vec![json!(1)],
            Some("string") => vec![json!("x")],
            Some("array") => {
                let items = self.instances(schema.get("items").expect("items"));
                items.into_iter().map(|item| json!([item])).collect()
            }
            Some("object") => {
                match (schema.get("properties"), schema.get("additionalProperties")) {
                    (Some(Value::Object(properties)), _) => {
                        for (key, property) in properties {
                            found.extend(self.objects(schema, properties, key, property));
                        }
                    }
                    (_, Some(more @ Value::Object(_))) => {
                        found.extend(
                            self.instances(more)
                                .into_iter()
                                .map(|one| json!({"X": one})),
                        );
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
        &self,
        schema: &'static Value,
        properties: &'static Map<String, Value>,
        key: &str,
        property: &'static Value,
    ) -> Vec<Value> {
        let mut required = names(schema, "required");
        if let Some(needed) = schema.get("dependentRequired") {
            required.extend(names(needed, key));
        }
        // `oneOf` says which keys exclude each other, `anyOf` in `allOf` that one of them is needed:
        // the way that has `key` or what it needs, else the first.
        let ways = schema.get("oneOf").or(schema.pointer("/allOf/0/anyOf"));
        let ways = ways.and_then(Value::as_array);
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
            let first = self.instances(&properties[name]).swap_remove(0);
            base.insert(name.clone(), first);
        }
        self.instances(property)
            .into_iter()
            .map(|value| {
                let mut object = base.clone();
                object.insert(key.to_owned(), value);
                Value::Object(object)
            })
            .collect()
    }

    /// Where the closed mappings of a document stand: their schema by where they begin.
    fn places(
        &self,
        node: &Node,
        schema: &'static Value,
        found: &mut BTreeMap<usize, &'static Value>,
    ) {
        let schema = self.resolved(schema);
        for branch in self.branches(schema) {
            if branch.get("type") == Some(&json!("object")) && !node.entries().is_empty() {
                self.places(node, branch, found);
            }
        }
        if let Some(items) = schema.get("items") {
            for item in node.items() {
                self.places(item, items, found);
            }
        }
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            if let Some(named @ Value::Object(_)) = schema.get("additionalProperties") {
                for entry in node.entries() {
                    self.places(&entry.value, named, found);
                }
            }
            return;
        }
        found.insert(node.span.start, schema);
        for entry in node.entries() {
            self.places(&entry.value, &schema["properties"][&entry.key], found);
        }
    }
}

pub(super) fn parse(text: &str, syntax: Syntax) -> (Findings, Vec<Node>) {
    let source = SourceFile::new(Path::new("f"), text.to_owned());
    let mut findings = Findings::new(&source);
    let documents = source::parse(syntax, &mut findings);
    (findings, documents)
}

fn names(schema: &Value, keyword: &str) -> Vec<String> {
    let names = schema.get(keyword).and_then(Value::as_array);
    let names = names.into_iter().flatten();
    names
        .map(|name| name.as_str().expect("a name").to_owned())
        .collect()
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
