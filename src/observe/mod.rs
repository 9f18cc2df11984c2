//! What is noticed: lines on standard error for people. A courtesy, never the truth: lines may
//! be dropped under load, and nothing ever waits for them.

use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::base::redact::{RedactingWriter, Redactor};

/// Lines that may wait for standard error; newer ones are dropped.
const LINES_MAX: usize = 4096;

/// Keeps the log going; what waits is written when it is dropped.
pub(crate) struct Log {
    _guard: WorkerGuard,
}

/// Starts to write events of at least `level` to standard error, without the secrets that
/// `redactor` knows then. Only the first call of a
/// process has an effect.
pub(crate) fn start(level: LevelFilter, redactor: Arc<Redactor>) -> Log {
    let (writer, guard): (NonBlocking, WorkerGuard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_MAX)
        .lossy(true)
        .thread_name("log")
        .finish(std::io::stderr());
    let started = tracing_subscriber::fmt()
        .with_writer(move || RedactingWriter::new(Arc::clone(&redactor), writer.clone()))
        .with_max_level(level)
        .with_ansi(false)
        .with_target(false)
        .try_init();
    // A second subscriber cannot be set; the first goes on.
    drop(started);
    Log { _guard: guard }
}
