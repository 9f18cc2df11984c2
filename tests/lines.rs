//! What is no message, what is a doubtful one, and that the next line is served all the same.

use serde_json::{Value, json};

use crate::harness::{ECHO, Gate, envelope, handshake, id_of, modern};

/// Says `before`, then each line of `lines` with a ping after it; what was answered to each.
#[track_caller]
fn answers(gate: &Gate, before: &str, lines: &[Vec<u8>]) -> Vec<Vec<Value>> {
    let mut input = before.as_bytes().to_vec();
    for (at, line) in [&Vec::new()].into_iter().chain(lines).enumerate() {
        input.extend_from_slice(line);
        let ping = json!({"jsonrpc": "2.0", "id": format!("ping-{at}"), "method": "ping"});
        input.extend_from_slice(format!("\n{ping}\n").as_bytes());
    }
    let told = gate.converse(input);
    assert_eq!(told.status, Some(0), "{}", told.stderr);
    let mut answers = vec![Vec::new()];
    for (line, value) in told.lines.iter().zip(told.values()) {
        if id_of(line) == Some(format!("\"ping-{}\"", answers.len() - 1)) {
            assert_eq!(value["result"], json!({}));
            answers.push(Vec::new());
        } else {
            answers.last_mut().unwrap().push(value);
        }
    }
    assert_eq!(answers.pop(), Some(Vec::new()), "after the last ping");
    assert_eq!(answers.len(), lines.len() + 1, "{:#?}", told.lines);
    answers.remove(0);
    answers
}

/// Every line is refused with this code and, in the legacy era, this id.
#[track_caller]
fn check(lines: &[(&[u8], i32, Value, &str)]) {
    let sent: Vec<_> = lines.iter().map(|(line, ..)| line.to_vec()).collect();
    let answers = answers(&Gate::new(ECHO), &handshake("2025-11-25"), &sent);
    for (answer, (line, code, id, message)) in answers.iter().zip(lines) {
        let line = String::from_utf8_lossy(&line[..line.len().min(200)]);
        assert_eq!(answer.len(), 1, "{line}: {answer:?}");
        let told = &answer[0];
        assert_eq!(told["error"]["code"], *code, "{line}: {told}");
        assert_eq!(told.get("id"), Some(id), "{line}: {told}");
        let said = told["error"]["message"].as_str().unwrap();
        assert!(said.contains(message), "{line}: {said}");
    }
}

fn ping(id: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#).into_bytes()
}

fn call(arguments: &str) -> Vec<u8> {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{arguments}}}}}"#
    )
    .into_bytes()
}

