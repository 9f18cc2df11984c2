//! What is kept of a call whose arguments hold secrets.

use super::*;
use crate::{base::secret::Secret, testing};

const TOOL: &str = r#"
name: login
description: Logs in.
inputSchema:
  type: object
  additionalProperties: false
  properties:
    user: {type: string, maxLength: 20}
    pin: {type: string, maxLength: 20, x-secret: true}
    keys: {type: array, maxItems: 3, items: {type: object, additionalProperties: false, properties: {value: {type: string, maxLength: 9, writeOnly: true}}}}
run: {reply: {text: ok}}
"#;

/// Where no secret is known.
pub(in crate::engine) fn nothing_secret(redactor: &Redactor) -> Keeping<'_> {
    Keeping {
        redactor,
        key: None,
    }
}

/// What is kept of `raw` when it was let in, refused, and refused as a call of nothing known.
fn kept(key: Option<&Key>, raw: &str) -> [String; 3] {
    let catalog = testing::catalog(TOOL);
    let tool = catalog.find("login").unwrap();
    let redactor = Redactor::default();
    redactor.learn(&Secret::new("operator's")).unwrap();
    let keeping = Keeping {
        redactor: &redactor,
        key,
    };
    let raw: Arc<str> = raw.into();
    [
        keeping.given(tool, &raw),
        keeping.refused(Some(tool), &raw),
        keeping.refused(None, &raw),
    ]
    .map(|text| text.to_string())
}

#[test]
fn a_secret_is_kept_as_a_mark_that_only_the_key_can_make() {
    let raw = r#"{"user":"ada","pin":"1234","keys":[{"value":"x"},{}]}"#;
    let [given, refused, unknown] = kept(Some(&[1; 64]), raw);
    assert_eq!(given, refused);
    assert_eq!(unknown, raw);
    let mark = |text: &str, at: &str| -> Value {
        let text: Value = serde_json::from_str(text).unwrap();
        text.pointer(at).unwrap().clone()
    };
    assert_eq!(mark(&given, "/user"), "ada");
    let pin = mark(&given, "/pin/redacted");
    assert_eq!(pin.as_str().unwrap().len(), "hmac:".len() + 12);
    assert_ne!(pin, mark(&given, "/keys/0/value/redacted"));
    assert!(lack_a_secret(&serde_json::from_str(&given).unwrap()));
    assert!(!lack_a_secret(&serde_json::from_str(raw).unwrap()));
    let [same, ..] = kept(Some(&[1; 64]), r#"{"pin":"1234"}"#);
    assert_eq!(mark(&same, "/pin/redacted"), pin);
    let [other, ..] = kept(Some(&[2; 64]), r#"{"pin":"1234"}"#);
    assert_ne!(mark(&other, "/pin/redacted"), pin);
    let [keyless, ..] = kept(None, r#"{"pin":"1234"}"#);
    assert_eq!(keyless, r#"{"pin":{"redacted":true}}"#);
}

#[test]
fn a_refused_call_hides_what_could_be_the_secret() {
    let hidden = r#"{"redacted":true}"#;
    for (raw, expected) in [
        (r#"{"pim":"1234"}"#, format!(r#"{{"pim":{hidden}}}"#)),
        (
            r#"{"keys":"[{\"value\":1}]"}"#,
            format!(r#"{{"keys":{hidden}}}"#),
        ),
        (
            r#"{"keys":[{"valeu":7}]}"#,
            format!(r#"{{"keys":[{{"valeu":{hidden}}}]}}"#),
        ),
        (r#""{\"pin\":\"1234\"}""#, hidden.to_owned()),
        (r#"{"user": 7}"#, r#"{"user": 7}"#.to_owned()),
    ] {
        assert_eq!(kept(None, raw)[1], expected, "{raw}");
    }
}

#[test]
fn the_operators_secret_is_hidden_wherever_it_stands() {
    let raw = r#"{"user":"operator's \u006f"}"#;
    let hidden = r#"{"user":"(secret) o"}"#;
    assert_eq!(kept(None, raw), [hidden, hidden, hidden]);
}
