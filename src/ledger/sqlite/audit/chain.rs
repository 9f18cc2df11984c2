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
    /// How many were before them and are pruned.
    pub(crate) pruned: i64,
    /// How many anchors were found in it.
    pub(crate) anchors: usize,
}

/// What can be wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The number is not the next one, or it is the first and none says that those before it
    /// were pruned: events before it are gone.
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
    /// All anchors were taken of events that are pruned.
    Unproven,
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
            Self::Unproven => {
                "every anchor is of an event that was pruned, so none can be compared"
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
    /// Where it says that the chain begins, if it is a pruning.
    pub(super) pruned: Option<Start>,
}

/// Where a chain begins: behind this event, which was pruned, and this call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Start {
    pub(in super::super) head: Head,
    pub(in super::super) last_call: i64,
}

/// A chain as far as it was followed.
pub(super) struct Chain<'a> {
    head: Head,
    /// Calls are admitted one after the other, so that a skipped one shows.
    last_call: i64,
    start: Start,
    /// Whether an event says that what was before the start is pruned.
    is_start_told: bool,
    anchors: &'a Anchors,
}

impl<'a> Chain<'a> {
    /// A chain of which nothing was looked at, and which begins at `start`.
    pub(super) fn new(start: Start, anchors: &'a Anchors) -> Self {
        Self {
            head: start.head,
            last_call: start.last_call,
            start,
            is_start_told: start == Start::default(),
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
        if found.seq != self.head.seq.saturating_add(1) {
            return Err(Fault::Gap);
        }
        if found.prev != self.head.hash {
            return Err(Fault::Unlinked);
        }
        if event.admits() {
            if found.call != Some(self.last_call.saturating_add(1)) {
                return Err(Fault::Unrecorded);
            }
            self.last_call = self.last_call.saturating_add(1);
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
        self.is_start_told |= event == Event::Pruned && found.pruned == Some(self.start);
        self.head = next;
        Ok(())
    }

    /// What is to be said when there are no more events.
    pub(super) fn end(&self) -> Verdict {
        let first = self.start.head.seq.saturating_add(1);
        let anchors = self.anchors.from(self.start.head.seq);
        let broken = |seq, fault| Verdict::Broken {
            seq,
            call: None,
            fault,
        };
        if !self.is_start_told {
            return broken(first, Fault::Gap);
        }
        if !self.anchors.agree(&self.start.head) {
            return broken(first - 1, Fault::Rewritten);
        }
        if self.anchors.last() > self.head.seq {
            return broken(self.head.seq.saturating_add(1), Fault::CutOff);
        }
        if anchors == 0 && self.anchors.last() > 0 {
            return broken(first, Fault::Unproven);
        }
        Verdict::Whole(Whole {
            events: self.head.seq - self.start.head.seq,
            pruned: self.start.head.seq,
            anchors,
        })
    }
}
