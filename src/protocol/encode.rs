//! What we write: one message, one line, `\n` at its end. `serde_json` escapes every newline
//! inside strings, so a line is never broken.

use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::{
    id::RequestId,
    jsonrpc::{ErrorCode, Malformed},
    version::Era,
};

/// A message as bytes, without its newline.
pub(crate) type Encoded = Vec<u8>;

#[derive(Serialize)]
struct Request<'a> {
    jsonrpc: &'static str,
    id: &'a str,
    method: &'static str,
    params: &'a Value,
}

#[derive(Serialize)]
struct Notification<'a> {
    jsonrpc: &'static str,
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a Value>,
}

#[derive(Serialize)]
struct ErrorMessage<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    code: i32,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

/// The answer to a request that went well.
pub(crate) fn result<T: Serialize>(id: &RequestId, result: &T) -> Encoded {
    // Most messages are such ones, so the frame is not serialized: an id is JSON as it is.
    let mut line = Vec::with_capacity(RESULT_BYTES);
    line.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    line.extend_from_slice(id.as_str().as_bytes());
    line.extend_from_slice(br#","result":"#);
    if serde_json::to_writer(&mut line, result).is_err() {
        return Encoded::new();
    }
    line.push(b'}');
    line
}

/// Room that most results have enough of.
const RESULT_BYTES: usize = 512;

/// The answer to a request that cannot be served.
pub(crate) fn error(
    id: &RequestId,
    code: ErrorCode,
    message: &str,
    data: Option<&Value>,
) -> Encoded {
    write_error(Some(&raw(id.as_str())), code, message, data)
}

/// The answer to something that is no message. Where no id could be read, the legacy era says
/// `null` (JSON-RPC 2.0 section 5) and the modern era leaves it out (MCP 2026-07-28, basic,
/// "Error Responses").
pub(crate) fn malformed(malformed: &Malformed, era: Era) -> Encoded {
    let id = match (&malformed.id, era) {
        (Some(id), _) => Some(raw(id.as_str())),
        (None, Era::Legacy) => Some(raw("null")),
        (None, Era::Modern) => None,
    };
    write_error(id.as_deref(), malformed.code, &malformed.message, None)
}

/// A request of ours, whose answer is to come under the string `id`.
pub(crate) fn request(id: &str, method: &'static str, params: &Value) -> Encoded {
    write(&Request {
        jsonrpc: "2.0",
        id,
        method,
        params,
    })
}

/// A notification.
pub(crate) fn notification(method: &'static str, params: Option<&Value>) -> Encoded {
    write(&Notification {
        jsonrpc: "2.0",
        method,
        params,
    })
}

/// The answers to the members of a batch, as one message.
pub(crate) fn batch(answers: &[Encoded]) -> Encoded {
    let mut line = vec![b'['];
    line.extend(answers.join(&b','));
    line.push(b']');
    line
}

fn write_error(
    id: Option<&RawValue>,
    code: ErrorCode,
    message: &str,
    data: Option<&Value>,
) -> Encoded {
    write(&ErrorMessage {
        jsonrpc: "2.0",
        id,
        error: ErrorObject {
            code: code.number(),
            message,
            data,
        },
    })
}

/// `text` as it is. It was read as JSON before, so the fallback cannot happen.
fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Writing our own closed types into memory cannot fail; an empty line would be the result.
fn write<T: Serialize>(message: &T) -> Encoded {
    serde_json::to_vec(message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(encoded: Encoded) -> String {
        String::from_utf8(encoded).unwrap()
    }

    #[test]
    fn p9_ids_come_back_byte_for_byte() {
        for id in ["9007199254740993", "-1", "\"\"", "1.0", "\"\\u0061\""] {
            let id = RequestId::read(id).unwrap();
            let expected = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, id.as_str());
            assert_eq!(text(result(&id, &json!({}))), expected);
        }
    }

    #[test]
    fn p2_an_error_without_an_id_differs_by_era() {
        let refused = Malformed::invalid(None, "no");
        assert_eq!(
            text(malformed(&refused, Era::Legacy)),
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#
        );
        assert_eq!(
            text(malformed(&refused, Era::Modern)),
            r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}"#
        );
    }

    #[test]
    fn a_message_is_one_line() {
        let id = RequestId::read("1").unwrap();
        let line = error(
            &id,
            ErrorCode::InvalidParams,
            "a\nb",
            Some(&json!({"x": "\n"})),
        );
        assert!(!line.contains(&b'\n'));
        assert_eq!(text(batch(&[line.clone(), line])).lines().count(), 1);
        assert_eq!(
            text(notification("notifications/tools/list_changed", None)),
            r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#
        );
    }
}
