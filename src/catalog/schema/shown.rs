//! What a caller gave, repeated in an answer: quoted, clipped, and never a secret.

use std::fmt;

use serde_json::Value;

use super::{Facts, Finding, Wanted};
use crate::base::{limits::QUOTE_CHARS_MAX, text};

/// What of the arguments may be repeated in an answer.
pub(super) struct Shown<'a> {
    arguments: &'a Value,
    secrets: Vec<String>,
    any_secret: bool,
}

impl<'a> Shown<'a> {
    /// `arguments` without what `facts` calls secret.
    pub(super) fn new(facts: &Facts, arguments: &'a Value) -> Self {
        Self {
            arguments,
            secrets: facts.secrets(arguments),
            any_secret: facts.any_secret,
        }
    }

    /// The value that a finding is about, quoted and clipped; `None` where it is absent or secret.
    /// Where the schema knows a secret, a member of an unknown name may be that secret with its
    /// name mistyped: neither it nor what it stands in is repeated.
    pub(super) fn quoted(&self, finding: &Finding) -> Option<String> {
        let at = &finding.at;
        let inside = |secret: &String| at == secret || is_below(at, secret);
        let misnamed = self.any_secret && matches!(finding.wanted, Wanted::Nothing(_));
        if misnamed || self.secrets.iter().any(inside) {
            return None;
        }
        Some(match self.arguments.pointer(at)? {
            Value::String(string) => text::quote(string),
            Value::Array(items) if self.any_secret => {
                format!("an array of {}", text::count(items.len(), "item"))
            }
            Value::Object(members) if self.any_secret => {
                format!("an object of {}", text::count(members.len(), "member"))
            }
            other => compact(other),
        })
    }
}

fn is_below(pointer: &str, parent: &str) -> bool {
    pointer
        .strip_prefix(parent)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// At most [`QUOTE_CHARS_MAX`] characters of `value` as JSON, nothing hidden in it.
fn compact(value: &Value) -> String {
    let mut clipped = Clipped(String::new());
    // An error only says that there is more.
    let whole = fmt::write(&mut clipped, format_args!("{value}")).is_ok();
    let mut shown = String::new();
    for char in clipped.0.chars() {
        if char.is_control() || text::is_hidden(char) {
            shown.extend(char.escape_unicode());
        } else {
            shown.push(char);
        }
    }
    if !whole {
        shown.push('…');
    }
    shown
}

/// Takes [`QUOTE_CHARS_MAX`] characters and no more.
struct Clipped(String);

impl fmt::Write for Clipped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = QUOTE_CHARS_MAX.saturating_sub(self.0.chars().count());
        let end = text.char_indices().nth(room).map(|(at, _)| at);
        match end {
            None => {
                self.0.push_str(text);
                Ok(())
            }
            Some(end) => {
                self.0.push_str(text.get(..end).unwrap_or_default());
                Err(fmt::Error)
            }
        }
    }
}
