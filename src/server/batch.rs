//! Batches (MCP 2025-03-26 only): the answers to the members of one line leave as one line.

use std::sync::{Arc, Mutex, PoisonError};

use super::outbox::Outbox;
use crate::protocol::encode::{self, Encoded};

/// Where an answer goes.
#[derive(Clone)]
pub(super) enum Path {
    /// A line of its own.
    Line(Arc<Outbox>),
    /// A place in a batch.
    Batch(Arc<Batch>),
}

/// Collects the answers of one batch; sends them when the last member has ended.
pub(super) struct Batch {
    outbox: Arc<Outbox>,
    state: Mutex<State>,
}

struct State {
    answers: Vec<Encoded>,
    open: usize,
}

impl Batch {
    /// A batch that is held open until [`Path::end`] is called once more than members joined.
    pub(super) fn new(outbox: Arc<Outbox>) -> Arc<Self> {
        let state = Mutex::new(State {
            answers: Vec::new(),
            open: 1,
        });
        Arc::new(Self { outbox, state })
    }

    fn with(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if state.open == 0 && !state.answers.is_empty() {
            self.outbox
                .push(&encode::batch(&std::mem::take(&mut state.answers)));
        }
    }
}

impl Path {
    /// Announces one more end on this path: each request is announced once and ended once.
    pub(super) fn join(&self) {
        match self {
            Self::Line(_) => {}
            Self::Batch(batch) => batch.with(|state| state.open += 1),
        }
    }

    /// Ends one request, with its answer or, where it is owed none, without.
    pub(super) fn end(&self, answer: Option<Encoded>) {
        match self {
            Self::Line(outbox) => {
                if let Some(answer) = answer {
                    outbox.push(&answer);
                }
            }
            Self::Batch(batch) => batch.with(|state| {
                state.open = state.open.saturating_sub(1);
                state.answers.extend(answer);
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
    fn p12_the_answers_of_a_batch_leave_as_one_line_when_the_last_is_there() {
        let outbox = Arc::new(Outbox::default());
        let path = Path::Batch(Batch::new(Arc::clone(&outbox)));
        path.join();
        path.join();
        path.end(Some(b"1".to_vec()));
        path.end(None);
        path.end(Some(b"2".to_vec()));
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
