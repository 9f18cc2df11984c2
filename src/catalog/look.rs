//! What is looked up in the world, without changing it: before a call is run, and when nobody
//! knows what became of one.

use std::time::Duration;

use super::{
    rule::{Expression, Rule},
    tool::Run,
};

/// Something that reads. `checks` and `verify` can be nothing else, as far as a definition can be
/// held to it: a statement cannot write; a program is the operator's word.
#[derive(Debug)]
pub(crate) struct Look(pub(super) Run);

impl Look {
    /// How it is looked up.
    pub(crate) fn run(&self) -> &Run {
        &self.0
    }
}

/// Must hold before a call is admitted.
#[derive(Debug)]
pub(crate) struct Check {
    /// What is looked up.
    pub(crate) look: Look,
    /// What is demanded of the arguments and of what was found.
    pub(crate) rule: Rule,
    /// From the start of the look-up to its end.
    pub(crate) timeout: Duration,
    /// How long it counts as met for the same principal and arguments; `None` asks each time.
    pub(crate) cache: Option<Duration>,
}

/// Tells whether an operation took effect of which nobody knows.
#[derive(Debug)]
pub(crate) struct Probe {
    /// What is looked up.
    pub(crate) look: Look,
    /// Whether what was found says so; what gives no answer says nothing.
    pub(crate) applied: Expression,
    /// From the start of the look-up to its end.
    pub(crate) timeout: Duration,
}
