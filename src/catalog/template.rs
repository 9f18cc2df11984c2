//! Templates with typed slots: a value fills its slot and can never become anything else.

mod confidential;
mod fill;
mod parse;

pub(crate) use confidential::{ConfidentialFault, ConfidentialTemplate};
pub(crate) use fill::{SlotRefused, Why, argument_list};
pub(crate) use parse::TemplateFault;

use serde_json::Value;

use crate::base::json::push_pointer;

/// A place in the effective arguments: member names from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArgPath(pub(crate) Vec<String>);

impl ArgPath {
    /// The value there; `None` where it is absent. An item of an array is named by its number.
    pub(crate) fn find<'a>(&self, arguments: &'a Value) -> Option<&'a Value> {
        self.0
            .iter()
            .try_fold(arguments, |value, name| match value {
                Value::Array(items) => items.get(name.parse::<usize>().ok()?),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_) => value.get(name),
            })
    }

    /// The same place as a JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for name in &self.0 {
            push_pointer(&mut pointer, name);
        }
        pointer
    }
}

/// A part of a text with slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As written.
    Literal(String),
    /// Filled with an argument.
    Slot(ArgPath),
}

/// A text with slots, as `Hello {name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextTemplate(pub(crate) Vec<Part>);

impl TextTemplate {
    /// The arguments that it uses, in order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &ArgPath> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Slot(path) => Some(path),
        })
    }

    /// JSON pointer to where its first slot gets its value; empty without one.
    pub(crate) fn pointer(&self) -> String {
        self.slots()
            .next()
            .map(ArgPath::pointer)
            .unwrap_or_default()
    }

    /// The text, if it is one without slots.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

/// One entry of an argument list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArgTemplate {
    /// One element; it vanishes as a whole when an optional argument in it is absent.
    One {
        /// The text of the element.
        text: TextTemplate,
        /// Whether a value may begin the element with `-`, `+` or `@`.
        allow_prefix: bool,
    },
    /// `{x...}`: one element for each item of an array.
    Many {
        /// Where the array is.
        path: ArgPath,
        /// As for [`ArgTemplate::One`].
        allow_prefix: bool,
    },
}

/// A JSON value with slots: a string that is nothing but one slot becomes the value itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum JsonTemplate {
    /// As written.
    Literal(Value),
    /// The argument's value, of whatever type; absent members are left out.
    Slot(ArgPath),
    /// A string with slots inside.
    Text(TextTemplate),
    /// An array.
    Array(Vec<JsonTemplate>),
    /// An object.
    Object(Vec<(String, JsonTemplate)>),
}
