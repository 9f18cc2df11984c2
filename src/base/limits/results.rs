//! Bounds on what a call gives back.

use super::REPLY_BYTES_MAX;

/// Longest line that a tool's output makes; what does not fit is asked for in parts.
pub(crate) const REPLY_LINE_BYTES_MAX: usize = 1024 * 1024;
/// What else stands in a line beside the output: who answers, and about what.
const BESIDE_OUTPUT_BYTES: usize = 64 * 1024;
/// Bytes, as JSON, of the output that one line carries.
pub(crate) const PART_BYTES_MAX: usize = REPLY_LINE_BYTES_MAX - BESIDE_OUTPUT_BYTES;
/// Bytes, as JSON, of a result that is kept.
pub(crate) const RESULT_BYTES_MAX: usize = REPLY_BYTES_MAX - BESIDE_OUTPUT_BYTES;
/// After how long somebody who was told that an operation runs is to ask again.
pub(crate) const POLL_AFTER_MS: u64 = 1000;
/// JSON around the text of one block.
pub(crate) const BLOCK_BYTES: usize = 32;

const _: () = assert!(PART_BYTES_MAX < RESULT_BYTES_MAX);
