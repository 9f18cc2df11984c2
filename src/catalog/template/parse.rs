//! Reads templates: `{name}`, `{a.b}`, `{x...}`, and `{{` and `}}` for braces.

use std::ops::Range;

use super::{ArgPath, ArgTemplate, JsonTemplate, Part, TextTemplate};
use crate::catalog::secret::Reference;

/// What is wrong with a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemplateWrong {
    /// `{` without `}`.
    Unclosed,
    /// `}` without `{`.
    Unopened,
    /// What stands between the braces is not a name.
    NotAName,
    /// `{x...}` with something around it, or where no list of elements is made.
    ManyInside,
    /// `${secret:…}` where everybody could read it, or it would be shown.
    Secret,
    /// `${secret:…}` that names nothing.
    Reference,
}

impl TemplateWrong {
    /// What is wrong and the way out.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unclosed => ("`{` is never closed", "write `{{` for a brace"),
            Self::Unopened => ("`}` closes nothing", "write `}}` for a brace"),
            Self::NotAName => (
                "a placeholder holds a property name of letters, digits, `_` and `-`",
                "write `{{` and `}}` for braces",
            ),
            Self::ManyInside => (
                "`{x...}` must be an element of `command` on its own",
                "give it an element of its own, or write `{x}` for the list as JSON",
            ),
            Self::Secret => (
                "a secret cannot stand here",
                "give it to the program through `env`",
            ),
            Self::Reference => (
                "this names no secret",
                "write `${secret:env:NAME}`, or `${secret:file:PATH}` with an absolute path",
            ),
        }
    }
}

/// What is wrong, and where in the template's text (bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplateFault {
    /// What.
    pub(crate) wrong: TemplateWrong,
    /// Where.
    pub(crate) at: Range<usize>,
}

/// What a reference to a secret begins with; `}` ends it.
const SECRET: &str = "${secret:";

/// A part as read, before it is known where it stands.
pub(super) enum Piece {
    Text(String),
    One(ArgPath),
    Many(ArgPath, Range<usize>),
    Secret(Reference, Range<usize>),
}

pub(super) fn pieces(template: &str) -> Result<Vec<Piece>, TemplateFault> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(rest) = template.get(at..).filter(|rest| !rest.is_empty()) {
        let fault = |wrong, length| TemplateFault {
            wrong,
            at: at..at + length,
        };
        if rest.starts_with("{{") || rest.starts_with("}}") {
            literal.extend(rest.chars().next());
            at += 2;
        } else if rest.starts_with('}') {
            return Err(fault(TemplateWrong::Unopened, 1));
        } else if let Some(inside) = rest.strip_prefix(SECRET) {
            let Some((inside, _)) = inside.split_once('}') else {
                return Err(fault(TemplateWrong::Unclosed, SECRET.len()));
            };
            let length = SECRET.len() + inside.len() + 1;
            let reference = Reference::parse(inside);
            let reference = reference.ok_or_else(|| fault(TemplateWrong::Reference, length))?;
            flush(&mut literal, &mut pieces);
            pieces.push(Piece::Secret(reference, at..at + length));
            at += length;
        } else if let Some(inside) = rest.strip_prefix('{') {
            let Some((inside, _)) = inside.split_once('}') else {
                return Err(fault(TemplateWrong::Unclosed, 1));
            };
            let length = inside.len() + 2;
            let (name, many) = match inside.strip_suffix("...") {
                Some(name) => (name, true),
                None => (inside, false),
            };
            let path = path(name).ok_or_else(|| fault(TemplateWrong::NotAName, length))?;
            flush(&mut literal, &mut pieces);
            pieces.push(if many {
                Piece::Many(path, at..at + length)
            } else {
                Piece::One(path)
            });
            at += length;
        } else {
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, char)| matches!(char, '{' | '}' | '$'))
                .map_or(rest.len(), |(end, _)| end);
            literal.push_str(rest.get(..end).unwrap_or_default());
            at += end;
        }
    }
    flush(&mut literal, &mut pieces);
    Ok(pieces)
}

/// Ends the text before the next piece.
fn flush(literal: &mut String, pieces: &mut Vec<Piece>) {
    if !literal.is_empty() {
        pieces.push(Piece::Text(std::mem::take(literal)));
    }
}

fn path(dotted: &str) -> Option<ArgPath> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    let names: Vec<String> = dotted.split('.').map(str::to_owned).collect();
    names
        .iter()
        .all(|name| is_name(name))
        .then_some(ArgPath(names))
}

