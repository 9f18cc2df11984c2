//! A backend that is never asked.

use crate::{
    backend::{Backend, Fault, Invocation, LookWork, Work},
    base::clock::Moment,
    catalog::content::Output,
    ledger::IntentReceipt,
};

/// For tests in which no call gets as far.
pub(crate) struct Nothing;

impl Backend for Nothing {
    fn invoke(
        &self,
        _: &Work,
        _: &Invocation<'_>,
        _: &IntentReceipt,
    ) -> Result<Output, Box<Fault>> {
        unreachable!("no call gets here")
    }

    fn look(&self, _: LookWork, _: &Invocation<'_>) -> Result<Output, Box<Fault>> {
        unreachable!("no call gets here")
    }

    fn is_over(&self, _: &str, _: Moment) -> bool {
        true
    }
}
