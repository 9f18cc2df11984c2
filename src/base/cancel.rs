//! A wish to stop, told once and heard everywhere.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Why work is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// The client said `notifications/cancelled`.
    ByClient,
    /// The process was told to end.
    Shutdown,
}

type Listener = Box<dyn Fn() + Send>;

#[derive(Default)]
struct State {
    fired: Option<Cancelled>,
    listeners: Vec<Listener>,
}

/// Fires at most once. Clones share the one state.
#[derive(Clone, Default)]
pub(crate) struct CancelToken(Arc<Mutex<State>>);

impl CancelToken {
    /// Fires, unless it has fired before, and calls every listener once.
    pub(crate) fn fire(&self, why: Cancelled) {
        let listeners = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.fired.is_some() {
                return;
            }
            state.fired = Some(why);
            std::mem::take(&mut state.listeners)
        };
        for listener in listeners {
            listener();
        }
    }

    /// Why it fired, if it has.
    pub(crate) fn fired(&self) -> Option<Cancelled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fired
    }

    /// Has `listener` called when the token fires: at once if it has fired already. The
    /// listener runs on the thread that fires and must not block.
    pub(crate) fn on_fire(&self, listener: impl Fn() + Send + 'static) {
        {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.fired.is_none() {
                state.listeners.push(Box::new(listener));
                return;
            }
        }
        listener();
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelToken").field(&self.fired()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_listener_hears_it_once_even_a_late_one() {
        let token = CancelToken::default();
        let heard = Arc::new(AtomicUsize::new(0));
        let count = |heard: &Arc<AtomicUsize>| {
            let heard = Arc::clone(heard);
            move || {
                heard.fetch_add(1, Ordering::SeqCst);
            }
        };
        token.on_fire(count(&heard));
        assert_eq!(token.fired(), None);
        token.fire(Cancelled::ByClient);
        token.fire(Cancelled::Shutdown);
        token.on_fire(count(&heard));
        assert_eq!(
            (token.fired(), heard.load(Ordering::SeqCst)),
            (Some(Cancelled::ByClient), 2)
        );
    }
}
