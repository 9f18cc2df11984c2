//! What waits to be written: many messages, one write.
//!
//! Whoever has answered writes what waits, once it is done with what it has in hand: that costs no wake-up of
//! a thread. It must not wait for a client that does not read, so it writes only as much as the system takes
//! at once, and where the system cannot be asked so, nothing. The rest is for a thread that waits.

use std::{
    io::{self, Write},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::{
    base::{
        failpoint::{self, Point},
        limits::OUTBOX_BYTES_MAX,
        wake::{self, Bell, Errand},
    },
    protocol::encode::Encoded,
};

/// Called when a message was written as a whole. Must not block for long.
pub(super) type Note = Box<dyn FnOnce() + Send>;

/// Writes as much as can be written without waiting; gives how much that was.
pub(crate) type AtOnce = Box<dyn Fn(&[u8]) -> io::Result<usize> + Send + Sync>;

#[derive(Default)]
struct State {
    waiting: Waiting,
    /// Memory for the next messages.
    spare: Vec<u8>,
    /// Somebody writes.
    is_taken: bool,
    closed: bool,
    lost: bool,
}

impl State {
    /// Nobody writes any more. Gives whether there is something to do for the thread, such as what has come
    /// meanwhile.
    fn leave(&mut self) -> bool {
        self.is_taken = false;
        self.closed || !self.waiting.bytes.is_empty()
    }
}

/// Messages in order.
#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// For messages among the bytes.
    notes: Vec<Note>,
}

/// Holds messages until they are written. Adding never waits: an answer that is recorded
/// is never dropped for want of room; instead [`Outbox::wait_for_room`] holds the reader back.
#[derive(Default)]
pub(super) struct Outbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Changed with the state, and asked without it before each line is served.
    is_full: AtomicBool,
    ready: Bell,
    room: Bell,
    written_bytes: AtomicU64,
    at_once: OnceLock<AtOnce>,
    /// The system cannot write to this output without waiting, or it fails.
    is_refused: AtomicBool,
}

impl Outbox {
    /// Has messages written by `at_once` where that is possible. Only the first one counts.
    pub(super) fn write_at_once_by(&self, at_once: AtOnce) {
        let _the_first = self.0.at_once.set(at_once);
    }

    /// Adds one message; nothing once the client no longer reads.
    pub(super) fn push(&self, message: &Encoded) {
        self.push_noting(message, Vec::new());
    }

    /// The same; `notes` are called once it was written, and dropped where it is not.
    pub(super) fn push_noting(&self, message: &Encoded, notes: Vec<Note>) {
        let mut state = self.0.state();
        if state.lost {
            return;
        }
        let waiting = &mut state.waiting;
        waiting.bytes.extend_from_slice(message);
        waiting.bytes.push(b'\n');
        waiting.notes.extend(notes);
        if waiting.bytes.len() > OUTBOX_BYTES_MAX {
            self.0.is_full.store(true, Ordering::SeqCst);
        }
        // Who writes looks again afterwards. Who is woken wants the state at once.
        let is_taken = state.is_taken;
        drop(state);
        if !is_taken {
            wake::run_at_end(&self.0);
        }
    }

    /// Waits while more than [`OUTBOX_BYTES_MAX`] bytes are unread by the client.
    pub(super) fn wait_for_room(&self) {
        if !self.0.is_full.load(Ordering::SeqCst) {
            return;
        }
        let mut state = self.0.state();
        while state.waiting.bytes.len() > OUTBOX_BYTES_MAX && !state.lost {
            state = self.0.room.sleep(state);
        }
    }

    /// How many bytes the client's pipe has taken, in pieces of [`PIECE_BYTES`].
    pub(super) fn written_bytes(&self) -> u64 {
        self.0.written_bytes.load(Ordering::Relaxed)
    }

    /// Lets [`Self::write_to`] end when everything is written.
    pub(super) fn close(&self) {
        self.0.state().closed = true;
        self.0.ready.ring_all();
    }

    /// Writes to `output` until closed: whatever is there goes out in one write, or in large pieces.
    ///
    /// # Errors
    /// When the client no longer reads; what was not written is dropped, it is in the ledger.
    pub(super) fn write_to(&self, mut output: impl Write) -> io::Result<()> {
        while let Some(taken) = self.0.wait() {
            if let Err(error) = self.0.write(&mut output, &taken.bytes) {
                self.0.lose();
                return Err(error);
            }
            let _seen_by_the_next_look = self.0.written(taken);
        }
        Ok(())
    }
}

