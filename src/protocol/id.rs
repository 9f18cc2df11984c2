//! JSON-RPC ids: kept as written, compared by type and value.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::base::limits::ID_BYTES_MAX;

/// The id of a request: a string or an integer (MCP 2026-07-28, basic, "Requests").
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct RequestId {
    /// As written on the line: echoed byte for byte.
    text: Arc<str>,
    key: IdKey,
}

/// What two ids are compared by: `7`, `"7"` and `"\u0037"` are one number and twice one string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum IdKey {
    /// The digits.
    Integer(Arc<str>),
    /// The text after unescaping.
    String(Arc<str>),
}

impl RequestId {
    /// The id written as `text`, one JSON value. `None` for anything but a string of at most
    /// [`ID_BYTES_MAX`] bytes or an integer; `1.0` is an integer, `1.5` is not.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.len() > ID_BYTES_MAX {
            return None;
        }
        let text: Arc<str> = text.into();
        let key = IdKey::of(&text)?;
        Some(Self { text, key })
    }

    /// As written on the line.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The same, to be kept.
    pub(crate) fn text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// What it is compared by.
    pub(crate) fn key(&self) -> &IdKey {
        &self.key
    }
}

impl IdKey {
    fn of(text: &Arc<str>) -> Option<Self> {
        if text.starts_with('"') {
            let text: Cow<'_, str> = serde_json::from_str(text).ok()?;
            return Some(Self::String(text.into()));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Integer(Arc::clone(text)));
        }
        let number: f64 = text.parse().ok()?;
        let integer = number.is_finite() && number.fract() == 0.0;
        integer.then(|| Self::Integer(format!("{number:.0}").into()))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, key: Option<IdKey>) {
        let id = RequestId::read(text);
        assert_eq!(id.as_ref().map(RequestId::key), key.as_ref(), "{text}");
        assert!(id.is_none_or(|id| id.as_str() == text));
    }

    #[test]
    fn p9_ids_are_kept_digit_for_digit() {
        let integer = |text: &str| Some(IdKey::Integer(text.into()));
        let string = |text: &str| Some(IdKey::String(text.into()));
        check("9007199254740993", integer("9007199254740993"));
        check(
            "123456789012345678901234567890",
            integer("123456789012345678901234567890"),
        );
        check("-1", integer("-1"));
        check("0", integer("0"));
        check("1.0", integer("1"));
        check("\"\"", string(""));
        check("\"7\"", string("7"));
        check("\"\\u0037\"", string("7"));
    }

    #[test]
    fn p8_what_is_no_id_is_refused() {
        for text in ["null", "1.5", "true", "{}", "[]", "1e999"] {
            check(text, None);
        }
        check(&format!("\"{}\"", "x".repeat(ID_BYTES_MAX)), None);
    }
}
