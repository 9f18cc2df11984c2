//! `tollgate install`, on copies of the files that clients keep: the entry comes in, everything
//! else stays, and `--undo` gives every byte back.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::{life_harness::Home, tollgate};

/// Each client with where its file stands below the home folder and what a real one looks like.
const CLIENTS: &[(&str, &str, &str)] = &[
    (
        "claude-desktop",
        ".config/Claude/claude_desktop_config.json",
        SERVERS,
    ),
    ("claude-code", ".claude.json", SERVERS),
    ("cursor", ".cursor/mcp.json", SERVERS),
    ("windsurf", ".codeium/windsurf/mcp_config.json", SERVERS),
    ("gemini", ".gemini/settings.json", SERVERS),
    ("lm-studio", ".lmstudio/mcp.json", SERVERS),
    ("kiro", ".kiro/settings/mcp.json", SERVERS),
    (
        "cline",
        ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
        SERVERS,
    ),
    (
        "vscode",
        ".config/Code/User/mcp.json",
        "{\n\t// tabs, as the editor writes them\n\t\"inputs\": [],\n\t\"servers\": {\n\t\t\"docs\": { \"type\": \"stdio\", \"command\": \"docs\" }\n\t}\n}\n",
    ),
    (
        "zed",
        ".config/zed/settings.json",
        "// Zed settings\n{\n  \"vim_mode\": true, // yes\n  \"context_servers\": {},\n}\n",
    ),
    (
        "opencode",
        ".config/opencode/opencode.json",
        "{\n  \"$schema\": \"x\",\n  \"mcp\": {}\n}",
    ),
    ("crush", ".config/crush/crush.json", "{\"lsp\": {}}\n"),
    (
        "codex",
        ".codex/config.toml",
        "# mine\nmodel = \"x\"   # spaces stay\n\n[mcp_servers.docs]\ncommand = 'docs'\n\n[profiles.a]\nmodel = \"y\"\n",
    ),
    (
        "goose",
        ".config/goose/config.yaml",
        "# goose\nextensions:\n  developer:\n    enabled: true   # built in\nGOOSE_MODEL: x\n",
    ),
    (
        "continue",
        ".continue/config.yaml",
        "name: me\nversion: 0.0.1\nmcpServers:\n  - name: docs\n    command: docs\n",
    ),
];
const SERVERS: &str = "{\n  \"scale\": 0.10,\n  \"mcpServers\": {\n    \"files\": {\n      \"command\": \"npx\",\n      \"args\": [\"-y\", \"files\"]\n    }\n  }\n}\n";

fn install(home: &Home, args: &[&str]) -> (bool, String) {
    let output = tollgate()
        .arg("install")
        .args(args)
        .env("HOME", home.path(""))
        .current_dir(home.path(""))
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(told).unwrap())
}

fn put(home: &Home, path: &str, text: &str) {
    let path = home.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn every_client_round_trips() {
    for (client, path, before) in CLIENTS {
        let home = Home::new();
        put(&home, path, before);
        let (fine, told) = install(&home, &[client, "--dry-run"]);
        assert!(fine && told.contains("+"), "{client}: {told}");
        let file = home.path(path);
        assert_eq!(fs::read_to_string(&file).unwrap(), *before, "{client}");

        let (fine, told) = install(&home, &[client]);
        assert!(fine, "{client}: {told}");
        let after = fs::read_to_string(&file).unwrap();
        let program = env!("CARGO_BIN_EXE_tollgate");
        assert!(after.contains(program), "{client}: {after}");
        assert!(after.contains(&home.text("tools.d")), "{client}: {after}");
        for line in before
            .lines()
            .filter(|line| line.contains("//") || line.contains('#'))
        {
            assert!(after.contains(line), "{client} lost {line}: {after}");
        }
        assert_eq!(mode(&file), 0o600, "{client}");
        let (fine, told) = install(&home, &[client]);
        assert!(fine && told.contains("nothing to do"), "{client}: {told}");

        let (fine, told) = install(&home, &[client, "--undo"]);
        assert!(fine, "{client}: {told}");
        assert_eq!(fs::read_to_string(&file).unwrap(), *before, "{client}");
        let left = fs::read_dir(file.parent().unwrap()).unwrap().flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        let copies = left
            .iter()
            .filter(|name| name.to_string_lossy().contains("tollgate-"));
        assert_eq!(copies.count(), 0, "{client} left {left:?}");
    }
}

#[test]
fn a_file_that_was_not_there_is_made_and_goes_again() {
    let home = Home::new();
    let file = home.path(".cursor/mcp.json");
    assert!(install(&home, &["cursor"]).0);
    assert!(fs::read_to_string(&file).unwrap().contains("mcpServers"));
    assert!(install(&home, &["cursor", "--undo"]).0);
    assert_eq!(fs::read_dir(home.path(".cursor")).unwrap().count(), 0);
}

#[test]
fn a_file_that_was_changed_since_keeps_the_change() {
    let home = Home::new();
    put(&home, ".claude.json", SERVERS);
    assert!(install(&home, &["claude-code"]).0);
    let file = home.path(".claude.json");
    let changed = fs::read_to_string(&file).unwrap().replace("0.10", "0.25");
    fs::write(&file, changed).unwrap();
    let (fine, told) = install(&home, &["claude-code", "--undo"]);
    assert!(fine && told.contains("was changed since"), "{told}");
    let left = fs::read_to_string(&file).unwrap();
    assert_eq!(left, SERVERS.replace("0.10", "0.25"));
}

#[test]
fn what_cannot_be_understood_is_not_touched() {
    let home = Home::new();
    put(&home, ".claude.json", "{\"mcpServers\": ");
    let (fine, told) = install(&home, &["claude-code"]);
    assert!(!fine && told.contains("nothing was changed"), "{told}");
    assert_eq!(
        fs::read_to_string(home.path(".claude.json")).unwrap(),
        "{\"mcpServers\": "
    );
    let (fine, told) = install(&home, &["claude-code", "--undo"]);
    assert!(!fine && told.contains("nothing was changed"), "{told}");
}

#[test]
fn a_project_has_its_own_file_where_the_client_reads_one() {
    let home = Home::new();
    assert!(install(&home, &["vscode", "--project", "--name", "gate"]).0);
    let text = fs::read_to_string(home.path(".vscode/mcp.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["servers"]["gate"]["type"], "stdio", "{text}");
    let (fine, told) = install(&home, &["goose", "--project"]);
    assert!(!fine && told.contains("leave out `--project`"), "{told}");
}
