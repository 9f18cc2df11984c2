//! What is written before what, and what is told when something goes wrong.

mod repetitions;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Engine, Parts,
    answer::{Body, Reply},
};
use crate::{
    backend::{Backend, Fault, FaultClass, Invocation, LookWork, Work},
    base::{
        cancel::Cancelled,
        clock::{ManualClock, Moment},
        problem::{Code, Effects, Problem},
        random::NoWait,
    },
    catalog::{
        content::{Content, Output},
        in_force::InForce,
    },
    ledger::{
        IntentReceipt,
        memory::{MemoryLedger, Verb},
        record::Outcome,
    },
    testing::{self, Heard},
};

pub(crate) mod admitting;
mod brevity;
mod checks;
mod crew;
mod gate;
mod patience;
mod retries;
mod verifying;

const DEFINITIONS: &str = r#"
name: look
description: Reads.
effect: read
inputSchema: {type: object}
run: {exec: {command: [/bin/true]}}
timeout: 10s
---
name: change
description: Writes.
effect: write
inputSchema: {type: object}
run: {exec: {command: [/bin/true]}}
---
name: say
description: Answers.
effect: read
inputSchema: {type: object}
run: {reply: {text: hello}}
---
name: count
description: Answers, if all of a list are small.
effect: read
inputSchema: {type: object, properties: {list: {type: array, items: {type: integer}}}}
rules: [{require: "!has(args.list) || args.list.all(n, n < 5)", code: LARGE, message: One is too large.}]
run: {reply: {text: hello}}
---
name: say_and_write
description: Answers, as a write.
effect: write
inputSchema: {type: object}
run: {reply: {text: hello}}
---
name: checked
description: Writes, if something holds.
effect: write
inputSchema: {type: object, properties: {a: {type: integer}}}
checks:
  - {reply: {json: {n: "{a}"}}, require: "result.n == 1", code: NOT_ONE, message: It must be one., suggest: [Say 1]}
  - {exec: {command: [/bin/true]}, require: "result == 'done'", code: NOT_DONE, message: It is not done.}
run: {exec: {command: [/bin/true]}}
---
name: checked_reply
description: Answers, if something holds.
effect: read
inputSchema: {type: object, properties: {a: {type: integer}}}
checks:
  - {reply: {json: {n: "{a}"}}, require: "result.absent == args.a", code: ODD, message: It is odd.}
run: {reply: {text: hello}}
---
name: remembered
description: Answers, if something held a short while ago.
effect: read
inputSchema: {type: object}
checks:
  - {exec: {command: [/bin/true]}, require: "result == 'done'", code: NOT_DONE, message: It is not done., cache: 30s}
run: {reply: {text: hello}}
---
name: book
description: Writes before a certain time.
inputSchema: {type: object}
rules: [{require: "now < timestamp('2026-01-01T00:30:00Z')", code: TOO_LATE, message: It is too late.}]
run: {exec: {command: [/bin/true]}}
---
name: verified
description: Writes, and can tell whether it did.
inputSchema: {type: object, properties: {a: {type: integer}}}
retry: {attempts: 3}
verify: {exec: {command: [/bin/true]}, applied: "result == 'done'"}
run: {exec: {command: [/bin/true]}}
---
name: verified_with_schema
description: Writes JSON, and can tell whether it did.
inputSchema: {type: object}
outputSchema: {type: object}
verify: {reply: {text: done}, applied: "result == 'done'"}
run: {exec: {command: [/bin/true]}}
output: json
---
name: two_numbers
description: Takes two numbers.
effect: read
loop_guard: off
inputSchema: {type: object, properties: {a: {type: integer}, b: {type: integer}}}
run: {reply: {text: hello}}
---
name: off
description: Switched off.
enabled: false
inputSchema: {type: object}
run: {reply: {text: hello}}
"#;

/// A backend that does what the test says and remembers for which rows it was asked.
struct Scripted {
    act: Box<dyn Fn() -> Result<Output, Box<Fault>> + Send + Sync>,
    asked: Mutex<Vec<i64>>,
}

