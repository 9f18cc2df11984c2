//! Carrying pages from the write-ahead log into the file, beside the writer.
//!
//! A checkpoint syncs the log and the file, which takes as long as hundreds of calls. So a thread
//! of its own makes it while the writer goes on. What was written meanwhile keeps the log from
//! being begun anew, so it grows. Once it is long, the thread makes one checkpoint after the other:
//! each has to carry over what was written during the one before, which is less each time. When
//! little is left, the writer carries that over by itself, with nobody adding to it. SQLite syncs the
//! file only then, while calls wait. So the thread has synced it after each of its own, and little of
//! that is left, too. Where other processes do add to the log, that is not enough, however often: then
//! the thread takes the lock of the writers, for as long as it takes to carry over what is left, and the
//! next commit begins the log anew.

use std::{
    fs::File,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI32, Ordering},
    },
    thread::JoinHandle,
};

use rusqlite::{Connection, hooks::Wal};

use super::{
    files::FileIdentity,
    open::{self, Access},
    patience::Patience,
};
use crate::base::{
    event::Event,
    limits::flow::{
        LEDGER_CHECKPOINT_BYTES, LEDGER_LOG_BYTES_MAX, LEDGER_LOG_BYTES_TOLD, LEDGER_REST_BYTES,
        LEDGER_RESTART_WAIT,
    },
    thread,
    wake::Bell,
};

/// The thread, and what it is told.
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    path: PathBuf,
    file: FileIdentity,
    state: Mutex<State>,
    bell: Bell,
    lengths: Lengths,
    /// Pages in the log after the last commit.
    pages: Arc<AtomicI32>,
}

#[derive(Default)]
struct State {
    wanted: Option<Wanted>,
    /// Pages of the log that were in the file, too, after the last checkpoint.
    carried: i32,
    /// Nobody is told before the log has so many pages.
    told: i32,
    /// There is no thread.
    is_alone: bool,
    is_closed: bool,
}

impl State {
    /// Whether it is to be told that the log has `pages` pages, which is not done below `told` and once for
    /// each doubling.
    fn is_to_be_told(&mut self, pages: i32, told: i32) -> bool {
        if pages < told {
            self.told = told;
        }
        let is_long = pages >= self.told.max(told);
        if is_long {
            self.told = pages.saturating_mul(2);
        }
        is_long
    }
}

/// What the thread is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// That it carries over what nobody is in the way of.
    Some,
    /// That it carries over everything, and keeps others from adding to it meanwhile.
    All,
}

/// How long the log may become, in pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    /// Bytes of a page.
    pub(super) page_bytes: u32,
    /// So many more, and they are carried over.
    pub(super) more: i32,
    /// From here on so that the log can be begun anew; and when that has not helped after so many
    /// more, with every other writer waiting.
    pub(super) most: i32,
    /// So few, and the writer carries them over by itself.
    pub(super) rest: i32,
    /// So many after it was tried in vain, and whoever runs this is told. Then at twice as many.
    pub(super) told: i32,
}

impl Lengths {
    /// What is right for the ledger of `connection`, whose pages may be of any size.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = |bytes: u32| i32::try_from(bytes / page_bytes.max(1)).unwrap_or(i32::MAX);
        Ok(Self {
            page_bytes,
            more: pages(LEDGER_CHECKPOINT_BYTES),
            most: pages(LEDGER_LOG_BYTES_MAX),
            rest: pages(LEDGER_REST_BYTES),
            told: pages(LEDGER_LOG_BYTES_TOLD),
        })
    }
}

/// What is to be done after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    /// The thread is asked for this.
    Ask(Wanted),
    /// The writer carries over what is left.
    Carry,
    /// The writer carries over what it can, and the thread is asked for all of it.
    CarryAndAsk,
}

/// How long the log is, as the writer sees it after each commit.
struct Progress {
    lengths: Lengths,
    /// Pages in it after the last commit.
    pages: i32,
    /// Nothing is due before it has so many.
    next: i32,
}

impl Progress {
    fn new(lengths: Lengths) -> Self {
        Self {
            lengths,
            pages: 0,
            next: lengths.more,
        }
    }

    /// What is due now that the log has `pages` pages; `carried` tells how many of them are in the
    /// file, too.
    fn committed(&mut self, pages: i32, carried: impl FnOnce() -> i32) -> Due {
        let Lengths {
            more, most, rest, ..
        } = self.lengths;
        if pages < self.pages {
            // It was begun anew.
            self.next = more;
        }
        self.pages = pages;
        if pages < self.next {
            return Due::Nothing;
        }
        let too_many = most.saturating_add(more);
        let (due, after) = if pages < most {
            (Due::Ask(Wanted::Some), more.min(most - pages))
        } else if pages >= too_many {
            (Due::CarryAndAsk, more)
        } else if pages.saturating_sub(carried()) <= rest {
            // Whatever hinders it passes; then the next one does more.
            (Due::Carry, too_many - pages)
        } else {
            (Due::Ask(Wanted::Some), rest / 4)
        };
        self.next = pages.saturating_add(after.max(1));
        due
    }
}

