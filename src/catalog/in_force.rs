//! The catalog in force: loaded once in the background at start, then swapped whole.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use super::snapshot::Catalog;

/// Shared by everyone who needs the current catalog.
#[derive(Debug, Default)]
pub(crate) struct InForce {
    current: Mutex<Option<Arc<Catalog>>>,
    loaded: Condvar,
}

impl InForce {
    /// Puts `catalog` in force. Calls that were resolved against an older one keep it.
    pub(crate) fn swap(&self, catalog: Arc<Catalog>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(catalog);
        self.loaded.notify_all();
    }

    /// The catalog in force; waits for the first one.
    pub(crate) fn get(&self) -> Arc<Catalog> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(catalog) = &*current {
                return Arc::clone(catalog);
            }
            current = self
                .loaded
                .wait(current)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The catalog in force, if there is one before `patience` is over.
    pub(crate) fn get_within(&self, patience: Duration) -> Option<Arc<Catalog>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (current, _) = self
            .loaded
            .wait_timeout_while(current, patience, |current| current.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}