impl Backend for Scripted {
    fn invoke(
        &self,
        work: &Work,
        _invocation: &Invocation<'_>,
        receipt: &IntentReceipt,
    ) -> Result<Output, Box<Fault>> {
        self.asked.lock().unwrap().push(receipt.row());
        match work {
            Work::Immediate(output) => Ok(output.clone()),
            Work::Exec(_) | Work::Files(_) | Work::Sql(_) | Work::Http(_) => (self.act)(),
        }
    }

    fn look(&self, work: LookWork, _invocation: &Invocation<'_>) -> Result<Output, Box<Fault>> {
        match work.into_work() {
            Work::Immediate(output) => Ok(output),
            Work::Exec(_) | Work::Files(_) | Work::Sql(_) | Work::Http(_) => (self.act)(),
        }
    }

    fn is_over(&self, _name: &str, _deadline: Moment) -> bool {
        true
    }
}

struct Setting {
    clock: Arc<ManualClock>,
    ledger: Arc<MemoryLedger>,
    backend: Arc<Scripted>,
    catalog: Arc<InForce>,
    engine: Engine,
}

impl Setting {
    fn new(act: impl Fn() -> Result<Output, Box<Fault>> + Send + Sync + 'static) -> Self {
        let clock = Arc::new(ManualClock::at_seconds(1000));
        let ledger = Arc::new(MemoryLedger::new(clock.clone()));
        let backend = Arc::new(Scripted {
            act: Box::new(act),
            asked: Mutex::default(),
        });
        let catalog = Arc::new(InForce::default());
        catalog.swap(Arc::new(testing::catalog(DEFINITIONS)));
        let engine = Engine::start(Parts {
            catalog: Arc::clone(&catalog),
            ledger: ledger.clone(),
            backend: backend.clone(),
            clock: clock.clone(),
            random: Arc::new(NoWait),
            redactor: Arc::default(),
            former: testing::former(),
            workers: 2,
        })
        .unwrap();
        Self {
            clock,
            ledger,
            backend,
            catalog,
            engine,
        }
    }

    fn submit(&self, tool: &str) -> Heard {
        let (ticket, heard) = testing::ticket();
        self.engine.submit(
            testing::incoming(&*self.clock, tool, json!({"a": 1})),
            ticket,
        );
        heard
    }

    fn call(&self, tool: &str) -> Reply {
        self.submit(tool).reply()
    }

    /// The verbs that were written, by name.
    fn verbs(&self) -> Vec<&'static str> {
        let name = |verb: &Verb| match verb {
            Verb::Begin(..) => "begin",
            Verb::Intend => "intend",
            Verb::Step => "step",
            Verb::Finish(..) => "finish",
            Verb::SettleAtOnce(..) => "settle_at_once",
            Verb::Refuse(..) => "refuse",
        };
        self.ledger.verbs().iter().map(name).collect()
    }

    fn asked(&self) -> usize {
        self.backend.asked.lock().unwrap().len()
    }

    fn outcome(&self) -> Outcome {
        self.ledger
            .calls()
            .last()
            .unwrap()
            .end
            .as_ref()
            .unwrap()
            .outcome
    }
}

fn done() -> Result<Output, Box<Fault>> {
    Ok(Output {
        content: vec![Content::Text("done".to_owned())],
        ..Output::default()
    })
}

