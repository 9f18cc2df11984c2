//! Of what goes from thread to thread.

use std::time::Duration;

/// Reasons to wake threads that are given together, at most; see [`crate::base::wake`].
pub(crate) const WAKES_TOGETHER_MAX: usize = 32;
/// Things that a thread puts off at once, at most: a call with many parts gives back at its next what
/// the earlier ones left; see [`crate::base::later`].
pub(crate) const PUT_OFF_MAX: usize = 8;
/// Pages of the ledger's log after which they are carried over into its file.
pub(crate) const LEDGER_CHECKPOINT_PAGES: i32 = 4000;
/// Pages of the log from which on it is to be begun anew: 32 MiB.
pub(crate) const LEDGER_LOG_PAGES_MAX: i32 = 8000;
/// Pages of the log at which whoever runs the server is told that it grows: 64 MiB.
pub(crate) const LEDGER_LOG_PAGES_TOLD: i32 = 16_000;
/// Bytes of a page.
pub(crate) const LEDGER_PAGE_BYTES: u64 = 4096;
/// Pages of the log that the ledger's writer carries over by itself, while calls wait: some
/// milliseconds.
pub(crate) const LEDGER_REST_PAGES: i32 = 400;
/// Files of ledgers that a process syncs ahead of SQLite, at most: the descriptor of each stays open until
/// the process ends.
pub(crate) const LEDGER_FILES_SYNCED_AHEAD_MAX: usize = 64;
/// Rates, budgets and tools that draw on them that the ledger's writer knows by heart.
pub(crate) const LEDGER_HELD_MAX: usize = 4096;
/// How long a checkpoint that keeps others from adding to the log waits for them to let it.
pub(crate) const LEDGER_RESTART_WAIT: Duration = Duration::from_millis(100);
/// Size in bytes to which the write-ahead log is cut back after a checkpoint.
pub(crate) const LEDGER_WAL_BYTES_MAX: i64 = 64 * 1024 * 1024;
