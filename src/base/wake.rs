//! Waking threads: the reasons to wake one, given one after the other, become one.
//!
//! A thread that is woken for each of many things does little each time, and being woken costs
//! more than most of them. So whoever does several things in a row does them in [`together`]:
//! what is rung meanwhile is rung at the end, once, and before the thread itself would sleep.

use std::{
    cell::RefCell,
    sync::{Arc, Condvar, MutexGuard, PoisonError},
    time::Duration,
};

use super::limits::flow::WAKES_TOGETHER_MAX;

/// What threads sleep at until there is something to do: a [`Condvar`] that can be rung later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bell(Arc<Condvar>);

/// What this thread has rung and is not heard yet.
#[derive(Default)]
struct Held {
    bells: Vec<Bell>,
    /// How often one of them was rung.
    rings: usize,
}

thread_local! {
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

impl Bell {
    /// Wakes the one thread that sleeps here, by the end of [`together`] at the latest. At any time
    /// it is right to ring once more than needed.
    pub(crate) fn ring(&self) {
        let is_due = HELD.with_borrow_mut(|held| match held {
            None => true,
            Some(held) => {
                if !held.bells.iter().any(|bell| Arc::ptr_eq(&bell.0, &self.0)) {
                    held.bells.push(self.clone());
                }
                held.rings += 1;
                if held.rings >= WAKES_TOGETHER_MAX {
                    held.ring();
                }
                false
            }
        });
        if is_due {
            self.0.notify_one();
        }
    }

    /// Wakes one of several threads that sleep here, now: each thing to do needs a thread.
    pub(crate) fn ring_one(&self) {
        self.0.notify_one();
    }

    /// Wakes every thread that sleeps here, now.
    pub(crate) fn ring_all(&self) {
        self.0.notify_all();
    }

    /// Sleeps until it is rung, or for no reason, as a [`Condvar`] does.
    pub(crate) fn sleep<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        ring_held();
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// The same for at most `limit`.
    pub(crate) fn sleep_at_most<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> MutexGuard<'a, T> {
        ring_held();
        let slept = self.0.wait_timeout(guard, limit);
        slept.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Held {
    fn ring(&mut self) {
        self.rings = 0;
        for bell in self.bells.drain(..) {
            bell.0.notify_one();
        }
    }
}

/// Wakes who was rung by this thread and is not awake yet. [`Bell::sleep`] does so by itself;
/// whatever else may wait long within [`together`] has to call it before.
pub(crate) fn ring_held() {
    HELD.with_borrow_mut(|held| {
        if let Some(held) = held {
            held.ring();
        }
    });
}

/// Does `work`, and rings once at its end what it rings several times; earlier where there were
/// [`WAKES_TOGETHER_MAX`] reasons, and where the thread would sleep at a [`Bell`] itself.
pub(crate) fn together<T>(work: impl FnOnce() -> T) -> T {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            ring_held();
            HELD.set(None);
        }
    }
    let is_outermost = HELD.with_borrow_mut(|held| match held {
        None => {
            *held = Some(Held::default());
            true
        }
        Some(_) => false,
    });
    let _end = is_outermost.then(|| End);
    work()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{
        Mutex,
        mpsc::{Receiver, sync_channel},
    };

    use super::*;
    use crate::base::thread;

    /// A thread that tells each time it was woken until it has been `times`.
    pub(crate) fn sleeper(times: usize) -> (Bell, Arc<Mutex<usize>>, Receiver<usize>) {
        let (bell, asked) = (Bell::default(), Arc::new(Mutex::new(0)));
        let (told, heard) = sync_channel(8);
        let (at, wanted) = (bell.clone(), Arc::clone(&asked));
        let _detached = thread::spawn("sleeper", move || {
            for _ in 0..times {
                let mut guard = wanted.lock().unwrap();
                while *guard == 0 {
                    guard = at.sleep(guard);
                }
                told.send(std::mem::take(&mut *guard)).unwrap();
            }
        })
        .unwrap();
        (bell, asked, heard)
    }

    /// Gives it something to do.
    pub(crate) fn ask(bell: &Bell, asked: &Mutex<usize>) {
        *asked.lock().unwrap() += 1;
        bell.ring();
    }

    #[test]
    fn what_is_rung_alone_is_heard_at_once() {
        let (bell, asked, heard) = sleeper(2);
        for _ in 0..2 {
            ask(&bell, &asked);
            assert_eq!(heard.recv().unwrap(), 1);
        }
    }

    #[test]
    fn what_is_rung_together_is_heard_in_the_end() {
        let (bell, asked, heard) = sleeper(1);
        together(|| {
            together(|| ask(&bell, &asked));
            HELD.with_borrow(|held| {
                let held = held.as_ref().unwrap();
                assert_eq!((held.bells.len(), held.rings), (1, 1));
            });
        });
        assert_eq!(heard.recv().unwrap(), 1);
        assert!(HELD.with_borrow(Option::is_none));
    }

    #[test]
    fn many_reasons_do_not_wait_for_the_end() {
        let (bell, asked, heard) = sleeper(1);
        together(|| {
            for _ in 0..WAKES_TOGETHER_MAX {
                ask(&bell, &asked);
            }
            assert!(heard.recv().unwrap() > 0);
        });
    }

    #[test]
    fn who_sleeps_has_rung_before() {
        let (bell, asked, heard) = sleeper(1);
        let (other, state) = (Bell::default(), Mutex::new(()));
        together(|| {
            ask(&bell, &asked);
            drop(other.sleep_at_most(state.lock().unwrap(), Duration::ZERO));
            assert_eq!(heard.recv().unwrap(), 1);
        });
    }

    #[test]
    fn a_panic_leaves_nobody_asleep() {
        let (bell, asked, heard) = sleeper(1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            together(|| {
                ask(&bell, &asked);
                panic!("in the middle");
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(heard.recv().unwrap(), 1);
    }
}
