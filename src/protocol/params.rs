//! The parameters of a request: an object, its members unread until they are asked for, and
//! each of them read strictly exactly once.

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};

use super::jsonrpc::Name;
use crate::base::{
    json::{At, Reader, Violation},
    limits::PARAMS_MEMBERS_MAX,
};

/// Why parameters cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ParamsError {
    /// The message as a whole is refused: two readers could understand it differently, or it
    /// goes beyond a limit. -32600.
    Message(Violation),
    /// They do not fit the method: -32602 with this sentence.
    Invalid(String),
}

impl From<Violation> for ParamsError {
    fn from(violation: Violation) -> Self {
        Self::Message(violation)
    }
}

/// The members of `params`.
pub(crate) struct Params<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
    reader: Reader,
}

impl<'a> Params<'a> {
    /// Opens `params`, one JSON value that is known to be well formed; absent ones are empty.
    ///
    /// # Errors
    /// When it is not an object, or names a member twice.
    pub(crate) fn open(params: Option<&'a str>) -> Result<Self, ParamsError> {
        let Some(text) = params else {
            return Ok(Self {
                members: Vec::new(),
                reader: Reader::default(),
            });
        };
        if !text.starts_with('{') {
            return Err(ParamsError::Invalid(
                "`params` must be an object".to_owned(),
            ));
        }
        let Members(members) = serde_json::from_str(text).map_err(|error| Violation::Syntax {
            column: error.column(),
        })?;
        if members.len() > PARAMS_MEMBERS_MAX {
            return Err(Violation::TooManyValues.into());
        }
        for (at, (name, _)) in members.iter().enumerate() {
            if members.iter().take(at).any(|(earlier, _)| earlier == name) {
                let pointer = At::Member(PARAMS, name).pointer();
                return Err(Violation::Duplicate { pointer }.into());
            }
        }
        Ok(Self {
            members,
            reader: Reader::default(),
        })
    }

    /// The member as written, unread; it stays where it is.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        self.members
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, raw)| raw.get())
    }

    /// Takes a member out and reads it; `None` where it is absent.
    ///
    /// # Errors
    /// When it is not strict JSON.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<Value>, ParamsError> {
        let Some(at) = self.members.iter().position(|(known, _)| known == name) else {
            return Ok(None);
        };
        let (_, raw) = self.members.swap_remove(at);
        Ok(Some(self.reader.read_at(place(name), raw.get())?))
    }

    /// Takes a string out.
    ///
    /// # Errors
    /// When it is not strict JSON, or there and not a string.
    pub(crate) fn take_text(&mut self, name: &'static str) -> Result<Option<String>, ParamsError> {
        match self.take(name)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ParamsError::Invalid(format!("`{name}` must be a string"))),
        }
    }

    /// Reads whatever was not taken, so that nothing of the message stays unchecked.
    ///
    /// # Errors
    /// When a member is not strict JSON.
    pub(crate) fn finish(mut self) -> Result<(), ParamsError> {
        for (_, raw) in &self.members {
            self.reader.read_at(place(""), raw.get())?;
        }
        Ok(())
    }
}

/// Where the parameters stand in their message.
const PARAMS: &At<'_> = &At::Member(&At::Top, "params");

/// Where one of them stands, for the pointers of violations.
fn place(name: &str) -> At<'static> {
    match name {
        "arguments" => At::Member(PARAMS, "arguments"),
        "_meta" => At::Member(PARAMS, "_meta"),
        _ => At::Member(PARAMS, "…"),
    }
}

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(Name(name)) = members.next_key()? {
            read.push((name, members.next_value()?));
        }
        Ok(Members(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_read_once_and_strictly() {
        let mut params = Params::open(Some(r#"{"name":"a","arguments":{"b":[1]},"x":1}"#)).unwrap();
        assert_eq!(params.raw("arguments"), Some(r#"{"b":[1]}"#));
        assert_eq!(params.take_text("name"), Ok(Some("a".to_owned())));
        assert_eq!(params.take("arguments"), Ok(Some(json!({"b": [1]}))));
        assert_eq!(params.take("arguments"), Ok(None));
        assert_eq!(params.finish(), Ok(()));
    }

    #[test]
    fn p6_duplicates_are_found_wherever_they_are() {
        let duplicate = |pointer: &str| {
            Violation::Duplicate {
                pointer: pointer.into(),
            }
            .into()
        };
        let opened = Params::open(Some(r#"{"a":1,"a":2}"#)).map(|_| ());
        assert_eq!(opened, Err(duplicate("/params/a")));
        let mut params =
            Params::open(Some(r#"{"arguments":{"a":1,"a":2},"_meta":{"b":1,"b":1}}"#)).unwrap();
        assert_eq!(
            params.take("arguments"),
            Err(duplicate("/params/arguments/a"))
        );
        assert_eq!(params.finish(), Err(duplicate("/params/…/b")));
    }

    #[test]
    fn other_types_are_invalid_params() {
        let opened = Params::open(Some("[1]")).map(|_| ());
        assert_eq!(
            opened,
            Err(ParamsError::Invalid(
                "`params` must be an object".to_owned()
            ))
        );
        let mut params = Params::open(Some(r#"{"name":5}"#)).unwrap();
        assert_eq!(
            params.take_text("name"),
            Err(ParamsError::Invalid("`name` must be a string".to_owned()))
        );
    }
}
