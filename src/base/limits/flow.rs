//! Of what goes from thread to thread.

/// Reasons to wake threads that are given together, at most; see [`crate::base::wake`].
pub(crate) const WAKES_TOGETHER_MAX: usize = 32;
/// Pages of the ledger's log after which they are carried over into its file.
pub(crate) const LEDGER_CHECKPOINT_PAGES: i32 = 4000;
/// Pages of the log at which its writer stops to have it begun anew: 64 MiB.
pub(crate) const LEDGER_LOG_PAGES_MAX: i32 = 16_000;
/// Size in bytes to which the write-ahead log is cut back after a checkpoint.
pub(crate) const LEDGER_WAL_BYTES_MAX: i64 = 64 * 1024 * 1024;
