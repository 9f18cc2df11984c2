//! What may still be under way when its process is dead is waited for.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
    mpsc::{Receiver, SyncSender, sync_channel},
};

use serde_json::json;

use super::GoneOn;
use crate::{
    backend::{Backend, Fault, Invocation, LookWork, Work},
    base::{
        clock::{ManualClock, Moment},
        random::NoWait,
    },
    catalog::{content::Output, in_force::InForce},
    engine::{Engine, Parts},
    ledger::{IntentReceipt, memory::MemoryLedger, operation::OperationState},
    testing,
};

const WALK: &str = r#"
name: walk
description: Does something.
inputSchema: {type: object}
steps:
  - name: a
    run: {exec: {command: [/bin/true]}}
    undo: {exec: {command: [/bin/true]}, tolerates_absent: true}
"#;

/// A world whose first program runs until the test lets it end.
struct Held {
    reached: SyncSender<()>,
    free: Mutex<Receiver<()>>,
    is_over: AtomicBool,
    asked: Mutex<Vec<String>>,
}

impl Backend for Held {
    fn invoke(
        &self,
        _work: &Work,
        invocation: &Invocation<'_>,
        _receipt: &IntentReceipt,
    ) -> Result<Output, Box<Fault>> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(invocation.name());
        let is_first = asked.len() == 1;
        drop(asked);
        if is_first {
            self.reached.send(()).unwrap();
            let _free = self.free.lock().unwrap().recv();
        }
        Ok(Output::default())
    }

    fn look(&self, _: LookWork, _: &Invocation<'_>) -> Result<Output, Box<Fault>> {
        unreachable!("nothing is looked up")
    }

    fn is_over(&self, name: &str, _deadline: Moment) -> bool {
        assert_eq!(name, self.asked.lock().unwrap()[0]);
        self.is_over.load(Ordering::Relaxed)
    }
}

#[test]
fn h4_nothing_is_undone_while_what_does_it_may_still_run() {
    let (reached, reaches) = sync_channel(1);
    let (frees, free) = sync_channel(1);
    let backend = Arc::new(Held {
        reached,
        free: Mutex::new(free),
        is_over: AtomicBool::new(false),
        asked: Mutex::default(),
    });
    let ledger = Arc::new(MemoryLedger::default());
    let clock = Arc::new(ManualClock::at_seconds(1000));
    let engine = || {
        let catalog = Arc::new(InForce::default());
        catalog.swap(Arc::new(testing::catalog(WALK)));
        let parts = Parts {
            catalog,
            ledger: ledger.clone(),
            backend: backend.clone(),
            clock: clock.clone(),
            random: Arc::new(NoWait),
            redactor: Arc::default(),
            former: testing::former(),
            workers: 1,
        };
        Engine::start(parts).unwrap()
    };
    let dead = engine();
    let (ticket, heard) = testing::ticket();
    dead.submit(testing::incoming(&*clock, "walk", json!({})), ticket);
    reaches.recv().unwrap();
    ledger.crash();

    let (next, id) = (engine(), ledger.calls()[0].call_id);
    let asked = || backend.asked.lock().unwrap().clone();
    let gone_on = || match next.go_on(id, "ann").unwrap() {
        GoneOn::Now(state) => state,
        other => panic!("{other:?}"),
    };
    assert_eq!(gone_on(), OperationState::Attention);
    assert_eq!(asked(), [format!("{id}.a")]);

    backend.is_over.store(true, Ordering::Relaxed);
    assert_eq!(gone_on(), OperationState::RolledBack);
    assert_eq!(asked(), [format!("{id}.a"), format!("{id}.a.undo")]);
    drop((frees, heard));
}
