//! What the failures of all databases have in common, in words.

use super::Bounds;
use crate::{
    backend::failure::{AFTER_MS, because, lost_code},
    base::{
        problem::{Advice, Code, Effects, Problem},
        text::count,
    },
    catalog::{plan::RowRange, tool::Effect},
};

/// The database cannot be had, and no repetition changes that.
pub(super) fn no_database() -> Problem {
    let message = "the database of this tool cannot be opened, so nothing was done; its operator has to look after it";
    Problem::new(Code::BackendUnavailable, message)
        .with_effects(Effects::None)
        .with_advice(Advice::AskOperator)
}

/// The statement failed, and nothing of it stays.
pub(super) fn failed(message: &str) -> Problem {
    Problem::new(Code::BackendFailed, message).with_effects(Effects::None)
}

/// A constraint was in the way.
pub(super) fn forbidden() -> Problem {
    failed("a constraint of the database forbids this change; nothing was changed")
        .with_advice(Advice::ChangedArgs)
}

/// The statement was ended before it was done: the time was up, or the call was cancelled.
pub(super) fn stopped(bounds: &Bounds) -> Problem {
    match bounds.cancel.fired() {
        Some(why) => {
            let why = because(why);
            let message = format!("the statement was stopped: {why}; nothing was changed");
            Problem::new(Code::Cancelled, message).after_ms(AFTER_MS)
        }
        None => {
            let message = "the statement was not done when its time was up; nothing was changed";
            Problem::new(Code::Timeout, message).with_advice(Advice::ChangedArgs)
        }
    }
    .with_effects(Effects::None)
}

/// It was committed, or not.
pub(super) fn committing(effect: Effect) -> Problem {
    let message = "the database failed while the change was committed";
    Problem::new(lost_code(effect), message).with_effects(Effects::Unknown)
}

/// Another number of rows than expected would have changed.
pub(super) fn row_limit(changed: u64, expected: RowRange) -> Problem {
    let wanted = match (expected.min, expected.max) {
        (min, Some(max)) if min == max => format!("exactly {}", count_rows(min)),
        (0, Some(max)) => format!("at most {}", count_rows(max)),
        (min, Some(max)) => format!("{min} to {}", count_rows(max)),
        (min, None) => format!("at least {}", count_rows(min)),
    };
    let message = format!(
        "the statement would have changed {} and may change {wanted}, so it was rolled back",
        count_rows(changed)
    );
    Problem {
        reason: Some("ROW_LIMIT".to_owned()),
        ..failed(&message)
    }
    .with_advice(Advice::ChangedArgs)
}

/// So many rows, in words.
pub(super) fn count_rows(rows: u64) -> String {
    count(usize::try_from(rows).unwrap_or(usize::MAX), "row")
}
