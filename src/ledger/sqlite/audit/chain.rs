//! The chain of events, followed from one to the next, wherever they are read from.

use super::{Event, Head, Link, anchor::Anchors};

/// What a look at a whole chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything is as it was written.
    Whole(Whole),
    /// The first event, or place of one, that is not in order.
    Broken {
        /// Its number.
        seq: i64,
        /// The row of the call that it is about, where it is about one.
        call: Option<i64>,
        /// What is wrong.
        fault: Fault,
    },
}

/// A chain that is as it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole {
    /// How many events were looked at.
    pub(crate) events: i64,
    /// How many anchors were found in it.
    pub(crate) anchors: usize,
}

/// What can be wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The number is not the next one: events before it are gone.
    Gap,
    /// It does not follow the event that stands before it.
    Unlinked,
    /// The event, or what it vouches for, is not what was written.
    Altered,
    /// The call that it vouches for is gone.
    CallGone,
    /// A call was written without an event.
    Unrecorded,
    /// It is not the event that the anchor was taken of.
    Rewritten,
    /// An anchor was taken of a later event than there is.
    CutOff,
    /// The anchor was taken of another ledger.
    OtherLedger,
    /// The export has no end line.
    Unfinished,
}

impl Fault {
    /// In words, to follow the number of the event.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "events before it are missing",
            Self::Unlinked => "it does not follow the event before it",
            Self::Altered => "the event or its call was altered",
            Self::CallGone => "its call is missing",
            Self::Unrecorded => "a call has no event",
            Self::Rewritten => "it is not the event that the anchor was taken of",
            Self::CutOff => {
                "the chain ends before it, and an anchor was taken of it or a later one"
            }
            Self::OtherLedger => "the anchor was taken of another ledger",
            Self::Unfinished => "the file ends before it, without the line that says so",
        }
    }
}

/// An event as it was found.
pub(super) struct Found<'a> {
    pub(super) seq: i64,
    pub(super) call: Option<i64>,
    pub(super) word: &'a str,
    pub(super) prev: &'a [u8],
    pub(super) hash: &'a [u8],
}

/// A chain as far as it was followed.
pub(super) struct Chain<'a> {
    head: Head,
    /// Calls are admitted one after the other, so that a skipped one shows.
    last_call: i64,
    events: i64,
    anchors: &'a Anchors,
}

impl<'a> Chain<'a> {
    /// A chain of which nothing was looked at.
    pub(super) fn new(anchors: &'a Anchors) -> Self {
        Self {
            head: Head::default(),
            last_call: 0,
            events: 0,
            anchors,
        }
    }

    /// The event that was looked at last.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// The row of the last call that came in.
    pub(super) fn last_call(&self) -> i64 {
        self.last_call
    }

    /// Takes the next event; `fields` adds what it vouches for to its hash.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn follow(
        &mut self,
        found: &Found<'_>,
        fields: impl FnOnce(Event, &mut Link) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let event = Event::parse(found.word).ok_or(Fault::Altered)?;
        if found.seq != self.head.seq + 1 {
            return Err(Fault::Gap);
        }
        if found.prev != self.head.hash {
            return Err(Fault::Unlinked);
        }
        if event.admits() {
            if found.call != Some(self.last_call + 1) {
                return Err(Fault::Unrecorded);
            }
            self.last_call += 1;
        }
        let mut added = Ok(());
        let next = self.head.next(found.call, event, |link| {
            added = fields(event, link);
        });
        added?;
        if found.hash != next.hash {
            return Err(Fault::Altered);
        }
        if !self.anchors.agree(&next) {
            return Err(Fault::Rewritten);
        }
        self.head = next;
        self.events += 1;
        Ok(())
    }

    /// What is to be said when there are no more events.
    pub(super) fn end(&self) -> Verdict {
        if self.anchors.last() > self.head.seq {
            return Verdict::Broken {
                seq: self.head.seq + 1,
                call: None,
                fault: Fault::CutOff,
            };
        }
        Verdict::Whole(Whole {
            events: self.events,
            anchors: self.anchors.len(),
        })
    }
}
