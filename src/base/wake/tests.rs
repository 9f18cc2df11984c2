//! Who is woken, when, and by whom.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
    mpsc::{Receiver, sync_channel},
};

use super::*;
use crate::base::thread;

/// Returns once somebody sleeps at `bell`, whose lock is `state`.
pub(crate) fn until_slept_at<T>(bell: &Bell, state: &Mutex<T>) {
    while !bell.has_sleepers() {
        std::thread::yield_now();
    }
    drop(state.lock().unwrap());
}

/// A thread that tells each time it was woken until it has been `times`. It sleeps already.
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
    until_slept_at(&bell, &asked);
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
fn nothing_is_rung_where_nobody_sleeps() {
    let (bell, asked, heard) = sleeper(1);
    let nobody = Bell::default();
    together(|| {
        nobody.ring();
        HELD.with_borrow(|held| assert!(held.as_ref().unwrap().bells.is_empty()));
        ask(&bell, &asked);
        HELD.with_borrow(|held| assert!(held.as_ref().unwrap().bells == [bell.clone()]));
    });
    assert_eq!(heard.recv().unwrap(), 1);
    drop(heard);
    drop(asked.lock().unwrap());
    assert!(!bell.has_sleepers());
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

/// Counts how often it was run, and handed on.
#[derive(Default)]
struct Counted {
    run: AtomicUsize,
    handed_on: AtomicUsize,
}

impl Errand for Counted {
    fn run(&self) {
        self.run.fetch_add(1, Ordering::SeqCst);
    }

    fn hand_on(&self) {
        self.handed_on.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counted {
    #[track_caller]
    fn check(&self, run: usize, handed_on: usize) {
        let found = (&self.run, &self.handed_on);
        let found = (
            found.0.swap(0, Ordering::SeqCst),
            found.1.swap(0, Ordering::SeqCst),
        );
        assert_eq!(found, (run, handed_on));
    }
}

#[test]
fn an_errand_is_run_once_at_the_end_or_handed_on_before() {
    let errand = Arc::new(Counted::default());
    run_at_end(&errand);
    errand.check(0, 1);
    together(|| {
        together(|| run_at_end(&errand));
        run_at_end(&errand);
        errand.check(0, 0);
    });
    errand.check(1, 0);
    together(|| (0..WAKES_TOGETHER_MAX).for_each(|_| run_at_end(&errand)));
    errand.check(1, 0);
    together(|| (0..=WAKES_TOGETHER_MAX).for_each(|_| run_at_end(&errand)));
    errand.check(0, 1);
    let (bell, state) = (Bell::default(), Mutex::new(()));
    together(|| {
        run_at_end(&errand);
        drop(bell.sleep_at_most(state.lock().unwrap(), Duration::ZERO));
        errand.check(0, 1);
    });
    errand.check(0, 0);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        together(|| {
            run_at_end(&errand);
            panic!("in the middle");
        });
    }));
    assert!(panicked.is_err());
    errand.check(0, 1);
}

#[test]
fn of_many_steps_the_first_are_heard_before_the_last() {
    let errand = Arc::new(Counted::default());
    let mut steps = 0;
    in_pieces(|| {
        steps += 1;
        run_at_end(&errand);
        if steps == WAKES_TOGETHER_MAX + 1 {
            errand.check(1, 0);
        }
        steps < WAKES_TOGETHER_MAX + 2
    });
    assert_eq!(steps, WAKES_TOGETHER_MAX + 2);
    errand.check(1, 0);
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
