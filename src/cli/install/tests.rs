//! Each shape of file, with the comments and foreign entries that real ones have: an entry comes
//! in without touching anything else, and goes out again.

use std::path::PathBuf;

use super::{
    Block, Entry, Shape, Style,
    client::{Client, Platform},
    edit::{EditError, add, remove},
};
use crate::cli::locate::Environment;

fn entry() -> Entry {
    Entry {
        name: "tollgate".into(),
        command: "/opt/tollgate".into(),
        args: vec!["serve".into(), "--tools".into(), "/home/me/tools.d".into()],
    }
}

/// Adding gives `after`; adding again changes nothing; removing gives `before` back.
#[track_caller]
fn check(shape: Shape, before: &str, after: &str) {
    let added = add(before, shape, &entry(), false).unwrap();
    assert_eq!(added, after);
    assert_eq!(add(&added, shape, &entry(), false).unwrap(), added);
    assert_eq!(remove(&added, shape, "tollgate").unwrap(), before);
}

#[track_caller]
fn refused(shape: Shape, text: &str, error: &EditError) {
    assert_eq!(add(text, shape, &entry(), false).unwrap_err(), *error);
}

const CLAUDE: Shape = Shape::Json("mcpServers", Style::Plain);
const ZED: Shape = Shape::Json("context_servers", Style::Custom);

#[test]
fn json_beside_another_server_keeps_what_is_there() {
    check(
        CLAUDE,
        "{\n  \"theme\": \"dark\",\n  \"mcpServers\": {\n    \"files\": {\"command\": \"npx\"}\n  }\n}\n",
        "{\n  \"theme\": \"dark\",\n  \"mcpServers\": {\n    \"files\": {\"command\": \"npx\"},\n    \"tollgate\": {\n      \"command\": \"/opt/tollgate\",\n      \"args\": [\"serve\", \"--tools\", \"/home/me/tools.d\"]\n    }\n  }\n}\n",
    );
}

#[test]
fn json_with_comments_and_trailing_commas_keeps_them() {
    check(
        ZED,
        "// my settings\n{\n  \"theme\": \"One Dark\", // dark\n  /* servers */\n  \"context_servers\": {\n    // mine\n    \"a\": {\"source\": \"custom\"},\n  },\n}\n",
        "// my settings\n{\n  \"theme\": \"One Dark\", // dark\n  /* servers */\n  \"context_servers\": {\n    // mine\n    \"a\": {\"source\": \"custom\"},\n    \"tollgate\": {\n      \"source\": \"custom\",\n      \"enabled\": true,\n      \"command\": \"/opt/tollgate\",\n      \"args\": [\"serve\", \"--tools\", \"/home/me/tools.d\"],\n      \"env\": {},\n    },\n  },\n}\n",
    );
}

#[test]
fn a_missing_json_file_becomes_a_whole_one() {
    let made = add("", Shape::Json("mcp", Style::Local), &entry(), false).unwrap();
    let value: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!(
        value,
        serde_json::json!({"mcp": {"tollgate": {
            "type": "local",
            "command": ["/opt/tollgate", "serve", "--tools", "/home/me/tools.d"],
            "enabled": true,
        }}})
    );
}

#[test]
fn json_that_its_client_could_not_read_is_not_touched() {
    for text in ["{\"a\": 1", "{'a': 1}", "{a: 1}"] {
        let error = add(text, CLAUDE, &entry(), false).unwrap_err();
        assert!(matches!(error, EditError::Unreadable(_)), "{text}: {error}");
    }
    let text = "its `mcpServers` is no JSON object; add the entry by hand";
    refused(
        CLAUDE,
        "{\"mcpServers\": []}",
        &EditError::Unusual(text.into()),
    );
    let text = "it is no JSON object; add the entry by hand";
    refused(CLAUDE, "[1]", &EditError::Unusual(text.into()));
}

