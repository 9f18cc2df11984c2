//! Who may change a file: what others may write to is not trusted.

use std::fs::Metadata;

use super::secret::Told;

/// Who besides its owner may change a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writable {
    /// Nobody.
    OwnerOnly,
    /// The members of its group.
    Group,
    /// Everybody.
    Everyone,
}

#[cfg(unix)]
mod unix {
    use std::{fs::Metadata, os::unix::fs::MetadataExt as _};

    use super::Writable;

    const STICKY: u32 = 0o1000;

    pub(super) fn writable(facts: &Metadata) -> Writable {
        match facts.mode() {
            mode if mode & 0o002 != 0 => Writable::Everyone,
            mode if mode & 0o020 != 0 => Writable::Group,
            _ => Writable::OwnerOnly,
        }
    }

    pub(super) fn entries_replaceable_by_all(facts: &Metadata) -> bool {
        facts.mode() & 0o002 != 0 && facts.mode() & STICKY == 0
    }

    pub(super) fn is_executable(facts: &Metadata) -> bool {
        facts.is_file() && facts.mode() & 0o111 != 0
    }

    pub(super) fn is_private(facts: &Metadata) -> bool {
        facts.mode() & 0o077 == 0 && is_trusted_owner(facts)
    }

    pub(super) fn is_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    pub(super) fn is_trusted_owner(facts: &Metadata) -> bool {
        facts.uid() == 0 || facts.uid() == rustix::process::geteuid().as_raw()
    }
}

#[cfg(not(unix))]
mod unix {
    //! Access lists are not read here; the folder's own protection has to do.
    use super::Writable;
    use std::fs::Metadata;

    pub(super) fn writable(_facts: &Metadata) -> Writable {
        Writable::OwnerOnly
    }

    pub(super) fn entries_replaceable_by_all(_facts: &Metadata) -> bool {
        false
    }

    pub(super) fn is_executable(facts: &Metadata) -> bool {
        facts.is_file()
    }

    pub(super) fn is_private(_facts: &Metadata) -> bool {
        true
    }

    pub(super) fn is_root() -> bool {
        false
    }

    pub(super) fn is_trusted_owner(_facts: &Metadata) -> bool {
        true
    }
}

/// What people are told where nothing of this is seen, as [`kernel::sees_permissions`] says, and
/// what to do.
///
/// [`kernel::sees_permissions`]: crate::base::kernel::sees_permissions
pub(crate) fn unseen(are_seen: bool) -> Option<Told> {
    let message = "who may read or change the definitions, the configuration, the lock, programs, \
                   secrets in files and the state folder is not looked at on this system";
    let help = "let nobody but you and its administrators reach them, by the access lists of their \
                folders";
    (!are_seen).then(|| (message.to_owned(), help))
}

/// Who besides its owner may change it, by its mode; access lists are not looked at.
pub(crate) fn writable(facts: &Metadata) -> Writable {
    unix::writable(facts)
}

/// Whether anybody may replace what is in this folder: a sticky folder such as `/tmp` keeps
/// everybody's own.
pub(crate) fn entries_replaceable_by_all(facts: &Metadata) -> bool {
    unix::entries_replaceable_by_all(facts)
}

/// Whether it is a file that somebody may execute.
pub(crate) fn is_executable(facts: &Metadata) -> bool {
    unix::is_executable(facts)
}

/// Whether nobody but its owner, who is trusted, may read or change it.
pub(crate) fn is_private(facts: &Metadata) -> bool {
    unix::is_private(facts)
}

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    unix::is_root()
}

/// Whether it belongs to the user of this process or to root.
pub(crate) fn is_trusted_owner(facts: &Metadata) -> bool {
    unix::is_trusted_owner(facts)
}
