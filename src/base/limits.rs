//! Every bound in one place, its unit in its name, the relations between them asserted.

use std::time::Duration;

/// Longest line accepted on standard input; a longer one is discarded up to its newline.
pub(crate) const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest single JSON string accepted from a client.
pub(crate) const STRING_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of arrays and objects in one message.
pub(crate) const JSON_DEPTH_MAX: usize = 64;
/// Most JSON values (scalars and containers) in one message.
pub(crate) const JSON_NODES_MAX: usize = 100_000;
/// Longest JSON-RPC id, as written on the line.
pub(crate) const ID_BYTES_MAX: usize = 1024;
/// Most members of one batch (MCP 2025-03-26 only).
pub(crate) const BATCH_MEMBERS_MAX: usize = 50;

/// Longest reply line; real clients close the connection at 10 MiB.
pub(crate) const REPLY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Replies kept in memory for a client that does not read, before reading from it stops.
pub(crate) const OUTBOX_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Calls that may wait for a worker; beyond it a call is refused as overloaded.
pub(crate) const QUEUE_CALLS_MAX: usize = 1024;
/// Memory that the arguments of waiting calls may take together.
pub(crate) const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Verbs that may wait for the ledger's writer.
pub(crate) const LEDGER_QUEUE_MAX: usize = 4096;
/// Verbs that share one commit.
pub(crate) const LEDGER_BATCH_MAX: usize = 512;

/// Definition file size.
pub(crate) const DEFINITION_BYTES_MAX: u64 = 256 * 1024;
/// Definitions in one folder. One thousand is a measured goal; beyond it a client drowns.
pub(crate) const DEFINITIONS_MAX: usize = 2000;

/// Subschemas inside each other in one schema.
pub(crate) const SCHEMA_DEPTH_MAX: usize = 32;
/// Subschemas of one schema.
pub(crate) const SCHEMA_NODES_MAX: usize = 2000;
/// Longest regular expression of a schema, as written.
pub(crate) const PATTERN_BYTES_MAX: usize = 4096;
/// Memory that one compiled regular expression may take.
pub(crate) const PATTERN_MEMORY_BYTES_MAX: usize = 1024 * 1024;
/// Values of one call that may be read as another type.
pub(crate) const COERCIONS_MAX: usize = 1000;

/// One element of an argument list; Linux refuses 131,072 bytes and more (MAX_ARG_STRLEN).
pub(crate) const ARGV_ELEMENT_BYTES_MAX: usize = 131_071;
/// A whole argument list.
pub(crate) const ARGV_BYTES_MAX: usize = 1024 * 1024;

/// Default and largest time for one call. Many clients give up after 60 s whatever is said.
pub(crate) const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// See [`TIMEOUT_DEFAULT`].
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// Between the polite and the final signal to a program that must end.
pub(crate) const KILL_GRACE: Duration = Duration::from_secs(2);
/// How long a pipe may stay open after the program that owned it has ended.
pub(crate) const PIPE_LINGER: Duration = Duration::from_millis(250);

/// Default cap on a program's standard output that is kept.
pub(crate) const STDOUT_BYTES_DEFAULT: usize = 1024 * 1024;
/// Cap on the end of standard error that is kept.
pub(crate) const STDERR_BYTES_MAX: usize = 64 * 1024;
/// How much of standard error a caller is shown.
pub(crate) const STDERR_TAIL_BYTES: usize = 1024;
/// A program that prints more than this, kept or not, is ended.
pub(crate) const OUTPUT_TOTAL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Characters of a caller's own value that are repeated in an error.
pub(crate) const QUOTE_CHARS_MAX: usize = 120;
/// Violations listed in one error.
pub(crate) const VIOLATIONS_MAX: usize = 10;

/// Smallest time between two progress notifications of one call.
pub(crate) const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

const _: () = assert!(STRING_BYTES_MAX < LINE_BYTES_MAX);
const _: () = assert!(REPLY_BYTES_MAX < 10 * 1024 * 1024);
const _: () = assert!(LEDGER_BATCH_MAX <= LEDGER_QUEUE_MAX);
const _: () = assert!(STDERR_TAIL_BYTES <= STDERR_BYTES_MAX);
