//! Of steps and what undoes them.

use std::time::Duration;

/// Steps of one tool.
pub(crate) const STEPS_MAX: usize = 32;
/// Longest name of a step.
pub(crate) const STEP_NAME_BYTES_MAX: usize = 32;
/// Bytes of what a step gave that are kept for later steps and for what undoes it; one that gives
/// more has failed.
pub(crate) const STEP_OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// How often something is tried that has to be done: to undo a step, or a step after which
/// nothing is undone any more.
pub(crate) const INSIST_ATTEMPTS_MAX: u32 = 5;
/// Longest wait before the second of those attempts; it doubles with each further one.
pub(crate) const INSIST_WAIT_FIRST: Duration = Duration::from_millis(200);
/// Longest wait before any of them.
pub(crate) const INSIST_WAIT_MAX: Duration = Duration::from_secs(10);