#[test]
fn p1_blank_lines_are_passed_over_and_carriage_returns_are_no_part_of_a_line() {
    let gate = Gate::new(ECHO);
    let input = "\u{feff}\r\n\n  \t\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n";
    let told = gate.converse(input).only();
    assert_eq!(told, json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
}

#[test]
fn p2_what_is_not_json_is_a_parse_error() {
    let lone = call(r#"{"text":"\ud800"}"#);
    check(&[
        (b"hello", -32700, json!(null), "column 1"),
        (b"{", -32700, json!(null), "not valid JSON"),
        (b"[1,", -32700, json!(null), "not valid JSON"),
        (
            br#"{"jsonrpc":"2.0"} {}"#,
            -32700,
            json!(null),
            "not valid JSON",
        ),
        (b"{\"a\":\"\0\"}", -32700, json!(null), "not valid JSON"),
        (b"Content-Length: 99", -32700, json!(null), "not valid JSON"),
        (b"NaN", -32700, json!(null), "not valid JSON"),
        (&lone, -32700, json!(1), "not valid JSON"),
        (b"5", -32600, json!(null), "must be a JSON object"),
        (b"null", -32600, json!(null), "must be a JSON object"),
    ]);
}

#[test]
fn p2_an_error_without_a_readable_id_has_none_in_the_modern_era() {
    let discover = format!("{}\n", modern(&json!(1), "server/discover", json!({})));
    let answers = answers(&Gate::new(ECHO), &discover, &[b"hello".to_vec()]);
    let message = "not valid JSON at column 1";
    let expected = json!({"jsonrpc": "2.0", "error": {"code": -32700, "message": message}});
    assert_eq!(answers, [[expected]]);
}

#[test]
fn p3_invalid_utf_8_is_refused_and_not_repeated() {
    let sequences: &[&[u8]] = &[
        b"\x80",
        b"\xbf",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\xfe",
        b"\xff",
    ];
    let lines: Vec<_> = sequences
        .iter()
        .map(|bytes| {
            let text: Vec<u8> = [b"{\"text\":\"", *bytes, b"\"}"].concat();
            [&call("X")[..82], &text, b"}}"].concat()
        })
        .collect();
    let lines: Vec<_> = lines
        .iter()
        .map(|line| (&line[..], -32700, json!(null), "not valid UTF-8"))
        .collect();
    check(&lines);
}

#[test]
fn p4_a_line_that_is_too_long_is_thrown_away() {
    let long = call(&json!({"text": "x".repeat(5 * 1024 * 1024)}).to_string());
    let bare = vec![b'x'; 5 * 1024 * 1024];
    check(&[
        (&long, -32600, json!(null), "message too large"),
        (&bare, -32600, json!(null), "message too large"),
    ]);
}

#[test]
fn p5_the_last_line_needs_no_newline() {
    let gate = Gate::new(ECHO);
    let told = gate.converse(ping("1")).only();
    assert_eq!(told, json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
}

#[test]
fn p6_a_member_that_is_named_twice_is_refused_wherever_it_is() {
    let duplicate = |pointer: &str| format!("duplicate member at `{pointer}`");
    let envelope_id = br#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#;
    let escaped = br#"{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"x"}"#;
    let meta = br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"a":1,"a":2}}}"#;
    let params = br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"a":2}}"#;
    check(&[
        (envelope_id, -32600, json!(1), &duplicate("/id")),
        (escaped, -32600, json!(1), &duplicate("/method")),
        (params, -32600, json!(1), &duplicate("/params/a")),
        (meta, -32600, json!(1), &duplicate("/params/_meta/a")),
        (
            &call(r#"{"text":"a","text":"b"}"#),
            -32600,
            json!(1),
            &duplicate("/params/arguments/text"),
        ),
        (
            &call(r#"{"a":[0,{"b":1,"\u0062":2}]}"#),
            -32600,
            json!(1),
            &duplicate("/params/arguments/a/1/b"),
        ),
    ]);
}

#[test]
fn p7_names_in_another_case_are_other_names() {
    let method = br#"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#;
    let both = br#"{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/list"}"#;
    let params = br#"{"jsonrpc":"2.0","id":1,"method":"ping","PARAMS":{}}"#;
    let id = br#"{"jsonrpc":"2.0","ID":1,"method":"ping"}"#;
    check(&[
        (method, -32600, json!(1), "unknown member \"Method\""),
        (both, -32600, json!(1), "unknown member \"METHOD\""),
        (params, -32600, json!(1), "unknown member \"PARAMS\""),
        (id, -32600, json!(null), "unknown member \"ID\""),
    ]);
}

#[test]
fn p8_what_is_no_id_is_refused() {
    let long = format!("\"{}\"", "x".repeat(1025));
    let lines: Vec<_> = ["null", "1.5", "true", "{}", "[]", "1e999", &long]
        .into_iter()
        .map(ping)
        .collect();
    let message = "`id` must be an integer or a string of at most 1024 bytes";
    let lines: Vec<_> = lines
        .iter()
        .map(|line| (&line[..], -32600, json!(null), message))
        .collect();
    check(&lines);
}

#[test]
fn p9_ids_come_back_as_they_were_written() {
    let long = format!("\"{}\"", "x".repeat(1000));
    let ids = [
        "9007199254740993",
        "-1",
        "0",
        "-0",
        "1.0",
        "1E2",
        "123456789012345678901234567890",
        r#""""#,
        r#""7""#,
        r#""\u0041""#,
        r#""\n\"\\""#,
        r#""é😀""#,
        &long,
    ];
    let gate = Gate::new(ECHO);
    let pings = ids.map(|id| String::from_utf8(ping(id)).unwrap());
    let told = gate.converse(pings.join("\n"));
    let expected = ids.map(|id| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    assert_eq!(told.lines, expected);
    let calls = ids.map(|id| {
        let params = json!({"name": "echo", "arguments": {"text": id}, "_meta": envelope()});
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{params}}}"#)
    });
    // One at a time, because `0` and `-0` or `100` and `1E2` may be one id.
    for (id, call) in ids.iter().zip(calls) {
        let told = gate.converse(call);
        let answer = told.answer(id);
        assert_eq!(answer["result"]["content"][0]["text"], *id);
    }
}

#[test]
fn p13_what_asks_for_nothing_gets_nothing() {
    let lines: Vec<Vec<u8>> = [
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/unheard_of"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/unheard_of","params":[1]}"#,
        r#"{"jsonrpc":"2.0","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}}"#,
    ]
    .map(|line| line.as_bytes().to_vec())
    .to_vec();
    let answers = answers(&Gate::new(ECHO), &handshake("2025-11-25"), &lines);
    assert_eq!(answers, vec![Vec::<Value>::new(); lines.len()]);
}

#[test]
fn p22_what_is_too_deep_too_many_or_too_long_is_refused() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        call(&format!(r#"{{"text":{open}{close}}}"#))
    };
    let many = call(&format!(r#"{{"text":[{}0]}}"#, "0,".repeat(1_000_000)));
    let long = call(&json!({"text": "x".repeat(1024 * 1024 + 1)}).to_string());
    let bare = "[".repeat(100_000).into_bytes();
    check(&[
        (&nested(65), -32600, json!(1), "64"),
        (&nested(100_000), -32600, json!(1), "64"),
        (&many, -32600, json!(1), "values"),
        (&long, -32600, json!(1), "string"),
        (&bare, -32700, json!(null), "not valid JSON"),
    ]);
}

#[test]
fn a_request_that_is_not_json_rpc_is_refused_with_its_id() {
    check(&[
        (
            br#"{"id":7,"method":"ping"}"#,
            -32600,
            json!(7),
            "`jsonrpc`",
        ),
        (
            br#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#,
            -32600,
            json!(7),
            "`jsonrpc`",
        ),
        (br#"{"jsonrpc":"2.0","id":7}"#, -32600, json!(7), "`method`"),
        (
            br#"{"jsonrpc":"2.0","id":7,"method":5}"#,
            -32600,
            json!(7),
            "`method`",
        ),
        (
            br#"{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}"#,
            -32600,
            json!(7),
            "not both",
        ),
        (
            br#"{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}"#,
            -32602,
            json!(7),
            "object",
        ),
        (
            br#"{"jsonrpc":"2.0","id":7,"method":"ping","params":"x"}"#,
            -32602,
            json!(7),
            "object",
        ),
    ]);
}
