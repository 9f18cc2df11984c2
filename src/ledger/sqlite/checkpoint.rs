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

use rusqlite::{Connection, ErrorCode, hooks::Wal, wal::CheckpointMode};

use super::{
    files::FileIdentity,
    open::{self, Access},
    patience::Patience,
};
use crate::base::{event::Event, limits::flow::LEDGER_RESTART_WAIT, thread, wake::Bell};
pub(super) use progress::Lengths;
use progress::{Due, Progress, Wanted};

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
        let is_long = pages >= self.told.max(told);
        if is_long {
            self.told = pages.saturating_mul(2);
        }
        is_long
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
            if progress.is_begun_anew(pages) {
                asked.state().told = 0;
            }
            let due = progress.committed(pages, || asked.state().carried);
            asked.see_to(due, log, &mut progress);
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

    /// Does what is `due` after a commit, or asks the thread for it.
    fn see_to(&self, due: Due, log: &mut Wal, progress: &mut Progress) {
        let carried = match due {
            Due::Nothing => return,
            Due::Ask(wanted) => return self.want(wanted),
            Due::Carry | Due::CarryOrAsk => carry_over(log),
        };
        match carried {
            Carried::NotNow => progress.try_again_soon(),
            Carried::Less if due == Due::CarryOrAsk => {
                if self.state().is_alone {
                    return self.tell_of_growth();
                }
                self.want(Wanted::All);
            }
            Carried::Everything | Carried::Less => {}
        }
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

/// What of the log is in the file after a checkpoint by the writer.
enum Carried {
    Everything,
    /// Somebody reads what was before, or the disk fails.
    Less,
    /// Another checkpoint is under way, which may take long: that of the thread of this process or another.
    NotNow,
}

/// The same by the writer.
fn carry_over(log: &mut Wal) -> Carried {
    match log.checkpoint_v2(CheckpointMode::PASSIVE) {
        Ok((pages, carried)) if carried >= pages => Carried::Everything,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Carried::NotNow,
        Ok(_) | Err(_) => Carried::Less,
    }
}

#[cfg(unix)]
mod ahead;
mod progress;

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
