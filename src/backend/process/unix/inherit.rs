//! The one moment in which a program can inherit more than its three streams.

use std::{
    io,
    process::{Child, Command},
    sync::{PoisonError, RwLock},
};

use crate::backend::files::ConfinedFile;

/// Everything that starts a program holds this, and whoever lends it files holds it alone: no
/// other program starts while they can be inherited.
static STARTING: RwLock<()> = RwLock::new(());

/// Starts a program that inherits `files` under the numbers that they have here.
///
/// # Errors
/// When it did not start.
pub(super) fn start(command: &mut Command, files: &[ConfinedFile]) -> io::Result<Child> {
    if files.is_empty() {
        let _beside_others = STARTING.read().unwrap_or_else(PoisonError::into_inner);
        return command.spawn();
    }
    let _alone = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    let lent = Lent(files);
    lent.0.iter().try_for_each(|file| file.lend())?;
    command.spawn()
}

/// Files that can be inherited; dropping it ends that.
struct Lent<'a>(&'a [ConfinedFile]);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|file| file.take_back());
    }
}
