//! What is told of a result of which this is a part.

use serde_json::json;

use super::Told;
use crate::{
    catalog::built_in::{OFFSET, OPERATION_GET, OPERATION_ID},
    engine::parts::Part,
};

/// Says where the part stands, and how to get what follows; nothing follows that could not be
/// kept.
pub(super) fn tell(told: &mut Told<'_>, part: &Part, is_kept: bool) {
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
    told.say(text);
    // A client that knows what JSON it gets refuses a result without, but for an error.
    told.is_error |= lacks_json;
    let part = json!({"operationId": id, "from": from, "to": to, "of": of});
    told.meta.add("tollgate/part", part);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{base::id::CallId, protocol::version::Version};

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
        let id = CallId::from_bytes([1; 16]);
        let mut result = Told::new(Version::V2026_07_28, &Value::Null, id);
        tell(&mut result, &part, is_kept);
        let note = serde_json::to_value(&result).unwrap()["content"][0]["text"].clone();
        (note.as_str().unwrap().to_owned(), result.is_error)
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
