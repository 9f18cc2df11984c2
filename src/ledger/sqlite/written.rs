//! What a verb wrote, and what its continuation is told of it.

use super::super::{
    AuditReceipt, Durability, LedgerError,
    admission::{Decided, Doubt, Notes, Replay, Running},
    resolution::Resolved,
    steps::Adopted,
};
use crate::base::problem::Problem;

/// The row of a call, and its operation where it is for one.
pub(super) type Rows = (i64, Option<Running>);

/// What a verb wrote.
#[derive(Debug)]
pub(super) enum Written {
    /// What was asked for, and what the caller is told beside.
    AsAsked(Rows, Notes),
    /// That the call is not run.
    Refused(i64, Box<Problem>),
    /// That the call was answered like an earlier one, and what must become of that before it is told.
    Replay(i64, Box<Replay>, Durability),
    /// Nothing: the same operation is running.
    Join(Running),
    /// Nothing: nobody knows whether the same operation happened, of which the call would be told
    /// this.
    Doubt(Doubt, Box<Problem>),
    /// Nothing: the backend is left alone.
    Left,
    /// What was found out about an operation, or nothing.
    Resolved(Resolved),
    /// Whose steps were taken over, or nothing.
    Adopted(Adopted),
}

impl Written {
    /// A verb that is about one row and nothing else.
    pub(super) fn row(row: i64) -> Self {
        Self::AsAsked((row, None), Notes::default())
    }

    /// What must become of it before it is told, where that does not depend on what was asked for.
    pub(super) fn durability(&self) -> Option<Durability> {
        match self {
            Self::Replay(.., durability) => Some(*durability),
            Self::AsAsked(..)
            | Self::Refused(..)
            | Self::Join(_)
            | Self::Doubt(..)
            | Self::Left
            | Self::Resolved(_)
            | Self::Adopted(_) => None,
        }
    }

    /// The same as the answer to a verb about a call.
    pub(super) fn decided<R>(self, receipt: impl FnOnce(Rows) -> R) -> Result<Decided<R>, Other> {
        match self {
            Self::AsAsked(rows, notes) => Ok(Decided::AsAsked(receipt(rows), notes)),
            Self::Refused(row, problem) => Ok(Decided::Refused(AuditReceipt::of(row), problem)),
            Self::Replay(row, replay, _) => Ok(Decided::Replay(AuditReceipt::of(row), replay)),
            Self::Join(running) => Err(Other::Join(running)),
            Self::Doubt(doubt, _) => Err(Other::Doubt(doubt)),
            Self::Left | Self::Resolved(_) | Self::Adopted(_) => Err(Other::Mixed),
        }
    }

    /// The same as the answer to a verb about an operation.
    pub(super) fn resolved(self) -> Result<Resolved, LedgerError> {
        match self {
            Self::Resolved(resolved) => Ok(resolved),
            Self::AsAsked(..)
            | Self::Refused(..)
            | Self::Replay(..)
            | Self::Join(_)
            | Self::Doubt(..)
            | Self::Left
            | Self::Adopted(_) => Err(Other::Mixed.into()),
        }
    }

    /// The same as the answer to the wish to take steps over.
    pub(super) fn adopted(self) -> Result<Adopted, LedgerError> {
        match self {
            Self::Adopted(adopted) => Ok(adopted),
            Self::AsAsked(..)
            | Self::Refused(..)
            | Self::Replay(..)
            | Self::Join(_)
            | Self::Doubt(..)
            | Self::Left
            | Self::Resolved(_) => Err(Other::Mixed.into()),
        }
    }

    /// Whether nothing was written because the backend is left alone.
    pub(super) fn is_left(&self) -> bool {
        matches!(self, Self::Left)
    }
}

/// What a verb about a call wrote beside a decision.
pub(super) enum Other {
    /// Nothing: the same operation is running.
    Join(Running),
    /// Nothing: nobody knows whether the same operation happened.
    Doubt(Doubt),
    /// Something that another verb asks for.
    Mixed,
}

impl From<Other> for LedgerError {
    fn from(other: Other) -> Self {
        match other {
            Other::Join(running) => Self::Busy(running.id),
            Other::Doubt(_) | Other::Mixed => {
                Self::Unavailable("the ledger answered another question".to_owned())
            }
        }
    }
}
