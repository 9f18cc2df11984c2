//! Requests that are still owed an answer. A request has one end: whoever takes its entry out
//! of the table may answer, and nobody else.

use std::{
    collections::{HashMap, hash_map},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    base::cancel::{CancelToken, Cancelled},
    protocol::id::IdKey,
};

/// One request that is open.
#[derive(Debug)]
struct Entry {
    serial: u64,
    cancel: CancelToken,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<IdKey, Entry>,
    serials: u64,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    state: Mutex<State>,
}

/// The right to answer one request, valid until the request is cancelled or answered.
#[derive(Debug)]
pub(super) struct Open {
    key: IdKey,
    serial: u64,
}

/// The id is that of a request which is not answered yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InUse;

impl InFlight {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a request.
    ///
    /// # Errors
    /// When an open request has this id; that one is unaffected.
    pub(super) fn open(&self, key: &IdKey, cancel: CancelToken) -> Result<Open, InUse> {
        let mut state = self.state();
        let State { entries, serials } = &mut *state;
        let hash_map::Entry::Vacant(place) = entries.entry(key.clone()) else {
            return Err(InUse);
        };
        *serials += 1;
        let serial = *serials;
        place.insert(Entry { serial, cancel });
        let key = key.clone();
        Ok(Open { key, serial })
    }

    /// Whether a request with this id is not answered yet.
    pub(super) fn is_open(&self, key: &IdKey) -> bool {
        self.state().entries.contains_key(key)
    }

    /// Cancels the request with this id: from here on nothing is sent for it. An unknown id is
    /// ignored (MCP 2025-11-25, basic/utilities/cancellation).
    pub(super) fn cancel(&self, key: &IdKey) {
        let entry = self.state().entries.remove(key);
        if let Some(entry) = entry {
            entry.cancel.fire(Cancelled::ByClient);
        }
    }

    /// Ends the request. `answer` runs, while nobody else can end or cancel it, if it is still
    /// open; it must not block.
    pub(super) fn complete(&self, open: Open, answer: impl FnOnce()) -> bool {
        let mut state = self.state();
        match state.entries.entry(open.key) {
            hash_map::Entry::Occupied(entry) if entry.get().serial == open.serial => {
                entry.remove();
                answer();
                true
            }
            hash_map::Entry::Occupied(_) | hash_map::Entry::Vacant(_) => false,
        }
    }

    /// Runs `send` if the request is still open, while nobody can end it.
    pub(super) fn while_open(&self, open: &Open, send: impl FnOnce()) {
        let state = self.state();
        if state.holds(open) {
            send();
        }
    }
}

impl State {
    fn holds(&self, open: &Open) -> bool {
        self.entries
            .get(&open.key)
            .is_some_and(|entry| entry.serial == open.serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> IdKey {
        IdKey::Integer(text.into())
    }

    fn answered(table: &InFlight, open: Open) -> bool {
        let mut answered = false;
        let completed = table.complete(open, || answered = true);
        assert_eq!(answered, completed);
        answered
    }

    #[test]
    fn p10_p11_an_open_id_is_refused_and_an_answered_one_is_free() {
        let table = InFlight::default();
        let first = table.open(&key("1"), CancelToken::default()).unwrap();
        assert_eq!(
            table.open(&key("1"), CancelToken::default()).unwrap_err(),
            InUse
        );
        assert!(
            table
                .open(&IdKey::String("1".into()), CancelToken::default())
                .is_ok()
        );
        assert!(table.is_open(&key("1")));
        assert!(answered(&table, first));
        assert!(!table.is_open(&key("1")));
        assert!(table.open(&key("1"), CancelToken::default()).is_ok());
    }

    #[test]
    fn p24_a_cancelled_request_is_never_answered_even_when_its_id_is_used_again() {
        let table = InFlight::default();
        let cancel = CancelToken::default();
        let first = table.open(&key("1"), cancel.clone()).unwrap();
        table.cancel(&key("1"));
        assert_eq!(cancel.fired(), Some(Cancelled::ByClient));
        let second = table.open(&key("1"), CancelToken::default()).unwrap();
        table.while_open(&first, || panic!("progress for a cancelled request"));
        assert!(!answered(&table, first));
        assert!(answered(&table, second));
    }

    #[test]
    fn p23_an_unknown_id_is_ignored() {
        InFlight::default().cancel(&key("9"));
    }
}
