//! The published schemas against the readers.

mod published;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use self::published::{Published, parse};
use super::{CONFIG_SCHEMA, DEFINITION_SCHEMA};
use crate::catalog::{
    compile::compile, config::Config, definition::Definition, secret::Secrets, source::Syntax,
    surroundings::Surroundings,
};

/// `docs/tool.schema.json`.
pub(in crate::catalog) static DEFINITION: LazyLock<Published> =
    LazyLock::new(|| Published::new("docs/tool.schema.json", DEFINITION_SCHEMA));
/// `docs/tollgate.schema.json`.
pub(in crate::catalog) static CONFIG: LazyLock<Published> =
    LazyLock::new(|| Published::new("docs/tollgate.schema.json", CONFIG_SCHEMA));

#[test]
fn the_schemas_name_the_keys_and_words_that_are_read_and_no_other() {
    DEFINITION.names_what_is_read(|node, findings| drop(Definition::read(node, findings)));
    CONFIG.names_what_is_read(|node, findings| {
        drop(Config::read(node, Path::new("/"), findings));
    });
}

#[test]
fn every_key_has_a_description() {
    DEFINITION.describes_every_key(&["schema", "objectSchema"]);
    CONFIG.describes_every_key(&[]);
}

#[test]
fn the_keywords_of_schemas_are_those_that_are_understood() {
    let told = DEFINITION.schema["$defs"]["schema"]["properties"].as_object();
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
            assert_eq!(DEFINITION.refusal(node), None, "{text}");
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
        assert!(
            DEFINITION.refusal(&documents[0]).is_some(),
            "{code}: {text}"
        );
    }
}
