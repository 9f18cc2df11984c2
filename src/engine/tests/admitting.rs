//! What the ledger is asked for an agreed call, for those who measure the way there.

use super::super::{demands::demands, kept::tests::nothing_secret, key, settle};
use crate::{
    base::{
        clock::{Moment, Timestamp},
        problem::Effects,
        redact::Redactor,
    },
    guard::agree::AgreedCall,
    ledger::{
        admission::{Admission, Dues, Ending},
        operation::{Operation, OperationState},
        record::{Outcome, Settlement},
    },
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

/// How a call ends that succeeded, with this reply as JSON.
pub(crate) fn success(reply: &str, finished: Timestamp) -> Ending {
    let settlement = Settlement {
        outcome: Outcome::Succeeded,
        stage: "reply",
        code: None,
        effects: Effects::Applied,
        reply: Some(reply.to_owned()),
        backend_status: None,
        guard_us: 11,
        wait_us: 22,
        run_us: 33,
        finished,
    };
    Ending {
        settlement,
        state: OperationState::Succeeded,
        dues: Dues::default(),
        becomes: None,
    }
}
