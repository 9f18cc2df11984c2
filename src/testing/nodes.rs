//! Modes, and what is in a folder besides files, on systems that have them.

use std::path::Path;

/// Gives a file or folder this mode.
#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode is set");
}

/// There are no modes here: a file is for whom its folder is for.
#[cfg(not(unix))]
pub(crate) fn set_mode(_path: &Path, _mode: u32) {}

/// Makes a pipe that has a name, for this user alone.
#[cfg(all(unix, not(target_vendor = "apple")))]
pub(crate) fn make_pipe(path: &Path) {
    use rustix::fs::{CWD, Mode, mkfifoat};
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).expect("a pipe");
}

/// The same where the call is another.
#[cfg(target_vendor = "apple")]
pub(crate) fn make_pipe(path: &Path) {
    use nix::{sys::stat::Mode, unistd::mkfifo};
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a pipe");
}
