//! The key of the ledger: drawn once, the same for every process on it, unknown to everyone
//! else.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Shared, Ticket, release::unrecorded};
use crate::guard::call::Header;

/// The key; each of its uses has a purpose of its own.
pub(super) use crate::ledger::LedgerKey as Key;

/// HMAC-SHA-256 (RFC 2104) of `text`, apart from every other purpose.
pub(super) fn mac(key: &Key, purpose: &str, text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new(key.into());
    mac.update(purpose.as_bytes());
    mac.update(b"\0");
    mac.update(text);
    mac
}

/// Goes on with the key, which is read once: at once, or on the gate. Without one nothing is
/// started.
pub(super) fn with_key(
    shared: &Arc<Shared>,
    header: Arc<Header>,
    ticket: Ticket,
    then: impl FnOnce(&Arc<Shared>, &Key, Ticket) + Send + 'static,
) {
    if let Some(key) = shared.key.get() {
        return then(shared, key, ticket);
    }
    let next = Arc::clone(shared);
    shared.ledger.key(Box::new(move |key| match key {
        Ok(key) => {
            let key = *next.key.get_or_init(|| key);
            let then = Box::new(move |shared: &Arc<Shared>| then(shared, &key, ticket));
            next.queue.push_go(then);
        }
        Err(error) => unrecorded(&next, &header, ticket, &error),
    }));
}
