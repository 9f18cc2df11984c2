//! What makes two calls the same operation: the tool and what will be run.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    base::{canonical::canonical, id::ToolName},
    catalog::template::ArgPath,
};

/// Changes when the meaning of a fingerprint changes; old ones then match nothing.
const DOMAIN: &str = "op-fp/1";

/// The fingerprint of a call of `tool` with the arguments `effective`: SHA-256 over the domain,
/// the tool's name and the canonical arguments, each with its length (64 bits, big-endian)
/// before it, so that no two inputs run into each other. Where the operation key is itself an
/// argument, `key` names it and it is left out: the key says which operation, not what it does.
pub(crate) fn fingerprint(tool: &ToolName, effective: &Value, key: Option<&ArgPath>) -> [u8; 32] {
    let arguments = match key {
        Some(path) => canonical(&without(effective, &path.0)),
        None => canonical(effective),
    };
    let mut hash = Sha256::new();
    for part in [DOMAIN, tool.as_str(), &arguments] {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hash.update(length.to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// `value` without the member at `path`; as it is where there is none.
fn without(value: &Value, path: &[String]) -> Value {
    let mut copy = value.clone();
    if let Some((last, parents)) = path.split_last() {
        let holder = parents
            .iter()
            .try_fold(&mut copy, |value, name| value.get_mut(name));
        if let Some(Value::Object(members)) = holder {
            members.shift_remove(last);
        }
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(tool: &str, arguments: &str) -> [u8; 32] {
        let arguments: Value = serde_json::from_str(arguments).unwrap();
        fingerprint(&ToolName::new(tool), &arguments, None)
    }

    #[test]
    fn v7_neighbouring_large_integers_are_different_operations() {
        assert_ne!(
            of("t", r#"{"n":9007199254740993}"#),
            of("t", r#"{"n":9007199254740992}"#)
        );
    }

    #[test]
    fn v9_one_number_written_in_several_ways_is_one_operation() {
        let plain = of("t", r#"{"n":1,"m":0}"#);
        for other in [
            r#"{"n":1.0,"m":0}"#,
            r#"{"n":1e0,"m":-0}"#,
            r#"{"m":0,"n":1}"#,
        ] {
            assert_eq!(of("t", other), plain, "{other}");
        }
    }

    #[test]
    fn v4_a_string_of_digits_and_a_number_are_different_operations() {
        assert_ne!(of("t", r#"{"n":"1"}"#), of("t", r#"{"n":1}"#));
    }

    #[test]
    fn another_tool_is_another_operation_and_parts_do_not_run_together() {
        assert_ne!(of("t", "{}"), of("u", "{}"));
        let as_name = fingerprint(&ToolName::new("t{}"), &json!(""), None);
        let as_value = fingerprint(&ToolName::new("t"), &json!("{}"), None);
        assert_ne!(as_name, as_value);
    }

    #[test]
    fn the_key_argument_is_left_out_and_nothing_else() {
        let tool = ToolName::new("t");
        let key = ArgPath(vec!["meta".into(), "key".into()]);
        let of = |arguments: Value| fingerprint(&tool, &arguments, Some(&key));
        let base = of(json!({"meta": {"key": "a", "x": 1}, "key": 1}));
        assert_eq!(base, of(json!({"meta": {"key": "b", "x": 1}, "key": 1})));
        assert_ne!(base, of(json!({"meta": {"key": "a", "x": 2}, "key": 1})));
        assert_ne!(base, of(json!({"meta": {"key": "a", "x": 1}, "key": 2})));
    }

    #[test]
    fn the_form_is_fixed() {
        let hex: String = of("refund_order", r#"{"order_id":"ord_1","cents":100}"#)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut expected = Sha256::new();
        expected.update(b"\0\0\0\0\0\0\0\x07op-fp/1\0\0\0\0\0\0\0\x0crefund_order");
        expected.update(b"\0\0\0\0\0\0\0\x20{\"cents\":100,\"order_id\":\"ord_1\"}");
        let expected: String = expected
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, expected);
    }
}
