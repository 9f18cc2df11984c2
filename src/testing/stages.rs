//! What each stage of a call costs: `.ci/figures stages` runs this optimized.
//!
//! The stages consume each other's results, so each is measured as the difference between the
//! way up to it and the way up to the one before. With `TOLLGATE_COUNTED` every way is taken
//! `TOLLGATE_CALLS` times, a mark after each, by which a counter of instructions tells them apart.

use std::{cell::Cell, hint::black_box, os::unix::process::parent_id, sync::Arc};

use serde_json::{Value, json};

use super::{catalog, incoming_with, random::number_from};
use crate::{
    base::{
        clock::{Clock, ManualClock, SystemClock},
        json,
    },
    catalog::snapshot::Catalog,
    engine::tests::admitting::{admission, operation},
    guard::{
        agree::{Consent, agree},
        authorize::authorize,
        call::CallerKey,
        clear::clear,
        normalize::normalize,
        resolve::resolve,
        validate::validate,
    },
    ledger::{
        Ledger as _,
        admission::{Begun, Decided},
        contract::{finish, settlement},
        record::Outcome,
        sqlite::{AuditSync, SqliteLedger},
        wait,
    },
    protocol::{
        encode,
        jsonrpc::{Inbound, Message, decode},
    },
};

/// In the order of a call, but for the last: two commits are so much more than any other stage that
/// a difference to them would say nothing.
const STAGES: [&str; 8] = [
    "parse",
    "arrive",
    "normalize",
    "validate",
    "rules",
    "fingerprint",
    "encode",
    "record",
];

const DEFINITION: &str = r#"
name: refund_order
description: Refund one paid order, in full or in part.
effect: write
inputSchema:
  type: object
  additionalProperties: false
  required: [order_id, amount_cents]
  properties:
    order_id: {type: string, pattern: "^ord_[a-z0-9]+$", x-kind: identifier}
    amount_cents: {type: integer, minimum: 1, maximum: 100000}
    reason: {type: string, maxLength: 200}
    notify: {type: boolean, default: true}
    tags: {type: array, maxItems: 10, items: {type: string, maxLength: 20}}
rules:
  - {require: "args.amount_cents <= 50000 || has(args.reason)", code: REASON_REQUIRED, message: m}
run: {reply: {text: done}}
"#;

const LINE: &str = r#"{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"refund_order","arguments":{"order_id":"ord_7f3a91","amount_cents":64900,"reason":"arrived broken, photo attached","tags":["fragile","express"]}}}"#;

/// What calls meet on their way.
struct Course {
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    ledger: SqliteLedger,
    /// Each call is for an operation of its own.
    calls: Cell<u64>,
    _dir: tempfile::TempDir,
}

impl Course {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        Self {
            catalog: catalog(DEFINITION),
            ledger: SqliteLedger::new(state, Arc::clone(&clock), AuditSync::Writes),
            clock,
            calls: Cell::new(0),
            _dir: dir,
        }
    }

    /// A call on its way through the first `stages` of [`STAGES`].
    fn up_to(&self, stages: usize) -> Option<()> {
        let line = black_box(LINE.as_bytes());
        let Inbound::One(Ok(Message::Request { id, params, .. })) = decode(line) else {
            return None;
        };
        let mut params = json::parse(params?).ok()?;
        let arguments = params.get_mut("arguments").map(Value::take)?;
        if stages == 1 {
            return ends_with(arguments);
        }
        self.calls.set(self.calls.get() + 1);
        let key = CallerKey::Given(format!("refund-{}", self.calls.get()));
        let call = incoming_with(&*self.clock, "refund_order", arguments, key);
        let call = resolve(call, &self.catalog).ok()?;
        if stages == 2 {
            return ends_with(call);
        }
        let call = normalize(call).ok()?;
        if stages == 3 {
            return ends_with(call);
        }
        let call = validate(call).ok()?;
        if stages == 4 {
            return ends_with(call);
        }
        let call = clear(authorize(call).ok()?).ok()?;
        let Consent::Agreed(call) = agree(call) else {
            return None;
        };
        if stages == 5 {
            return ends_with(call);
        }
        let operation = operation(&call);
        if stages == 6 {
            return ends_with(operation);
        }
        let call_id = call.header().call_id.to_string();
        let result = json!({
            "content": [{"type": "text", "text": "done"}], "_meta": {"tollgate/callId": call_id},
        });
        let line = encode::result(&id, &result);
        if stages == 7 {
            return ends_with((operation, line));
        }
        black_box(line);
        let mut asked = admission(&call, operation, self.clock.now());
        // Committed and not synced: how long that takes is the disk's business.
        asked.row.effect = Some("read");
        let begun = wait(|then| self.ledger.begin(asked, then));
        let Ok(Begun::Decided(Decided::AsAsked(receipt, _))) = begun else {
            return None;
        };
        // One that goes on would be written down with each that comes after it.
        let settlement = settlement(Outcome::Succeeded);
        ends_with(finish(&self.ledger, receipt, &settlement))
    }
}

/// Nothing that was made on the way is optimized away.
fn ends_with<T>(made: T) -> Option<()> {
    drop(black_box(made));
    Some(())
}

/// Asks the system for what nobody else here asks for: a counter of instructions sees that in any
/// build, because the name stands in the C library.
fn mark() {
    black_box(parent_id());
}

#[test]
fn every_stage_is_passed() {
    let is_counted = number_from("TOLLGATE_COUNTED").is_some();
    // Counters of instructions hide the page by which the system's clock is read.
    let course = Course::new(if is_counted {
        Arc::new(ManualClock::at_seconds(1000))
    } else {
        Arc::new(SystemClock)
    });
    // The first use of some things sets them up.
    for (stages, name) in (1..).zip(STAGES) {
        assert_eq!(course.up_to(stages), Some(()), "{name}");
    }
    let calls = number_from("TOLLGATE_CALLS").unwrap_or(10);
    if is_counted {
        mark();
        for (stages, name) in (1..).zip(STAGES) {
            for _ in 0..calls {
                course.up_to(stages);
            }
            mark();
            println!("counted {name} {calls}");
        }
        return;
    }
    let mut rounds: Vec<[f64; STAGES.len()]> = Vec::new();
    for _ in 0..9 {
        let mut nanos = [0.0; STAGES.len()];
        for (stages, nanos) in (1..).zip(&mut nanos) {
            let begun = course.clock.now();
            for _ in 0..calls {
                course.up_to(stages);
            }
            let spent = course.clock.now().since(begun);
            *nanos = spent.as_nanos() as f64 / calls as f64;
        }
        rounds.push(nanos);
    }
    let mut before = 0.0;
    for (at, name) in STAGES.iter().enumerate() {
        // The least of several rounds: what other work on the machine added is not ours.
        let least = rounds
            .iter()
            .map(|round| round[at])
            .fold(f64::MAX, f64::min);
        println!("stage {name} {:.0}", (least - before).max(0.0));
        before = least;
    }
    assert!(before > 0.0 || calls < 1000);
}
