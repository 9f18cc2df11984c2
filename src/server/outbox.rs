//! What waits to be written: many messages, one write.

use std::{
    io::{self, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    base::{
        failpoint::{self, Point},
        limits::OUTBOX_BYTES_MAX,
        wake::Bell,
    },
    protocol::encode::Encoded,
};

/// Called when a message was written as a whole. Must not block for long.
pub(super) type Note = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// For messages among the bytes.
    notes: Vec<Note>,
    /// The writer sleeps.
    idle: bool,
    /// The reader waits for room.
    crowded: bool,
    closed: bool,
    lost: bool,
}

/// Holds messages until the writer takes them. Adding never waits: an answer that is recorded
/// is never dropped for want of room; instead [`Outbox::wait_for_room`] holds the reader back.
#[derive(Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Changed with the state, and asked without it before each line is served.
    is_full: AtomicBool,
    ready: Bell,
    room: Bell,
}

impl Outbox {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one message; nothing once the client no longer reads.
    pub(super) fn push(&self, message: &Encoded) {
        self.push_noting(message, Vec::new());
    }

    /// The same; `notes` are called once it was written, and dropped where it is not.
    pub(super) fn push_noting(&self, message: &Encoded, notes: Vec<Note>) {
        let mut state = self.state();
        if state.lost {
            return;
        }
        state.bytes.extend_from_slice(message);
        state.bytes.push(b'\n');
        if state.bytes.len() > OUTBOX_BYTES_MAX {
            self.is_full.store(true, Ordering::SeqCst);
        }
        state.notes.extend(notes);
        // Who is woken wants the state at once.
        let is_idle = state.idle;
        drop(state);
        if is_idle {
            self.ready.ring();
        }
    }

    /// Waits while more than [`OUTBOX_BYTES_MAX`] bytes are unread by the client.
    pub(super) fn wait_for_room(&self) {
        if !self.is_full.load(Ordering::SeqCst) {
            return;
        }
        let mut state = self.state();
        while state.bytes.len() > OUTBOX_BYTES_MAX && !state.lost {
            state.crowded = true;
            state = self.room.sleep(state);
        }
    }

    /// Lets [`Self::write_to`] end when everything is written.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.ready.ring_all();
    }

    /// Writes to `output` until closed: whatever is there goes out in one write.
    ///
    /// # Errors
    /// When the client no longer reads; what was not written is dropped, it is in the ledger.
    pub(super) fn write_to(&self, mut output: impl Write) -> io::Result<()> {
        let mut taken = Vec::new();
        loop {
            let notes = {
                let mut state = self.state();
                while state.bytes.is_empty() && !state.closed {
                    state.idle = true;
                    state = self.ready.sleep(state);
                    state.idle = false;
                }
                if state.bytes.is_empty() {
                    return Ok(());
                }
                std::mem::swap(&mut state.bytes, &mut taken);
                self.is_full.store(false, Ordering::SeqCst);
                if std::mem::take(&mut state.crowded) {
                    self.room.ring_all();
                }
                std::mem::take(&mut state.notes)
            };
            if let Err(error) = write(&mut output, &taken) {
                let mut state = self.state();
                state.lost = true;
                state.bytes = Vec::new();
                state.notes = Vec::new();
                self.room.ring_all();
                return Err(error);
            }
            failpoint::pass(Point::AnswerWritten);
            for note in notes {
                note();
            }
            taken.clear();
            taken.shrink_to(KEPT_BYTES);
        }
    }
}

fn write(output: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    #[cfg(feature = "failpoints")]
    let bytes = {
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        output.write_all(half)?;
        output.flush()?;
        failpoint::pass(Point::AnswerHalfWritten);
        rest
    };
    output.write_all(bytes)?;
    output.flush()
}

/// Memory that is kept for the next write.
const KEPT_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_out_in_order_one_message_a_line() {
        let outbox = Outbox::default();
        outbox.push(&b"a".to_vec());
        outbox.push(&b"b".to_vec());
        outbox.close();
        let mut written = Vec::new();
        outbox.write_to(&mut written).unwrap();
        assert_eq!(written, b"a\nb\n");
    }

    #[test]
    fn p31_a_client_that_no_longer_reads_ends_the_writing_and_frees_the_memory() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let outbox = Outbox::default();
        outbox.push(&vec![b'x'; OUTBOX_BYTES_MAX + 1]);
        assert_eq!(
            outbox.write_to(Gone).unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
        outbox.push(&b"more".to_vec());
        outbox.wait_for_room();
        assert_eq!(outbox.state().bytes.capacity(), 0);
    }
}
