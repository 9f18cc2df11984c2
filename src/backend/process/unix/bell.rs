//! A cancellation, made audible to `poll`.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
};

use crate::base::cancel::CancelToken;

/// Becomes readable when a token fires, also when it had fired before.
#[derive(Debug)]
pub(super) struct Bell {
    heard: Arc<OwnedFd>,
    _struck: Arc<OwnedFd>,
}

impl Bell {
    /// Listens to `cancel`. The token keeps the listener, but no descriptor.
    ///
    /// # Errors
    /// When there is no descriptor to be had.
    pub(super) fn for_token(cancel: &CancelToken) -> io::Result<Self> {
        let (heard, struck) = platform::both_ends()?;
        let clapper = Arc::downgrade(&struck);
        cancel.on_fire(move || {
            if let Some(struck) = clapper.upgrade() {
                // The only thing that is ever written there: it neither blocks nor fails.
                let _written = rustix::io::write(&*struck, &1_u64.to_ne_bytes());
            }
        });
        Ok(Self {
            heard,
            _struck: struck,
        })
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.heard.as_fd()
    }
}

#[cfg(target_os = "linux")]
mod platform {
    //! eventfd(2): one descriptor, made and closed in half the time of a pipe.
    use rustix::event::{EventfdFlags, eventfd};

    use super::{Arc, OwnedFd, io};

    pub(super) fn both_ends() -> io::Result<(Arc<OwnedFd>, Arc<OwnedFd>)> {
        let both = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        Ok((Arc::clone(&both), both))
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    //! A pipe.
    use super::{Arc, OwnedFd, io};

    pub(super) fn both_ends() -> io::Result<(Arc<OwnedFd>, Arc<OwnedFd>)> {
        let (heard, struck) = io::pipe()?;
        Ok((Arc::new(heard.into()), Arc::new(struck.into())))
    }
}
