//! JSON read strictly: what two readers could understand differently is refused.
//!
//! `serde_json` does the reading; this adds what RFC 8259 leaves open and MCP needs closed:
//! no duplicate names, bounds on depth, size and number of values, no number that would
//! change its value.

use std::{fmt, fmt::Write as _};

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

use super::limits::{JSON_DEPTH_MAX, JSON_NODES_MAX, STRING_BYTES_MAX};

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// It is not JSON (RFC 8259), or holds half a surrogate pair.
    #[error("not valid JSON at column {column}")]
    Syntax {
        /// Counted in bytes from 1.
        column: usize,
    },
    /// An object names a member twice (RFC 8259 section 4 leaves the meaning open).
    #[error("duplicate member at `{pointer}`")]
    Duplicate {
        /// JSON pointer (RFC 6901) of the second member.
        pointer: String,
    },
    /// More than [`JSON_DEPTH_MAX`] arrays and objects inside each other.
    #[error("nested deeper than {JSON_DEPTH_MAX} levels")]
    TooDeep,
    /// More than [`JSON_NODES_MAX`] values.
    #[error("more than {JSON_NODES_MAX} values")]
    TooManyValues,
    /// A string of more than [`STRING_BYTES_MAX`] bytes.
    #[error("string longer than {STRING_BYTES_MAX} bytes at `{pointer}`")]
    StringTooLong {
        /// Where it stands.
        pointer: String,
    },
    /// An integer outside 64 bits, or a number too large for a double: it cannot be carried
    /// without changing it.
    #[error("number not representable")]
    NumberNotRepresentable,
}

/// Reads one JSON value.
///
/// # Errors
/// The first [`Violation`]; nothing of the text is to be used then.
pub(crate) fn parse(text: &str) -> Result<Value, Violation> {
    Reader::default().read(text)
}

/// The same text as its `Display` gives, made in half the time.
pub(crate) fn text(value: &Value) -> String {
    // Writing a value into memory cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads several texts under one common bound on the number of values, so that the parts of
/// a message share the message's limits.
#[derive(Default)]
pub(crate) struct Reader {
    nodes: usize,
    violation: Option<Violation>,
    huge_float: bool,
}

impl Reader {
    /// Reads one JSON value; the values are counted together with those read before.
    ///
    /// # Errors
    /// As [`parse`].
    pub(crate) fn read(&mut self, text: &str) -> Result<Value, Violation> {
        self.read_at(At::Top, text)
    }

    /// Reads the part of a message that stands at `at`, which counts for depth and stands in the
    /// pointers of violations.
    ///
    /// # Errors
    /// As [`parse`].
    pub(crate) fn read_at(&mut self, at: At<'_>, text: &str) -> Result<Value, Violation> {
        self.huge_float = false;
        let mut source = serde_json::Deserializer::from_str(text);
        let depth = at.depth();
        let read = Strict {
            reader: self,
            depth,
            at,
        }
        .deserialize(&mut source)
        .and_then(|value| source.end().map(|()| value));
        if read.is_ok() && self.huge_float && holds_inexact_integer(text) {
            return Err(Violation::NumberNotRepresentable);
        }
        read.map_err(|error| {
            self.violation
                .take()
                .unwrap_or_else(|| classify(&error, text))
        })
    }

    fn refuse<E: serde::de::Error>(&mut self, violation: Violation) -> E {
        self.violation = Some(violation);
        E::custom("refused")
    }
}

/// A place in a value on the way down to it: made at each step, and written as a pointer only
/// where something is told of it.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    /// The value itself.
    Top,
    /// The member of this name, of the value there.
    Member(&'a At<'a>, &'a str),
    /// The item of this number, of the value there.
    Item(&'a At<'a>, usize),
}

impl At<'_> {
    /// As a JSON pointer.
    pub(crate) fn pointer(self) -> String {
        let mut pointer = String::new();
        self.write_to(&mut pointer);
        pointer
    }

    fn depth(self) -> usize {
        match self {
            Self::Top => 0,
            Self::Member(above, _) | Self::Item(above, _) => 1 + above.depth(),
        }
    }

    fn write_to(self, pointer: &mut String) {
        match self {
            Self::Top => {}
            Self::Member(above, name) => {
                above.write_to(pointer);
                push_pointer(pointer, name);
            }
            Self::Item(above, index) => {
                above.write_to(pointer);
                let _infallible = write!(pointer, "/{index}");
            }
        }
    }
}

