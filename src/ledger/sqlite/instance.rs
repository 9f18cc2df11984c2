//! One process and its sign of life: a file lock, which the kernel lets go of when it dies.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;
use uuid::Uuid;

use super::{
    super::{LedgerError, policy::time::Boot},
    files::{self, INSTANCES},
};
use crate::base::{clock::Timestamp, nap::nap};

/// This process among those that share the ledger. Dropping it is dying.
#[derive(Debug)]
pub(super) struct Instance {
    id: Uuid,
    path: PathBuf,
    _locked: File,
}

impl Instance {
    /// Takes a new name and its lock. The init lock must be held, because until the lock is
    /// taken the file looks like that of a dead process.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub(super) fn take(state: &Path, now: Timestamp) -> Result<Self, LedgerError> {
        let dir = state.join(INSTANCES);
        files::prepare_directory(&dir)?;
        let id = new_id(now);
        let path = lock_path(state, id);
        let locked = files::create(&path)?;
        locked
            .try_lock()
            .map_err(|error| files::cannot("lock", &path, &error.into()))?;
        Ok(Self {
            id,
            path,
            _locked: locked,
        })
    }

    /// Writes the row that calls refer to, and gives its number.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn register(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> rusqlite::Result<i64> {
        let row = (
            self.id.as_bytes(),
            std::process::id(),
            now.as_micros(),
            env!("CARGO_PKG_VERSION"),
            boot_id(),
        );
        connection.execute(
            "INSERT INTO instances (id, pid, start, version, boot) VALUES (?1, ?2, ?3, ?4, ?5)",
            row,
        )?;
        Ok(connection.last_insert_rowid())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A file that stays behind unlocked says the same: dead.
        let _stays = fs::remove_file(&self.path);
    }
}

/// Whether the process of this name lives: it does while its lock cannot be had. In doubt, yes.
pub(super) fn is_alive(state: &Path, id: Uuid) -> bool {
    match File::open(lock_path(state, id)) {
        // Shared, so that two who ask at the same time do not take each other for the owner.
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// Removes the lock files of the dead. The init lock must be held.
pub(super) fn sweep(state: &Path) {
    for id in known(state) {
        if !is_alive(state, id) {
            // Left behind, it costs one look at the next start.
            let _stays = fs::remove_file(lock_path(state, id));
        }
    }
}

/// The names of the processes that have a lock file, alive or not.
fn known(state: &Path) -> Vec<Uuid> {
    let Ok(entries) = fs::read_dir(state.join(INSTANCES)) else {
        return Vec::new();
    };
    let names = entries.flatten().filter_map(|entry| {
        let path = entry.path();
        (path.extension()? == "lock").then_some(())?;
        Uuid::try_parse(path.file_stem()?.to_str()?).ok()
    });
    names.collect()
}

/// Waits up to `wait` for the moment in which no process is on the ledger; whether it came. The
/// init lock must be held, so that none begins meanwhile.
pub(super) fn wait_until_alone(state: &Path, wait: Duration) -> bool {
    let mut slept = Duration::ZERO;
    while known(state).into_iter().any(|id| is_alive(state, id)) {
        if slept >= wait {
            return false;
        }
        slept += nap();
    }
    true
}

/// The lock held while a ledger is opened, so that two processes do not both make a new file.
/// It ends when dropped.
///
/// # Errors
/// When it cannot be had in time.
pub(super) fn init_lock(state: &Path) -> Result<File, LedgerError> {
    let path = state.join(files::INIT_LOCK);
    let file = files::open_or_create(&path)?;
    let mut patience = super::patience::Patience::default();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(files::cannot("lock", &path, &error)),
            Err(TryLockError::WouldBlock) if patience.wait() => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LedgerError::Unavailable(format!(
                    "another process has been opening the ledger for too long; end the program that holds `{}`",
                    path.display()
                )));
            }
        }
    }
}

/// A name that nobody else has, in order of time.
pub(super) fn new_id(now: Timestamp) -> Uuid {
    let micros = u64::try_from(now.as_micros()).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0) * 1000;
    let at = uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos);
    Uuid::new_v7(at)
}

fn lock_path(state: &Path, id: Uuid) -> PathBuf {
    state.join(INSTANCES).join(format!("{id}.lock"))
}

/// Which boot of the machine this is; `None` where the system does not say.
pub(super) fn boot() -> Option<Boot> {
    let id = Uuid::try_parse(&boot_id()?).ok()?;
    Some(id.into_bytes())
}

/// The same as the system writes it, for people.
fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h8_an_instance_lives_exactly_as_long_as_its_lock_is_held() {
        let state = tempfile::tempdir().unwrap();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let first = Instance::take(state.path(), now).unwrap();
        let second = Instance::take(state.path(), now).unwrap();
        let alive = |id| is_alive(state.path(), id);
        assert_eq!((alive(first.id), alive(second.id)), (true, true));

        let gone = first.id;
        drop(first);
        assert_eq!((alive(gone), alive(second.id)), (false, true));
    }

    #[test]
    fn s35_alone_is_who_shares_the_state_with_the_dead_only() {
        let state = tempfile::tempdir().unwrap();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let alone = || wait_until_alone(state.path(), Duration::ZERO);
        assert!(alone(), "where nobody ever was");
        let living = Instance::take(state.path(), now).unwrap();
        files::create(&lock_path(state.path(), new_id(now))).unwrap();
        assert!(!alone());
        drop(living);
        assert!(alone());
    }

    #[test]
    fn h4_the_file_of_a_killed_process_says_dead_and_is_swept() {
        let state = tempfile::tempdir().unwrap();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let living = Instance::take(state.path(), now).unwrap();
        let killed = new_id(now);
        files::create(&lock_path(state.path(), killed)).unwrap();

        assert!(!is_alive(state.path(), killed));
        sweep(state.path());
        assert!(is_alive(state.path(), living.id));
        assert_eq!(
            fs::read_dir(state.path().join(INSTANCES)).unwrap().count(),
            1
        );
    }
}
