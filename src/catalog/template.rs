//! Templates with typed slots: a value fills its slot and can never become anything else.

use serde_json::Value;

/// A place in the effective arguments: member names from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArgPath(pub(crate) Vec<String>);

impl ArgPath {
    /// The value there; `None` where it is absent.
    pub(crate) fn find<'a>(&self, arguments: &'a Value) -> Option<&'a Value> {
        self.0
            .iter()
            .try_fold(arguments, |value, name| value.get(name))
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

/// A value that may not fill its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlotRefused {
    /// JSON pointer of the value.
    pub(crate) pointer: String,
    /// What is wrong with it.
    pub(crate) why: String,
}

impl TextTemplate {
    /// The text with every slot filled; `None` where an argument is absent.
    pub(crate) fn fill(&self, arguments: &Value) -> Option<String> {
        self.0.iter().try_fold(String::new(), |text, part| {
            Some(match part {
                Part::Literal(literal) => text + literal,
                Part::Slot(path) => match path.find(arguments)? {
                    Value::String(value) => text + value,
                    other => text + &other.to_string(),
                },
            })
        })
    }
}

impl ArgTemplate {
    /// Appends the elements that this entry gives.
    ///
    /// # Errors
    /// When a value may not be an argument; `out` is not to be used then.
    pub(crate) fn fill(&self, arguments: &Value, out: &mut Vec<String>) -> Result<(), SlotRefused> {
        match self {
            Self::One { text, allow_prefix } => {
                let first = text.0.iter().find_map(|part| match part {
                    Part::Slot(path) => Some(path),
                    Part::Literal(_) => None,
                });
                let Some(element) = text.fill(arguments) else {
                    return Ok(());
                };
                let leads = matches!(text.0.first(), Some(Part::Slot(_)));
                push(first, element, *allow_prefix || !leads, out)
            }
            Self::Many { path, allow_prefix } => {
                let items = path.find(arguments).and_then(Value::as_array);
                for item in items.into_iter().flatten() {
                    let element = item
                        .as_str()
                        .map_or_else(|| item.to_string(), str::to_owned);
                    push(Some(path), element, *allow_prefix, out)?;
                }
                Ok(())
            }
        }
    }
}

fn push(
    path: Option<&ArgPath>,
    element: String,
    any_start: bool,
    out: &mut Vec<String>,
) -> Result<(), SlotRefused> {
    let refuse = |why: &str| SlotRefused {
        pointer: path.map_or_else(String::new, |path| format!("/{}", path.0.join("/"))),
        why: why.to_owned(),
    };
    if element.contains('\0') {
        return Err(refuse("it holds a NUL character"));
    }
    if !any_start && element.starts_with(['-', '+', '@']) {
        return Err(refuse("it begins with `-`, `+` or `@`"));
    }
    out.push(element);
    Ok(())
}

impl JsonTemplate {
    /// The value with every slot filled.
    pub(crate) fn fill(&self, arguments: &Value) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Slot(path) => path.find(arguments).cloned().unwrap_or_default(),
            Self::Text(text) => text.fill(arguments).map_or(Value::Null, Value::String),
            Self::Array(items) => items.iter().map(|item| item.fill(arguments)).collect(),
            Self::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| (name.clone(), member.fill(arguments)))
                    .collect(),
            ),
        }
    }
}
