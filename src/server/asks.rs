//! Questions of ours to the client: what they look like, and whose answer is whose.

use serde_json::{Map, Value, json};

use crate::{
    guard::agree::Posed,
    protocol::id::{IdKey, RequestId},
};

/// The method that puts a form in front of a person.
pub(super) const METHOD: &str = "elicitation/create";
/// What the ids of our requests begin with. Ids of the two directions cannot be mixed up on
/// the wire; this keeps them apart in logs as well.
const PREFIX: &str = "tollgate-ask-";

/// The id of the request with this number.
pub(super) fn id(number: u64) -> String {
    format!("{PREFIX}{number}")
}

/// The number of the request of ours that has this id.
pub(super) fn number(id: &RequestId) -> Option<u64> {
    match id.key() {
        IdKey::Integer(_) => None,
        IdKey::String(text) => text.strip_prefix(PREFIX)?.parse().ok(),
    }
}

/// The parameters of `elicitation/create` (MCP 2025-06-18, client/elicitation). A form is what
/// is meant where no mode is named.
pub(super) fn params(question: &Posed) -> Value {
    json!({"message": question.message, "requestedSchema": question.schema})
}

/// `inputRequests` (MCP 2026-07-28, basic/patterns/mrtr).
pub(super) fn input_requests(questions: &[Posed]) -> Value {
    let requests = questions.iter().map(|question| {
        let request = json!({"method": METHOD, "params": params(question)});
        (question.key.clone(), request)
    });
    Value::Object(requests.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_ours_have_a_number() {
        let check = |text: &str, expected| {
            let id = RequestId::read(text).expect("an id");
            assert_eq!(number(&id), expected, "{text}");
        };
        check(&format!("\"{}\"", id(7)), Some(7));
        check("7", None);
        check("\"7\"", None);
        check("\"tollgate-ask-\"", None);
        check("\"tollgate-ask-x\"", None);
    }
}