fn text(pieces: Vec<Piece>) -> Result<TextTemplate, TemplateFault> {
    let parts = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => Ok(Part::Literal(text)),
        Piece::One(path) => Ok(Part::Slot(path)),
        Piece::Many(_, at) => Err(TemplateFault {
            wrong: TemplateWrong::ManyInside,
            at,
        }),
        Piece::Secret(_, at) => Err(TemplateFault {
            wrong: TemplateWrong::Secret,
            at,
        }),
    });
    parts.collect::<Result<_, _>>().map(TextTemplate)
}

impl TextTemplate {
    /// Reads a text with slots.
    ///
    /// # Errors
    /// The first fault.
    pub(crate) fn parse(template: &str) -> Result<Self, TemplateFault> {
        text(pieces(template)?)
    }
}

impl ArgTemplate {
    /// Reads one entry of an argument list; values may not begin an element with `-`, `+` or
    /// `@`.
    ///
    /// # Errors
    /// The first fault.
    pub(crate) fn parse(template: &str) -> Result<Self, TemplateFault> {
        let pieces = pieces(template)?;
        if let [Piece::Many(path, _)] = pieces.as_slice() {
            return Ok(Self::Many {
                path: path.clone(),
                allow_prefix: false,
            });
        }
        Ok(Self::One {
            text: text(pieces)?,
            allow_prefix: false,
        })
    }

    /// The same, but values may begin an element with anything.
    pub(crate) fn allowing_prefix(mut self) -> Self {
        match &mut self {
            Self::One { allow_prefix, .. } | Self::Many { allow_prefix, .. } => {
                *allow_prefix = true;
            }
        }
        self
    }
}

impl JsonTemplate {
    /// Reads one string of a JSON template: nothing but a slot stands for the value itself.
    ///
    /// # Errors
    /// The first fault.
    pub(crate) fn parse_string(template: &str) -> Result<Self, TemplateFault> {
        let text = TextTemplate::parse(template)?;
        Ok(match text.0.as_slice() {
            [Part::Slot(path)] => Self::Slot(path.clone()),
            [] => Self::Literal(String::new().into()),
            [Part::Literal(literal)] => Self::Literal(literal.clone().into()),
            _ => Self::Text(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expected: Result<&[&str], (TemplateWrong, &str)>) {
        let parsed = TextTemplate::parse(template);
        match (parsed, expected) {
            (Ok(text), Ok(expected)) => {
                let parts: Vec<String> = text
                    .0
                    .iter()
                    .map(|part| match part {
                        Part::Literal(literal) => literal.clone(),
                        Part::Slot(path) => format!("<{}>", path.pointer()),
                    })
                    .collect();
                assert_eq!(parts, expected, "{template}");
            }
            (Err(fault), Err((wrong, piece))) => {
                assert_eq!(
                    (fault.wrong, template.get(fault.at).unwrap()),
                    (wrong, piece),
                    "{template}"
                );
            }
            (parsed, _) => panic!("{template}: {parsed:?}"),
        }
    }

    #[test]
    fn slots_and_braces_are_told_apart() {
        check("", Ok(&[]));
        check("Hello {name}!", Ok(&["Hello ", "</name>", "!"]));
        check("{a.b-c.D_1}", Ok(&["</a/b-c/D_1>"]));
        check("{{a}} {b}", Ok(&["{a} ", "</b>"]));
        check("é$ {{{x}}}", Ok(&["é$ {", "</x>", "}"]));
        check("cost: ${x}", Ok(&["cost: $", "</x>"]));
    }

    #[test]
    fn faults_are_told_with_their_place() {
        check("a {b", Err((TemplateWrong::Unclosed, "{")));
        check("é }", Err((TemplateWrong::Unopened, "}")));
        check("a {b c}", Err((TemplateWrong::NotAName, "{b c}")));
        check("{}", Err((TemplateWrong::NotAName, "{}")));
        check("{a..b}", Err((TemplateWrong::NotAName, "{a..b}")));
        check("-{x...}", Err((TemplateWrong::ManyInside, "{x...}")));
        check(
            "a${secret:env:X}b",
            Err((TemplateWrong::Secret, "${secret:env:X}")),
        );
        check(
            "${secret:X}",
            Err((TemplateWrong::Reference, "${secret:X}")),
        );
        check(
            "a${secret:env:X",
            Err((TemplateWrong::Unclosed, "${secret:")),
        );
    }

    #[test]
    fn a_string_of_one_slot_is_the_value_itself() {
        let slot = |name: &str| JsonTemplate::Slot(ArgPath(vec![name.into()]));
        assert_eq!(JsonTemplate::parse_string("{x}"), Ok(slot("x")));
        let literal = JsonTemplate::Literal("{x}".into());
        assert_eq!(JsonTemplate::parse_string("{{x}}"), Ok(literal));
    }
}
