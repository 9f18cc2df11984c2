//! A call that comes alone is announced to the ledger before it is read.

use std::{sync::Arc, time::Duration};

use super::{catalog, former, nothing::Nothing};
use crate::{
    base::{clock::ManualClock, random::NoWait},
    catalog::in_force::InForce,
    engine::{Engine, Parts},
    ledger::{Coming, memory::MemoryLedger},
    server::{Settings, connection::Connection},
};

/// What is announced where `input` comes at once.
fn announced(input: &str) -> Vec<Coming> {
    let clock = Arc::new(ManualClock::at_seconds(1000));
    let ledger = Arc::new(MemoryLedger::new(clock.clone()));
    let in_force = Arc::new(InForce::default());
    in_force.swap(Arc::new(catalog("")));
    let engine = Engine::start(Parts {
        catalog: Arc::clone(&in_force),
        ledger: ledger.clone(),
        backend: Arc::new(Nothing),
        clock: clock.clone(),
        random: Arc::new(NoWait),
        redactor: Arc::default(),
        former: former(),
        workers: 1,
    });
    let settings = Settings {
        name: "tollgate".to_owned(),
        version: "1",
        instructions: None,
        patience: Duration::ZERO,
        page_size: None,
        reloads: false,
    };
    let engine = Arc::new(engine.unwrap());
    let connection = Connection::new(settings, Arc::clone(&engine), in_force, clock);
    connection.read_from(input.as_bytes()).unwrap();
    engine.close();
    connection.close();
    ledger.announced()
}

#[test]
fn a_call_that_comes_alone_is_announced_and_nothing_else_is() {
    let request = |method: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
    let (call, ping) = (request("tools/call"), request("ping"));
    assert_eq!(announced(&format!("{call}\n")), [Coming::Alone]);
    assert_eq!(announced(&format!("{ping}\n")), []);
    assert_eq!(announced(&format!("{call}\n{call}\n")), []);
    assert_eq!(announced(&format!("{call}\n{{")), []);
    assert_eq!(announced("tools/call\n"), []);
}
