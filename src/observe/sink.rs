//! Where lines go without anybody waiting for them: a bounded queue and a thread that empties it.

use std::{
    io::{self, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::base::{event::Event, limits::LOG_LINES_MAX};

/// Takes lines; never blocks.
#[derive(Debug)]
pub(super) struct Sink {
    queue: NonBlocking,
    counts: Arc<Counts>,
}

/// Keeps the thread of a sink; what waits is written when it is dropped.
#[derive(Debug)]
pub(super) struct Keeper {
    guard: Option<WorkerGuard>,
    counts: Arc<Counts>,
}

/// How many lines went which way.
#[derive(Debug, Default)]
struct Counts {
    handed: AtomicUsize,
    taken: AtomicUsize,
    dropped: OnceLock<ErrorCounter>,
}

impl Counts {
    fn dropped(&self) -> usize {
        self.dropped.get().map_or(0, ErrorCounter::dropped_lines)
    }

    fn waiting(&self) -> usize {
        let gone = self.dropped() + self.taken.load(Ordering::Acquire);
        self.handed.load(Ordering::Acquire).saturating_sub(gone)
    }
}

impl Sink {
    /// Starts the thread that writes to `writer`, which is called `name` when lines were lost.
    pub(super) fn start(name: &'static str, writer: impl Write + Send + 'static) -> (Self, Keeper) {
        let counts = Arc::new(Counts::default());
        let (queue, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(LOG_LINES_MAX)
            .lossy(true)
            .thread_name("log")
            .finish(Emptied {
                name,
                writer,
                counts: Arc::clone(&counts),
                told: 0,
            });
        counts.dropped.get_or_init(|| queue.error_counter());
        let keeper = Keeper {
            guard: Some(guard),
            counts: Arc::clone(&counts),
        };
        (Self { queue, counts }, keeper)
    }

    /// Hands one line over, with its newline; dropped and counted where there is no room.
    pub(super) fn take(&self, line: &str) {
        self.counts.handed.fetch_add(1, Ordering::AcqRel);
        // It counts what it drops and has no other way to fail.
        let _counted = self.queue.clone().write_all(line.as_bytes());
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let guard = self.guard.take();
        if self.counts.waiting() > LOG_LINES_MAX / 2 {
            // Nobody takes the lines. The guard would print that, and wait for ever for
            // somebody to take what it prints.
            std::mem::forget(guard);
        }
    }
}

/// The other end of the queue.
struct Emptied<W> {
    name: &'static str,
    writer: W,
    counts: Arc<Counts>,
    /// Dropped lines that were told of.
    told: usize,
}

impl<W: Write> Write for Emptied<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        self.counts.taken.fetch_add(1, Ordering::AcqRel);
        let written = self.writer.write_all(line);
        let dropped = self.counts.dropped();
        if dropped > self.told {
            self.told = dropped;
            let (to, lines) = (self.name, dropped as u64);
            Event::LinesDropped { to, lines }.emit();
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
