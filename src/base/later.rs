//! What nobody waits for, put off until the one who waits has been served: giving a descriptor back
//! takes the kernel longer than most of what a call waits for.

use std::{any::Any, cell::RefCell};

use super::limits::flow::PUT_OFF_MAX;

type Left = Vec<Box<dyn Any>>;

thread_local! {
    static LEFT: RefCell<Option<Left>> = const { RefCell::new(None) };
}

/// Drops `thing` at the end of the [`afterwards`] that this thread is in; at once where it is in none.
pub(crate) fn leave(thing: impl Any) {
    let thing: Box<dyn Any> = Box::new(thing);
    // Dropped outside of the borrow, whatever its drop does.
    let _now = LEFT.with_borrow_mut(|left| match left {
        None => vec![thing],
        Some(left) => {
            let full = left.len() >= PUT_OFF_MAX;
            let before = if full {
                std::mem::take(left)
            } else {
                Left::new()
            };
            left.push(thing);
            before
        }
    });
}

/// Does `work`, then drops what was [left](leave) in it, also after a panic.
pub(crate) fn afterwards<T>(work: impl FnOnce() -> T) -> T {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            drop(LEFT.take());
        }
    }
    LEFT.set(Some(Left::new()));
    let _end = End;
    work()
}

#[cfg(test)]
mod tests {
    use std::{panic::AssertUnwindSafe, rc::Rc};

    use super::*;

    #[test]
    fn what_is_left_is_there_until_the_work_is_done() {
        let thing = Rc::new(());
        let held = || Rc::strong_count(&thing) - 1;
        leave(Rc::clone(&thing));
        assert_eq!(held(), 0, "there is nothing to wait for");
        afterwards(|| {
            leave(Rc::clone(&thing));
            assert_eq!(held(), 1);
        });
        assert_eq!(held(), 0);
        let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
            afterwards(|| {
                leave(Rc::clone(&thing));
                panic!("in the middle");
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(held(), 0);
    }

    #[test]
    fn no_more_is_left_than_a_few() {
        let thing = Rc::new(());
        afterwards(|| {
            for _ in 0..100 {
                leave(Rc::clone(&thing));
                assert!(Rc::strong_count(&thing) <= 1 + PUT_OFF_MAX);
            }
        });
        assert_eq!(Rc::strong_count(&thing), 1);
    }
}
