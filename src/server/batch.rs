//! Batches (MCP 2025-03-26 only): the answers to the members of one line leave as one line.

use std::sync::{Arc, Mutex, PoisonError};

use super::outbox::{Note, Outbox};
use crate::protocol::encode::{self, Encoded};

/// Where an answer goes.
#[derive(Clone)]
pub(super) enum Path {
    /// A line of its own.
    Line(Arc<Outbox>),
    /// A batch as a whole, held open while its members are read.
    Batch(Arc<Batch>),
    /// The place of one member in its batch.
    Place(Arc<Batch>, usize),
}

/// Collects the answers of one batch, each in its place; sends them when the last member has
/// ended.
pub(super) struct Batch {
    outbox: Arc<Outbox>,
    state: Mutex<State>,
}

struct State {
    /// One place for each request, in their order.
    answers: Vec<Option<Encoded>>,
    notes: Vec<Note>,
    open: usize,
}

impl Batch {
    /// A batch that is held open until [`Path::end`] is called once more than members joined.
    pub(super) fn new(outbox: Arc<Outbox>) -> Arc<Self> {
        let state = Mutex::new(State {
            answers: Vec::new(),
            notes: Vec::new(),
            open: 1,
        });
        Arc::new(Self { outbox, state })
    }

    fn with(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if state.open > 0 {
            return;
        }
        let answers: Vec<Encoded> = state.answers.drain(..).flatten().collect();
        if !answers.is_empty() {
            let notes = std::mem::take(&mut state.notes);
            self.outbox.push_noting(&encode::batch(&answers), notes);
        }
    }
}

impl Path {
    /// The path of one request: each request joins once, and is ended once on what it got.
    pub(super) fn join(&self) -> Self {
        match self {
            Self::Line(outbox) => Self::Line(Arc::clone(outbox)),
            Self::Batch(batch) | Self::Place(batch, _) => {
                let mut place = 0;
                batch.with(|state| {
                    place = state.answers.len();
                    state.answers.push(None);
                    state.open += 1;
                });
                Self::Place(Arc::clone(batch), place)
            }
        }
    }

    /// Ends one request, with its answer or, where it is owed none, without.
    pub(super) fn end(&self, answer: Option<Encoded>) {
        self.end_noting(answer, None);
    }

    /// The same; `note` is called once the answer was written.
    pub(super) fn end_noting(&self, answer: Option<Encoded>, note: Option<Note>) {
        match self {
            Self::Line(outbox) => {
                if let Some(answer) = answer {
                    outbox.push_noting(&answer, note.into_iter().collect());
                }
            }
            Self::Batch(batch) => batch.with(|state| {
                state.open = state.open.saturating_sub(1);
                state.answers.push(answer);
            }),
            Self::Place(batch, place) => batch.with(|state| {
                state.open = state.open.saturating_sub(1);
                state.notes.extend(note);
                if let Some(own) = state.answers.get_mut(*place) {
                    *own = answer;
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(outbox: &Outbox) -> String {
        outbox.close();
        let mut bytes = Vec::new();
        outbox.write_to(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn p12_the_answers_of_a_batch_leave_as_one_line_in_order_when_the_last_is_there() {
        let outbox = Arc::new(Outbox::default());
        let path = Path::Batch(Batch::new(Arc::clone(&outbox)));
        let (first, second, third) = (path.join(), path.join(), path.join());
        path.end(None);
        third.end(Some(b"2".to_vec()));
        second.end(None);
        first.end(Some(b"1".to_vec()));
        assert_eq!(written(&outbox), "[1,2]\n");
    }

    #[test]
    fn a_batch_of_notifications_is_not_answered() {
        let outbox = Arc::new(Outbox::default());
        let path = Path::Batch(Batch::new(Arc::clone(&outbox)));
        path.end(None);
        assert_eq!(written(&outbox), "");
    }
}
