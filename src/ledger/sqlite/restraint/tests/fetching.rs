//! How often somebody may ask what became of an operation.

use super::*;
use crate::{
    base::id::{CallId, Principal},
    ledger::fetch::{Fetch, Fetched},
};

/// Asks for an operation that is not there; what is told.
fn asks(ledger: &SqliteLedger, principal: &str, rate: Option<Rate>) -> Box<Problem> {
    let fetch = Fetch {
        row: CallRow {
            principal: Principal::new(principal),
            ..row("read")
        },
        guard_us: 1,
        id: CallId::from_bytes([1; 16]),
        rate,
    };
    match wait(|then| ledger.fetch(fetch, then)).unwrap() {
        Fetched::Refused(_, problem) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn asking_for_an_operation_takes_of_its_own_rate_once() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledgers = [ledger(dir.path(), &clock), ledger(dir.path(), &clock)];
    let rate = Rate::parse("60/minute", Some(2));
    for ledger in &ledgers {
        let told = asks(ledger, "local", rate);
        assert_eq!(told.code, Code::ValidationFailed);
    }
    for ledger in &ledgers {
        let refused = asks(ledger, "local", rate);
        assert_eq!(
            (refused.code, refused.after_ms),
            (Code::RateLimited, Some(1000))
        );
        // Who has waited asks again for nothing, and others have their own.
        for (principal, rate) in [("local", None), ("other", rate)] {
            let told = asks(ledger, principal, rate);
            assert_eq!(told.code, Code::ValidationFailed);
        }
    }
    clock.advance(Duration::from_secs(1));
    let told = asks(&ledgers[0], "local", rate);
    assert_eq!(told.code, Code::ValidationFailed);
}
