//! Carrying pages from the write-ahead log into the file, beside the writer.
//!
//! A checkpoint syncs the log and the file, which takes as long as hundreds of calls. So a thread
//! of its own makes it while the writer goes on. What was written meanwhile keeps the log from
//! being begun anew, so it grows; once it is long, the writer carries over the little that is
//! left by itself, with nobody adding to it. Where other processes do add to it, that is not
//! enough, however often: then the thread takes the lock of the writers, for as long as it takes
//! to carry over what is left, and the next commit begins the log anew.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use rusqlite::{Connection, hooks::Wal};

use super::{
    files::FileIdentity,
    open::{self, Access},
    patience::Patience,
};
use crate::base::{
    limits::flow::{LEDGER_CHECKPOINT_PAGES, LEDGER_LOG_PAGES_MAX, LEDGER_RESTART_WAIT},
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
}

#[derive(Default)]
struct State {
    wanted: Option<Wanted>,
    is_closed: bool,
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
    /// So many more, and they are carried over.
    pub(super) more: i32,
    /// From here on by the writer; and when that has not helped after so many more, with every
    /// other writer waiting.
    pub(super) most: i32,
}

impl Default for Lengths {
    fn default() -> Self {
        Self {
            more: LEDGER_CHECKPOINT_PAGES,
            most: LEDGER_LOG_PAGES_MAX,
        }
    }
}

/// How long the log is, as the writer sees it after each commit.
struct Progress {
    shared: Arc<Shared>,
    lengths: Lengths,
    /// Pages in the log when it was last carried over, or that was last asked for.
    carried: i32,
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
        });
        let mut progress = Progress {
            shared: Arc::clone(&shared),
            lengths,
            carried: 0,
        };
        connection.wal_hook(Some(move |log: &mut Wal, pages| {
            progress.committed(log, pages);
            Ok(())
        }))?;
        Ok(Self {
            shared,
            thread: None,
        })
    }

    /// Starts the thread, with a connection of its own from the first moment on. Without one the
    /// writer does it all, once the log is long.
    pub(super) fn start(mut self) -> Self {
        if let Some(connection) = self.shared.connect() {
            let at_work = Arc::clone(&self.shared);
            let started = thread::spawn("checkpoint", move || at_work.run(&connection));
            self.thread = started.ok();
        }
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

impl Progress {
    /// The log has `pages` pages after a commit.
    fn committed(&mut self, log: &mut Wal, pages: i32) {
        if pages < self.carried {
            // It was begun anew.
            self.carried = 0;
        }
        if pages.saturating_sub(self.carried) < self.lengths.more {
            return;
        }
        self.carried = pages;
        if pages >= self.lengths.most {
            // Whatever hinders it passes; then the next one does more.
            let _left_to_the_next = log.checkpoint();
        }
        if pages >= self.lengths.most.saturating_add(self.lengths.more) {
            self.shared.want(Wanted::All);
        } else if pages < self.lengths.most {
            self.shared.want(Wanted::Some);
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

    fn run(&self, connection: &Connection) {
        while let Some(wanted) = self.wait() {
            // As for the writer. Before others have to wait, there is little left.
            checkpoint(connection, "PASSIVE");
            if wanted == Wanted::All {
                checkpoint(connection, "RESTART");
            }
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

/// One checkpoint; what it cannot do is left to the next.
fn checkpoint(connection: &Connection, mode: &str) {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let _left_to_the_next = connection.query_row(&sql, [], |_| Ok(()));
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::base::clock::SystemClock;

    const PAGE_BYTES: u64 = 4096;
    const LENGTHS: Lengths = Lengths {
        more: 100,
        most: 400,
    };

    /// That many bytes in the file.
    fn bytes(pages: i32) -> u64 {
        u64::try_from(pages).unwrap() * PAGE_BYTES
    }

    /// A ledger whose log nobody carries over yet, and the path of its file.
    fn ledger(dir: &Path) -> (open::Opened, Checkpointer) {
        let mut opened = open::open(dir, &SystemClock).unwrap();
        let place = (opened.path.clone(), opened.file);
        let checkpointer = Checkpointer::attach(&mut opened.connection, place, LENGTHS);
        let checkpointer = checkpointer.unwrap();
        (opened, checkpointer)
    }

    /// Commits until so many pages went to the log.
    fn fill(connection: &Connection, pages: i32) {
        connection
            .execute_batch("CREATE TABLE IF NOT EXISTS filling (bytes BLOB)")
            .unwrap();
        for _ in 0..pages / 10 {
            // Nine pages of overflow, and the one that holds the row.
            let sql = "INSERT INTO filling VALUES (zeroblob(9 * 4092 + 1000))";
            connection.execute(sql, []).unwrap();
        }
    }

    fn bytes_of(path: &Path, suffix: &str) -> u64 {
        fs::metadata(format!("{}{suffix}", path.display()))
            .unwrap()
            .len()
    }

    #[test]
    fn the_log_is_carried_over_beside_the_writer() {
        let dir = tempfile::tempdir().unwrap();
        let (opened, checkpointer) = ledger(dir.path());
        let checkpointer = checkpointer.start();
        let before = bytes_of(&opened.path, "");
        fill(&opened.connection, LENGTHS.more + 50);
        drop(checkpointer);
        assert!(bytes_of(&opened.path, "") >= before + bytes(LENGTHS.more) * 3 / 4);
    }

    #[test]
    fn a_log_that_nobody_else_carries_over_ends_with_the_writer() {
        let dir = tempfile::tempdir().unwrap();
        let (opened, _checkpointer) = ledger(dir.path());
        fill(&opened.connection, 3 * LENGTHS.most);
        // Each page has a header there.
        let most = bytes(LENGTHS.most + 2 * LENGTHS.more) * 101 / 100;
        assert!(bytes_of(&opened.path, "-wal") < most);
    }

    /// Checkpoints that let others add to the log meanwhile never get all of it here: it became
    /// as long as everything that was written.
    #[test]
    fn s28_a_log_that_many_write_at_once_is_begun_anew() {
        const WRITERS: i32 = 4;
        const EACH: i32 = 3000;
        let dir = tempfile::tempdir().unwrap();
        let (first, _checkpointer) = ledger(dir.path());
        fill(&first.connection, 10);
        let writers: Vec<JoinHandle<u64>> = (0..WRITERS)
            .map(|_| {
                let dir = dir.path().to_owned();
                let write = move || {
                    let (opened, checkpointer) = ledger(&dir);
                    let _checkpointer = checkpointer.start();
                    let lengths = (0..EACH / 100).map(|_| {
                        fill(&opened.connection, 100);
                        bytes_of(&opened.path, "-wal")
                    });
                    lengths.max().unwrap()
                };
                thread::spawn("writer", write).unwrap()
            })
            .collect();
        let longest = writers.into_iter().map(|writer| writer.join().unwrap());
        let longest = longest.max().unwrap();
        assert!(longest < bytes(WRITERS * EACH / 2), "{longest} bytes");
    }

    #[test]
    fn another_file_at_the_path_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (opened, checkpointer) = ledger(dir.path());
        let checkpointer = checkpointer.start();
        let aside = dir.path().join("aside");
        fs::rename(&opened.path, aside).unwrap();
        fs::write(&opened.path, "another").unwrap();
        fill(&opened.connection, LENGTHS.more + 50);
        drop(checkpointer);
        assert_eq!(fs::read(&opened.path).unwrap(), b"another");
    }
}
