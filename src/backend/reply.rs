//! An answer from a template: no program, no file, no clock.

use serde_json::Value;

use crate::catalog::{
    content::{Content, Output},
    tool::ReplyPlan,
};

/// The answer for these effective arguments. A text in which an argument is absent is empty.
pub(crate) fn render(plan: &ReplyPlan, arguments: &Value) -> Output {
    match plan {
        ReplyPlan::Text(text) => Output {
            content: vec![Content::Text(text.fill(arguments).unwrap_or_default())],
            ..Output::default()
        },
        ReplyPlan::Json(template) => {
            let value = template.fill(arguments);
            Output {
                content: vec![Content::Text(value.to_string())],
                structured: Some(Box::new(value)),
                ..Output::default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::template::{ArgPath, JsonTemplate, Part, TextTemplate};
    use serde_json::json;

    #[track_caller]
    fn check(plan: &ReplyPlan, text: &str, structured: Option<Value>) {
        let expected = Output {
            content: vec![Content::Text(text.to_owned())],
            structured: structured.map(Box::new),
            ..Output::default()
        };
        assert_eq!(render(plan, &json!({"name": "Ada"})), expected);
    }

    #[test]
    fn a_text_is_one_block_and_json_comes_with_a_copy_as_text() {
        let slot = |name: &str| ArgPath(vec![name.to_owned()]);
        let hello = |name: &str| {
            let parts = vec![Part::Literal("hello ".to_owned()), Part::Slot(slot(name))];
            ReplyPlan::Text(TextTemplate(parts))
        };
        check(&hello("name"), "hello Ada", None);
        check(&hello("absent"), "", None);
        let object = vec![("who".to_owned(), JsonTemplate::Slot(slot("name")))];
        check(
            &ReplyPlan::Json(JsonTemplate::Object(object)),
            r#"{"who":"Ada"}"#,
            Some(json!({"who": "Ada"})),
        );
    }
}
