//! What may still be under way when its process is dead is waited for.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
    mpsc::{Receiver, SyncSender, sync_channel},
};

use serde_json::json;

use super::{super::clean, GoneOn};
use crate::{
    backend::{Backend, Fault, Invocation, LookWork, Work},
    base::{
        clock::{ManualClock, Moment},
        id::CallId,
        problem::{Code, Effects, Problem},
        random::NoWait,
        redact::Redactor,
        secret::Secret,
    },
    catalog::{
        content::{Content, Output},
        in_force::InForce,
    },
    engine::{Engine, Parts},
    ledger::{IntentReceipt, memory::MemoryLedger, operation::OperationState},
    testing::{self, Heard},
};

const STEP: &str = r#"
  - name: a
    run: {exec: {command: [/bin/true]}}
    undo: {exec: {command: [/bin/true]}, tolerates_absent: true}"#;
/// The same, with what the first step gave, which is a secret of the operator's.
const PIVOT_OF_A: &str = r#"
  - {name: p, pivot: true, idempotent: true, run: {exec: {command: [/bin/true, "{steps.a.output}"]}}}"#;
const SECRET: &str = "sesame-open-wide";
const PIVOT: &str = r#"
  - {name: p, pivot: true, idempotent: true, run: {exec: {command: [/bin/true]}}}"#;

/// A world in which one program runs until the test lets it end, and fails when it is run again.
struct Held {
    /// Which.
    part: &'static str,
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
        let part = invocation.part.unwrap().to_owned();
        let mut asked = self.asked.lock().unwrap();
        let is_again = asked.contains(&part);
        asked.push(part);
        drop(asked);
        if invocation.part != Some(self.part) {
            return Ok(Output {
                content: vec![Content::Text(SECRET.to_owned())],
                ..Output::default()
            });
        }
        if is_again {
            let problem = Problem::new(Code::BackendUnavailable, "it is not there");
            return Err(clean(problem.with_effects(Effects::None)));
        }
        self.reached.send(()).unwrap();
        let _free = self.free.lock().unwrap().recv();
        Ok(Output::default())
    }

    fn look(&self, _: LookWork, _: &Invocation<'_>) -> Result<Output, Box<Fault>> {
        unreachable!("nothing is looked up")
    }

    fn is_over(&self, name: &str, _deadline: Moment) -> bool {
        assert!(name.ends_with(&format!(".{}", self.part)), "{name}");
        self.is_over.load(Ordering::Relaxed)
    }
}

/// A walk whose process has died while the program of one step ran, and the next process.
struct Left {
    backend: Arc<Held>,
    next: Engine,
    id: CallId,
    _dead: (Engine, Heard, SyncSender<()>),
}

impl Left {
    fn at(part: &'static str, steps: &[&str]) -> Self {
        let (reached, reaches) = sync_channel(1);
        let (frees, free) = sync_channel(1);
        let backend = Arc::new(Held {
            part,
            reached,
            free: Mutex::new(free),
            is_over: AtomicBool::new(false),
            asked: Mutex::default(),
        });
        let ledger = Arc::new(MemoryLedger::default());
        let clock = Arc::new(ManualClock::at_seconds(1000));
        let walk = format!(
            "name: walk\ndescription: Does things.\ninputSchema: {{type: object}}\nsteps:{}",
            steps.concat()
        );
        let engine = || {
            let catalog = Arc::new(InForce::default());
            catalog.swap(Arc::new(testing::catalog(&walk)));
            let parts = Parts {
                catalog,
                ledger: ledger.clone(),
                backend: backend.clone(),
                clock: clock.clone(),
                random: Arc::new(NoWait),
                redactor: Arc::new(Redactor::of([Secret::new(SECRET)])),
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
        Self {
            next: engine(),
            id: ledger.calls()[0].call_id,
            backend: backend.clone(),
            _dead: (dead, heard, frees),
        }
    }

    fn go_on(&self) -> OperationState {
        match self.next.go_on(self.id, "ann").unwrap() {
            GoneOn::Now(state) => state,
            other => panic!("{other:?}"),
        }
    }

    fn asked(&self) -> String {
        self.backend.asked.lock().unwrap().join(" ")
    }
}

#[test]
fn h4_nothing_is_undone_while_what_does_it_may_still_run() {
    let left = Left::at("a", &[STEP]);
    assert_eq!(left.go_on(), OperationState::Attention);
    assert_eq!(left.asked(), "a");

    left.backend.is_over.store(true, Ordering::Relaxed);
    assert_eq!(left.go_on(), OperationState::RolledBack);
    assert_eq!(left.asked(), "a a.undo");
}

#[test]
fn h4_a_pivot_that_may_have_been_done_is_not_taken_for_not_done_because_it_fails_now() {
    let left = Left::at("p", &[STEP, PIVOT]);
    left.backend.is_over.store(true, Ordering::Relaxed);
    assert_eq!(left.go_on(), OperationState::Attention);
    assert_eq!(left.asked(), "a p p");
}

#[test]
fn h4_a_pivot_that_may_have_been_done_is_not_taken_for_not_done_because_it_lacks_a_value_now() {
    let left = Left::at("p", &[STEP, PIVOT_OF_A]);
    left.backend.is_over.store(true, Ordering::Relaxed);
    assert_eq!(left.go_on(), OperationState::Attention);
    // Nothing is undone.
    assert_eq!(left.asked(), "a p");
}

#[test]
fn h4_a_first_step_that_may_have_been_done_is_left_to_another_where_the_process_ends() {
    let left = Left::at("p", &[PIVOT]);
    left.backend.is_over.store(true, Ordering::Relaxed);
    left.next.stop();
    let gone_on = left.next.go_on(left.id, "ann").unwrap();
    assert!(matches!(gone_on, GoneOn::Interrupted), "{gone_on:?}");
}
