//! A command line that the system would refuse is refused before anything is started.

use serde_json::Value;

use crate::{
    base::{
        json::push_pointer,
        limits::{ARGV_BYTES_MAX, ARGV_ELEMENT_BYTES_MAX},
        problem::Detail,
    },
    catalog::{
        template::{ArgPath, ArgTemplate, Part, TextTemplate},
        tool::{Run, Tool},
    },
};

/// What in `arguments` makes an element of the tool's argument list, or the whole list, longer
/// than the system takes. A secret's length is told, its value is not.
pub(super) fn too_long(tool: &Tool, arguments: &Value) -> Vec<Detail> {
    let Run::Exec(plan) = &tool.run else {
        return Vec::new();
    };
    let mut total = 0_usize;
    let mut details = Vec::new();
    for template in &plan.args {
        for (at, bytes) in elements(template, arguments) {
            // Each element ends with a byte of its own.
            total = total.saturating_add(bytes).saturating_add(1);
            if bytes > ARGV_ELEMENT_BYTES_MAX {
                details.push(detail(at, ARGV_ELEMENT_BYTES_MAX, "one argument", bytes));
            }
        }
    }
    if details.is_empty() && total > ARGV_BYTES_MAX {
        details.push(detail(
            String::new(),
            ARGV_BYTES_MAX,
            "a whole command line",
            total,
        ));
    }
    details
}

fn detail(at: String, bytes_max: usize, what: &str, bytes: usize) -> Detail {
    Detail {
        at,
        constraint: "too long".to_owned(),
        limit: Some(bytes_max.into()),
        expected: format!("at most {bytes_max} bytes for {what} of a program"),
        got: Some(format!("{bytes} bytes")),
    }
}

/// The elements that a template makes: where the value comes from, and their length in bytes.
fn elements(template: &ArgTemplate, arguments: &Value) -> Vec<(String, usize)> {
    match template {
        ArgTemplate::One { text, .. } => vec![one(text, arguments)],
        ArgTemplate::Many { path, .. } => {
            let items = path.find(arguments).and_then(Value::as_array);
            let items = items.into_iter().flatten().enumerate();
            items
                .map(|(index, item)| (format!("{}/{index}", pointer(path)), length(item)))
                .collect()
        }
    }
}

/// The longest slot is the one to blame.
fn one(text: &TextTemplate, arguments: &Value) -> (String, usize) {
    let mut bytes = 0_usize;
    let mut longest = (0, String::new());
    for part in &text.0 {
        let here = match part {
            Part::Literal(literal) => literal.len(),
            Part::Slot(path) => {
                let here = path.find(arguments).map_or(0, length);
                if here > longest.0 {
                    longest = (here, pointer(path));
                }
                here
            }
        };
        bytes = bytes.saturating_add(here);
    }
    (longest.1, bytes)
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(string) => string.len(),
        other => other.to_string().len(),
    }
}

fn pointer(path: &ArgPath) -> String {
    let mut pointer = String::new();
    for name in &path.0 {
        push_pointer(&mut pointer, name);
    }
    pointer
}
