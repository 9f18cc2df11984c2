//! The checks: pure and deterministic. Values in, a cleared call or a refusal out.
//!
//! No I/O, no clock of its own, no state: the guard can be replayed over old traffic. The
//! stages are types, each made only by the check it is named for and consumed by the next:
//! [`call::IncomingCall`] → [`resolve::ResolvedCall`] → [`normalize::NormalizedCall`] →
//! [`validate::ValidCall`] → [`authorize::AuthorizedCall`] → [`clear::ClearedCall`].

pub(crate) mod agree;
pub(crate) mod authorize;
pub(crate) mod call;
mod capable;
pub(crate) mod clear;
mod coerce;
mod correct;
pub(crate) mod kind;
pub(crate) mod normalize;
pub(crate) mod resolve;
pub(crate) mod rules;
pub(crate) mod screen;
mod show;
#[cfg(test)]
mod tests;
pub(crate) mod validate;
