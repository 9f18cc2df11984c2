//! Legitimate text is never refused and never changed: hundreds of texts through a program's
//! argument list and back, and a canary that would die if a shell had read one of them.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::{
    harness::{Gate, modern},
    life_harness::fake_tool,
    root,
};

/// Calls that are sent before their answers are read.
const AT_ONCE: usize = 8;

/// Things that people and programs write.
const WORDS: &[&str] = &[
    "100% sure",
    "50%25 off",
    "C%2B%2B",
    "x² + y²",
    "½ cup",
    "naïve café",
    "שלום עולם",
    "مرحبا بالعالم",
    "你好，世界",
    "こんにちは",
    "Привет",
    "Ελλάδα",
    "हिन्दी",
    "ไทย",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦",
    "🏳️\u{200d}🌈",
    "e\u{301} and é",
    "ﬁ ligature",
    "10⁻³ m",
    "\u{202b}rtl\u{202c}",
    "a\u{200b}b",
];

/// What would do something if a shell, a database or a template engine read it. `CANARY` stands
/// for the path of a file.
const LOADED: &[&str] = &[
    "$(touch CANARY)",
    "`touch CANARY`",
    "; touch CANARY",
    "| touch CANARY",
    "&& touch CANARY",
    "|| touch CANARY",
    "\ntouch CANARY\n",
    "& touch CANARY &",
    "> CANARY",
    ">> CANARY",
    "$(>CANARY)",
    "'; touch CANARY; '",
    "\"; touch CANARY; \"",
    "\\\ntouch CANARY",
    "${IFS}touch${IFS}CANARY",
    "<(touch CANARY)",
    "!touch CANARY",
    "'; DROP TABLE orders;--",
    "1 OR 1=1",
    "SELECT * FROM t WHERE a = 'b'",
    "{{7*7}}",
    "{text}",
    "${text}",
    "%s%n%x",
    "<script>alert(1)</script>",
    "*.rs",
    "~/notes",
    "[a-z]*",
    "a{1,2}b",
    "$HOME $PATH $0",
    "\\x41\\n\\0",
    "C:\\dir\\file",
    "it's",
    "\"quoted\"",
    "\\",
    "\\\\",
    "'",
    "\"",
    "#!/bin/sh",
    "a\tb",
    "line\r\nline",
    "a=b; c=d",
    "--flag --other=1",
];

/// Sentences around them.
const FRAMES: &[&str] = &[
    "X",
    "Please run X for me.",
    "X X",
    "He said: \u{201c}X\u{201d}",
    "def f():\n    return \"X\"\n",
    "// X\nlet a = 1;",
    "1. X\n2. X\n",
    "| a | X |",
];

fn texts(canary: &str) -> BTreeSet<String> {
    let file = fs::read_to_string(root().join("tests/data/texts.ndjson")).unwrap();
    let mut texts: BTreeSet<String> = file
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for frame in FRAMES {
        for word in WORDS.iter().chain(LOADED) {
            texts.insert(frame.replace('X', word));
        }
    }
    for size in [100, 1_000, 10_000, 100_000] {
        texts.insert("long line é % ".repeat(size / 14));
        texts.insert("短い行\n".repeat(size / 10));
    }
    texts
        .into_iter()
        .map(|text| text.replace("CANARY", canary))
        .collect()
}

#[test]
fn v16_v21_legitimate_text_reaches_the_program_byte_for_byte_and_no_shell_reads_it() {
    let definition = json!({
        "name": "say", "description": "Gives back its argument list.", "effect": "read",
        "inputSchema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
        "run": {"exec": {"command": [fake_tool(), "echo", "--text={text}"]}}, "output": "json",
    });
    let gate = Gate::new("").with(&["--log-level", "error"]);
    gate.define("say.json", &definition.to_string());
    let canary = gate.path("canary");
    let texts: Vec<String> = texts(canary.to_str().unwrap()).into_iter().collect();
    assert!(texts.len() >= 500, "{}", texts.len());
    let mut conversation = gate.open();
    // As many at a time as find a place: what is refused for want of one proves nothing.
    for (first, some) in texts.chunks(AT_ONCE).enumerate() {
        let first = first * AT_ONCE;
        for (at, text) in some.iter().enumerate() {
            let params = json!({"name": "say", "arguments": {"text": text}});
            conversation.send(&modern(&json!(first + at), "tools/call", params));
        }
        let mut seen = BTreeSet::new();
        for _ in some {
            let answer = conversation.next();
            let id = usize::try_from(answer["id"].as_u64().unwrap()).unwrap();
            let expected = json!([format!("--text={}", texts[id])]);
            let argv: &Value = &answer["result"]["structuredContent"];
            assert_eq!(argv, &expected, "{answer}");
            seen.insert(id);
        }
        assert_eq!(seen.len(), some.len());
    }
    assert!(!canary.exists(), "a shell has run");
}
