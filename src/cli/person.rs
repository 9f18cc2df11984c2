//! The person at the command line, who is asked as a client would ask: by form.

use std::{
    io::{self, BufRead, IsTerminal as _, Write},
    path::Path,
};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::exit::CommandError;
use crate::{base::json, catalog::ask::CONFIRM};

/// Who answers, and with what.
pub(crate) struct Person {
    /// Agrees to whatever is to be confirmed.
    agrees: bool,
    /// Contents of forms, by the keys of their questions.
    answers: Map<String, Value>,
    /// There is somebody to talk to.
    is_there: bool,
}

impl Person {
    /// Who stands behind a command with these flags. `is_free` says that standard input is not
    /// needed for something else.
    ///
    /// # Errors
    /// When the file of answers is no JSON object.
    pub(crate) fn new(
        agrees: bool,
        answers: Option<&Path>,
        is_free: bool,
    ) -> Result<Self, CommandError> {
        let answers = match answers {
            None => Map::new(),
            Some(path) => read(path)?,
        };
        let is_there = is_free && io::stdin().is_terminal() && io::stderr().is_terminal();
        Ok(Self {
            agrees,
            answers,
            is_there,
        })
    }

    /// Whether there is any use in asking.
    pub(crate) fn can_answer(&self) -> bool {
        self.is_there || self.agrees || !self.answers.is_empty()
    }

    /// The answers to `inputRequests`, as ElicitResults by the same keys.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub(crate) fn answer(&self, requests: &Map<String, Value>) -> Result<Value, CommandError> {
        let mut responses = Map::new();
        for (key, request) in requests {
            let params = request.get("params").unwrap_or(&Value::Null);
            let response = if let Some(content) = self.answers.get(key) {
                json!({"action": "accept", "content": content})
            } else if self.agrees && key == CONFIRM {
                json!({"action": "accept", "content": {}})
            } else if self.is_there {
                ask(params, io::stdin().lock(), io::stderr())
                    .context("the terminal cannot be read")?
            } else {
                json!({"action": "cancel"})
            };
            responses.insert(key.clone(), response);
        }
        Ok(Value::Object(responses))
    }
}

