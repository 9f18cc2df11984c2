//! By whose rules a request is served, case by case.

use super::*;

const ENVELOPE: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

fn shaken(version: &str) -> Session {
    let mut session = Session::default();
    let params = format!(
        r#"{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}"#
    );
    session.request("initialize", Some(&params)).unwrap();
    session
}

/// `VERSION ASK` or `CODE MESSAGE`.
fn told(session: &mut Session, method: &str, params: &str) -> String {
    match session.request(method, Some(params)) {
        Ok(request) => format!("{} {:?}", request.version.as_str(), request.ask),
        Err(refusal) => format!("{} {}", refusal.code.number(), refusal.message),
    }
}

#[track_caller]
fn check(session: &mut Session, method: &str, params: &str, expected: &str) {
    let told = told(session, method, params);
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn p19_each_request_is_served_by_the_rules_of_its_own_era() {
    let mut session = Session::default();
    let enveloped = format!("{{{ENVELOPE}}}");
    check(
        &mut session,
        "tools/list",
        &enveloped,
        "2026-07-28 List(None)",
    );
    check(
        &mut session,
        "initialize",
        r#"{"protocolVersion":"2025-06-18"}"#,
        "2025-06-18 Init",
    );
    check(&mut session, "tools/list", "{}", "2025-06-18 List(None)");
    check(
        &mut session,
        "tools/list",
        &enveloped,
        "2026-07-28 List(None)",
    );
    check(
        &mut session,
        "server/discover",
        &enveloped,
        "2026-07-28 Discover",
    );
    check(
        &mut session,
        "initialize",
        r#"{"protocolVersion":"2024-11-05"}"#,
        "2024-11-05 Init",
    );
    check(&mut session, "tools/list", "{}", "2024-11-05 List(None)");
}

#[test]
fn p15_without_handshake_or_envelope_only_ping_is_served() {
    let mut session = Session::default();
    check(&mut session, "ping", "{}", "2025-11-25 Ping");
    for method in ["tools/list", "tools/call", "server/discover", "nonsense"] {
        check(
            &mut session,
            method,
            "{}",
            "-32602 this request has neither a handshake",
        );
    }
}

#[test]
fn p16_the_envelope_is_checked_before_the_method() {
    let mut session = shaken("2025-11-25");
    let wrong = r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01"}}"#;
    check(
        &mut session,
        "nonsense",
        wrong,
        "-32022 unsupported protocol version \"1900-01-01\"",
    );
    let refusal = session.request("tools/list", Some(wrong)).unwrap_err();
    assert_eq!(
        refusal.data,
        Some(json!({"supported": ["2026-07-28"], "requested": "1900-01-01"}))
    );
    let bare = r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#;
    check(&mut session, "nonsense", bare, "-32602 `_meta` lacks");
}

#[test]
fn p14_methods_of_the_other_era_are_not_served() {
    let mut session = shaken("2025-11-25");
    let enveloped = format!("{{{ENVELOPE}}}");
    check(
        &mut session,
        "ping",
        &enveloped,
        "-32601 method \"ping\" is not served",
    );
    check(&mut session, "logging/setLevel", &enveloped, "-32601");
    check(&mut session, "subscriptions/listen", "{}", "-32601");
    check(&mut session, "resources/list", "{}", "-32601");
    check(&mut session, &"m".repeat(500), "{}", "-32601 method \"mmm");
}

#[test]
fn p21_arguments_are_an_object_or_absent() {
    let mut session = shaken("2025-11-25");
    let mut arguments = |params: &str| match session.request("tools/call", Some(params)) {
        Ok(Request {
            ask: Ask::Call(call),
            ..
        }) => call.arguments,
        other => panic!("{other:?}"),
    };
    assert_eq!(arguments(r#"{"name":"a"}"#), Ok(json!({})));
    assert_eq!(
        arguments(r#"{"name":"a","arguments":{"x":1}}"#),
        Ok(json!({"x": 1}))
    );
    for other in ["null", "[]", "\"x\"", "5"] {
        let params = format!(r#"{{"name":"a","arguments":{other}}}"#);
        assert_eq!(
            arguments(&params),
            Err("`arguments` must be an object".to_owned())
        );
    }
    assert_eq!(arguments("{}"), Err("`name` must be a string".to_owned()));
}

#[test]
fn p6_nothing_of_a_message_stays_unchecked() {
    let mut session = shaken("2025-11-25");
    let params = r#"{"name":"a","task":{"ttl":1,"ttl":2}}"#;
    check(
        &mut session,
        "tools/call",
        params,
        "-32600 duplicate member at `/params/…/ttl`",
    );
    let params = r#"{"name":"a","_meta":{"x":{"y":1,"y":1}}}"#;
    check(
        &mut session,
        "tools/call",
        params,
        "-32600 duplicate member at `/params/_meta/x/y`",
    );
}

#[test]
fn p12_batches_belong_to_one_revision() {
    assert!(shaken("2025-03-26").takes_batches());
    assert!(!shaken("2025-06-18").takes_batches());
    assert!(!Session::default().takes_batches());
}

#[test]
fn p23_a_malformed_cancellation_is_ignored() {
    assert_eq!(cancelled_id(None), None);
    assert_eq!(cancelled_id(Some("[]")), None);
    assert_eq!(cancelled_id(Some(r#"{"requestId":{}}"#)), None);
    assert_eq!(
        cancelled_id(Some(r#"{"requestId":7}"#)),
        Some(IdKey::Integer("7".into()))
    );
}
