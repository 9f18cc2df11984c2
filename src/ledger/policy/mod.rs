//! What decides whether a call may run now: pure rules over small states that the ledger keeps.
//! Values in, values out, whole numbers only; no clock, no randomness, no file.

pub(crate) mod breaker;
pub(crate) mod budget;
pub(crate) mod rate;
pub(crate) mod repeats;
pub(crate) mod time;