fn read(path: &Path) -> Result<Map<String, Value>, CommandError> {
    let wrong = |why: String| {
        CommandError::Usage(format!(
            "the answers in `{}` cannot be used: {why}",
            path.display()
        ))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    match json::parse(text.trim()) {
        Ok(Value::Object(answers)) => Ok(answers),
        Ok(_) => Err(wrong(
            "write an object, as `{\"KEY\": {\"field\": \"value\"}}`".to_owned(),
        )),
        Err(violation) => Err(wrong(violation.to_string())),
    }
}

/// Writes the question and reads the answer, one line a field. The end of the input closes the
/// question.
fn ask(params: &Value, input: impl BufRead, mut output: impl Write) -> io::Result<Value> {
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut lines = input.lines();
    let mut line = |prompt: String| -> io::Result<Option<String>> {
        write!(output, "{prompt}")?;
        output.flush()?;
        lines.next().transpose()
    };
    let fields = params
        .pointer("/requestedSchema/properties")
        .and_then(Value::as_object);
    let fields = fields.filter(|fields| !fields.is_empty());
    let message = text(params, "message");
    let Some(fields) = fields else {
        let said = line(format!("{message}\nAgree? [y/N] "))?;
        return Ok(match said.as_deref().map(str::trim) {
            Some("y" | "Y" | "yes") => json!({"action": "accept", "content": {}}),
            Some(_) => json!({"action": "decline"}),
            None => json!({"action": "cancel"}),
        });
    };
    let mut content = Map::new();
    let mut prompt = format!("{message}\n");
    for (name, field) in fields {
        let title = text(field, "title");
        let told = if title.is_empty() { name } else { &title };
        prompt.push_str(&format!("{told}{}: ", hint(field)));
        let Some(said) = line(std::mem::take(&mut prompt))? else {
            return Ok(json!({"action": "cancel"}));
        };
        let value = match said.trim() {
            "" => field.get("default").cloned(),
            said => Some(typed(field, said)),
        };
        content.extend(value.map(|value| (name.clone(), value)));
    }
    Ok(json!({"action": "accept", "content": content}))
}

/// What may be said, where it is not just any text.
fn hint(field: &Value) -> String {
    let options = field.get("enum").or(field.pointer("/items/enum"));
    let kind = match options.and_then(Value::as_array) {
        Some(options) => {
            let options: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
            options.join("/")
        }
        None => match field.get("type").and_then(Value::as_str) {
            Some("boolean") => "true/false".to_owned(),
            Some("string") | None => String::new(),
            Some(kind) => kind.to_owned(),
        },
    };
    match (kind.is_empty(), field.get("default")) {
        (true, None) => String::new(),
        (true, Some(default)) => format!(" [{default}]"),
        (false, None) => format!(" ({kind})"),
        (false, Some(default)) => format!(" ({kind}) [{default}]"),
    }
}

/// What was typed, as the type of the field; what cannot be read as it stays text, so that the
/// gate can say what is wrong with it.
fn typed(field: &Value, said: &str) -> Value {
    match field.get("type").and_then(Value::as_str) {
        Some("array") => said.split(',').map(|one| Value::from(one.trim())).collect(),
        Some("boolean" | "integer" | "number") => {
            json::parse(said).unwrap_or_else(|_| Value::from(said))
        }
        Some(_) | None => Value::from(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_what_the_field_holds() {
        let check = |kind: &str, said: &str, value: Value| {
            assert_eq!(typed(&json!({"type": kind}), said), value);
        };
        check("string", "5", json!("5"));
        check("integer", "5", json!(5));
        check("integer", "five", json!("five"));
        check("boolean", "true", json!(true));
        check("array", "a, b", json!(["a", "b"]));
    }

    /// What is answered to `params` by somebody who types `typed`, and what was shown.
    fn asked(params: &Value, typed: &str) -> (Value, String) {
        let mut shown = Vec::new();
        let answer = ask(params, typed.as_bytes(), &mut shown).unwrap();
        (answer, String::from_utf8(shown).unwrap())
    }

    #[test]
    fn a_confirmation_is_agreed_to_by_word_only() {
        let params = json!({"message": "Delete it?", "requestedSchema": {"properties": {}}});
        let accept = json!({"action": "accept", "content": {}});
        let shown = "Delete it?\nAgree? [y/N] ";
        for yes in ["y\n", "Y\n", " yes \r\n", "y"] {
            assert_eq!(asked(&params, yes), (accept.clone(), shown.to_owned()));
        }
        for no in ["\n", "n\n", "yep\n", "no\ny\n"] {
            assert_eq!(asked(&params, no).0, json!({"action": "decline"}));
        }
        assert_eq!(asked(&params, "").0, json!({"action": "cancel"}));
    }

    #[test]
    fn a_form_is_asked_field_by_field_and_closed_by_the_end_of_input() {
        let params = json!({"message": "Which?", "requestedSchema": {"properties": {
            "count": {"type": "integer", "title": "How many", "default": 2},
            "size": {"type": "string", "enum": ["s", "m"]},
            "note": {"type": "string"},
        }}});
        let (answer, shown) = asked(&params, "\nm\n\n");
        let content = json!({"count": 2, "size": "m"});
        assert_eq!(answer, json!({"action": "accept", "content": content}));
        assert!(shown.starts_with("Which?\n") && shown.matches("Which?").count() == 1);
        for prompt in ["How many (integer) [2]: ", "size (s/m): ", "note: "] {
            assert!(shown.contains(prompt), "{prompt:?} in {shown:?}");
        }
        assert_eq!(asked(&params, "3\nm\n").0, json!({"action": "cancel"}));
    }

    #[test]
    fn a_prompt_says_what_fits() {
        let check = |field: Value, told: &str| assert_eq!(hint(&field), told);
        check(json!({"type": "string"}), "");
        check(json!({"type": "string", "default": "x"}), " [\"x\"]");
        check(json!({"type": "string", "enum": ["a", "b"]}), " (a/b)");
        check(
            json!({"type": "boolean", "default": false}),
            " (true/false) [false]",
        );
    }
}