/// Appends one member name to a JSON pointer, escaped as RFC 6901 section 3 says.
pub(crate) fn push_pointer(pointer: &mut String, name: &str) {
    pointer.push('/');
    if !name.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        return pointer.push_str(name);
    }
    for char in name.chars() {
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// What `serde_json` itself refused: a number it could not hold, nesting, or plain syntax.
fn classify(error: &serde_json::Error, text: &str) -> Violation {
    let told = error.to_string();
    if told.starts_with("number out of range") {
        Violation::NumberNotRepresentable
    } else if told.starts_with("recursion limit") {
        Violation::TooDeep
    } else {
        let before: usize = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        Violation::Syntax {
            column: before + error.column(),
        }
    }
}

/// Whether `text`, which is valid JSON, has an integer literal outside 64 bits. Asked only
/// when a float of that size was read: `6.022e23` is a number, `18446744073709551616` is not.
fn holds_inexact_integer(text: &str) -> bool {
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte == b'"' {
            skip_string(&mut rest);
        } else if byte == b'-' || byte.is_ascii_digit() {
            let mut literal = vec![byte];
            let part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
            while let Some(byte) = rest.next_if(part) {
                literal.push(byte);
            }
            let integer = !literal.iter().any(|byte| b".eE".contains(byte));
            let exact = std::str::from_utf8(&literal)
                .is_ok_and(|text| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok());
            if integer && !exact {
                return true;
            }
        }
    }
    false
}

/// Moves past the rest of a string whose opening quote was read.
fn skip_string(rest: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                rest.next();
            }
            _ => {}
        }
    }
}

struct Strict<'a> {
    reader: &'a mut Reader,
    depth: usize,
    at: At<'a>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        self.reader.nodes += 1;
        if self.reader.nodes > JSON_NODES_MAX {
            return Err(self.reader.refuse(Violation::TooManyValues));
        }
        source.deserialize_any(self)
    }
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(&mut self) -> Result<usize, E> {
        if self.depth >= JSON_DEPTH_MAX {
            return Err(self.reader.refuse(Violation::TooDeep));
        }
        Ok(self.depth + 1)
    }

    fn check_length<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        if text.len() > STRING_BYTES_MAX {
            let pointer = self.at.pointer();
            return Err(self.reader.refuse(Violation::StringTooLong { pointer }));
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // An integer literal beyond 64 bits arrives here as a float that has lost digits.
        const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;
        self.reader.huge_float |= value.abs() >= TWO_POW_63;
        match Number::from_f64(value) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self.reader.refuse(Violation::NumberNotRepresentable)),
        }
    }

    fn visit_str<E: serde::de::Error>(mut self, value: &str) -> Result<Value, E> {
        self.check_length(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(mut self, value: String) -> Result<Value, E> {
        self.check_length(&value)?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Strict {
            reader: self.reader,
            depth,
            at: At::Item(&self.at, values.len()),
        })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.check_length(&name)?;
            match map.entry(name) {
                Entry::Occupied(entry) => {
                    let pointer = At::Member(&self.at, entry.key()).pointer();
                    return Err(self.reader.refuse(Violation::Duplicate { pointer }));
                }
                Entry::Vacant(entry) => {
                    let value = members.next_value_seed(Strict {
                        reader: self.reader,
                        depth,
                        at: At::Member(&self.at, entry.key()),
                    })?;
                    entry.insert(value);
                }
            }
        }
        if self.reader.violation.is_some() {
            return Err(A::Error::custom("refused"));
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests;
