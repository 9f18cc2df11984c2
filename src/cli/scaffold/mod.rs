//! Texts to begin with: a folder that works, and a definition for a program.

use std::fmt::Write as _;

use serde_json::Value;

use crate::catalog::tool::Effect;

/// A file of a new folder: where it goes, and what is in it.
pub(crate) struct NewFile {
    /// Below the folder.
    pub(crate) path: &'static str,
    pub(crate) text: String,
}

/// The files of a folder that works. `notes` is the absolute path of the file that the sample
/// that writes appends to.
pub(crate) fn folder(notes: &str) -> Vec<NewFile> {
    let sample = include_str!("note_append.yaml").replace("NOTES", &quoted(notes));
    vec![
        NewFile {
            path: "tollgate.yaml",
            text: include_str!("tollgate.yaml").to_owned(),
        },
        NewFile {
            path: "tools.d/time_now.yaml",
            text: include_str!("../../../tools.d/time_now.yaml").to_owned(),
        },
        NewFile {
            path: "tools.d/note_append.yaml",
            text: sample,
        },
    ]
}

/// What is asked of a new definition.
pub(crate) struct Asked<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) effect: Effect,
    pub(crate) idempotent: bool,
    /// The program and its arguments; `{name}` stands for an argument of the call.
    pub(crate) command: &'a [String],
}

/// A definition that runs a program, each placeholder of its command a bounded text that must
/// be given.
pub(crate) fn definition(asked: &Asked<'_>) -> String {
    let placeholders = placeholders(asked.command);
    let list = |names: &[String]| names.join(", ");
    let mut text = format!(
        "name: {}\ndescription: {}\neffect: {}\n",
        asked.name,
        quoted(asked.description),
        asked.effect.as_str()
    );
    if asked.effect != Effect::Read {
        let _infallible = writeln!(text, "idempotent: {}", asked.idempotent);
    }
    text.push_str("inputSchema:\n  type: object\n  additionalProperties: false\n");
    if !placeholders.is_empty() {
        let _infallible = writeln!(text, "  required: [{}]\n  properties:", list(&placeholders));
        for name in &placeholders {
            let _infallible = writeln!(
                text,
                "    {name}: {{type: string, minLength: 1, maxLength: 1000}}"
            );
        }
    }
    let words: Vec<String> = asked.command.iter().map(|word| quoted(word)).collect();
    let _infallible = writeln!(
        text,
        "run:\n  exec:\n    command: [{}]   # argv; there is no shell",
        list(&words)
    );
    text.push_str("timeout: 30s\ntests:\n");
    let example: Vec<String> = placeholders
        .iter()
        .map(|name| format!("{name}: example"))
        .collect();
    let _infallible = writeln!(text, "  - {{args: {{{}}}, expect: ok}}", list(&example));
    if let Some(first) = placeholders.first() {
        let _infallible = writeln!(
            text,
            "  - {{args: {{{first}: \"\"}}, expect: VALIDATION_FAILED}}"
        );
    }
    text
}

/// The names between single braces, each once, in order.
fn placeholders(command: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for word in command {
        let literal = word.replace("{{", "").replace("}}", "");
        let parts = literal.split('{').skip(1);
        for name in parts.filter_map(|part| part.split_once('}').map(|(name, _)| name)) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// A text as JSON, which YAML 1.2 reads.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &[&str]) -> Vec<String> {
        command.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn placeholders_are_found_once_and_literal_braces_are_not() {
        let command = words(&["p", "--a={x}", "{y}{x}", "{{\"z\": %s}}"]);
        assert_eq!(placeholders(&command), ["x", "y"]);
    }

    #[test]
    fn a_definition_says_everything_that_matters() {
        let asked = Asked {
            name: "remove_file",
            description: "Removes \"one\" file.",
            effect: Effect::Destroy,
            idempotent: true,
            command: &words(&["rm", "--", "{path}"]),
        };
        assert_eq!(
            definition(&asked),
            "\
name: remove_file
description: \"Removes \\\"one\\\" file.\"
effect: destroy
idempotent: true
inputSchema:
  type: object
  additionalProperties: false
  required: [path]
  properties:
    path: {type: string, minLength: 1, maxLength: 1000}
run:
  exec:
    command: [\"rm\", \"--\", \"{path}\"]   # argv; there is no shell
timeout: 30s
tests:
  - {args: {path: example}, expect: ok}
  - {args: {path: \"\"}, expect: VALIDATION_FAILED}
"
        );
    }
}
