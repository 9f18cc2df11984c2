//! What is told of a result of which this is a part.

use serde_json::{Map, Value, json};

use super::text_block;
use crate::{
    catalog::built_in::{OFFSET, OPERATION_GET, OPERATION_ID},
    engine::parts::Part,
};

/// Says where the part stands, and how to get what follows; nothing follows that could not be
/// kept.
pub(super) fn tell(
    result: &mut Map<String, Value>,
    meta: &mut Map<String, Value>,
    part: &Part,
    is_kept: bool,
) {
    let Part {
        operation,
        from,
        to,
        of,
        lacks_json,
    } = part;
    let id = operation.to_string();
    let text = match (part.is_last(), is_kept) {
        (true, _) if from == to => format!("[nothing is left: the result has {of} bytes]"),
        (true, _) => format!("[the end of the result: bytes {from} to {to} of {of}]"),
        (false, true) => {
            let arguments = json!({OPERATION_ID: id, OFFSET: to});
            format!(
                "[cut: the call is done, and these are bytes {from} to {to} of {of} of its result. To go on, call `{OPERATION_GET}` with {arguments}.]"
            )
        }
        (false, false) => format!(
            "[cut: the call is done, and these are bytes {from} to {to} of {of} of its result. The rest could not be kept.]"
        ),
    };
    if let Some(Value::Array(content)) = result.get_mut("content") {
        content.push(text_block(text));
    }
    // A client that knows what JSON it gets refuses a result without, but for an error.
    if *lacks_json {
        result.insert("isError".to_owned(), Value::Bool(true));
    }
    let part = json!({"operationId": id, "from": from, "to": to, "of": of});
    meta.insert("tollgate/part".to_owned(), part);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::CallId;

    /// The note, and whether it is an error.
    fn told(
        (from, to, of): (usize, usize, usize),
        is_kept: bool,
        lacks_json: bool,
    ) -> (String, bool) {
        let part = Part {
            operation: CallId::from_bytes([0; 16]),
            from,
            to,
            of,
            lacks_json,
        };
        let mut result = Map::new();
        result.insert("content".to_owned(), json!([]));
        tell(&mut result, &mut Map::new(), &part, is_kept);
        let note = result["content"][0]["text"].as_str().unwrap();
        (note.to_owned(), result.contains_key("isError"))
    }

    #[test]
    fn x16_only_what_was_kept_is_pointed_to() {
        let (note, is_error) = told((0, 5, 9), true, false);
        assert!(note.contains(r#""offset":5"#) && !is_error, "{note}");
        let (note, is_error) = told((0, 5, 9), false, true);
        assert!(!note.contains("operation_get") && is_error, "{note}");
        assert!(told((5, 9, 9), true, false).0.starts_with("[the end"));
        assert!(told((9, 9, 9), true, false).0.starts_with("[nothing"));
    }
}
