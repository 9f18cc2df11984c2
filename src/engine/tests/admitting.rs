//! What the ledger is asked for an agreed call, for those who measure the way there.

use super::super::{demands::demands, kept::tests::nothing_secret, key, settle};
use crate::{
    base::{clock::Moment, redact::Redactor},
    guard::agree::AgreedCall,
    ledger::{admission::Admission, operation::Operation},
};

/// The operation that the call is for, which has to be for one.
pub(crate) fn operation(call: &AgreedCall) -> Box<Operation> {
    let found = key::operation(call.header(), call.tool(), call.effective());
    found.unwrap().expect("its caller gave a key")
}

/// What the pipeline asks for the call, cleared at `checked`.
pub(crate) fn admission(
    call: &AgreedCall,
    operation: Box<Operation>,
    checked: Moment,
) -> Admission {
    let redactor = Redactor::default();
    let asked = (demands(call).unwrap(), Some(operation));
    settle::admission(call, nothing_secret(&redactor), checked, asked)
}
