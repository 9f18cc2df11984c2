//! How lines are read, case by case.

use super::*;

/// Renders what a line was read as, in one line.
fn read(line: &[u8]) -> String {
    let one = |message| match message {
        Ok(Message::Request { id, method, params }) => {
            format!("request {id:?} {method} {}", params.unwrap_or("-"))
        }
        Ok(Message::Notification { method, params }) => {
            format!("notification {method} {}", params.unwrap_or("-"))
        }
        Ok(Message::Response { id, result }) => {
            let id = id.as_ref().map_or("-", RequestId::as_str);
            format!("response {id} {}", result.unwrap_or("error"))
        }
        Err(Malformed { id, code, message }) => {
            format!("{} id {id:?}: {message}", code.number())
        }
    };
    match decode(line) {
        Inbound::Blank => "blank".to_owned(),
        Inbound::One(message) => one(message),
        Inbound::Batch(members) => format!("batch of {}", members.len()),
    }
}

#[track_caller]
fn check(line: &str, expected: &str) {
    assert_eq!(read(line.as_bytes()), expected, "{line}");
}

#[test]
fn well_formed_messages_are_told_apart() {
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        "request 1 ping -",
    );
    check(
        r#" {"id":"a\"b","params":{"x":[1]},"method":"m","jsonrpc":"2.0"} "#,
        r#"request "a\"b" m {"x":[1]}"#,
    );
    check(
        r#"{"jsonrpc":"2.0","method":"notifications/x","params":null}"#,
        "notification notifications/x -",
    );
    check(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "response 1 {}");
    check(
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
        "response 1 error",
    );
    check("  \t", "blank");
    check("[{},{}]", "batch of 2");
}

#[test]
fn p2_p3_what_is_not_json_is_a_parse_error() {
    check("hello", "-32700 id None: not valid JSON at column 1");
    check(
        r#"{"jsonrpc":"2.0","id":1,"#,
        "-32700 id None: not valid JSON at column 24",
    );
    check("[1,", "-32700 id None: not valid JSON at column 3");
    check(
        "{\"a\":\"\u{0}\"}",
        "-32700 id None: not valid JSON at column 6",
    );
    assert_eq!(read(b"{\"a\":\"\xff\"}"), "-32700 id None: not valid UTF-8");
    assert_eq!(
        read(b"{\"a\":\"\xed\xa0\x80\"}"),
        "-32700 id None: not valid UTF-8"
    );
}

#[test]
fn p6_p7_doubtful_envelopes_are_invalid() {
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#,
        "-32600 id Some(1): duplicate member at `/method`",
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"a","\u006dethod":"b"}"#,
        "-32600 id Some(1): duplicate member at `/method`",
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#,
        "-32600 id Some(1): unknown member \"Method\"",
    );
    check(
        r#"{"jsonrpc":"2.0","ID":1,"method":"ping"}"#,
        "-32600 id None: unknown member \"ID\"",
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"a","PARAMS":{}}"#,
        "-32600 id Some(1): unknown member \"PARAMS\"",
    );
}

#[test]
fn p8_a_request_with_something_else_for_an_id_is_no_notification() {
    for id in ["null", "1.5", "true", "{}"] {
        check(
            &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#),
            "-32600 id None: `id` must be an integer or a string of at most 1024 bytes",
        );
    }
}

#[test]
fn an_invalid_message_keeps_its_id_where_it_has_one() {
    check(
        r#"{"id":7,"method":"ping"}"#,
        "-32600 id Some(7): `jsonrpc` must be \"2.0\"",
    );
    check(
        r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#,
        "-32600 id Some(7): `jsonrpc` must be \"2.0\"",
    );
    check(
        r#"{"jsonrpc":"2.0","id":7}"#,
        "-32600 id Some(7): `method` is missing",
    );
    check(
        r#"{"jsonrpc":"2.0","id":7,"method":5}"#,
        "-32600 id Some(7): `method` must be a string",
    );
    check(
        r#"{"jsonrpc":"2.0","id":7,"method":"a","result":{}}"#,
        "-32600 id Some(7): a message has either `method` or `result`, not both",
    );
    check("5", "-32600 id None: a message must be a JSON object");
    check("\"x\"", "-32600 id None: a message must be a JSON object");
}

proptest::proptest! {
    #[test]
    fn no_line_makes_the_reader_panic(line in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _told = read(&line);
    }

    #[test]
    fn no_json_like_line_makes_the_reader_panic(line in r#"[\[\]{}",:a-z0-9\\u. -]{0,120}"#) {
        let _told = read(line.as_bytes());
    }
}