impl Errand for Shared {
    /// Writes what waits as far as that can be done without waiting.
    fn run(&self) {
        let is_refused = self.is_refused.load(Ordering::Relaxed);
        let Some(at_once) = self.at_once.get().filter(|_| !is_refused) else {
            return self.ready.ring_one();
        };
        let mut state = self.state();
        if state.is_taken || state.waiting.bytes.is_empty() {
            return;
        }
        if state.closed {
            // The thread ends once all is written. What comes after that is not begun.
            return self.ready.ring_one();
        }
        let taken = self.take(&mut state);
        drop(state);
        let length = write_at_once(at_once, &taken.bytes).unwrap_or_else(|error| {
            // What is wrong the thread finds out, too.
            use io::ErrorKind::{Interrupted, WouldBlock};
            let is_full = matches!(error.kind(), WouldBlock | Interrupted);
            self.is_refused.store(!is_full, Ordering::Relaxed);
            0
        });
        let is_more = match taken.bytes.get(length..) {
            None | Some([]) => self.written(taken),
            Some(_) => self.put_back(taken, length),
        };
        if is_more {
            self.ready.ring_one();
        }
    }

    fn hand_on(&self) {
        self.ready.ring_one();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until something waits that nobody writes, and takes it; `None` once closed and written.
    fn wait(&self) -> Option<Waiting> {
        let mut state = self.state();
        loop {
            if !state.is_taken && !state.waiting.bytes.is_empty() {
                return Some(self.take(&mut state));
            }
            if !state.is_taken && state.closed {
                return None;
            }
            state = self.ready.sleep(state);
        }
    }

    /// What waits, for who calls this to write it.
    fn take(&self, state: &mut State) -> Waiting {
        state.is_taken = true;
        self.is_full.store(false, Ordering::SeqCst);
        let next = Waiting {
            bytes: std::mem::take(&mut state.spare),
            notes: Vec::new(),
        };
        let taken = std::mem::replace(&mut state.waiting, next);
        self.room.ring_all();
        taken
    }

    fn write(&self, output: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
        #[cfg(feature = "failpoints")]
        let bytes = {
            let (half, rest) = bytes.split_at(bytes.len() / 2);
            output.write_all(half)?;
            output.flush()?;
            failpoint::pass(Point::AnswerHalfWritten);
            rest
        };
        for piece in bytes.chunks(PIECE_BYTES) {
            output.write_all(piece)?;
            let length = u64::try_from(piece.len()).unwrap_or(0);
            self.written_bytes.fetch_add(length, Ordering::Relaxed);
        }
        output.flush()
    }

    /// All of it is written. Gives whether there is more for the thread.
    fn written(&self, taken: Waiting) -> bool {
        failpoint::pass(Point::AnswerWritten);
        let Waiting { mut bytes, notes } = taken;
        // Before the thread may end, after which nothing is noted any more.
        wake::together(|| notes.into_iter().for_each(|note| note()));
        bytes.clear();
        bytes.shrink_to(KEPT_BYTES);
        let mut state = self.state();
        state.spare = bytes;
        state.leave()
    }

    /// Only so many bytes of it are written. Gives whether there is more for the thread.
    fn put_back(&self, taken: Waiting, written: usize) -> bool {
        let Waiting {
            mut bytes,
            mut notes,
        } = taken;
        bytes.drain(..written);
        let mut state = self.state();
        let since = &mut state.waiting;
        bytes.append(&mut since.bytes);
        notes.append(&mut since.notes);
        state.waiting = Waiting { bytes, notes };
        if state.waiting.bytes.len() > OUTBOX_BYTES_MAX {
            self.is_full.store(true, Ordering::SeqCst);
        }
        state.leave()
    }

    /// The client no longer reads.
    fn lose(&self) {
        let mut state = self.state();
        state.lost = true;
        state.waiting = Waiting::default();
        self.room.ring_all();
    }
}

/// Writes as much of `bytes` as is taken at once.
#[cfg(not(feature = "failpoints"))]
fn write_at_once(at_once: &AtOnce, bytes: &[u8]) -> io::Result<usize> {
    at_once(bytes)
}

/// The same, with a place in the middle.
#[cfg(feature = "failpoints")]
fn write_at_once(at_once: &AtOnce, bytes: &[u8]) -> io::Result<usize> {
    let (half, rest) = bytes.split_at(bytes.len() / 2);
    let written = at_once(half)?;
    if written < half.len() {
        return Ok(written);
    }
    failpoint::pass(Point::AnswerHalfWritten);
    Ok(written + at_once(rest).unwrap_or(0))
}

/// Bytes that are written at once: a client that is slow must be told from one that has stopped reading.
const PIECE_BYTES: usize = 16 * 1024;

/// Memory that is kept for the next write.
const KEPT_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests;
