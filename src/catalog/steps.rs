//! A tool that does several things one after the other, each with what undoes it.

use std::{sync::Arc, time::Duration};

use super::{
    template::ArgPath,
    tool::{Effect, Run},
};

/// The name under which the outputs of steps stand beside the arguments:
/// `{steps.NAME.output}`.
pub(crate) const STEPS: &str = "steps";
/// The name of what a step gave, below its own.
pub(crate) const OUTPUT: &str = "output";

/// The steps of a tool, in their order: at least one.
#[derive(Debug)]
pub(crate) struct Steps {
    /// Every one.
    pub(crate) all: Vec<Step>,
    /// The whole definition as canonical JSON: what is undone later is undone by this text.
    pub(crate) definition: Arc<str>,
}

impl Steps {
    /// The place of the step after which nothing is undone any more, if there is one.
    pub(crate) fn pivot(&self) -> Option<usize> {
        self.all.iter().position(|step| step.is_pivot)
    }
}

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    /// Unique in its tool.
    pub(crate) name: String,
    /// What it does to the world: [`Effect::Read`] or [`Effect::Write`].
    pub(crate) effect: Effect,
    /// Whether it may simply be run again.
    pub(crate) idempotent: bool,
    /// Whether nothing is undone any more once it is done.
    pub(crate) is_pivot: bool,
    /// What it does.
    pub(crate) act: Act,
    /// What undoes it.
    pub(crate) undo: Option<Undo>,
}

impl Step {
    /// Whether it may be run again although it may have happened.
    pub(crate) fn is_retry_safe(&self) -> bool {
        self.effect == Effect::Read || self.idempotent
    }
}

/// What undoes a step.
#[derive(Debug)]
pub(crate) struct Undo {
    /// What it does.
    pub(crate) act: Act,
    /// Whether it does no harm where there is nothing, or nothing any more, to undo.
    pub(crate) tolerates_absent: bool,
}

/// Something that is done once.
#[derive(Debug)]
pub(crate) struct Act {
    /// How.
    pub(crate) run: Run,
    /// The outputs of steps that it uses: it cannot be done without them.
    pub(crate) uses: Vec<ArgPath>,
    /// How long it may take; `None` is as long as its tool.
    pub(crate) timeout: Option<Duration>,
}
