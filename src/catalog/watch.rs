//! Tells when the definitions or the configuration have changed, without waking up in between.
//!
//! Seen: files made, changed, renamed, removed or given another mode in the folder, and the
//! folder itself removed, renamed or made anew. Not seen: a change of the target of a link
//! that leads out of the folder (such a link is refused anyway), changes on network file
//! systems made by other machines, a rename of a folder above the parent, and anything when
//! the system has no watches left to give. A reload on request covers these.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};

use super::lock::Lock;
use crate::base::{
    clock::{Clock, SystemClock},
    limits::{WATCH_BUSY_MAX, WATCH_QUIET},
    thread,
};

/// Why a folder cannot be watched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    /// The system gave no watch.
    #[error("cannot watch the folder: {0}")]
    Refused(#[from] notify::Error),
    /// The system gave no thread, or cannot tell where the folder is.
    #[error("cannot watch the folder: {0}")]
    System(#[from] std::io::Error),
}

enum Signal {
    Changed,
    Stop,
}

/// Watches one folder, its lock and one file until it is dropped.
#[derive(Debug)]
pub(crate) struct Watcher {
    signals: SyncSender<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Calls `on_change`, on a thread of its own, when `dir`, its lock or `file` has changed and then
    /// been quiet for [`WATCH_QUIET`]. The two need not exist yet, the folders they stand in
    /// must. `on_change` must not drop the watcher.
    ///
    /// # Errors
    /// When the system gives no watch or no thread; nothing is watched then.
    pub(crate) fn start(
        dir: &Path,
        file: &Path,
        on_change: impl Fn() + Send + 'static,
    ) -> Result<Self, WatchError> {
        let dir = std::path::absolute(dir)?;
        let file = std::path::absolute(file)?;
        // One place is enough: a signal that finds it taken would say the same.
        let (signals, inbox) = sync_channel(1);
        let mut watch = Watch {
            system: notify::recommended_watcher(listener(
                [Lock::path(&dir), dir.clone(), file.clone()],
                signals.clone(),
            ))?,
            dir,
        };
        let parents: BTreeSet<&Path> = [watch.dir.parent(), file.parent()]
            .into_iter()
            .flatten()
            .collect();
        for parent in parents {
            watch.system.watch(parent, RecursiveMode::NonRecursive)?;
        }
        watch.arm();
        let thread = thread::spawn("watch", move || watch.run(&inbox, &on_change))?;
        let thread = Some(thread);
        Ok(Self { signals, thread })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Fails only when the thread has ended already.
        let _ended = self.signals.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// Passes on what may have changed a definition; everything else, such as our own reading of
/// the files, would make a reload cause the next.
fn listener(
    watched: [PathBuf; 3],
    signals: SyncSender<Signal>,
) -> impl FnMut(notify::Result<Event>) + Send + 'static {
    move |event| {
        let relevant = match event {
            // Events were lost: something may have changed.
            Err(_) => true,
            Ok(event) => {
                event.need_rescan()
                    || is_change(event.kind)
                        && event
                            .paths
                            .iter()
                            .any(|path| watched.iter().any(|one| path.starts_with(one)))
            }
        };
        if relevant {
            match signals.try_send(Signal::Changed) {
                Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
            }
        }
    }
}

fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Other => false,
    }
}

struct Watch {
    system: RecommendedWatcher,
    dir: PathBuf,
}

impl Watch {
    /// Watches the folder that has the name now: a watch stays with a folder that is renamed.
    fn arm(&mut self) {
        // There may be no folder; the watch on its parent tells when there is one again.
        let _not_watched = self.system.unwatch(&self.dir);
        let _no_folder = self.system.watch(&self.dir, RecursiveMode::NonRecursive);
    }

    fn run(mut self, inbox: &Receiver<Signal>, on_change: &dyn Fn()) {
        while let Ok(Signal::Changed) = inbox.recv() {
            if !settle(inbox) {
                return;
            }
            self.arm();
            on_change();
        }
    }
}

/// Waits until nothing has changed for a while, or for as long as can be waited; whether to
/// go on.
fn settle(inbox: &Receiver<Signal>) -> bool {
    let clock = SystemClock;
    let since = clock.now();
    while clock.now().since(since) < WATCH_BUSY_MAX {
        match inbox.recv_timeout(WATCH_QUIET) {
            Ok(Signal::Changed) => {}
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, sync::mpsc, time::Duration};

    /// Failure bound only: no test waits for it when all is well.
    const FAILED: Duration = Duration::from_secs(10);

    fn watch(dir: &Path) -> (Watcher, Receiver<()>) {
        let (told, changes) = mpsc::sync_channel(16);
        let file = dir.with_file_name("tollgate.yaml");
        let watcher = Watcher::start(dir, &file, move || {
            let _test_over = told.try_send(());
        });
        (watcher.expect("a watch"), changes)
    }

    #[test]
    fn a_change_is_told_once_and_reading_is_not_a_change() {
        let dir = tempfile::tempdir().expect("a folder");
        let (_watcher, changes) = watch(dir.path());
        let file = dir.path().join("a.yaml");
        fs::write(&file, "a: 1").expect("written");
        changes.recv_timeout(FAILED).expect("told of the new file");
        fs::read(&file).expect("read");
        let quiet = changes.recv_timeout(WATCH_QUIET * 2);
        assert_eq!(quiet, Err(RecvTimeoutError::Timeout), "reading was told");
        fs::remove_file(&file).expect("removed");
        changes.recv_timeout(FAILED).expect("told of the removal");
    }

    #[test]
    fn a_folder_that_was_made_anew_is_still_watched() {
        let parent = tempfile::tempdir().expect("a folder");
        let dir = parent.path().join("tools.d");
        fs::create_dir(&dir).expect("made");
        let (_watcher, changes) = watch(&dir);
        fs::rename(&dir, parent.path().join("old")).expect("renamed");
        changes.recv_timeout(FAILED).expect("told of the rename");
        fs::create_dir(&dir).expect("made anew");
        changes
            .recv_timeout(FAILED)
            .expect("told of the new folder");
        fs::write(dir.join("a.yaml"), "a: 1").expect("written");
        changes.recv_timeout(FAILED).expect("told of the file");
    }

    #[test]
    fn dropping_it_ends_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let (watcher, changes) = watch(dir.path());
        drop(watcher);
        assert_eq!(
            changes.recv(),
            Err(mpsc::RecvError),
            "the callback lives on"
        );
    }
}