impl Checkpointer {
    /// Sees to the log of `connection`, on which nothing else checkpoints from now on.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn attach(
        connection: &mut Connection,
        (path, file): (PathBuf, FileIdentity),
        lengths: Lengths,
    ) -> rusqlite::Result<Self> {
        let shared = Arc::new(Shared {
            path,
            file,
            state: Mutex::default(),
            bell: Bell::default(),
            lengths,
            pages: Arc::default(),
        });
        let (asked, mut progress) = (Arc::clone(&shared), Progress::new(lengths));
        connection.wal_hook(Some(move |log: &mut Wal, pages| {
            asked.pages.store(pages, Ordering::Relaxed);
            match progress.committed(pages, || asked.state().carried) {
                Due::Nothing => {}
                Due::Ask(wanted) => asked.want(wanted),
                Due::Carry => carry_over(log),
                Due::CarryAndAsk => {
                    carry_over(log);
                    asked.want(Wanted::All);
                }
            }
            if pages >= lengths.told && asked.state().is_alone {
                asked.tell_of_growth();
            }
            Ok(())
        }))?;
        Ok(Self {
            shared,
            thread: None,
        })
    }

    /// How many pages are in the log after each commit of the connection.
    pub(super) fn pages(&self) -> Arc<AtomicI32> {
        Arc::clone(&self.shared.pages)
    }

    /// Starts the thread, with a connection of its own from the first moment on. Without one the
    /// writer does it all, once the log is long.
    pub(super) fn start(mut self) -> Self {
        if let Some(connection) = self.shared.connect() {
            let at_work = Arc::clone(&self.shared);
            let file = ahead::never_closed(&at_work.path, at_work.file);
            let started = thread::spawn("checkpoint", move || {
                at_work.run(&connection, || {
                    let _else_by_sqlite = file.map(File::sync_data);
                });
            });
            self.thread = started.ok();
        }
        self.shared.state().is_alone = self.thread.is_none();
        self
    }
}

impl Drop for Checkpointer {
    /// Waits for a checkpoint that is wanted or under way.
    fn drop(&mut self) {
        self.shared.state().is_closed = true;
        self.shared.bell.ring_all();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn want(&self, wanted: Wanted) {
        let mut state = self.state();
        state.wanted = state.wanted.max(Some(wanted));
        drop(state);
        self.bell.ring();
    }

    /// Sleeps until a checkpoint is wanted; `None` when none is and none will be.
    fn wait(&self) -> Option<Wanted> {
        let mut state = self.state();
        while state.wanted.is_none() && !state.is_closed {
            state = self.bell.sleep(state);
        }
        state.wanted.take()
    }

    /// Makes what is wanted until nothing will be; `sync_ahead` syncs the file.
    fn run(&self, connection: &Connection, sync_ahead: impl Fn()) {
        while let Some(wanted) = self.wait() {
            // As for the writer. Before others have to wait, there is little left.
            let mut made = checkpoint(connection, "PASSIVE");
            sync_ahead();
            if wanted == Wanted::All {
                made = checkpoint(connection, "RESTART");
                if !made.is_whole {
                    self.tell_of_growth();
                }
            }
            let mut state = self.state();
            state.carried = made.carried;
            // Who asked meanwhile did not know of this one. Another at once would be in the way of the
            // writer, which may have little left by now.
            state.wanted.take_if(|wanted| *wanted == Wanted::Some);
        }
    }

    /// Tells whoever runs this that the log grows, where it is long. What was tried did not help: calls that
    /// are only quicker than the disk are no reason.
    fn tell_of_growth(&self) {
        let pages = self.pages.load(Ordering::Relaxed);
        if self.state().is_to_be_told(pages, self.lengths.told) {
            let bytes = u64::try_from(pages).unwrap_or(0) * u64::from(self.lengths.page_bytes);
            let mebibytes = bytes >> 20;
            Event::LedgerLogGrows { mebibytes }.emit();
        }
    }

    /// A connection to the file, unless another is at the path by now.
    fn connect(&self) -> Option<Connection> {
        if FileIdentity::at(&self.path) != Some(self.file) {
            return None;
        }
        let mut connection = open::connect(&self.path, Access::Write).ok()?;
        // Opens the log, too: what the process holds does not change from here on.
        let sql = "SELECT count(*) FROM instances";
        let read: rusqlite::Result<i64> = connection.query_row(sql, [], |row| row.get(0));
        read.ok()?;
        // Every writer waits while it waits for one that reads.
        let mut patience = Patience::of(LEDGER_RESTART_WAIT);
        let handler = Some(move |count| patience.retry(count));
        connection.busy_handler(handler).ok()?;
        Some(connection)
    }
}

/// What a checkpoint did.
#[derive(Default)]
struct Made {
    /// Pages of the log that are in the file by now.
    carried: i32,
    /// Nobody was in its way.
    is_whole: bool,
}

/// One checkpoint; what it cannot do is left to the next.
fn checkpoint(connection: &Connection, mode: &str) -> Made {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    // Busy, pages in the log, pages carried over (sqlite.org/pragma.html).
    let made = connection.query_row(&sql, [], |row| {
        Ok(Made {
            carried: row.get(2)?,
            is_whole: !row.get::<_, bool>(0)?,
        })
    });
    made.unwrap_or_default()
}

/// The same by the writer.
fn carry_over(log: &mut Wal) {
    let _left_to_the_next = log.checkpoint();
}

#[cfg(unix)]
mod ahead;

#[cfg(not(unix))]
mod ahead {
    //! Files are not told apart here: SQLite alone syncs them.
    use std::{fs::File, path::Path};

    use super::FileIdentity;

    pub(super) fn never_closed(_path: &Path, _file: FileIdentity) -> Option<&'static File> {
        None
    }
}

#[cfg(test)]
mod tests;
