//! Fills templates with effective arguments.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{ArgPath, ArgTemplate, JsonTemplate, Part, TextTemplate};
use crate::base::{
    json::push_pointer,
    limits::{ARGV_BYTES_MAX, ARGV_ELEMENT_BYTES_MAX},
};

/// Why a value may not go where its slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Why {
    /// A program could read it as an option or as the name of a file.
    #[error("leading `{0}`")]
    Prefix(char),
    /// A program would see only what stands before it.
    #[error("NUL character")]
    Nul,
    /// An element of more than [`ARGV_ELEMENT_BYTES_MAX`] bytes, or all of them together of
    /// more than [`ARGV_BYTES_MAX`].
    #[error("too long")]
    TooLong,
}

/// A value that was refused; nothing may be started then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlotRefused {
    /// JSON pointer into the arguments; empty where no single value is to blame.
    pub(crate) pointer: String,
    /// Why.
    pub(crate) why: Why,
}

/// A value as text: strings as they are, everything else as compact JSON; null is absent.
pub(super) fn render(value: Option<&Value>) -> Option<Cow<'_, str>> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(Cow::Owned(other.to_string()))
        }
    }
}

impl TextTemplate {
    /// The text with its slots filled; `None` when an argument in it is absent.
    pub(crate) fn fill(&self, arguments: &Value) -> Option<String> {
        self.fill_with(arguments, |value, filled| filled.push_str(value))
    }

    /// As [`Self::fill`], where `put` appends each value in its own form.
    pub(crate) fn fill_with(
        &self,
        arguments: &Value,
        put: impl Fn(&str, &mut String),
    ) -> Option<String> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => filled.push_str(text),
                Part::Slot(path) => put(&render(path.find(arguments))?, &mut filled),
            }
        }
        Some(filled)
    }
}

/// One element of an argument list while it is put together.
struct Element {
    text: String,
    allow_prefix: bool,
}

impl Element {
    fn push_value(&mut self, value: &str, pointer: impl Fn() -> String) -> Result<(), SlotRefused> {
        let refuse = |why| {
            Err(SlotRefused {
                pointer: pointer(),
                why,
            })
        };
        if value.contains('\0') {
            return refuse(Why::Nul);
        }
        if self.text.is_empty()
            && !self.allow_prefix
            && let Some(first) = value.chars().next().filter(|first| "-+@".contains(*first))
        {
            return refuse(Why::Prefix(first));
        }
        if self.text.len() + value.len() > ARGV_ELEMENT_BYTES_MAX {
            return refuse(Why::TooLong);
        }
        self.text.push_str(value);
        Ok(())
    }
}

impl ArgTemplate {
    /// Appends the elements that this entry gives.
    ///
    /// # Errors
    /// A value that could become something else than data; `argv` is not to be used then.
    pub(crate) fn fill(
        &self,
        arguments: &Value,
        argv: &mut Vec<String>,
    ) -> Result<(), SlotRefused> {
        match self {
            Self::One { text, allow_prefix } => {
                argv.extend(one(text, *allow_prefix, arguments)?);
            }
            Self::Many { path, allow_prefix } => {
                let items = path.find(arguments).and_then(Value::as_array);
                for (index, item) in items.into_iter().flatten().enumerate() {
                    let mut element = Element {
                        text: String::new(),
                        allow_prefix: *allow_prefix,
                    };
                    if let Some(value) = render(Some(item)) {
                        element.push_value(&value, || {
                            let mut pointer = path.pointer();
                            push_pointer(&mut pointer, &index.to_string());
                            pointer
                        })?;
                        argv.push(element.text);
                    }
                }
            }
        }
        Ok(())
    }
}

fn one(
    text: &TextTemplate,
    allow_prefix: bool,
    arguments: &Value,
) -> Result<Option<String>, SlotRefused> {
    let mut element = Element {
        text: String::new(),
        allow_prefix,
    };
    for part in &text.0 {
        match part {
            Part::Literal(literal) => element.text.push_str(literal),
            Part::Slot(path) => {
                let Some(value) = render(path.find(arguments)) else {
                    return Ok(None);
                };
                element.push_value(&value, || path.pointer())?;
            }
        }
    }
    if element.text.len() > ARGV_ELEMENT_BYTES_MAX {
        let pointer = text.slots().last().map(ArgPath::pointer);
        return Err(SlotRefused {
            pointer: pointer.unwrap_or_default(),
            why: Why::TooLong,
        });
    }
    Ok(Some(element.text))
}

/// All elements of an argument list, without the program itself.
///
/// # Errors
/// As [`ArgTemplate::fill`], and when the list as a whole is longer than [`ARGV_BYTES_MAX`].
pub(crate) fn argument_list(
    templates: &[ArgTemplate],
    arguments: &Value,
) -> Result<Vec<String>, SlotRefused> {
    let mut argv = Vec::with_capacity(templates.len());
    for template in templates {
        template.fill(arguments, &mut argv)?;
    }
    let bytes: usize = argv.iter().map(|element| element.len() + 1).sum();
    if bytes > ARGV_BYTES_MAX {
        return Err(SlotRefused {
            pointer: String::new(),
            why: Why::TooLong,
        });
    }
    Ok(argv)
}

