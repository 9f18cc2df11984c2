//! `tools/list`: the same every time, page by page, and schemas as they were written.

use serde_json::{Value, json};

use crate::harness::{ECHO, Gate, handshake, legacy, modern};

const SCHEMA: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "$defs": {"name": {"type": "string", "minLength": 1, "x-kind": "identifier"}},
  "properties": {
    "who": {"$ref": "#/$defs/name"},
    "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false},
    "zone": {"type": "string", "enum": ["x-a", "b"], "x-strict": true},
    "x-trace": {"type": "string", "description": "A member with the name of a keyword of ours."},
    "plain": {"default": {"x-inner": 1}, "const": {"x-inner": 1}}
  },
  "dependentRequired": {"pair": ["who"], "x-trace": ["who"]},
  "unevaluatedProperties": false,
  "required": ["who"]
}"##;

fn many(count: usize) -> String {
    let tools: Vec<String> = (0..count)
        .map(|at| ECHO.replace("name: echo", &format!("name: t{at}")))
        .collect();
    tools.join("---")
}

/// One answer to `tools/list` after a handshake.
fn list(gate: &Gate, params: &Value) -> Value {
    let input = handshake("2025-11-25") + &legacy(&json!(1), "tools/list", params);
    gate.converse(input).answer("1")
}

fn names(result: &Value) -> Vec<String> {
    let tools = result["tools"].as_array().unwrap().iter();
    tools
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn check_cursor_refused(gate: &Gate, cursor: &Value) {
    let told = list(gate, &json!({"cursor": cursor}));
    assert_eq!(told["error"]["code"], -32602, "{cursor}: {told}");
}

#[test]
fn pages_of_two_bring_every_tool_once_in_order() {
    for (count, pages) in [(5, 3), (4, 2), (1, 1)] {
        let gate = Gate::new(&many(count)).with(&["--page-size", "2"]);
        let mut talk = gate.open();
        let (mut found, mut params, mut turned) = (Vec::new(), json!({}), 0);
        loop {
            talk.send(&modern(&json!(turned), "tools/list", params));
            let told = talk.next();
            found.extend(names(&told["result"]));
            turned += 1;
            match told["result"].get("nextCursor") {
                Some(cursor) => params = json!({"cursor": cursor}),
                None => break,
            }
        }
        let expected: Vec<String> = (0..count).map(|at| format!("t{at}")).collect();
        assert_eq!((found, turned), (expected, pages));
    }
}

#[test]
fn p29_a_cursor_that_was_not_given_out_is_refused() {
    let paged = Gate::new(&many(5)).with(&["--page-size", "2"]);
    for cursor in [
        json!(""),
        json!("garbage"),
        json!("YWZ0ZXI"),
        json!("bm9uc2Vuc2U"),
        json!(5),
        json!({}),
    ] {
        check_cursor_refused(&paged, &cursor);
    }
    let next = list(&paged, &json!({}))["result"]["nextCursor"].clone();
    let whole = Gate::new(&many(5));
    for cursor in [json!(""), json!("garbage"), next] {
        check_cursor_refused(&whole, &cursor);
    }
}

#[test]
fn p29_the_list_has_the_same_bytes_every_time() {
    let gate = Gate::new(&many(30));
    let request = legacy(&json!(1), "tools/list", &json!({}));
    let input = format!("{}{request}\n{request}\n", handshake("2025-11-25"));
    let (first, second) = (gate.converse(input.clone()), gate.converse(input));
    assert_eq!(first.lines.len(), 3);
    assert_eq!(first.lines[1], first.lines[2]);
    assert_eq!(first.lines, second.lines);
}

/// `schema` without our own keywords, which stand in these places only.
fn published(schema: &str) -> Value {
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    let name = schema["$defs"]["name"].as_object_mut().unwrap();
    assert!(name.remove("x-kind").is_some());
    let zone = schema["properties"]["zone"].as_object_mut().unwrap();
    assert!(zone.remove("x-strict").is_some());
    schema
}

#[test]
fn an_input_schema_reaches_the_client_as_written_but_for_our_own_keywords() {
    // A keyword of ours that is not known would be an error of the definition.
    let schema = SCHEMA.replace(r#", "x-strict": true"#, r#", "x-kind": "identifier""#);
    let definition = format!(
        "name: shaped\ndescription: Says hello.\neffect: read\ninputSchema: {schema}\nrun: {{reply: {{text: hello}}}}\n"
    );
    let gate = Gate::new(&definition);
    let input = handshake("2025-11-25") + &legacy(&json!(1), "tools/list", &json!({}));
    let told = gate.converse(input);
    let tools = &told.answer("1")["result"]["tools"];
    assert_eq!(tools.as_array().map(Vec::len), Some(1), "{}", told.stderr);
    let expected = published(SCHEMA).to_string();
    assert_eq!(tools[0]["inputSchema"].to_string(), expected);
}
