//! What is kept of a call's arguments: neither the caller's secrets nor the operator's.
//!
//! A place that the schema calls secret (`x-secret`, `writeOnly`, `x-kind: secret`) is kept as
//! `{"redacted":"hmac:…"}`: who holds the ledger's key can tell whether two calls gave the same
//! secret, and nobody can guess a short one by trying.

use std::{borrow::Cow, sync::Arc};

use hmac::Mac as _;
use serde_json::{Value, json};

use super::{
    Shared,
    answer::Body,
    ledger_key::{Key, mac},
};
use crate::{
    base::{canonical::canonical, hex, json, redact::Redactor, secret::Secret},
    catalog::{schema::InputSchema, tool::Tool},
    guard::{agree::AgreedCall, call::Change},
};

#[cfg(test)]
pub(super) mod tests;

/// The one member of what stands in the place of a secret.
const REDACTED: &str = "redacted";
/// Bytes of the HMAC that are kept: enough to tell secrets apart, too few to be worth keeping.
const MAC_BYTES: usize = 6;

/// What hides the secrets among the arguments of this call: its tool is not to tell them back.
pub(super) fn own_secrets(call: &AgreedCall) -> Redactor {
    secrets_of(call.tool(), call.effective())
}

/// What hides the secrets among these arguments of `tool`.
pub(super) fn secrets_of(tool: &Tool, arguments: &Value) -> Redactor {
    if !tool.input.has_secrets() {
        return Redactor::default();
    }
    let pointers = tool.input.secrets(arguments).into_iter();
    Redactor::of(
        pointers.filter_map(|pointer| match arguments.pointer(&pointer)? {
            Value::String(text) => Some(Secret::new(text.as_str())),
            other => Some(Secret::new(other.to_string())),
        }),
    )
}

/// Whether `arguments`, as they were kept, lack a secret that the call had.
pub(crate) fn lack_a_secret(arguments: &Value) -> bool {
    match arguments {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        Value::Array(items) => items.iter().any(lack_a_secret),
        Value::Object(members) if members.len() == 1 && members.contains_key(REDACTED) => true,
        Value::Object(members) => members.values().any(lack_a_secret),
    }
}

/// Takes secrets out of arguments before they are kept.
#[derive(Clone, Copy)]
pub(super) struct Keeping<'a> {
    redactor: &'a Redactor,
    key: Option<&'a Key>,
}

impl Shared {
    /// As far as the key is known: a tool with secrets is not called before it is.
    pub(super) fn keeping(&self) -> Keeping<'_> {
        Keeping {
            redactor: &self.redactor,
            key: self.key.get(),
        }
    }
}

impl Keeping<'_> {
    /// Arguments of a call that was let in, as they were given.
    pub(super) fn given(self, tool: &Tool, raw: &Arc<str>) -> Arc<str> {
        self.raw(tool, raw, InputSchema::secrets)
    }

    /// Arguments of a call that was refused, as they were given: a secret may stand under any
    /// name that the tool does not declare.
    pub(super) fn refused(self, tool: Option<&Tool>, raw: &Arc<str>) -> Arc<str> {
        match tool {
            Some(tool) => self.raw(tool, raw, InputSchema::possible_secrets),
            None => self.redacted(raw),
        }
    }

    /// Reading them once more is for those few that have a secret; their spelling is lost.
    fn raw(
        self,
        tool: &Tool,
        raw: &Arc<str>,
        secrets: impl FnOnce(&InputSchema, &Value) -> Vec<String>,
    ) -> Arc<str> {
        if !tool.input.has_secrets() {
            return self.redacted(raw);
        }
        let Ok(mut arguments) = serde_json::from_str(raw) else {
            return json!({REDACTED: true}).to_string().into();
        };
        let secrets = secrets(&tool.input, &arguments);
        if secrets.is_empty() {
            return self.redacted(raw);
        }
        self.mask(&mut arguments, &secrets);
        self.redactor.value(&mut arguments);
        arguments.to_string().into()
    }

    fn redacted(self, raw: &Arc<str>) -> Arc<str> {
        match self.redactor.json(raw) {
            Cow::Borrowed(_) => Arc::clone(raw),
            Cow::Owned(without) => without.into(),
        }
    }

    /// The text of effective arguments.
    pub(super) fn effective(self, tool: &Tool, effective: &Value) -> String {
        if !tool.input.has_secrets() && self.redactor.is_idle() {
            return json::text(effective);
        }
        let mut arguments = effective.clone();
        self.mask(&mut arguments, &tool.input.secrets(effective));
        self.redactor.value(&mut arguments);
        arguments.to_string()
    }

    /// What is told.
    pub(super) fn body(self, body: Body) -> Body {
        body.without_secrets(self.redactor)
    }

    /// What was changed in arguments; a change of a caller's secret hides it already.
    pub(super) fn changes(self, changes: &[Change]) -> Vec<Change> {
        let mut changes = changes.to_vec();
        let values = changes
            .iter_mut()
            .flat_map(|change| [&mut change.from, &mut change.to]);
        for value in values.flatten() {
            self.redactor.value(value);
        }
        changes
    }

    fn mask(self, arguments: &mut Value, secrets: &[String]) {
        for pointer in secrets {
            if let Some(secret) = arguments.pointer_mut(pointer) {
                *secret = self.mark(secret);
            }
        }
    }

    fn mark(self, secret: &Value) -> Value {
        let Some(key) = self.key else {
            return json!({REDACTED: true});
        };
        let mac = mac(
            key,
            "tollgate kept argument 1",
            canonical(secret).as_bytes(),
        );
        let mac = mac.finalize().into_bytes();
        let (kept, _) = mac.split_at(MAC_BYTES);
        json!({REDACTED: format!("hmac:{}", hex::encode(kept))})
    }
}
