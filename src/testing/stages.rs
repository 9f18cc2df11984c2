//! What each stage of the checks costs: `.ci/figures stages` runs this optimized.
//!
//! The stages consume each other's results, so each is measured as the difference between the
//! way up to it and the way up to the one before. `TOLLGATE_STAGE` takes the way up to one
//! stage only, `TOLLGATE_CALLS` times: a counter of instructions outside does the rest.

use std::hint::black_box;

use serde_json::{Value, json};

use super::{catalog, incoming, random::number_from};
use crate::{
    base::{
        canonical,
        clock::{Clock, SystemClock},
        json,
    },
    catalog::snapshot::Catalog,
    guard::{
        agree::{Consent, agree},
        authorize::authorize,
        clear::clear,
        normalize::normalize,
        resolve::resolve,
        validate::validate,
    },
    protocol::{
        encode,
        jsonrpc::{Inbound, Message, decode},
    },
};

const STAGES: [&str; 7] = [
    "parse",
    "arrive",
    "normalize",
    "validate",
    "rules",
    "fingerprint",
    "encode",
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

/// A call on its way through the first `stages` of [`STAGES`].
fn up_to(stages: usize, catalog: &Catalog, clock: &dyn Clock) -> Option<()> {
    let Inbound::One(Ok(Message::Request { id, params, .. })) = decode(black_box(LINE.as_bytes()))
    else {
        return None;
    };
    let mut params = json::parse(params?).ok()?;
    let arguments = params.get_mut("arguments").map(Value::take)?;
    if stages == 1 {
        return ends_with(arguments);
    }
    let call = resolve(incoming(clock, "refund_order", arguments), catalog).ok()?;
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
    let digest = canonical::digest(call.effective());
    if stages == 6 {
        return ends_with(digest);
    }
    black_box(digest);
    let call_id = call.header().call_id.to_string();
    let result = json!({
        "content": [{"type": "text", "text": "done"}], "_meta": {"tollgate/callId": call_id},
    });
    ends_with(encode::result(&id, &result))
}

/// Nothing that was made on the way is optimized away.
fn ends_with<T>(made: T) -> Option<()> {
    drop(black_box(made));
    Some(())
}

#[test]
fn every_stage_is_passed() {
    let catalog = catalog(DEFINITION);
    let clock = SystemClock;
    // The first use of some things sets them up.
    for stages in 1..=STAGES.len() {
        assert_eq!(
            up_to(stages, &catalog, &clock),
            Some(()),
            "{}",
            STAGES[stages - 1]
        );
    }
    let calls = number_from("TOLLGATE_CALLS").unwrap_or(10);
    if let Some(stages) = number_from("TOLLGATE_STAGE") {
        let stages = usize::try_from(stages).unwrap();
        for _ in 0..calls {
            up_to(stages, &catalog, &clock);
        }
        return;
    }
    let mut rounds: Vec<[f64; STAGES.len()]> = Vec::new();
    for _ in 0..9 {
        let mut nanos = [0.0; STAGES.len()];
        for (stages, nanos) in (1..).zip(&mut nanos) {
            let begun = clock.now();
            for _ in 0..calls {
                up_to(stages, &catalog, &clock);
            }
            let spent = clock.now().since(begun);
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
