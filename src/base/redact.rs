//! Takes secrets out of what is written, in every form in which they could stand there.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    hex,
    limits::{REDACTED_BYTES_MIN, SECRETS_MAX},
    secret::Secret,
    url::RESERVED,
};

#[cfg(test)]
mod tests;

/// What stands in the place of a secret.
pub(crate) const HIDDEN: &str = "(secret)";

/// More secrets than can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// Knows every secret that this process has read and finds it again: as it is, in JSON strings
/// (also in JSON that stands in a JSON string), percent-encoded, in hexadecimal and in base64
/// at any offset. What is shorter than [`REDACTED_BYTES_MIN`] is not looked for: it would be
/// found everywhere. A secret that was put into another form, or cut in two, is not found.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    known: Mutex<BTreeSet<Secret>>,
    finder: RwLock<Option<Arc<AhoCorasick>>>,
}

impl Redactor {
    /// Hides these and no others. They are the parts of one call, which is bounded: no finder
    /// that the bytes of a call can fill is too large to be made.
    pub(crate) fn of(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let long = |secret: &Secret| secret.reveal().len() >= REDACTED_BYTES_MIN;
        let known: BTreeSet<Secret> = secrets.into_iter().filter(long).collect();
        // It is made for one call: the table that is searched faster takes far longer to make, and
        // more room, than a search saves.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        let finder = (!known.is_empty()).then(|| finder(&known, kind).ok());
        let finder = finder.flatten();
        Self {
            known: Mutex::new(known),
            finder: RwLock::new(finder),
        }
    }

    /// Hides `secret` from now on. It stays known when no definition names it any more: a
    /// program that was given it may still be running.
    ///
    /// # Errors
    /// When [`SECRETS_MAX`] others are known: this one may not be used, it would not be hidden.
    pub(crate) fn learn(&self, secret: &Secret) -> Result<(), TooMany> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if secret.reveal().len() < REDACTED_BYTES_MIN || known.contains(secret) {
            return Ok(());
        }
        if known.len() >= SECRETS_MAX {
            return Err(TooMany);
        }
        let finder = finder(known.iter().chain([secret]), None)?;
        *self.finder.write().unwrap_or_else(PoisonError::into_inner) = Some(finder);
        known.insert(secret.clone());
        Ok(())
    }

    fn finder(&self) -> Option<Arc<AhoCorasick>> {
        let finder = self.finder.read().unwrap_or_else(PoisonError::into_inner);
        finder.clone()
    }

    /// Whether there is nothing to hide.
    pub(crate) fn is_idle(&self) -> bool {
        self.finder().is_none()
    }

    /// `text` without secrets.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.finder() {
            Some(finder) => hidden(&finder, text),
            None => Cow::Borrowed(text),
        }
    }

    /// Takes the secrets out of `value`: out of its strings and the names of its members, and
    /// numbers that hold one. Whether there were any.
    pub(crate) fn value(&self, value: &mut Value) -> bool {
        self.finder().is_some_and(|finder| hide(&finder, value))
    }

    /// The JSON text `json` without secrets; byte for byte where it has none.
    pub(crate) fn json<'a>(&self, json: &'a str) -> Cow<'a, str> {
        let Some(finder) = self.finder() else {
            return Cow::Borrowed(json);
        };
        // Escapes hide what they stand for.
        if !json.contains('\\') && !finder.is_match(json) {
            return Cow::Borrowed(json);
        }
        let Ok(mut value) = serde_json::from_str(json) else {
            return hidden(&finder, json);
        };
        match hide(&finder, &mut value) {
            true => Cow::Owned(value.to_string()),
            false => Cow::Borrowed(json),
        }
    }
}

fn finder<'a>(
    secrets: impl IntoIterator<Item = &'a Secret>,
    kind: Option<AhoCorasickKind>,
) -> Result<Arc<AhoCorasick>, TooMany> {
    let forms = secrets.into_iter().flat_map(|one| forms(one.reveal()));
    let finder = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .kind(kind)
        .build(forms);
    finder.map(Arc::new).map_err(|_| TooMany)
}

fn hidden<'a>(finder: &AhoCorasick, text: &'a str) -> Cow<'a, str> {
    let mut whole = String::new();
    let mut from = 0;
    for found in finder.find_iter(text) {
        whole.push_str(text.get(from..found.start()).unwrap_or_default());
        whole.push_str(HIDDEN);
        from = found.end();
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    whole.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(whole)
}

fn hide(finder: &AhoCorasick, value: &mut Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => {
            let holds_one = finder.is_match(&number.to_string());
            if holds_one {
                *value = Value::from(HIDDEN);
            }
            holds_one
        }
        Value::String(text) => match hidden(finder, text) {
            Cow::Borrowed(_) => false,
            Cow::Owned(without) => {
                *text = without;
                true
            }
        },
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |any, item| hide(finder, item) | any),
        Value::Object(members) => {
            let mut any = members.keys().any(|name| finder.is_match(name));
            if any {
                let all = std::mem::take(members).into_iter();
                members.extend(all.map(|(name, member)| {
                    let name = hidden(finder, &name).into_owned();
                    (name, member)
                }));
            }
            for member in members.values_mut() {
                any |= hide(finder, member);
            }
            any
        }
    }
}

/// The forms in which a secret may stand in a text.
fn forms(secret: &str) -> Vec<String> {
    let in_json = |text: &str| {
        let quoted = Value::from(text).to_string();
        let inside = quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        inside.unwrap_or_default().to_owned()
    };
    let once = in_json(secret);
    let hex = hex::encode(secret.as_bytes());
    let mut forms = vec![secret.to_owned(), in_json(&once), once];
    for kept in [NON_ALPHANUMERIC, RESERVED] {
        let encoded = utf8_percent_encode(secret, kept).to_string();
        forms.push(lower_escapes(&encoded));
        forms.push(encoded);
    }
    forms.push(hex.to_uppercase());
    forms.push(hex);
    for before in 0..3 {
        let bytes = [vec![0; before], secret.as_bytes().to_vec()].concat();
        // Characters that hold bits of what stands before or after are not the secret's.
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for encoded in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            forms.extend(encoded.get(own.clone()).map(str::to_owned));
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// `%2F` as `%2f`.
fn lower_escapes(encoded: &str) -> String {
    let mut pieces = encoded.split('%');
    let mut lower = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).unwrap_or((piece, ""));
        lower.push('%');
        lower.push_str(&digits.to_lowercase());
        lower.push_str(rest);
    }
    lower
}
