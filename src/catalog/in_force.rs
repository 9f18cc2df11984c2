//! The catalog in force: loaded once in the background at start, then swapped whole.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::snapshot::Catalog;
use crate::base::wake::Bell;

/// Shared by everyone who needs the current catalog.
#[derive(Debug, Default)]
pub(crate) struct InForce {
    current: Mutex<Option<Arc<Catalog>>>,
    loaded: Bell,
}

impl InForce {
    /// Puts `catalog` in force. Calls that were resolved against an older one keep it.
    pub(crate) fn swap(&self, catalog: Arc<Catalog>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(catalog);
        self.loaded.ring_all();
    }

    /// The catalog in force; waits for the first one.
    pub(crate) fn get(&self) -> Arc<Catalog> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(catalog) = &*current {
                return Arc::clone(catalog);
            }
            current = self.loaded.sleep(current);
        }
    }

    /// The catalog in force, if there is one before `patience` is over.
    pub(crate) fn get_within(&self, patience: Duration) -> Option<Arc<Catalog>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_none() && !patience.is_zero() {
            current = self.loaded.sleep_at_most(current, patience);
        }
        current.clone()
    }
}
