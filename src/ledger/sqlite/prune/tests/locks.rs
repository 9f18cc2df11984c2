//! What becomes of the event that tells of a lock.

use super::*;
use crate::base::held::{Approvals, HeldTo};

#[test]
fn c7_a_lock_goes_with_its_event_and_is_told_again_by_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let held = || HeldTo {
        path: "tools.lock".to_owned(),
        approvals: Some(Approvals {
            digest: "00".to_owned(),
            tools: "{}".to_owned(),
        }),
    };
    let ledger = || {
        let clock = Arc::new(ManualClock::at_seconds(1));
        SqliteLedger::new(dir.into(), clock, AuditSync::Writes)
    };
    for (calls, events) in [(2, 4), (4, 7), (6, 10)] {
        let ledger = ledger();
        ledger.held_to(held());
        add_calls(&ledger);
        ledger.close();
        assert_eq!(calls_in(dir).len(), calls);
        assert_eq!(verify(dir, &Anchors::default()), whole(events, 0));
    }
    let locks = || count(dir, "SELECT count(*) FROM locks");
    assert_eq!(locks(), 1);
    assert_eq!(prune(dir, 3).calls, 5);
    assert_eq!(locks(), 0);
    let ledger = ledger();
    ledger.held_to(held());
    add_calls(&ledger);
    ledger.close();
    assert_eq!(locks(), 1);
    assert_eq!(verify_export(dir), verify(dir, &Anchors::default()));
}
