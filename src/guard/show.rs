//! Values in front of a person: nothing in them can pass for the operator's own words.

use serde_json::Value;

use crate::{
    base::{limits::ASK_VALUE_CHARS_MAX, redact::HIDDEN, text::is_hidden},
    catalog::template::{Part, TextTemplate},
};

/// The text with its slots filled for reading: secrets are not shown, a line break or a
/// character that cannot be seen is written as its code, and what is very long is cut.
pub(super) fn shown(template: &TextTemplate, values: &Value, secrets: &[String]) -> String {
    let mut text = String::new();
    for part in &template.0 {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Slot(path) if secrets.contains(&path.pointer()) => text.push_str(HIDDEN),
            Part::Slot(path) => match path.find(values) {
                None | Some(Value::Null) => {}
                Some(Value::String(value)) => push(&mut text, value),
                Some(other) => push(&mut text, &other.to_string()),
            },
        }
    }
    text
}

fn push(text: &mut String, value: &str) {
    for char in value.chars().take(ASK_VALUE_CHARS_MAX) {
        if char.is_control() || is_hidden(char) {
            text.extend(char.escape_unicode());
        } else {
            text.push(char);
        }
    }
    let chars = value.chars().count();
    if chars > ASK_VALUE_CHARS_MAX {
        text.push_str(&format!("… ({chars} characters)"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, secrets: &[&str], expected: &str) {
        let template = TextTemplate::parse("Delete {a}?").expect("a template");
        let secrets: Vec<String> = secrets.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(shown(&template, &json!({"a": value}), &secrets), expected);
    }

    #[test]
    fn a_value_is_shown_whole_and_cannot_pretend() {
        check(json!("x²  é"), &[], "Delete x²  é?");
        check(json!({"k": [1]}), &[], "Delete {\"k\":[1]}?");
        check(
            json!("x?\n\nAll is well\u{202e}"),
            &[],
            "Delete x?\\u{a}\\u{a}All is well\\u{202e}?",
        );
        check(json!("swordfish"), &["/a"], "Delete (secret)?");
        let long = "x".repeat(ASK_VALUE_CHARS_MAX + 1);
        let cut = "x".repeat(ASK_VALUE_CHARS_MAX);
        let told = format!("Delete {cut}… ({} characters)?", ASK_VALUE_CHARS_MAX + 1);
        check(json!(long), &[], &told);
    }
}
