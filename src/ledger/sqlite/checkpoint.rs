//! Carrying pages from the write-ahead log into the file, beside the writer.
//!
//! A checkpoint syncs the log and the file, which takes as long as hundreds of calls. So a thread
//! of its own makes it while the writer goes on. What was written meanwhile keeps the log from
//! being begun anew, so it grows; once it is long, the writer carries over the little that is
//! left by itself, with nobody adding to it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use rusqlite::{Connection, hooks::Wal};

use super::{
    files::FileIdentity,
    open::{self, Access},
};
use crate::base::{
    limits::flow::{LEDGER_CHECKPOINT_PAGES, LEDGER_LOG_PAGES_MAX},
    thread,
    wake::Bell,
};

/// The thread, from the first checkpoint on, and what it is told.
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
    is_wanted: bool,
    is_closed: bool,
}

/// How long the log is, as the writer sees it after each commit.
struct Progress {
    shared: Arc<Shared>,
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
        path: PathBuf,
        file: FileIdentity,
    ) -> rusqlite::Result<Self> {
        let shared = Arc::new(Shared {
            path,
            file,
            state: Mutex::default(),
            bell: Bell::default(),
        });
        let mut progress = Progress {
            shared: Arc::clone(&shared),
            carried: 0,
        };
        connection.wal_hook(Some(move |log: &mut Wal, pages| {
            progress.committed(log, pages);
            Ok(())
        }))?;
        let at_work = Arc::clone(&shared);
        // Without a thread the writer does it all, once the log is long.
        let thread = thread::spawn("checkpoint", move || at_work.run()).ok();
        Ok(Self { shared, thread })
    }
}

impl Drop for Checkpointer {
    /// Waits for a checkpoint that is under way.
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
        if pages.saturating_sub(self.carried) < LEDGER_CHECKPOINT_PAGES {
            return;
        }
        self.carried = pages;
        if pages >= LEDGER_LOG_PAGES_MAX {
            // Whatever hinders it passes; then the next one does more.
            let _left_to_the_next = log.checkpoint();
        } else {
            self.shared.state().is_wanted = true;
            self.shared.bell.ring();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until a checkpoint is wanted; `false` at the end.
    fn wait(&self) -> bool {
        let mut state = self.state();
        while !state.is_wanted && !state.is_closed {
            state = self.bell.sleep(state);
        }
        state.is_wanted = false;
        !state.is_closed
    }

    fn run(&self) {
        let mut connection = None;
        while self.wait() {
            if connection.is_none() {
                connection = self.connect();
            }
            if let Some(connection) = &connection {
                // As for the writer.
                let sql = "PRAGMA wal_checkpoint(PASSIVE)";
                let _left_to_the_next = connection.query_row(sql, [], |_| Ok(()));
            }
        }
    }

    /// A connection of its own, unless another file is at the path by now.
    fn connect(&self) -> Option<Connection> {
        let is_ours = FileIdentity::at(&self.path) == Some(self.file);
        is_ours
            .then(|| open::connect(&self.path, Access::Write).ok())
            .flatten()
    }
}
