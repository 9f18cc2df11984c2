//! The state of an asking while it is in the client's hands (MCP 2026-07-28,
//! basic/patterns/mrtr): sealed, so that nothing of it can be changed; bound to one call; good
//! for a short time. That it is used once is for the ledger to say.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::ledger_key::{self, Key};
use crate::{
    base::{
        canonical,
        clock::Timestamp,
        id::{CallId, Principal},
        limits::{ASK_STATE_BYTES_MAX, ASK_STATE_LIFE},
    },
    catalog::tool::Tool,
    guard::agree::Kept,
};

const MAC_BYTES: usize = 32;

/// What a state is bound to: who calls which tool, in which form, with which arguments.
pub(super) struct Subject<'a> {
    pub(super) principal: &'a Principal,
    pub(super) tool: &'a Tool,
    /// The effective arguments, without answers.
    pub(super) arguments: &'a Value,
}

/// Why a state is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsealed {
    /// We did not make it, or not like this.
    Altered,
    /// It belongs to another principal, tool, definition or other arguments.
    Foreign,
    /// Its time is over.
    Expired,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    asking: String,
    subject: String,
    expires: i64,
    tries: u32,
    answers: Map<String, Value>,
}

impl Subject<'_> {
    /// One text for one subject.
    fn digest(&self) -> String {
        let subject = json!({
            "principal": self.principal.as_str(),
            "tool": self.tool.name.as_str(),
            "definition": URL_SAFE_NO_PAD.encode(self.tool.digest),
            "arguments": self.arguments,
        });
        URL_SAFE_NO_PAD.encode(canonical::digest(&subject))
    }
}

/// Seals what is to be known when the answers come.
pub(super) fn seal(
    key: &Key,
    subject: &Subject<'_>,
    kept: &Kept,
    asking: CallId,
    now: Timestamp,
) -> String {
    let life = i64::try_from(ASK_STATE_LIFE.as_micros()).unwrap_or(0);
    let payload = Payload {
        asking: URL_SAFE_NO_PAD.encode(asking.as_bytes()),
        subject: subject.digest(),
        expires: now.as_micros().saturating_add(life),
        tries: kept.tries,
        answers: kept.answers.clone(),
    };
    // Writing a closed type of our own into memory cannot fail.
    let payload = serde_json::to_vec(&payload).unwrap_or_default();
    let mut sealed = mac(key, &payload).finalize().into_bytes().to_vec();
    sealed.extend(payload);
    URL_SAFE_NO_PAD.encode(sealed)
}

/// Opens a state that a client sent back.
///
/// # Errors
/// When it is not one that is good for `subject` at `now`. Whether we made it is found out
/// before anything in it is read.
pub(super) fn open(
    key: &Key,
    subject: &Subject<'_>,
    state: &str,
    now: Timestamp,
) -> Result<Kept, Unsealed> {
    if state.len() > ASK_STATE_BYTES_MAX {
        return Err(Unsealed::Altered);
    }
    let sealed = URL_SAFE_NO_PAD
        .decode(state)
        .map_err(|_| Unsealed::Altered)?;
    let (tag, payload) = sealed
        .split_at_checked(MAC_BYTES)
        .ok_or(Unsealed::Altered)?;
    let genuine = mac(key, payload).verify_slice(tag);
    genuine.map_err(|_| Unsealed::Altered)?;
    let payload: Payload = serde_json::from_slice(payload).map_err(|_| Unsealed::Altered)?;
    let asking = URL_SAFE_NO_PAD.decode(&payload.asking).ok();
    let asking = asking.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    let asking = asking.map(CallId::from_bytes).ok_or(Unsealed::Altered)?;
    if payload.subject != subject.digest() {
        return Err(Unsealed::Foreign);
    }
    if now.as_micros() >= payload.expires {
        return Err(Unsealed::Expired);
    }
    Ok(Kept {
        answers: payload.answers,
        tries: payload.tries,
        asking: Some(asking),
    })
}

fn mac(key: &Key, payload: &[u8]) -> Hmac<Sha256> {
    ledger_key::mac(key, "tollgate request state 1", payload)
}

#[cfg(test)]
mod tests;
