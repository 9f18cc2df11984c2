//! Newline framing with a bound: one `read` may bring many lines, and a line that is too long
//! is thrown away up to its newline without being kept.

use std::io::{self, Read};

use crate::base::limits::LINE_BYTES_MAX;

const CHUNK_BYTES: usize = 64 * 1024;

/// What some programs write in front of a text; it belongs to no line (RFC 8259 §8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One line, or what stood in its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// The bytes between two newlines, without a trailing carriage return and, on the first
    /// line, without a byte order mark.
    Line(&'a [u8]),
    /// A line of more than [`LINE_BYTES_MAX`] bytes; it was discarded.
    TooLong,
}

/// Cuts a stream into lines.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    source: R,
    buffer: Vec<u8>,
    /// Bytes of `buffer` before this were read.
    filled: usize,
    /// Bytes of `buffer` before this belong to lines already given.
    given: usize,
    /// Bytes of `buffer` before this are known to hold no newline.
    searched: usize,
    discarding: bool,
    first: bool,
    ended: bool,
}

impl<R: Read> LineReader<R> {
    /// Reads from `source`.
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            filled: 0,
            given: 0,
            searched: 0,
            discarding: false,
            first: true,
            ended: false,
        }
    }

    /// Reads once, waiting for something to come; `false` at the end of the stream.
    ///
    /// # Errors
    /// Those of the stream, except interruption, which is retried.
    pub(crate) fn read(&mut self) -> io::Result<bool> {
        if !self.ended {
            self.fill()?;
        }
        Ok(!self.ended)
    }

    /// Whether what was read and not given yet is one line, and no part of another.
    pub(crate) fn is_one(&mut self) -> bool {
        self.newline().is_some_and(|at| at + 1 == self.filled)
    }

    /// The next line of what was read, whole. A last line without a newline counts once the
    /// stream has ended, unless there is nothing in it.
    pub(crate) fn next(&mut self) -> Option<Frame<'_>> {
        if let Some(end) = self.newline() {
            if std::mem::take(&mut self.discarding) {
                self.skip_to(end + 1);
                return Some(Frame::TooLong);
            }
            return Some(self.take(end, end + 1));
        }
        if self.discarding || self.searched - self.given > LINE_BYTES_MAX {
            self.discarding = true;
            self.filled = 0;
            self.skip_to(0);
        }
        if self.ended { self.last() } else { None }
    }

    /// Where the next newline is; no byte is searched twice.
    fn newline(&mut self) -> Option<usize> {
        let rest = self.buffer.get(self.searched..self.filled);
        let rest = rest.unwrap_or_default();
        let found = memchr::memchr(b'\n', rest);
        self.searched += found.unwrap_or(rest.len());
        found.map(|_| self.searched)
    }

    fn last(&mut self) -> Option<Frame<'_>> {
        if std::mem::take(&mut self.discarding) {
            return Some(Frame::TooLong);
        }
        let end = self.filled;
        let rest = self.buffer.get(self.given..end).unwrap_or_default();
        let is_nothing = rest.is_empty() || self.first && rest == BYTE_ORDER_MARK;
        (!is_nothing).then(|| self.take(end, end))
    }

    fn skip_to(&mut self, next: usize) {
        self.given = next;
        self.searched = next;
        self.first = false;
    }

    fn take(&mut self, end: usize, next: usize) -> Frame<'_> {
        let start = self.given;
        let first = self.first;
        self.skip_to(next);
        let mut line = self.buffer.get(start..end).unwrap_or_default();
        if line.len() > LINE_BYTES_MAX {
            return Frame::TooLong;
        }
        if first {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        Frame::Line(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.make_room();
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.filled += read;
        self.ended = read == 0;
        Ok(())
    }

    /// At least a chunk, without clearing what is written over.
    fn make_room(&mut self) {
        if self.given > 0 {
            self.buffer.copy_within(self.given..self.filled, 0);
            self.filled -= self.given;
            self.searched -= self.given;
            self.given = 0;
        }
        if self.filled == 0 && self.buffer.len() > 8 * CHUNK_BYTES {
            self.buffer.truncate(CHUNK_BYTES);
            self.buffer.shrink_to_fit();
        }
        let wanted = self.filled + CHUNK_BYTES;
        let length = wanted.next_multiple_of(2 * CHUNK_BYTES);
        if self.buffer.is_empty() {
            // The system gives zeros of which none is in memory before it is written to.
            self.buffer = vec![0; length];
        } else if self.buffer.len() < wanted {
            self.buffer.resize(length, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut reader = LineReader::new(input);
        let mut lines = Vec::new();
        loop {
            let is_open = reader.read().unwrap();
            while let Some(frame) = reader.next() {
                lines.push(match frame {
                    Frame::Line(line) => Some(line.to_vec()),
                    Frame::TooLong => None,
                });
            }
            if !is_open {
                return lines;
            }
        }
    }

    #[track_caller]
    fn check(input: &[u8], expected: &[&str]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|line| Some(line.as_bytes().to_vec()))
            .collect();
        assert_eq!(lines(input), expected);
    }

    #[test]
    fn p1_p5_carriage_returns_blank_lines_and_a_missing_last_newline() {
        check(b"a\r\n\r\nb\nc", &["a", "", "b", "c"]);
        check(b"", &[]);
        check(b"\n", &[""]);
        check(b"\xEF\xBB\xBFa\n\xEF\xBB\xBFb\n", &["a", "\u{feff}b"]);
        check(b"\xEF\xBB\xBF\n", &[""]);
        check(b"\xEF\xBB\xBF", &[]);
    }

    #[test]
    fn p4_a_line_that_is_too_long_is_dropped_and_the_next_one_served() {
        let mut input = vec![b'x'; LINE_BYTES_MAX + 1];
        input.extend(b"\nnext\n");
        assert_eq!(lines(&input), [None, Some(b"next".to_vec())]);
        assert_eq!(lines(&vec![b'x'; 3 * LINE_BYTES_MAX]), [None]);
        assert_eq!(
            lines(&[b'x'; LINE_BYTES_MAX])
                .first()
                .unwrap()
                .as_ref()
                .unwrap()
                .len(),
            LINE_BYTES_MAX
        );
    }

    #[test]
    fn p4_memory_stays_flat_however_long_the_line() {
        let mut reader = LineReader::new(io::repeat(b'x').take(12 * 1024 * 1024));
        while reader.read().unwrap() {
            assert_eq!(reader.next(), None);
        }
        assert_eq!(reader.next(), Some(Frame::TooLong));
        assert!(reader.buffer.capacity() <= 3 * LINE_BYTES_MAX);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_out_as_they_went_in(parts in proptest::collection::vec("[a-z\u{e9}]{0,60}", 0..40)) {
            let input = parts.iter().map(|part| format!("{part}\n")).collect::<String>();
            let got: Vec<_> = lines(input.as_bytes()).into_iter().flatten().collect();
            let expected: Vec<_> = parts.iter().map(|part| part.as_bytes().to_vec()).collect();
            proptest::prop_assert_eq!(got, expected);
        }
    }
}