impl JsonTemplate {
    /// The value with its slots filled. Members and items whose argument is absent are left
    /// out; absent as a whole it is null.
    pub(crate) fn fill(&self, arguments: &Value) -> Value {
        self.fill_present(arguments).unwrap_or(Value::Null)
    }

    fn fill_present(&self, arguments: &Value) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Slot(path) => path
                .find(arguments)
                .filter(|value| !value.is_null())
                .cloned(),
            Self::Text(text) => text.fill(arguments).map(Value::String),
            Self::Array(items) => Some(Value::Array(
                items
                    .iter()
                    .filter_map(|item| item.fill_present(arguments))
                    .collect(),
            )),
            Self::Object(members) => {
                let filled = members.iter().filter_map(|(name, member)| {
                    Some((name.clone(), member.fill_present(arguments)?))
                });
                Some(Value::Object(filled.collect::<Map<_, _>>()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(templates: &[&str], arguments: Value, expected: Result<&[&str], (&str, Why)>) {
        let templates: Vec<ArgTemplate> = templates
            .iter()
            .map(|text| ArgTemplate::parse(text).expect("a template"))
            .collect();
        let argv = argument_list(&templates, &arguments);
        let expected = expected
            .map(|argv| argv.iter().map(|&element| element.to_owned()).collect())
            .map_err(|(pointer, why)| SlotRefused {
                pointer: pointer.into(),
                why,
            });
        assert_eq!(argv, expected);
    }

    #[test]
    fn a_value_fills_one_element_and_an_absent_one_takes_its_element_away() {
        let arguments = json!({"s": "a b", "n": 1.5, "t": true, "o": {"k": [1, "x"]}, "z": null});
        check(
            &[
                "-v", "{s}", "--n={n}", "{t}{s}", "{o}", "{o.k}", "{z}", "x{gone}",
            ],
            arguments,
            Ok(&[
                "-v",
                "a b",
                "--n=1.5",
                "truea b",
                r#"{"k":[1,"x"]}"#,
                r#"[1,"x"]"#,
            ]),
        );
        check(
            &["{l...}", "{gone...}"],
            json!({"l": ["a", 1, null, ""]}),
            Ok(&["a", "1", ""]),
        );
    }

    #[test]
    fn v19_nul_is_refused_wherever_it_stands() {
        check(&["--x={a}"], json!({"a": "b\0c"}), Err(("/a", Why::Nul)));
        check(
            &["{l...}"],
            json!({"l": ["", "\0"]}),
            Err(("/l/1", Why::Nul)),
        );
    }

    #[test]
    fn v20_a_value_cannot_pass_for_an_option() {
        for (value, first) in [
            ("--output=/etc/x", '-'),
            ("-rf", '-'),
            ("@/etc/passwd", '@'),
            ("+x", '+'),
        ] {
            check(
                &["{a}"],
                json!({"a": value}),
                Err(("/a", Why::Prefix(first))),
            );
            check(
                &["{l...}"],
                json!({"l": [value]}),
                Err(("/l/0", Why::Prefix(first))),
            );
            check(
                &["{e}{a}"],
                json!({"e": "", "a": value}),
                Err(("/a", Why::Prefix(first))),
            );
            check(
                &["--opt={a}"],
                json!({"a": value}),
                Ok(&[&format!("--opt={value}")]),
            );
        }
        check(&["{a}"], json!({"a": -5}), Err(("/a", Why::Prefix('-'))));
        let free = ArgTemplate::parse("{a}")
            .expect("a template")
            .allowing_prefix();
        let argv = argument_list(&[free], &json!({"a": "-rf"}));
        assert_eq!(argv, Ok(vec!["-rf".to_owned()]));
    }

    #[test]
    fn v21_what_a_shell_would_read_is_one_literal_element() {
        for value in ["; rm -rf / #", "$(id)", "`id`", "a\nb", "{a}", "a' \"b"] {
            check(&["{a}"], json!({"a": value}), Ok(&[value]));
        }
    }

    #[test]
    fn v22_what_the_system_would_not_take_is_refused_before() {
        let fits = "x".repeat(ARGV_ELEMENT_BYTES_MAX);
        check(&["{a}"], json!({"a": fits}), Ok(&[&fits]));
        check(&["y{a}"], json!({"a": fits}), Err(("/a", Why::TooLong)));
        check(&["{a}y"], json!({"a": fits}), Err(("/a", Why::TooLong)));
        check(
            &["{l...}"],
            json!({"l": vec![fits; 9]}),
            Err(("", Why::TooLong)),
        );
    }

    #[test]
    fn a_json_template_keeps_types_and_leaves_out_what_is_absent() {
        let slot = |text: &str| JsonTemplate::parse_string(text).expect("a template");
        let template = JsonTemplate::Object(vec![
            ("n".into(), slot("{n}")),
            ("t".into(), slot("n is {n}")),
            ("gone".into(), slot("{gone}")),
            (
                "l".into(),
                JsonTemplate::Array(vec![slot("{gone}"), slot("x")]),
            ),
        ]);
        assert_eq!(
            template.fill(&json!({"n": 5})),
            json!({"n": 5, "t": "n is 5", "l": ["x"]})
        );
        assert_eq!(slot("{gone}").fill(&json!({})), Value::Null);
    }
}