fn problem(reply: &Reply) -> (Code, Effects) {
    match &reply.body {
        Body::Problem { problem, .. } => (problem.code, problem.effects),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_intent_stands_before_the_backend_and_the_end_before_the_answer() {
    let setting = Setting::new(done);
    for tool in ["look", "change"] {
        let reply = setting.call(tool);
        assert!(matches!(reply.body, Body::Output(_)), "{tool}: {reply:?}");
    }
    assert_eq!(setting.verbs(), ["begin", "finish", "begin", "finish"]);
    assert_eq!(*setting.backend.asked.lock().unwrap(), [1, 2]);
}

#[test]
fn a_reply_that_reads_is_settled_in_one_step_and_one_that_writes_is_not() {
    let setting = Setting::new(done);
    setting.call("say");
    setting.call("say_and_write");
    assert_eq!(setting.verbs(), ["settle_at_once", "begin", "finish"]);
}

#[test]
fn s20_when_the_beginning_cannot_be_written_nothing_is_started() {
    let setting = Setting::new(done);
    setting.ledger.fail_next(1);
    let reply = setting.call("change");
    assert_eq!(problem(&reply), (Code::StateUnavailable, Effects::None));
    assert_eq!(setting.asked(), 0);
}

#[test]
fn s20_when_the_end_cannot_be_written_the_answer_says_what_was_done() {
    let setting = Arc::new(Mutex::new(None::<Arc<MemoryLedger>>));
    let failing = Arc::clone(&setting);
    let run = Setting::new(move || {
        failing.lock().unwrap().as_ref().unwrap().fail_next(1);
        done()
    });
    *setting.lock().unwrap() = Some(Arc::clone(&run.ledger));
    assert_eq!(
        problem(&run.call("change")),
        (Code::StateUnavailable, Effects::Applied)
    );
}

#[test]
fn x29_a_panic_in_the_backend_is_the_failure_of_that_call_alone() {
    let setting = Setting::new(|| panic!("planted"));
    assert_eq!(
        problem(&setting.call("change")),
        (Code::Internal, Effects::Unknown)
    );
    assert_eq!(setting.outcome(), Outcome::Unknown);
    assert_eq!(
        problem(&setting.call("look")),
        (Code::Internal, Effects::None)
    );
    assert!(matches!(setting.call("say").body, Body::Output(_)));
}

#[test]
fn p20_an_unknown_tool_is_written_down_and_answered_as_a_protocol_error() {
    let setting = Setting::new(done);
    match setting.call("luk").body {
        Body::Protocol { message, .. } => {
            assert_eq!(message, "unknown tool \"luk\"; did you mean `look`?");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        problem(&setting.call("off")),
        (Code::ToolDisabled, Effects::None)
    );
    assert_eq!(setting.verbs(), ["refuse", "refuse"]);
}

#[test]
fn a_call_whose_time_is_up_before_a_worker_is_free_is_not_started() {
    let setting = Setting::new(done);
    let call = testing::incoming(&*setting.clock, "look", Value::Object(Default::default()));
    setting.clock.advance(Duration::from_secs(11));
    let (ticket, heard) = testing::ticket();
    setting.engine.submit(call, ticket);
    assert_eq!(problem(&heard.reply()), (Code::Timeout, Effects::None));
    assert_eq!((setting.asked(), setting.outcome()), (0, Outcome::TimedOut));
}

#[test]
fn p24_a_call_that_is_cancelled_before_it_is_checked_is_written_down_as_such() {
    let setting = Setting::new(done);
    let (ticket, heard) = testing::ticket();
    heard.cancel.fire(Cancelled::ByClient);
    setting.engine.submit(
        testing::incoming(&*setting.clock, "change", json!({})),
        ticket,
    );
    assert_eq!(problem(&heard.reply()), (Code::Cancelled, Effects::None));
    assert_eq!(
        (setting.asked(), setting.outcome()),
        (0, Outcome::Cancelled)
    );
}

#[test]
fn after_stop_nothing_is_started_and_everything_is_answered() {
    let setting = Setting::new(done);
    setting.engine.stop();
    assert_eq!(
        problem(&setting.call("change")),
        (Code::ShuttingDown, Effects::None)
    );
    // The answer is there a moment before the call counts as ended.
    assert!(setting.engine.drain(Duration::from_secs(20)));
    assert_eq!(setting.asked(), 0);
}

#[test]
fn an_ambiguous_fault_of_a_write_is_an_unknown_outcome() {
    let setting = Setting::new(|| {
        Err(Box::new(Fault {
            class: FaultClass::Ambiguous,
            problem: Problem::new(Code::OutcomeUnknown, "killed"),
            retry_after: None,
            backend_text: None,
            status: Some("signal 9".to_owned()),
        }))
    });
    assert_eq!(
        problem(&setting.call("change")),
        (Code::OutcomeUnknown, Effects::Unknown)
    );
    assert_eq!(setting.outcome(), Outcome::Unknown);
}