#[test]
fn another_entry_of_the_name_is_replaced_only_when_told_so() {
    let texts = [
        (
            CLAUDE,
            "{\"mcpServers\": {\"tollgate\": {\"command\": \"old\"}}}",
        ),
        (Shape::Toml, "[mcp_servers.tollgate]\ncommand = \"old\"\n"),
        (
            Shape::Yaml(Block::Extensions),
            "extensions:\n  tollgate:\n    cmd: old\n",
        ),
        (
            Shape::Yaml(Block::Servers),
            "mcpServers:\n  - name: tollgate\n    command: old\n",
        ),
    ];
    for (shape, text) in texts {
        refused(shape, text, &EditError::Taken("tollgate".into()));
        let replaced = add(text, shape, &entry(), true).unwrap();
        assert!(replaced.contains("/opt/tollgate"), "{replaced}");
        assert!(!replaced.contains("old"), "{replaced}");
        let absent = EditError::Absent("other".into());
        assert_eq!(remove(text, shape, "other").unwrap_err(), absent);
    }
}

#[test]
fn toml_keeps_comments_and_other_tables() {
    check(
        Shape::Toml,
        "# codex\nmodel = \"o\" # best\n\n[mcp_servers.docs]\ncommand = \"docs\"\n",
        "# codex\nmodel = \"o\" # best\n\n[mcp_servers.docs]\ncommand = \"docs\"\n\n[mcp_servers.tollgate]\ncommand = \"/opt/tollgate\"\nargs = [\"serve\", \"--tools\", \"/home/me/tools.d\"]\n",
    );
}

#[test]
fn yaml_mapping_gets_a_member_below_its_key() {
    check(
        Shape::Yaml(Block::Extensions),
        "# goose\nextensions:\n    # built in\n    developer:\n        enabled: true\nGOOSE_MODEL: x\n",
        "# goose\nextensions:\n    tollgate:\n      name: tollgate\n      type: stdio\n      enabled: true\n      cmd: \"/opt/tollgate\"\n      args: [\"serve\", \"--tools\", \"/home/me/tools.d\"]\n      timeout: 300\n    # built in\n    developer:\n        enabled: true\nGOOSE_MODEL: x\n",
    );
}

#[test]
fn yaml_list_gets_an_item_below_its_key() {
    check(
        Shape::Yaml(Block::Servers),
        "name: me\nmcpServers:\n  - name: docs # old\n    command: docs\n",
        "name: me\nmcpServers:\n  - name: tollgate\n    command: \"/opt/tollgate\"\n    args: [\"serve\", \"--tools\", \"/home/me/tools.d\"]\n  - name: docs # old\n    command: docs\n",
    );
}

#[test]
fn yaml_without_the_key_gets_it_at_the_end() {
    let added = add("name: me", Shape::Yaml(Block::Servers), &entry(), false).unwrap();
    assert_eq!(
        added,
        "name: me\nmcpServers:\n  - name: tollgate\n    command: \"/opt/tollgate\"\n    args: [\"serve\", \"--tools\", \"/home/me/tools.d\"]\n"
    );
}

#[test]
fn yaml_that_an_edit_could_damage_is_not_touched() {
    let text = "its `extensions` stands on one line; add the entry by hand";
    let shape = Shape::Yaml(Block::Extensions);
    refused(
        shape,
        "extensions: {a: {}}\n",
        &EditError::Unusual(text.into()),
    );
    refused(shape, "extensions: {}\n", &EditError::Unusual(text.into()));
    for text in [
        "extensions: &x\n  a: 1\nb: *x\n",
        "a: [",
        "- a\n",
        "a: 1\n---\nb: 2\n",
    ] {
        assert!(add(text, shape, &entry(), false).is_err(), "{text}");
    }
}

#[test]
fn each_client_has_a_file_on_each_platform() {
    let environment = Environment {
        home: Some("/home/me".into()),
        app_data: Some("/data".into()),
        ..Environment::default()
    };
    for client in <Client as clap::ValueEnum>::value_variants() {
        for platform in [Platform::Linux, Platform::MacOs, Platform::Windows] {
            let file = client.user_file(platform, &environment);
            assert!(file.is_some(), "{client:?} on {platform:?}");
            assert_eq!(client.user_file(platform, &Environment::default()), None);
        }
    }
    let zed = |platform| Client::Zed.user_file(platform, &environment).unwrap();
    assert_eq!(
        zed(Platform::MacOs),
        PathBuf::from("/home/me/.config/zed/settings.json")
    );
    assert_eq!(
        zed(Platform::Windows),
        PathBuf::from("/data/Zed/settings.json")
    );
}
