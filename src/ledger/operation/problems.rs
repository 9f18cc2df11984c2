//! What a call is told that met an operation and is not run.

use super::Known;
use crate::base::{
    id::CallId,
    problem::{Code, Effects, Problem},
};

/// The problem of a call under a key that was used for something else.
pub(super) fn mismatch(known: &Known) -> Problem {
    let message = format!(
        "this operation key was used for other arguments, at {} (operation `{}`)",
        known.began.rfc3339(),
        known.id
    );
    Problem::new(Code::IdempotencyMismatch, message)
        .suggest("repeat the first arguments exactly to get the first answer")
        .suggest("use a new key for a new operation")
}

/// The problem of a call whose operation ended too long ago for its answer to be kept.
pub(super) fn expired(known: &Known) -> Problem {
    let message = format!(
        "the operation of this key (`{}`) ended at {} and its answer is no longer kept; it was not run again",
        known.id,
        known.ended.unwrap_or(known.began).rfc3339()
    );
    Problem::new(Code::IdempotencyExpired, message).suggest("use a new key to run it once more")
}

/// The problem of a call that is for an operation of which nobody knows whether it happened.
pub(in crate::ledger) fn unknown(known: &Known) -> Problem {
    let message = format!(
        "the same operation was begun at {} (`{}`) and nobody can tell whether it happened; it is not run again before that is settled",
        known.began.rfc3339(),
        known.id
    );
    Problem::new(Code::OutcomeUnknown, message).suggest(format!(
        "ask the operator to find out and to run `tollgate ops resolve {}`",
        known.id
    ))
}

/// The problem of a call that is for an operation that a person has to look at.
pub(in crate::ledger) fn attention(known: &Known) -> Problem {
    let message = format!(
        "the same operation (`{}`, begun at {}) is waiting for a person",
        known.id,
        known.began.rfc3339()
    );
    Problem::new(Code::NeedsAttention, message).suggest(format!(
        "ask the operator to look at `tollgate ops show {}`",
        known.id
    ))
}

/// The problem of a call that waited for `id` until its own time was up.
pub(crate) fn in_progress(id: CallId) -> Problem {
    let message = format!("the same operation (`{id}`) is still running");
    Problem::new(Code::InProgress, message)
        .with_effects(Effects::Unknown)
        .after_ms(1000)
        .suggest("make the same call again to get its answer")
}
