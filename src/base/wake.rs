//! Waking threads: the reasons to wake one, given one after the other, become one.
//!
//! A thread that is woken for each of many things does little each time, and being woken costs
//! more than most of them. So whoever does several things in a row does them in [`together`]:
//! what is rung meanwhile is rung at the end, once, and before the thread itself would sleep. What it
//! has given others reason to do it can do then by itself, if that is quick: an [`Errand`]. Many things
//! are done [`in_pieces`], so that the last does not keep the first from being heard.

use std::{
    cell::RefCell,
    sync::{
        Arc, Condvar, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::limits::flow::WAKES_TOGETHER_MAX;

/// What threads sleep at until there is something to do: a [`Condvar`] that can be rung later, and that nobody
/// rings for nobody.
///
/// What there is to do must have been changed under the lock of those who sleep, before the bell is rung. Who
/// was awake then has seen it since, or will; and whoever rings knows of all others that they sleep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bell(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rung: Condvar,
    /// How many sleep at it, with those who are woken and not up yet. Changed under their lock, which orders it,
    /// and asked without.
    sleepers: AtomicUsize,
}

/// What is to be done once for many reasons: by the thread that has them, or by another.
pub(crate) trait Errand: Send + Sync {
    /// Does it. Called by a thread that holds no lock, and must not wait.
    fn run(&self);

    /// Wakes the thread that does it. Called under any lock, and must take none.
    fn hand_on(&self);
}

/// What this thread has rung and is not heard yet.
#[derive(Default)]
struct Held {
    bells: Vec<Bell>,
    /// How often one of them was rung.
    rings: usize,
    /// With how many reasons there are for each.
    errands: Vec<(Arc<dyn Errand>, usize)>,
}

thread_local! {
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

/// Two are the same where who sleeps at one is woken by the other.
impl PartialEq for Bell {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Bell {}

impl Bell {
    /// Wakes the one thread that sleeps here, by the end of [`together`] at the latest. At any time
    /// it is right to ring once more than needed.
    pub(crate) fn ring(&self) {
        if !self.has_sleepers() {
            return;
        }
        let is_due = HELD.with_borrow_mut(|held| match held {
            None => true,
            Some(held) => {
                if !held.bells.contains(self) {
                    held.bells.push(self.clone());
                }
                held.count_ring();
                false
            }
        });
        if is_due {
            self.0.rung.notify_one();
        }
    }

    /// Wakes one of several threads that sleep here, now: each thing to do needs a thread.
    pub(crate) fn ring_one(&self) {
        if self.has_sleepers() {
            self.0.rung.notify_one();
        }
    }

    /// Wakes every thread that sleeps here, now.
    pub(crate) fn ring_all(&self) {
        if self.has_sleepers() {
            self.0.rung.notify_all();
        }
    }

    /// Whether anybody sleeps here.
    pub(crate) fn has_sleepers(&self) -> bool {
        self.0.sleepers.load(Ordering::Relaxed) > 0
    }

    /// Sleeps until it is rung, or for no reason, as a [`Condvar`] does.
    pub(crate) fn sleep<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let slept = self.asleep(|rung| rung.wait(guard));
        slept.unwrap_or_else(PoisonError::into_inner)
    }

    /// The same for at most `limit`.
    pub(crate) fn sleep_at_most<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> MutexGuard<'a, T> {
        let slept = self.asleep(|rung| rung.wait_timeout(guard, limit));
        slept.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Counts this thread while it does `sleep`, with the lock before and behind it.
    fn asleep<T>(&self, sleep: impl FnOnce(&Condvar) -> T) -> T {
        ring_held();
        self.0.sleepers.fetch_add(1, Ordering::Relaxed);
        let slept = sleep(&self.0.rung);
        self.0.sleepers.fetch_sub(1, Ordering::Relaxed);
        slept
    }
}

impl Held {
    /// Many rings do not wait for the end.
    fn count_ring(&mut self) {
        self.rings += 1;
        if self.rings >= WAKES_TOGETHER_MAX {
            self.ring_bells();
        }
    }

    fn ring_bells(&mut self) {
        self.rings = 0;
        for bell in self.bells.drain(..) {
            bell.0.rung.notify_one();
        }
    }

    fn ring(&mut self) {
        self.ring_bells();
        for (errand, _) in self.errands.drain(..) {
            errand.hand_on();
        }
    }

    /// One reason more for `errand`. Whether there are too many now for one thread, which forgets them then.
    fn count_reason<E: Errand + 'static>(&mut self, errand: &Arc<E>) -> bool {
        let is_it =
            |one: &Arc<dyn Errand>| std::ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(errand));
        let Some((_, reasons)) = self.errands.iter_mut().find(|(one, _)| is_it(one)) else {
            self.errands.push((Arc::<E>::clone(errand), 1));
            return false;
        };
        *reasons += 1;
        let are_many = *reasons > WAKES_TOGETHER_MAX;
        if are_many {
            self.errands.retain(|(one, _)| !is_it(one));
        }
        are_many
    }
}

/// Gives a reason for `errand`. This thread runs it at the end of [`together`]; another one does where
/// this thread is in none, would sleep before its end, or has more than [`WAKES_TOGETHER_MAX`] reasons.
pub(crate) fn run_at_end<E: Errand + 'static>(errand: &Arc<E>) {
    let is_due = HELD.with_borrow_mut(|held| match held {
        None => true,
        Some(held) => held.count_reason(errand),
    });
    if is_due {
        errand.hand_on();
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

/// Does `work`, and rings once at its end what it rings several times; earlier where that was
/// [`WAKES_TOGETHER_MAX`] times, and where the thread would sleep at a [`Bell`] itself. Then runs the
/// errands that are left, so it must not be called under a lock. Within another one it ends nothing.
pub(crate) fn together<T>(work: impl FnOnce() -> T) -> T {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            let mut held = HELD.take().unwrap_or_default();
            let errands = match std::thread::panicking() {
                true => Vec::new(),
                false => std::mem::take(&mut held.errands),
            };
            held.ring();
            for (errand, _) in errands {
                errand.run();
            }
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

/// Does `step` until it gives `false`: [`together`], [`WAKES_TOGETHER_MAX`] steps at a time.
pub(crate) fn in_pieces(mut step: impl FnMut() -> bool) {
    while together(|| (0..WAKES_TOGETHER_MAX).all(|_| step())) {}
}

#[cfg(test)]
pub(crate) mod tests;
