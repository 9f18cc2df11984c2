//! The end of a call whose backend was asked: what it gave is checked, then written and told.

use super::{
    Shared,
    answer::Reply,
    kept::own_secrets,
    lookup::CheckedCall,
    settle::{Ended, FaultFacts},
};
use crate::{
    backend::Fault,
    base::clock::Moment,
    catalog::content::Output,
    guard::screen::screen,
    ledger::admission::{Ending, Notes},
};

/// From the backend's result to what is written and what is told: checked on the way out.
pub(super) fn conclude(
    shared: &Shared,
    call: &CheckedCall,
    (checked, begun): (Moment, Moment),
    notes: Notes,
    result: Result<Output, Box<Fault>>,
) -> (Ending, Reply) {
    let (result, fault) = match result {
        Ok(output) => (Ok(output), None),
        Err(fault) => {
            let Fault {
                class,
                problem,
                retry_after: _,
                backend_text,
                status,
            } = *fault;
            (
                Err(Box::new(problem)),
                Some(FaultFacts {
                    class,
                    backend_text,
                    status,
                }),
            )
        }
    };
    let own_secrets = own_secrets(call);
    let ended = Ended {
        call,
        checked,
        begun,
        now: shared.clock.now(),
        wall: shared.clock.wall(),
        notes,
        keeping: shared.keeping(),
        own_secrets: &own_secrets,
    };
    let (mut ending, reply) = ended.settle(screen(call.tool(), result), fault);
    let settlement = &mut ending.settlement;
    settlement.backend_status = status_of_both(call.status(), settlement.backend_status.take());
    (ending, reply)
}

/// What the checks and the backend left to be written down.
fn status_of_both(checks: Option<&str>, backend: Option<String>) -> Option<String> {
    match (checks, backend) {
        (None, backend) => backend,
        (Some(checks), None) => Some(checks.to_owned()),
        (Some(checks), Some(backend)) => Some(format!("{checks}; {backend}")),
    }
}
