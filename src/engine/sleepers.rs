//! Workers that have nothing to do. Who lay down last is woken first: the processor's caches still have what
//! it works with, and who is not needed sleeps on.

use std::sync::MutexGuard;

use crate::base::wake::Bell;

/// Those that sleep, each at a bell of its own.
#[derive(Debug, Default)]
pub(super) struct Sleepers {
    /// Of those that nobody has woken.
    bells: Vec<Bell>,
    count: usize,
}

impl Sleepers {
    /// Sleeps at `bell`, which is nobody else's, until it is rung, or for no reason; `of` finds the
    /// sleepers in what the lock guards.
    pub(super) fn sleep<'a, T>(
        mut guard: MutexGuard<'a, T>,
        of: impl Fn(&mut T) -> &mut Self,
        bell: &Bell,
    ) -> MutexGuard<'a, T> {
        let sleepers = of(&mut guard);
        sleepers.bells.push(bell.clone());
        sleepers.count += 1;
        let mut guard = bell.sleep(guard);
        let sleepers = of(&mut guard);
        sleepers.bells.retain(|one| one != bell);
        sleepers.count -= 1;
        guard
    }

    /// How many there are, with those that are woken and not up yet.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The bell of who is to be woken, to be rung when the lock is free. Each is given once.
    pub(super) fn next(&mut self) -> Option<Bell> {
        self.bells.pop()
    }

    /// All of them.
    pub(super) fn all(&mut self) -> Vec<Bell> {
        std::mem::take(&mut self.bells)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        mpsc::{SyncSender, sync_channel},
    };

    use super::*;
    use crate::base::thread;

    #[derive(Default)]
    struct State {
        sleepers: Sleepers,
        /// Bells that were rung, for a thread may be woken for no reason.
        rung: Vec<Bell>,
    }

    /// A thread that sleeps until its bell was rung, and tells its name then. It sleeps already.
    fn sleeper(name: &'static str, at: &Arc<Mutex<State>>, told: &SyncSender<&'static str>) {
        let (state, told) = (Arc::clone(at), told.clone());
        let before = at.lock().unwrap().sleepers.count();
        let _detached = thread::spawn(name, move || {
            let bell = Bell::default();
            let mut guard = state.lock().unwrap();
            while !guard.rung.contains(&bell) {
                guard = Sleepers::sleep(guard, |state| &mut state.sleepers, &bell);
            }
            drop(guard);
            told.send(name).unwrap();
        })
        .unwrap();
        while at.lock().unwrap().sleepers.count() == before {
            std::thread::yield_now();
        }
    }

    /// Wakes the next. Whether there was one.
    fn wake(at: &Mutex<State>) -> bool {
        let mut state = at.lock().unwrap();
        let woken = state.sleepers.next();
        state.rung.extend(woken.clone());
        drop(state);
        woken.as_ref().map(Bell::ring_one).is_some()
    }

    #[test]
    fn who_lay_down_last_is_woken_first_and_each_once() {
        let state = Arc::new(Mutex::new(State::default()));
        let (tell, heard) = sync_channel(3);
        for name in ["first", "second", "third"] {
            sleeper(name, &state, &tell);
        }
        assert_eq!(state.lock().unwrap().sleepers.count(), 3);
        for name in ["third", "second"] {
            assert!(wake(&state));
            assert_eq!(heard.recv().unwrap(), name);
        }
        let mut guard = state.lock().unwrap();
        assert_eq!(guard.sleepers.count(), 1);
        let left = guard.sleepers.all();
        guard.rung.extend(left.clone());
        drop(guard);
        assert!(!wake(&state));
        left.iter().for_each(Bell::ring_one);
        assert_eq!(heard.recv().unwrap(), "first");
        assert_eq!(state.lock().unwrap().sleepers.count(), 0);
    }
}
