//! Evaluations that may take long run on a thread of their own, which nobody waits for longer
//! than the limit.
//!
//! A thread for each such evaluation, not one that is kept: starting it costs a tenth of a
//! millisecond, an abandoned one ends by itself (the work was bounded before it was started),
//! and so there is nothing to replace.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use super::RuleError;
use crate::base::{
    limits::{RULE_STACK_BYTES, RULE_STUCK_MAX, RULE_TIME_MAX},
    thread, wake,
};

/// Runs evaluations with a limit on time and counts those that were given up.
#[derive(Debug)]
pub(crate) struct Watch {
    limit: Duration,
    abandoned: Arc<AtomicUsize>,
}

/// What is known of one thread, in one atomic: who comes second does the counting.
type Fate = AtomicUsize;
const ENDED: usize = 1;
const ABANDONED: usize = 2;

/// Says that the thread has ended, however it ended, and takes it off the count if it was
/// given up before.
struct End((Arc<Fate>, Arc<AtomicUsize>));

impl Drop for End {
    fn drop(&mut self) {
        let (fate, abandoned) = &self.0;
        if fate.swap(ENDED, Ordering::AcqRel) == ABANDONED {
            abandoned.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new(RULE_TIME_MAX)
    }
}

impl Watch {
    /// A watch that gives an evaluation up after `limit`.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            abandoned: Arc::default(),
        }
    }

    /// Evaluations that run although nobody waits for them any more.
    #[cfg(test)]
    pub(crate) fn stuck(&self) -> usize {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Runs `body` on a thread with a large stack and waits for it.
    pub(super) fn run(
        &self,
        body: impl FnOnce() -> Result<bool, RuleError> + Send + 'static,
    ) -> Result<bool, RuleError> {
        let abandoned = self.abandoned.load(Ordering::Acquire);
        if abandoned >= RULE_STUCK_MAX {
            return Err(RuleError::TooManyStuck);
        }
        let (give, result) = mpsc::sync_channel(1);
        let fate = Arc::new(Fate::default());
        let on_thread = (Arc::clone(&fate), Arc::clone(&self.abandoned));
        let started = thread::spawn_with_stack("rule", RULE_STACK_BYTES, move || {
            let _end = End(on_thread);
            // Nobody may be waiting any more.
            let _late = give.send(body());
        });
        let Ok(_detached) = started else {
            return Err(RuleError::NoThread);
        };
        wake::ring_held();
        match result.recv_timeout(self.limit) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                // Counted before it is marked, so that the thread never takes off what is not
                // there yet.
                self.abandoned.fetch_add(1, Ordering::AcqRel);
                if fate.swap(ABANDONED, Ordering::AcqRel) == ENDED {
                    self.abandoned.fetch_sub(1, Ordering::AcqRel);
                }
                Err(RuleError::TooSlow)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(RuleError::Ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::wake::tests::{ask, sleeper};

    #[test]
    fn who_was_rung_before_is_awake_while_it_runs() {
        let (bell, asked, heard) = sleeper(1);
        let answer = wake::together(|| {
            ask(&bell, &asked);
            let watch = Watch::new(Duration::from_secs(60));
            watch.run(move || Ok(heard.recv().is_ok()))
        });
        assert_eq!(answer, Ok(true));
    }
}
