//! Breakers, by call and by attempt.

use super::*;
use crate::ledger::admission::Further;

fn behind(backend: &str) -> Demands {
    Demands {
        breaker: Some(backend.into()),
        ..Demands::default()
    }
}

fn went(backend: &str, health: Health) -> Dues {
    Dues {
        breaker: Some((backend.into(), Some(health))),
        ..Dues::default()
    }
}

#[test]
fn x24_a_breaker_is_shared_and_lets_one_probe_through_in_all() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledgers = [(); 3].map(|()| ledger(dir.path(), &clock));
    let demands = behind("shop");
    for turn in 0..5 {
        let receipt = begin(&ledgers[turn % 3], &demands).unwrap();
        finish(&ledgers[turn % 3], receipt, went("shop", Health::Ill));
    }
    let refused = begin(&ledgers[2], &demands).unwrap_err();
    assert_eq!(refused.code, Code::CircuitOpen);
    assert!(
        refused
            .after_ms
            .is_some_and(|wait| (12_000..=18_000).contains(&wait))
    );
    assert!(begin(&ledgers[2], &behind("other")).is_ok());

    clock.advance(Duration::from_secs(18));
    let probes: Vec<_> = ledgers.iter().map(|one| begin(one, &demands)).collect();
    let let_through: Vec<bool> = probes.iter().map(Result::is_ok).collect();
    assert_eq!(let_through, [true, false, false]);
    let probe = probes.into_iter().flatten().next().unwrap();
    finish(&ledgers[0], probe, went("shop", Health::Well));
    let second = begin(&ledgers[1], &demands).unwrap();
    finish(&ledgers[1], second, went("shop", Health::Well));
    for one in &ledgers {
        assert!(begin(one, &demands).is_ok());
    }
}

#[test]
fn x24_a_probe_whose_process_died_frees_its_place() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let (killed, other) = (ledger(dir.path(), &clock), ledger(dir.path(), &clock));
    let demands = behind("shop");
    for _ in 0..5 {
        let receipt = begin(&other, &demands).unwrap();
        finish(&other, receipt, went("shop", Health::Ill));
    }
    clock.advance(Duration::from_secs(18));
    begin(&killed, &demands).unwrap();
    assert!(begin(&other, &demands).is_err());
    killed.close();
    assert!(begin(&other, &demands).is_ok());
    assert!(begin(&other, &demands).is_err());
}

/// Whether the call may try again after an attempt that ended so.
fn again(ledger: &dyn Ledger, of: &IntentReceipt, backend: &str, health: Health) -> bool {
    let further = Further {
        breaker: Some((backend.into(), Some(health))),
        ..contract::further(contract::SECOND)
    };
    let allowed = wait(|then| ledger.intend(of, further, then)).unwrap();
    allowed.is_some_and(|receipt| receipt.row() == of.row())
}

#[test]
fn x24_attempts_count_for_the_breaker_and_none_is_made_that_it_does_not_let_through() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let ledgers = [(); 2].map(|()| ledger(dir.path(), &clock));
    let demands = behind("shop");
    let first = begin(&ledgers[0], &demands).unwrap();
    for _ in 0..2 {
        assert!(again(&ledgers[0], &first, "shop", Health::Ill));
    }
    finish(&ledgers[0], first, went("shop", Health::Ill));
    let [second, third] = [(); 2].map(|()| begin(&ledgers[1], &demands).unwrap());
    assert!(again(&ledgers[1], &second, "shop", Health::Ill));
    // The fifth in a row: it is the end of its call and opens the breaker then.
    assert!(!again(&ledgers[1], &second, "shop", Health::Ill));
    assert!(begin(&ledgers[0], &demands).is_ok());
    finish(&ledgers[1], second, went("shop", Health::Ill));
    assert!(begin(&ledgers[0], &demands).is_err());
    // One that was running goes on, but tries nothing again.
    assert!(!again(&ledgers[1], &third, "shop", Health::Ill));
    assert!(again(&ledgers[1], &third, "other", Health::Ill));
    finish(&ledgers[1], third, went("shop", Health::Ill));

    clock.advance(Duration::from_secs(18));
    let probe = begin(&ledgers[0], &demands).unwrap();
    assert!(!again(&ledgers[0], &probe, "shop", Health::Ill));
}
