//! Room in the log, behind what is committed.
//!
//! A sync of a file that has grown writes down, too, how long it is now and where that lies on the disk
//! (fdatasync(2)), which takes about as long as the sync itself. A log is short after each start of a
//! server, and calls that write wait for two syncs each. So the log is made longer ahead of them, by zeros:
//! SQLite ends its reading of a log at the first frame whose checksum is not right
//! (sqlite.org/fileformat2.html, "The WAL File Format"), as it does where a log was begun anew over an older
//! and longer one.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::base::limits::flow::{
    LEDGER_LOG_BYTES_MAX, LEDGER_ROOM_BYTES, LEDGER_ROOM_BYTES_ENOUGH,
};

/// Bytes of the header of a log, and of that of each page in it (ibid.).
const HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// Zeros that are written at once. They are asked for as such, so the system gives no memory for them.
const ZEROS: usize = 512 * 1024;

/// What keeps room in the log.
pub(super) struct Room {
    /// The log, by a descriptor of its own: what cannot be synced is told to each descriptor once
    /// (fsync(2)), and the syncer must hear of it.
    log: File,
    frame_bytes: u64,
    /// Pages in the log after the last commit of this process.
    pages: Arc<AtomicI32>,
    /// Pages and bytes of the log when it was last looked at.
    seen: Option<(u64, u64)>,
    /// Commits wait for syncs.
    is_wanted: bool,
    /// There was no room on the disk, or it failed.
    is_refused: bool,
}

impl Room {
    /// In `log`, whose pages have `page_bytes` and are as many as `pages` says after each commit.
    pub(super) fn new(log: File, page_bytes: u32, pages: Arc<AtomicI32>) -> Self {
        Self {
            log,
            frame_bytes: FRAME_HEADER_BYTES + u64::from(page_bytes),
            pages,
            seen: None,
            is_wanted: false,
            is_refused: false,
        }
    }

    /// Somebody waits until a commit is synced, so others will.
    pub(super) fn want(&mut self) {
        self.is_wanted = true;
    }

    /// Makes more room where little is left and that is wanted; `connection` is to the ledger. What goes
    /// wrong is left as it was: then SQLite makes the log longer by itself.
    pub(super) fn keep(&mut self, connection: &Connection) {
        if !std::mem::take(&mut self.is_wanted) || self.is_refused {
            return;
        }
        let made = match self.missing() {
            Ok(0) => return,
            Ok(_) => self.make(connection),
            Err(error) => Err(error),
        };
        self.is_refused = made.is_err();
    }

    /// How many bytes are to be added.
    ///
    /// The log is looked at only where it may have too little room. After a look at its times, which come with its
    /// length, the next change notes the time anew (Linux 6.13, multigrain timestamps), and without a journal in the
    /// file system the sync of that change writes the note down as well: 100 µs more.
    fn missing(&mut self) -> io::Result<u64> {
        let pages = u64::try_from(self.pages.load(Ordering::Relaxed)).unwrap_or(0);
        let used = HEADER_BYTES + pages * self.frame_bytes;
        let length = match self.seen {
            // Whoever began it anew may have cut it.
            Some((before, length)) if before <= pages && !lacks(length, used) => length,
            Some(_) | None => self.log.metadata()?.len(),
        };
        self.seen = Some((pages, length));
        match lacks(length, used) {
            true => Ok((used + LEDGER_ROOM_BYTES).saturating_sub(length)),
            false => Ok(0),
        }
    }

    /// Adds what is missing while nobody else may write to the log: that takes the lock of the writers.
    fn make(&mut self, connection: &Connection) -> io::Result<()> {
        // Another process that has the lock for so long makes room, too.
        let Ok(alone) = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        else {
            return Ok(());
        };
        // Until now somebody else may have changed it, and from here on this does.
        self.seen = None;
        let missing = self.missing()?;
        let before = self.log.metadata()?.len();
        let lengthened = self.lengthen(missing);
        self.seen = None;
        if lengthened.is_err() {
            self.log.set_len(before)?;
        }
        drop(alone);
        lengthened?;
        self.log.sync_data()
    }

    /// Adds so many zeros at the end.
    fn lengthen(&self, bytes: u64) -> io::Result<()> {
        let zeros = vec![0; ZEROS];
        let mut left = usize::try_from(bytes).unwrap_or(0);
        let mut log = &self.log;
        log.seek(SeekFrom::End(0))?;
        while left > 0 {
            let now = zeros.get(..left.min(ZEROS)).unwrap_or(&zeros);
            log.write_all(now)?;
            left -= now.len();
        }
        Ok(())
    }
}

/// Whether a log of `length` bytes, of which so many are used, has too little room, and is not so long that it is
/// begun anew about there.
fn lacks(length: u64, used: u64) -> bool {
    length < used + LEDGER_ROOM_BYTES_ENOUGH && length < u64::from(LEDGER_LOG_BYTES_MAX)
}

#[cfg(test)]
mod tests;
