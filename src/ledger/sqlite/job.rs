//! A verb on its way through the writer: written with others, answered after the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    super::{
        AuditReceipt, Durability, IntentReceipt, LedgerError, Then,
        record::{CallRow, Intent, Settlement},
    },
    statements::Statements,
};
use crate::base::clock::Timestamp;

/// One verb with its continuation. Large, because a box would cost every call an allocation.
pub(super) enum Job {
    /// `begin`.
    Begin(CallRow, Intent, Then<IntentReceipt>),
    /// `intend`: the row and what must become of it.
    Intend(i64, Durability, Intent, Then<IntentReceipt>),
    /// `finish`.
    Finish(IntentReceipt, Settlement, Then<AuditReceipt>),
    /// `settle_at_once` and `refuse`.
    AtOnce(CallRow, Settlement, Then<AuditReceipt>),
}

impl Job {
    /// What must have become of it before it may be answered.
    pub(super) fn durability(&self) -> Durability {
        match self {
            Self::Begin(row, ..) | Self::AtOnce(row, ..) => Durability::of(row),
            Self::Intend(_, durability, ..) => *durability,
            Self::Finish(of, ..) => of.durability,
        }
    }

    /// Writes it within the current transaction; gives the row of the call.
    pub(super) fn write(
        &self,
        statements: &mut Statements<'_>,
        now: Timestamp,
    ) -> rusqlite::Result<i64> {
        match self {
            Self::Begin(row, intent, _) => {
                let at = statements.admit(row)?;
                // A read is simply run again, so nobody will ask what it was about to do.
                if row.must_sync() {
                    statements.intend(at, intent, now)?;
                }
                Ok(at)
            }
            Self::Intend(row, durability, intent, _) => match durability {
                Durability::Committed => Ok(*row),
                Durability::Synced => statements.intend(*row, intent, now).map(|()| *row),
            },
            Self::Finish(of, settlement, _) => {
                statements.settle(of.row, settlement).map(|()| of.row)
            }
            Self::AtOnce(row, settlement, _) => statements.admit_settled(row, settlement),
        }
    }

    /// Calls the continuation. It is not ours, so a panic in it ends with it.
    pub(super) fn answer(self, written: Result<i64, LedgerError>) {
        let durability = self.durability();
        let call = AssertUnwindSafe(|| match self {
            Self::Begin(.., then) | Self::Intend(.., then) => {
                then(written.map(|row| IntentReceipt { row, durability }));
            }
            Self::Finish(.., then) | Self::AtOnce(.., then) => {
                then(written.map(|row| AuditReceipt { row }));
            }
        });
        // The panic was reported by its hook; the next job does not depend on it.
        let _panicked = catch_unwind(call);
    }
}
