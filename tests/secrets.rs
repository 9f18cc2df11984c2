//! Secrets of the operator and of the caller: in nothing that this program writes (O2).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, problem, text};

const OPERATORS: &str = "cN4ry/operator+\"1\"";
const FILED: &str = "cN4ry-filed-%41-2";
const NUMBER: &str = "8675309867";
const CALLERS: &str = "cN4ry-caller-33";

/// A program that says whatever it knows, in every way that it has.
const TELLTALE: &str = r#"
for secret in "$TOKEN" "$FILED" "$PIN"; do
  printf '%s %s ' "$secret" "$(printf 'x%s' "$secret" | base64 -w 0)"
  printf '%s' "$secret" | od -An -v -tx1 | tr -d ' \n'
  printf 'failing with %s\n' "$secret" >&2
done
[ -z "$PROGRESS" ] || printf 'progress 1 2 %s\n' "$TOKEN" > "$PROGRESS"
[ "$MODE" = fine ]
"#;

fn home() -> Home {
    let home = Home::new();
    fs::write(home.path("telltale.sh"), TELLTALE).unwrap();
    fs::write(home.path("filed"), format!("{FILED}\n")).unwrap();
    fs::set_permissions(home.path("filed"), fs::Permissions::from_mode(0o600)).unwrap();
    let definition = json!({
        "name": "tell", "description": "Tells.", "effect": "write", "idempotency": {"key": "/note"},
        "inputSchema": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "pin": {"type": "string", "maxLength": 40, "x-secret": true},
                "mode": {"type": "string", "enum": ["fine", "fail"]},
                "n": {"type": "integer"},
                "note": {"type": "string", "maxLength": 400},
            },
        },
        "run": {"exec": {
            "command": ["/bin/sh", home.text("telltale.sh")], "unsafe_interpreter": true,
            "progress": true,
            "env": {
                "TOKEN": "${secret:env:TOKEN}", "NUMBER": "${secret:env:NUMBER}", "PIN": "{pin}", "MODE": "{mode}",
                "FILED": format!("${{secret:file:{}}}", home.text("filed")),
            },
        }},
    });
    home.define("tell.json", &definition.to_string());
    home
}

/// `secret` as it would stand in a text, in base64 at any offset, and in hexadecimal.
fn forms(secret: &str) -> Vec<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let mut forms = vec![
        secret.to_owned(),
        secret.replace('"', "\\\""),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ];
    for before in 0..3 {
        let encoded = STANDARD_NO_PAD.encode(format!("{}{secret}", "x".repeat(before)));
        forms.push(encoded[4..encoded.len() - 2].to_owned());
    }
    forms
}

#[track_caller]
fn assert_clean(place: &str, written: &str) {
    for secret in [OPERATORS, FILED, NUMBER, CALLERS] {
        for form in forms(secret) {
            assert!(!written.contains(&form), "{place} has {form}: {written}");
        }
    }
}

fn start(home: &Home) -> Server {
    let log = home.text("log");
    let args = [
        "serve",
        "--no-watch",
        "--log-level",
        "trace",
        "--log-dir",
        &log,
    ];
    let mut command = home.command(&args);
    command.env("TOKEN", OPERATORS).env("NUMBER", NUMBER);
    let mut server = Server::start(command);
    server.initialize();
    server
}

#[test]
fn o2_no_secret_is_in_anything_that_is_written() {
    let home = home();
    let mut server = start(&home);
    let mut answers = Vec::new();
    for arguments in [
        json!({"pin": CALLERS, "mode": "fine"}),
        json!({"pin": CALLERS, "mode": "fail"}),
        // Misspelt, of a wrong type, and an operator's secret that the caller has found.
        json!({"pim": CALLERS}),
        json!({"pin": [CALLERS]}),
        json!({"pin": format!("{CALLERS}{CALLERS}{CALLERS}")}),
        json!({"mode": FILED}),
        // One that is read as another type, which is told.
        json!({"n": NUMBER, "mode": "fine"}),
        json!({"note": format!("is it {OPERATORS}?"), "mode": "fine"}),
    ] {
        let id = server.request(
            "tools/call",
            json!({"name": "tell", "arguments": arguments, "_meta": {"progressToken": "t"}}),
        );
        answers.push(server.answer(id));
    }
    let told = text(&answers[0]);
    assert_eq!(told.matches("(secret)").count(), 9, "{told}");
    assert_eq!(problem(&answers[1])["code"], "BACKEND_FAILED");
    server.close_stdin();
    answers.extend(server.rest());
    let progress = answers
        .iter()
        .find(|one| one["params"]["message"] == "(secret)");
    assert!(progress.is_some());
    assert_clean("an answer", &json!(answers).to_string());
    assert_clean("standard error", &server.errors());
    let lines = fs::read_to_string(home.path("log/tollgate.jsonl")).unwrap();
    assert!(lines.matches("call_ended").count() >= 8, "{lines}");
    assert_clean("the files of lines", &lines);
    let mut ledger_bytes = 0;
    for entry in fs::read_dir(home.path("state")).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            let written = fs::read(&file).unwrap();
            ledger_bytes += written.len();
            assert_clean(&file.to_string_lossy(), &String::from_utf8_lossy(&written));
        }
    }
    assert!(ledger_bytes > 0, "the ledger was looked at");
    let assert = home.run(&["audit", "export"]).success();
    let export = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(export.lines().count() >= 2 + 7, "every call is in it");
    assert_clean("the export", &export);
    assert_clean("the log", &json!(home.log()).to_string());
}

