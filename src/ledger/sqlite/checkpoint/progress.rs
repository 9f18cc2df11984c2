//! How long the log is after each commit, and what is due then.

use rusqlite::Connection;

use crate::base::limits::flow::{
    LEDGER_CHECKPOINT_BYTES, LEDGER_LOG_BYTES_MAX, LEDGER_LOG_BYTES_TOLD, LEDGER_REST_BYTES,
};

/// What the thread is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    /// That it carries over what nobody is in the way of.
    Some,
    /// That it carries over everything, and keeps others from adding to it meanwhile.
    All,
}

/// How long the log may become, in pages.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Lengths {
    /// Bytes of a page.
    pub(in super::super) page_bytes: u32,
    /// So many more, and they are carried over.
    pub(super) more: i32,
    /// From here on so that the log can be begun anew; and when that has not helped after so many
    /// more, with every other writer waiting.
    pub(super) most: i32,
    /// So few, and the writer carries them over by itself.
    pub(super) rest: i32,
    /// So many after it was tried in vain, and whoever runs this is told. Then at twice as many.
    pub(super) told: i32,
}

impl Lengths {
    /// What is right for the ledger of `connection`, whose pages may be of any size.
    ///
    /// # Errors
    /// What SQLite says.
    pub(in super::super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = |bytes: u32| i32::try_from(bytes / page_bytes.max(1)).unwrap_or(i32::MAX);
        Ok(Self {
            page_bytes,
            more: pages(LEDGER_CHECKPOINT_BYTES),
            most: pages(LEDGER_LOG_BYTES_MAX),
            rest: pages(LEDGER_REST_BYTES),
            told: pages(LEDGER_LOG_BYTES_TOLD),
        })
    }
}

/// What is to be done after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// The thread is asked for this.
    Ask(Wanted),
    /// The writer carries over what is left.
    Carry,
    /// So it does, and if somebody is in its way, the thread is asked for all of it.
    CarryOrAsk,
}

/// How long the log is, as the writer sees it after each commit.
pub(super) struct Progress {
    lengths: Lengths,
    /// Pages in it after the last commit.
    pages: i32,
    /// Nothing is due before it has so many.
    next: i32,
}

impl Progress {
    pub(super) fn new(lengths: Lengths) -> Self {
        Self {
            lengths,
            pages: 0,
            next: lengths.more,
        }
    }

    /// What was due was not possible while another checkpoint is under way.
    pub(super) fn try_again_soon(&mut self) {
        self.next = self.pages.saturating_add(self.soon());
    }

    /// After so many pages more something will have changed.
    fn soon(&self) -> i32 {
        (self.lengths.rest / 4).max(1)
    }

    /// Whether the log was begun anew since the last commit, now that it has `pages` pages.
    pub(super) fn is_begun_anew(&self, pages: i32) -> bool {
        pages < self.pages
    }

    /// What is due now that the log has `pages` pages; `carried` tells how many of them are in the
    /// file, too.
    pub(super) fn committed(&mut self, pages: i32, carried: impl FnOnce() -> i32) -> Due {
        let Lengths {
            more, most, rest, ..
        } = self.lengths;
        if self.is_begun_anew(pages) {
            self.next = more;
        }
        self.pages = pages;
        if pages < self.next {
            return Due::Nothing;
        }
        let too_many = most.saturating_add(more);
        let (due, after) = if pages < most {
            (Due::Ask(Wanted::Some), more.min(most - pages))
        } else if pages >= too_many {
            (Due::CarryOrAsk, more)
        } else if pages.saturating_sub(carried()) <= rest {
            // Whatever hinders it passes; then the next one does more.
            (Due::Carry, too_many - pages)
        } else {
            (Due::Ask(Wanted::Some), self.soon())
        };
        self.next = pages.saturating_add(after.max(1));
        due
    }
}
