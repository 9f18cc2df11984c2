//! One request to one service: to a checked address, bounded in time and size, with what can be
//! said of its effect when it fails.

use std::time::Duration;

use super::{Fault, Invocation, resolve::LookUp};
use crate::{
    base::clock::Clock,
    catalog::{content::Output, tool::Effect},
    ledger::IntentReceipt,
};

mod exchange;
mod prepare;
mod redirect;
mod resolve;
#[cfg(test)]
mod tests;
mod verdict;
mod wire;

pub(crate) use super::resolve::look_up;
pub(crate) use exchange::UnderWay;
pub(crate) use prepare::{Prepared, prepare};

/// What every request needs of the process around it.
pub(crate) struct Host<'a> {
    /// What deadlines are set on.
    pub(crate) clock: &'a dyn Clock,
    /// Knows how many requests there are.
    pub(crate) under_way: &'a UnderWay,
    /// Tells the addresses of a name.
    pub(crate) look_up: LookUp,
    /// How long a response may stand still.
    pub(crate) idle_max: Duration,
    /// How often a request is said to be under way still.
    pub(crate) still_running: Duration,
}

/// Makes the request once and waits on the calling thread for its response. One that is there to
/// change something bears the operation's id as its `Idempotency-Key`.
///
/// # Errors
/// A [`Fault`] for everything but a status of success and a response as declared.
pub(crate) fn invoke(
    host: &Host<'_>,
    prepared: &Prepared,
    invocation: &Invocation<'_>,
    _receipt: &IntentReceipt,
) -> Result<Output, Box<Fault>> {
    request(host, prepared, invocation)
}

/// As [`invoke`], for a request that changes nothing.
///
/// # Errors
/// As [`invoke`].
pub(super) fn request(
    host: &Host<'_>,
    prepared: &Prepared,
    invocation: &Invocation<'_>,
) -> Result<Output, Box<Fault>> {
    let key = match invocation.effect {
        Effect::Read => None,
        Effect::Write | Effect::Destroy => Some(invocation.name()),
    };
    let (plan, effect) = (&prepared.plan, invocation.effect);
    match exchange::exchange(host, prepared, key, invocation) {
        Ok(received) => verdict::of_response(plan, &received, effect, host.clock.wall()),
        Err(trouble) => Err(Box::new(verdict::of_trouble(trouble, effect))),
    }
}