/// A database that says of a value it cannot take what that is, behind a call, a check, a step
/// and a probe.
fn telling_home() -> Home {
    let home = Home::new();
    let database = home.path("shop.db");
    rusqlite::Connection::open_with_flags(&database, rusqlite::OpenFlags::default())
        .unwrap()
        .execute_batch("create table notes (text text)")
        .unwrap();
    home.configure(&json!({"databases": {"shop": {"sqlite": database}}}).to_string());
    let query = json!({"database": "shop", "query": "select json_extract('{}', :pin) as a"});
    let notes = |statement: &str| json!({"sql": {"database": "shop", "statement": statement}});
    let found = "size(result.rows) > 0";
    let check = json!([{"sql": query, "require": found, "code": "NONE", "message": "No."}]);
    let dies = json!(["/bin/sh", "-c", "kill -9 $$"]);
    let dies = json!({"exec": {"command": dies, "unsafe_interpreter": true}});
    let one = json!({
        "name": "one", "run": notes("insert into notes values ('a')"),
        "undo": notes("delete from notes"),
    });
    let two = json!({"name": "two", "effect": "read", "run": {"sql": query}});
    for (name, effect, members) in [
        ("fails", "read", json!({"run": {"sql": query}})),
        (
            "unchecked",
            "read",
            json!({"checks": check, "run": {"reply": {"text": "in"}}}),
        ),
        (
            "unverified",
            "write",
            json!({"run": dies, "verify": {"sql": query, "applied": found}}),
        ),
        ("steps", "write", json!({"steps": [one, two]})),
    ] {
        let mut definition = json!({
            "name": name, "description": "Fails.", "effect": effect,
            "inputSchema": {
                "type": "object", "additionalProperties": false, "required": ["pin"],
                "properties": {"pin": {"type": "string", "maxLength": 400, "x-secret": true}},
            },
        });
        let into = definition.as_object_mut().unwrap();
        into.extend(members.as_object().unwrap().clone());
        home.define(&format!("{name}.json"), &definition.to_string());
    }
    home.run(&["validate-config"]).success();
    home
}

#[test]
fn o2_no_secret_is_in_what_a_backend_says_of_its_failure() {
    let home = telling_home();
    let mut server = start(&home);
    let mut answers = Vec::new();
    // The second one stands where a status is cut.
    let before = 300 - "sqlite: bad JSON path: 'cN4ry".len();
    let long = format!("{}{CALLERS}", "x".repeat(before));
    for pin in [CALLERS, &long] {
        for name in ["fails", "unchecked", "unverified", "steps"] {
            let id = server.call(name, json!({"pin": pin}));
            let answer = server.answer(id);
            assert_ne!(problem(&answer)["code"], Value::Null, "{answer}");
            answers.push(answer);
        }
    }
    server.close_stdin();
    server.rest();
    let lines = fs::read_to_string(home.path("log/tollgate.jsonl")).unwrap();
    let mut written = format!("{}{}{lines}", json!(answers), server.errors());
    for entry in fs::read_dir(home.path("state")).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            written += &String::from_utf8_lossy(&fs::read(&file).unwrap());
        }
    }
    for beginning in ["cN4ry", &"x".repeat(100)] {
        assert!(!written.contains(beginning), "{written}");
    }
    assert!(lines.contains("bad JSON path: '(secret)'"), "{lines}");
    let rows = json!(home.log()).to_string();
    let told = rows.matches("bad JSON path: '(secret)'").count();
    assert_eq!(told, 6, "{rows}");
}

#[test]
fn a_secret_tells_operations_apart_and_a_replay_leaves_its_calls_out() {
    let home = home();
    let mut server = start(&home);
    let mut told = |pin: &str| {
        let arguments = json!({"pin": pin, "mode": "fine", "note": "n-1"});
        let id = server.call("tell", arguments);
        let answer = server.answer(id);
        let meta = &answer["result"]["_meta"];
        let is_replay = meta["tollgate/replayed"] == true;
        (is_replay, meta["tollgate/error"]["code"].clone())
    };
    let nothing = Value::Null;
    assert_eq!(told("1234"), (false, nothing.clone()));
    assert_eq!(told("1234"), (true, nothing));
    assert_eq!(told("1235"), (false, "IDEMPOTENCY_MISMATCH".into()));
    assert_eq!(server.finish().0, 0);
    let rows = home.log();
    let marks: Vec<&Value> = rows
        .iter()
        .map(|row| &row["effective_arguments"]["pin"]["redacted"])
        .collect();
    assert!(marks[0].as_str().unwrap().starts_with("hmac:"), "{marks:?}");
    assert_eq!((marks[0] == marks[1], marks[1] == marks[2]), (true, false));
    let mut command = home.command(&["replay-log"]);
    command.env("TOKEN", OPERATORS).env("NUMBER", NUMBER);
    let assert = assert_cmd::Command::from_std(command).assert().success();
    let told = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert_eq!(
        told,
        "0 calls judged again: no difference; 3 calls with a secret, which is not kept, not judged\n"
    );
}

#[test]
fn c10_a_secret_that_cannot_be_had_is_an_error_at_load_that_does_not_show_it() {
    let home = home();
    fs::set_permissions(home.path("filed"), fs::Permissions::from_mode(0o644)).unwrap();
    let assert = home.run(&["validate-config", "--format", "plain"]).code(1);
    let told = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(told.contains("${secret:env:TOKEN}"), "{told}");
    assert!(told.contains("others can read it"), "{told}");
    assert_clean("the report", &told);
}
