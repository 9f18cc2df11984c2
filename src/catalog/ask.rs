//! What a tool asks a person before it runs: rounds of questions, compiled.

use serde_json::{Map, Value};

use super::{schema::InputSchema, template::TextTemplate};
use crate::base::{limits::ASK_ANSWER_BYTES_MAX, problem::Detail};

/// The name under which answers stand beside the arguments: `{ask.KEY.field}`.
pub(crate) const ASK: &str = "ask";
/// The key of the question that `confirm` becomes; its answer has no fields.
pub(crate) const CONFIRM: &str = "confirm";

/// Questions that are put together; the next round is asked when all of them are answered.
pub(crate) type Round = Vec<Question>;

/// One form that a person fills in.
#[derive(Debug)]
pub(crate) struct Question {
    /// Names the answer; unique in its tool.
    pub(crate) key: String,
    /// What the person reads; may use arguments and the answers of earlier rounds.
    pub(crate) message: TextTemplate,
    /// The form as MCP knows it, passed on unchanged.
    pub(crate) schema: Value,
    /// The same, to hold answers against.
    pub(crate) form: InputSchema,
}

impl Question {
    /// The fields of the form in `content`; what the form does not have is left out.
    ///
    /// # Errors
    /// Everything that does not fit.
    pub(crate) fn read(&self, content: Option<&Value>) -> Result<Value, Vec<Detail>> {
        let empty = Map::new();
        let given = content.and_then(Value::as_object).unwrap_or(&empty);
        let fields = self.schema.get("properties").and_then(Value::as_object);
        let fields = fields.unwrap_or(&empty).keys();
        let kept: Map<String, Value> = fields
            .filter_map(|name| Some((name.clone(), given.get(name)?.clone())))
            .collect();
        let kept = Value::Object(kept);
        let mut wrong = self.form.violations(&kept);
        let bytes = kept.to_string().len();
        if bytes > ASK_ANSWER_BYTES_MAX {
            wrong.push(Detail {
                at: String::new(),
                constraint: "too long".to_owned(),
                expected: format!("an answer of at most {ASK_ANSWER_BYTES_MAX} bytes"),
                got: Some(format!("{bytes} bytes")),
                limit: None,
            });
        }
        if wrong.is_empty() {
            Ok(kept)
        } else {
            Err(wrong)
        }
    }
}
