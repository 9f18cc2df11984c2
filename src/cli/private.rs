//! Files and folders that only their owner may change, as definitions demand it.

use std::{io, path::Path};

/// Takes the write permission of everybody else away.
#[cfg(unix)]
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = std::fs::metadata(path)?.permissions();
    permissions.set_mode(permissions.mode() & 0o755);
    std::fs::set_permissions(path, permissions)
}

/// Elsewhere the folder's own access list decides; nothing is changed.
#[cfg(not(unix))]
pub(super) fn make_private(_path: &Path) -> io::Result<()> {
    Ok(())
}
