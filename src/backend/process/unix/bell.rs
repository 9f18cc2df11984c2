//! A cancellation, made audible to `poll`.

use std::{
    io::{self, PipeReader, PipeWriter, Write as _},
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
};

use crate::base::cancel::CancelToken;

/// Becomes readable when a token fires, also when it had fired before.
#[derive(Debug)]
pub(super) struct Bell {
    heard: PipeReader,
    _struck: Arc<PipeWriter>,
}

impl Bell {
    /// Listens to `cancel`. The token keeps the listener, but no descriptor.
    ///
    /// # Errors
    /// When there is no descriptor to be had.
    pub(super) fn for_token(cancel: &CancelToken) -> io::Result<Self> {
        let (heard, struck) = io::pipe()?;
        let struck = Arc::new(struck);
        let clapper = Arc::downgrade(&struck);
        cancel.on_fire(move || {
            if let Some(struck) = clapper.upgrade() {
                // One byte into an empty pipe neither blocks nor fails while both ends live.
                let _written = (&*struck).write(&[1]);
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
