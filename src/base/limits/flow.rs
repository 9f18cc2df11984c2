//! Of what goes from thread to thread.

use std::time::Duration;

/// Reasons to wake a thread that are given together, at most; see [`crate::base::wake`].
pub(crate) const WAKES_TOGETHER_MAX: usize = 32;
/// Bytes of arguments of a call that the reader checks by itself, at most: what takes long must not keep it from
/// what comes behind.
pub(crate) const CHECKED_BY_READER_BYTES_MAX: usize = 16 * 1024;
/// How long the reader checks calls by itself before it leaves the rest to the gate: some fifty of the usual.
pub(crate) const CHECKED_BY_READER_FOR: Duration = Duration::from_micros(200);
/// Things that a thread puts off at once, at most: a call with many parts gives back at its next what
/// the earlier ones left; see [`crate::base::later`].
pub(crate) const PUT_OFF_MAX: usize = 8;
/// Bytes of a page in a new ledger. A commit writes each page that it changes to the log as a whole, most of
/// them for a row or two.
pub(crate) const LEDGER_PAGE_BYTES: u32 = 2048;
/// Bytes of pages in the ledger's log after which they are carried over into its file.
pub(crate) const LEDGER_CHECKPOINT_BYTES: u32 = 16 * 1024 * 1024;
/// Bytes of pages in the log from which on it is to be begun anew.
pub(crate) const LEDGER_LOG_BYTES_MAX: u32 = 32 * 1024 * 1024;
/// Bytes of pages in the log at which whoever runs the server is told that it grows.
pub(crate) const LEDGER_LOG_BYTES_TOLD: u32 = 64 * 1024 * 1024;
/// Bytes of room behind what is committed to the ledger's log, after some was made: 12 ms for 160 writes one
/// at a time, which take a quarter less then.
pub(crate) const LEDGER_ROOM_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of room that are enough: for twenty writes one at a time.
pub(crate) const LEDGER_ROOM_BYTES_ENOUGH: u64 = 512 * 1024;
/// Bytes of pages that the ledger's writer carries over by itself, while calls wait: some milliseconds.
pub(crate) const LEDGER_REST_BYTES: u32 = 1600 * 1024;
/// Files of ledgers that a process syncs ahead of SQLite, at most: the descriptor of each stays open until
/// the process ends.
pub(crate) const LEDGER_FILES_SYNCED_AHEAD_MAX: usize = 64;
/// Rates, budgets and tools that draw on them that the ledger's writer knows by heart.
pub(crate) const LEDGER_HELD_MAX: usize = 4096;
/// How long a checkpoint that keeps others from adding to the log waits for them to let it.
pub(crate) const LEDGER_RESTART_WAIT: Duration = Duration::from_millis(100);
/// Size in bytes to which the write-ahead log is cut back after a checkpoint.
pub(crate) const LEDGER_WAL_BYTES_MAX: i64 = 64 * 1024 * 1024;
/// Keys of operations that wait to be put into their index, from which on that is done while calls come: two
/// MiB of memory, and 60 ms to read them after a kill.
pub(crate) const KEYS_RECENT_MAX: usize = 65_536;
/// The same while no call runs: a millisecond for the first write of the next process.
pub(crate) const KEYS_RECENT_AT_REST: usize = 1024;
/// Keys that are put into their index with one commit: up to a millisecond.
pub(crate) const KEYS_INDEXED_AT_ONCE: usize = 256;
/// How long nobody calls before the ledger's writer does what can wait.
pub(crate) const LEDGER_REST_AFTER: Duration = Duration::from_millis(100);
/// How long it then leaves the ledger to other processes after each commit: twice what they sleep at the most while it is
/// held.
pub(crate) const LEDGER_TURN: Duration = Duration::from_millis(4);
