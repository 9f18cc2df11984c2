//! A verb on its way through the writer: written with others, answered after the commit.

use std::{
    cell::Cell,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{
    super::{
        AuditReceipt, Durability, IntentReceipt, LedgerError, LedgerKey, Then,
        admission::{Admission, Begun, Decided, Ending, Failure, Further},
        fetch::{Fetch, Fetched},
        operation::Operation,
        record::{CallRow, Settlement},
        resolution::{Resolution, Resolved},
        steps::{Adopted, Closing, Stepped, Wanted},
    },
    admit,
    emergency::Emergency,
    resolve,
    statements::Statements,
    steps,
    written::{Other, Written},
};
use crate::base::{clock::Timestamp, failpoint::Point, id::CallId};

/// One verb with its continuation. What most calls have is in it, because a box would cost each of them an
/// allocation; what few have is boxed, because all of it is moved.
pub(super) enum Job {
    /// `begin`.
    Begin(Admission, Then<Begun>),
    /// `intend`: the receipt of before and what is about to be done.
    Intend(IntentReceipt, Further, Then<Option<IntentReceipt>>),
    /// `step`: the receipt of before and what is written.
    Step(IntentReceipt, Stepped, Then<IntentReceipt>),
    /// `adopt`.
    Adopt(Wanted, Then<Adopted>),
    /// `close_steps`.
    Close(IntentReceipt, Closing, Then<()>),
    /// `finish`.
    Finish(IntentReceipt, Ending, Then<AuditReceipt>),
    /// `settle_at_once`.
    AtOnce(Admission, Ending, Then<Decided<AuditReceipt>>),
    /// `key`, and the key once it is known.
    Key(Cell<Option<LedgerKey>>, Then<LedgerKey>),
    /// `refuse`.
    Refuse(
        CallRow,
        Settlement,
        Option<Box<Operation>>,
        Option<Box<Failure>>,
        Then<Decided<AuditReceipt>>,
    ),
    /// `fetch`.
    Fetch(Fetch, Then<Fetched>),
    /// `delivered`.
    Delivered(i64, Timestamp),
    /// `resolve`.
    Resolve(CallId, Resolution, Then<Resolved>),
}

impl Job {
    /// What must have become of it before it may be answered, whatever is written for it.
    pub(super) fn durability(&self) -> Durability {
        match self {
            Self::Begin(admission, ..) | Self::AtOnce(admission, ..) => {
                Durability::of(&admission.row)
            }
            Self::Refuse(row, ..) | Self::Fetch(Fetch { row, .. }, _) => Durability::of(row),
            Self::Key(..) => Durability::Committed,
            Self::Intend(of, ..) | Self::Step(of, ..) | Self::Finish(of, ..) => of.durability,
            Self::Delivered(..) => Durability::Committed,
            Self::Adopt(..) | Self::Close(..) | Self::Resolve(..) => Durability::Synced,
        }
    }

    /// Writes it within the current transaction.
    pub(super) fn write(
        &self,
        statements: &mut Statements<'_>,
        now: Timestamp,
    ) -> rusqlite::Result<Written> {
        match self {
            Self::Begin(admission, _) => admit::begin(statements, admission, now),
            Self::Intend(of, further, _) => admit::intend(statements, of.row, further, now),
            Self::Step(of, stepped, _) => steps::write(statements, of, stepped, now),
            Self::Adopt(wanted, _) => steps::adopt(statements, *wanted, now).map(Written::Adopted),
            Self::Close(of, closing, _) => steps::close(statements, of, closing, now),
            Self::Finish(of, ending, _) => {
                admit::finish(statements, of.row, of.operation(), ending)
            }
            Self::AtOnce(admission, ending, _) => {
                admit::settle_at_once(statements, admission, ending, now)
            }
            Self::Key(key, _) => {
                key.set(Some(statements.key()?));
                Ok(Written::row(0))
            }
            Self::Refuse(row, settlement, operation, failure, _) => {
                let (operation, failure) = (operation.as_deref(), failure.as_deref());
                admit::refusal(statements, row, settlement, operation, failure, now)
            }
            Self::Fetch(fetch, _) => admit::fetch(statements, fetch, now),
            Self::Delivered(row, at) => {
                statements.operations.delivered(*row, *at)?;
                Ok(Written::row(*row))
            }
            Self::Resolve(id, resolution, _) => {
                resolve::resolve(statements, *id, resolution, now).map(Written::Resolved)
            }
        }
    }

    /// Where a test can get between it and its commit, and between that and its answer.
    pub(super) fn seam(&self) -> Option<(Point, Point)> {
        match self {
            Self::Begin(..) => Some((Point::BeginWritten, Point::BeginCommitted)),
            Self::Finish(..) => Some((Point::FinishWritten, Point::FinishCommitted)),
            Self::Delivered(..) => Some((Point::DeliveryWritten, Point::DeliveryCommitted)),
            Self::Resolve(..) => Some((Point::FindingWritten, Point::FindingCommitted)),
            Self::Step(..) => Some((Point::StepWritten, Point::StepCommitted)),
            Self::Adopt(..) => Some((Point::AdoptionWritten, Point::AdoptionCommitted)),
            Self::Close(..) => Some((Point::ClosingWritten, Point::ClosingCommitted)),
            Self::Intend(..)
            | Self::AtOnce(..)
            | Self::Key(..)
            | Self::Refuse(..)
            | Self::Fetch(..) => None,
        }
    }

    /// Whether it says how a call ended.
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Finish(..) => true,
            Self::Begin(..)
            | Self::Intend(..)
            | Self::Step(..)
            | Self::Adopt(..)
            | Self::Close(..)
            | Self::AtOnce(..)
            | Self::Key(..)
            | Self::Refuse(..)
            | Self::Fetch(..)
            | Self::Delivered(..)
            | Self::Resolve(..) => false,
        }
    }

    /// Whether it only notes what is safe to assume otherwise, so that nothing is done for it
    /// alone while the ledger cannot be written.
    pub(super) fn may_be_lost(&self) -> bool {
        match self {
            Self::Delivered(..) => true,
            Self::Begin(..)
            | Self::Intend(..)
            | Self::Step(..)
            | Self::Adopt(..)
            | Self::Close(..)
            | Self::Finish(..)
            | Self::AtOnce(..)
            | Self::Key(..)
            | Self::Refuse(..)
            | Self::Fetch(..)
            | Self::Resolve(..) => false,
        }
    }

    /// Writes the end of a call beside the ledger.
    ///
    /// # Errors
    /// When that cannot be done either, or it is no end.
    pub(super) fn journal(&self, emergency: &Emergency) -> io::Result<()> {
        match self {
            Self::Finish(of, ending, _) => emergency.append(of.row, of.operation(), ending),
            Self::Begin(..)
            | Self::Intend(..)
            | Self::Step(..)
            | Self::Adopt(..)
            | Self::Close(..)
            | Self::AtOnce(..)
            | Self::Key(..)
            | Self::Refuse(..)
            | Self::Fetch(..)
            | Self::Delivered(..)
            | Self::Resolve(..) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// As [`Job::answer`], for an end that was written beside the ledger.
    pub(super) fn answer_from_journal(self) {
        match self {
            Self::Finish(of, ending, then) => {
                let receipt = AuditReceipt {
                    row: of.row,
                    in_journal: true,
                };
                let told: Then<AuditReceipt> = Box::new(move |_| then(Ok(receipt)));
                Self::Finish(of, ending, told).answer(Err(LedgerError::Closed));
            }
            other => other.answer(Err(LedgerError::Closed)),
        }
    }

    /// Calls the continuation. It is not ours, so a panic in it ends with it.
    pub(super) fn answer(self, written: Result<Written, LedgerError>) {
        let call = AssertUnwindSafe(|| match self {
            Self::Begin(admission, then) => {
                let durability = Durability::of(&admission.row);
                let receipt = |(row, operation)| IntentReceipt {
                    row,
                    durability,
                    operation,
                };
                then(written.and_then(|written| match written.decided(receipt) {
                    Ok(decided) => Ok(Begun::Decided(decided)),
                    Err(Other::Join(running)) => Ok(Begun::Join(Box::new(admission), running)),
                    Err(Other::Doubt(doubt)) => Ok(Begun::Doubt(Box::new(admission), doubt)),
                    Err(other) => Err(other.into()),
                }));
            }
            Self::Key(key, then) => then(written.and_then(|_| {
                let none = || LedgerError::Unavailable("there is no key".to_owned());
                key.take().ok_or_else(none)
            })),
            Self::Intend(of, _, then) => {
                then(written.map(|written| (!written.is_left()).then_some(of)));
            }
            Self::Step(of, _, then) => then(written.map(|_| of)),
            Self::Adopt(_, then) => then(written.and_then(Written::adopted)),
            Self::Close(.., then) => then(written.map(drop)),
            Self::Finish(of, _, then) => then(written.map(|_| AuditReceipt::of(of.row))),
            Self::Delivered(..) => {}
            Self::Resolve(.., then) => then(written.and_then(Written::resolved)),
            Self::Fetch(fetch, then) => {
                then(written.and_then(|written| match written {
                    Written::Replay(row, replay, _) => {
                        Ok(Fetched::Ended(AuditReceipt::of(row), replay))
                    }
                    Written::Refused(row, problem) => {
                        Ok(Fetched::Refused(AuditReceipt::of(row), problem))
                    }
                    Written::Join(running) => Ok(Fetched::Running(Box::new(fetch), running)),
                    Written::AsAsked(..)
                    | Written::Doubt(..)
                    | Written::Left
                    | Written::Resolved(_)
                    | Written::Adopted(_) => Err(Other::Mixed.into()),
                }));
            }
            Self::AtOnce(.., then) | Self::Refuse(.., then) => {
                then(written.and_then(|written| {
                    let decided = written.decided(|(row, _)| AuditReceipt::of(row));
                    decided.map_err(LedgerError::from)
                }));
            }
        });
        // The panic was reported by its hook; the next job does not depend on it.
        let _panicked = catch_unwind(call);
    }
}
